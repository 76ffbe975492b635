//! What an iteration came to: a request by itself, or a walk through a scenario.

use onrush_net::Exchange;
use onrush_net::clock::Instant;

use crate::recorder::Recorder;

/// An iteration that has ended.
pub(crate) trait Done {
    /// When it was begun.
    fn started(&self) -> Instant;

    /// When it ended, well or not.
    fn ended(&self) -> Instant;

    /// When a user of a closed load is free for the next one.
    fn next(&self) -> Instant {
        self.ended()
    }

    /// How it went.
    fn went(&self) -> Went;

    /// Counts it; it was due at `intended`.
    fn record(&self, recorder: &mut Recorder, intended: Instant);
}

/// How a batch of iterations went, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Went {
    /// Every one well.
    Well,
    /// Not every one.
    Badly,
    /// One had no connection to be written to.
    Nowhere,
    /// The user has nothing more to do.
    Gone,
}

impl Done for Exchange {
    fn started(&self) -> Instant {
        self.started
    }

    fn ended(&self) -> Instant {
        self.ended
    }

    fn went(&self) -> Went {
        match (&self.result, self.first_write) {
            (Ok(_), _) => Went::Well,
            (Err(_), Some(_)) => Went::Badly,
            (Err(_), None) => Went::Nowhere,
        }
    }

    fn record(&self, recorder: &mut Recorder, intended: Instant) {
        recorder.exchange(intended, self);
    }
}
