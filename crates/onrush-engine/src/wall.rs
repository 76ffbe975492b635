//! The time of day: read here and handed on.

use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "this is the one place where it is read")]
use std::time::SystemTime;

/// Since the epoch; zero on a clock that is set before it.
#[expect(clippy::disallowed_types, reason = "this is the one place where it is read")]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
