//! A load profile: stages that play one after the other, checked once and valid from then on.

use std::fmt;
use std::time::Duration;

use crate::closed::Closed;
use crate::counted::Counted;
use crate::duration_text;
use crate::open::Open;
use crate::rate::Rate;
use crate::stage::Stage;

/// No stage lasts longer: ten years.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);
/// No stage has more users.
const MOST_USERS: u32 = 100_000_000;

/// A valid load profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    stages: Vec<Stage>,
}

/// A run of stages of one kind. Times within it count from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Arrivals at times that do not depend on the service.
    Open(Open),
    /// Users that loop.
    Closed(Closed),
    /// Users that do a number of iterations.
    Counted(Counted),
}

/// Why stages are no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{flaw}", match stage { Some(number) => format!("stage {}: ", number + 1), None => String::new() })]
pub struct ProfileError {
    /// Which stage is at fault, from 0; `None` when it is the profile as a whole.
    pub stage: Option<usize>,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What can be wrong with a stage or a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// There is no stage.
    #[error("there is no load")]
    Empty,
    /// All rates or numbers of users are zero.
    #[error("nothing ever happens: every rate or number of users is 0")]
    Nothing,
    /// A stage takes no time.
    #[error("the duration is 0")]
    NoDuration,
    /// A stage takes too long.
    #[error("the duration is longer than {}", duration_text(LONGEST))]
    TooLong,
    /// Nobody would do the iterations.
    #[error("the number of users is 0")]
    NoUsers,
    /// There is nothing to do.
    #[error("the number of iterations is 0")]
    NoIterations,
    /// Too many users.
    #[error("more than {MOST_USERS} users")]
    TooManyUsers,
}

impl Profile {
    /// A profile of `stages`, or what is wrong with them.
    pub fn new(stages: Vec<Stage>) -> Result<Self, ProfileError> {
        for (number, stage) in stages.iter().enumerate() {
            if let Some(flaw) = flaw_of(stage) {
                return Err(ProfileError { stage: Some(number), flaw });
            }
        }
        match stages.iter().all(is_idle) {
            _ if stages.is_empty() => Err(ProfileError { stage: None, flaw: Flaw::Empty }),
            true => Err(ProfileError { stage: None, flaw: Flaw::Nothing }),
            false => Ok(Self { stages }),
        }
    }

    /// The stages as they were asked for.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The phases to play, in order.
    pub fn phases(&self) -> Vec<Phase> {
        self.stages.chunk_by(fuse).map(phase_of).collect()
    }

    /// How long it lasts; `None` when that depends on the service.
    pub fn duration(&self) -> Option<Duration> {
        self.stages.iter().map(Stage::lasts).sum()
    }

    /// How many requests it asks for, if that does not depend on the service. For random arrivals it is
    /// the mean.
    pub fn requests(&self) -> Option<u64> {
        self.phases().iter().map(Phase::requests).sum()
    }

    /// The most users of its closed and counted stages.
    pub fn max_users(&self) -> u32 {
        self.stages.iter().map(most_users).max().unwrap_or(0)
    }

    /// Whether all of it follows a schedule of arrivals.
    pub fn is_open(&self) -> bool {
        self.stages.iter().all(|stage| matches!(stage, Stage::Arrivals { .. }))
    }

    /// Whether any of it follows a schedule of arrivals.
    pub fn has_arrivals(&self) -> bool {
        self.stages.iter().any(|stage| matches!(stage, Stage::Arrivals { .. }))
    }
}

impl Phase {
    fn requests(&self) -> Option<u64> {
        match self {
            Self::Open(open) => Some(open.total()),
            Self::Closed(_) => None,
            Self::Counted(counted) => counted.within().is_none().then(|| counted.iterations()),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, stage) in self.stages.iter().enumerate() {
            let comma = if number > 0 { ", " } else { "" };
            write!(f, "{comma}{stage}")?;
        }
        Ok(())
    }
}

/// Whether two neighbours belong to one phase.
fn fuse(a: &Stage, b: &Stage) -> bool {
    match (a, b) {
        (Stage::Users { .. }, Stage::Users { .. }) => true,
        (Stage::Arrivals { spacing: a, .. }, Stage::Arrivals { spacing: b, .. }) => a == b,
        _ => false,
    }
}

fn phase_of(stages: &[Stage]) -> Phase {
    match stages[0] {
        Stage::Arrivals { spacing, .. } => Phase::Open(Open::new(spacing, stages)),
        Stage::Users { .. } => Phase::Closed(Closed::new(stages)),
        Stage::Iterations { total, users, within } => Phase::Counted(Counted::shared(total, users, within)),
        Stage::IterationsEach { each, users, within } => Phase::Counted(Counted::each(each, users, within)),
    }
}

fn most_users(stage: &Stage) -> u32 {
    match stage {
        Stage::Users { from, to, .. } => *from.max(to),
        Stage::Iterations { users, .. } | Stage::IterationsEach { users, .. } => *users,
        Stage::Arrivals { .. } => 0,
    }
}

fn is_idle(stage: &Stage) -> bool {
    match stage {
        Stage::Users { from, to, .. } => *from == 0 && *to == 0,
        Stage::Arrivals { from, to, .. } => *from == Rate::ZERO && *to == Rate::ZERO,
        Stage::Iterations { .. } | Stage::IterationsEach { .. } => false,
    }
}

fn flaw_of(stage: &Stage) -> Option<Flaw> {
    let (time, counts) = match stage {
        Stage::Users { lasts, .. } | Stage::Arrivals { lasts, .. } => (Some(*lasts), None),
        Stage::Iterations { total: count, users, within } | Stage::IterationsEach { each: count, users, within } => {
            (*within, Some((*count, *users)))
        }
    };
    match (time, counts) {
        (Some(Duration::ZERO), _) => Some(Flaw::NoDuration),
        (Some(time), _) if time > LONGEST => Some(Flaw::TooLong),
        (_, Some((0, _))) => Some(Flaw::NoIterations),
        (_, Some((_, 0))) => Some(Flaw::NoUsers),
        _ => (most_users(stage) > MOST_USERS).then_some(Flaw::TooManyUsers),
    }
}
