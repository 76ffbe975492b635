//! Why there is no outcome.

use onrush_net::{Failure, SetupError};

/// Why a run could not begin, or be brought to its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The client could not be set up.
    #[error(transparent)]
    Client(SetupError),
    /// A request could not be prepared.
    #[error("a request cannot be sent: {0}")]
    Request(Failure),
    /// A scenario cannot be played.
    #[error("the scenario cannot be played: {0}")]
    Script(String),
    /// The set-up failed, and nothing else was done.
    #[error("the set-up failed, so no load was made: {0}")]
    Setup(String),
    /// Somebody stopped the run during its set-up.
    #[error("interrupted during the set-up; no load was made")]
    Interrupted,
    /// The tear-down failed.
    #[error("the tear-down failed: {0}")]
    Teardown(String),
    /// Somebody was in a hurry during the tear-down.
    #[error("interrupted during the tear-down, which was not brought to its end")]
    TeardownInterrupted,
    /// The system refused a thread or an event loop.
    #[error("the system refused what a worker needs: {0}")]
    System(#[from] std::io::Error),
    /// A worker's thread ended unexpectedly.
    #[error("{0} of the workers ended unexpectedly; this is a bug in Onrush")]
    WorkerLost(usize),
}
