//! Users that do a number of iterations and are done.

use std::time::Duration;

use crate::segment::Segment;

/// A counted phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    users: u32,
    quota: Quota,
    within: Option<Duration>,
}

/// How the iterations are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Users take from a common stock.
    Shared(u64),
    /// Every user does as many.
    Each(u64),
}

/// What a segment has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its users.
    pub users: u32,
    /// Their iterations.
    pub quota: Quota,
}

impl Counted {
    pub(crate) fn shared(total: u64, users: u32, within: Option<Duration>) -> Self {
        Self { users, quota: Quota::Shared(total), within }
    }

    pub(crate) fn each(each: u64, users: u32, within: Option<Duration>) -> Self {
        Self { users, quota: Quota::Each(each), within }
    }

    /// How many users there are.
    pub fn users(&self) -> u32 {
        self.users
    }

    /// No iteration is begun after this.
    pub fn within(&self) -> Option<Duration> {
        self.within
    }

    /// All iterations together.
    pub fn iterations(&self) -> u64 {
        match self.quota {
            Quota::Shared(total) => total,
            Quota::Each(each) => each.saturating_mul(self.users.into()),
        }
    }

    /// What a segment has to do. Shared iterations are divided as its users are, or those of one segment would
    /// still be at work when all others are done.
    pub fn share(&self, segment: Segment) -> Share {
        let users = segment.share_of(self.users.into()) as u32;
        let quota = match self.quota {
            Quota::Each(each) => Quota::Each(each),
            Quota::Shared(total) => {
                let (each, rest) = (total / u64::from(self.users), total % u64::from(self.users));
                Quota::Shared(u64::from(users) * each + segment.share_of(rest))
            }
        };
        Share { users, quota }
    }
}
