//! The time of day: read here and handed on.

use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "this is the one place where it is read")]
use std::time::SystemTime;

use onrush_net::clock::Instant;

/// Since the epoch; zero on a clock that is set before it.
#[expect(clippy::disallowed_types, reason = "this is the one place where it is read")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The time of day at instants of the run, read once: another clock need not be asked for every iteration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    instant: Instant,
    time: Duration,
}

impl Wall {
    pub(crate) fn new() -> Self {
        Self { instant: Instant::now(), time: now() }
    }

    /// Since the epoch.
    pub(crate) fn at(&self, instant: Instant) -> Duration {
        self.time + instant.saturating_duration_since(self.instant)
    }
}
