//! What an iteration of a scenario came to.

use onrush_net::Failure;
use onrush_net::clock::Instant;

use crate::done::{Done, Went};
use crate::recorder::Recorder;

/// A walk through a scenario, from its start to its end.
#[derive(Debug)]
pub(crate) struct Iteration {
    started: Instant,
    ended: Instant,
    next: Instant,
    /// Why it could not go on.
    pub(super) failure: Option<Failure>,
    /// The user does nothing more.
    pub(super) is_last: bool,
    /// No connection came about for any of its requests.
    pub(super) is_nowhere: bool,
}

impl Iteration {
    /// One after which its user is free at `next`.
    pub(super) fn new(started: Instant, ended: Instant, next: Instant) -> Self {
        Self { started, ended, next, failure: None, is_last: false, is_nowhere: false }
    }

    /// One that nobody made.
    pub(super) fn of_nobody(at: Instant) -> Self {
        Self { is_last: true, ..Self::new(at, at, at) }
    }
}

impl Done for Iteration {
    fn started(&self) -> Instant {
        self.started
    }

    fn ended(&self) -> Instant {
        self.ended
    }

    fn next(&self) -> Instant {
        self.next
    }

    fn went(&self) -> Went {
        match &self.failure {
            _ if self.is_last => Went::Gone,
            _ if self.is_nowhere => Went::Nowhere,
            Some(_) => Went::Badly,
            None => Went::Well,
        }
    }

    fn record(&self, recorder: &mut Recorder, intended: Instant) {
        recorder.walked(intended, self.started, self.ended, self.failure.as_ref());
    }
}
