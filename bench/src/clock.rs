//! The system's monotonic clock, the same for all processes, and the pause between two measurements.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Now, in nanoseconds since some fixed moment.
pub(crate) fn nanos() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// Whole seconds in nanoseconds.
pub(crate) fn seconds(count: u64) -> u64 {
    u64::try_from(Duration::from_secs(count).as_nanos()).unwrap_or(u64::MAX)
}

/// Lets so many seconds of a run go by.
#[expect(clippy::disallowed_methods, reason = "the time is what is measured")]
pub(crate) fn pause(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

/// Lets a server finish what a client that has gone left behind, and notice that it should stop.
#[expect(clippy::disallowed_methods, reason = "between two measurements there is no event to wait for")]
pub(crate) fn settle() {
    std::thread::sleep(Duration::from_millis(200));
}
