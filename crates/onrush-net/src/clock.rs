//! The one clock of the wire and the engine: monotonic, and paused where a test pauses it.

use std::num::NonZeroU64;
use std::ops::{Add, AddAssign, Sub};
use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant as Tokio;

/// Any instant of this process; the others are told by how far they are from it.
static ANCHOR: LazyLock<Tokio> = LazyLock::new(Tokio::now);

/// The anchor itself, in nanoseconds. Half of what there is room for, so that instants before it, such as those of
/// a clock that was paused earlier, do not underflow.
const AT_ANCHOR: u64 = 1 << 63;

/// An instant of tokio's clock, to the nanosecond.
///
/// tokio's own has 16 bytes, and an `Option` of it as many: every user in flight and every exchange holds several.
/// This one has 8 either way, and the time between two of them is one subtraction. Arithmetic saturates, 292 years
/// from the beginning of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

impl Instant {
    /// What the clock says.
    #[inline]
    pub fn now() -> Self {
        Tokio::now().into()
    }

    /// Nanoseconds from `earlier` to this instant; 0 if it was not earlier.
    #[inline]
    pub fn nanos_since(self, earlier: Self) -> u64 {
        self.0.get().saturating_sub(earlier.0.get())
    }

    /// The time from `earlier` to this instant; zero if it was not earlier.
    #[inline]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos_since(earlier))
    }

    /// The time from this instant until now.
    #[inline]
    pub fn elapsed(self) -> Duration {
        Self::now().saturating_duration_since(self)
    }

    fn from_nanos(nanos: u64) -> Self {
        Self(NonZeroU64::new(nanos).unwrap_or(NonZeroU64::MIN))
    }
}

impl From<Tokio> for Instant {
    #[inline]
    fn from(instant: Tokio) -> Self {
        let anchor = *ANCHOR;
        Self::from_nanos(match instant.checked_duration_since(anchor) {
            Some(after) => AT_ANCHOR.saturating_add(nanos_of(after)),
            None => AT_ANCHOR.saturating_sub(nanos_of(anchor - instant)),
        })
    }
}

impl From<Instant> for Tokio {
    fn from(Instant(nanos): Instant) -> Self {
        let nanos = nanos.get();
        *ANCHOR + Duration::from_nanos(nanos.saturating_sub(AT_ANCHOR))
            - Duration::from_nanos(AT_ANCHOR.saturating_sub(nanos))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    #[inline]
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos_of(duration)))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    #[inline]
    fn sub(self, duration: Duration) -> Self {
        Self::from_nanos(self.0.get().saturating_sub(nanos_of(duration)))
    }
}

/// As [`Instant::saturating_duration_since`].
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// 584 years at most.
#[inline]
fn nanos_of(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_small_with_or_without_an_option() {
        assert_eq!((size_of::<Instant>(), size_of::<Option<Instant>>()), (8, 8));
    }

    #[test]
    fn it_is_the_instant_that_tokio_means() {
        let base = Tokio::now();
        let ours = Instant::from(base);
        for ms in [0, 1, 999, 86_400_000].map(Duration::from_millis) {
            assert_eq!(Tokio::from(ours + ms), base + ms);
            assert_eq!(Instant::from(base + ms), ours + ms);
            assert_eq!((ours + ms) - ours, ms);
            assert_eq!(ours.saturating_duration_since(ours + ms), Duration::ZERO);
            // Before the anchor, too.
            if let Some(earlier) = base.checked_sub(ms) {
                assert_eq!((Tokio::from(ours - ms), Instant::from(earlier)), (earlier, ours - ms));
            }
        }
    }

    #[test]
    fn the_far_future_is_not_the_past() {
        let now = Instant::now();
        assert!(now + Duration::MAX > now + Duration::from_secs(1 << 32));
        assert!(Tokio::from(now + Duration::MAX) > Tokio::now());
        assert!(now - Duration::MAX < now);
    }

    #[tokio::test(start_paused = true)]
    async fn it_stands_still_where_the_clock_is_paused() {
        let begin = Instant::now();
        assert_eq!(begin.elapsed(), Duration::ZERO);
        tokio::time::sleep_until((begin + Duration::from_millis(1500)).into()).await;
        assert_eq!(begin.elapsed(), Duration::from_millis(1500));
    }
}
