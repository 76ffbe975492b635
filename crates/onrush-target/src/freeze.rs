//! When the whole service stands still: the schedule as pure arithmetic. Who waits for it is told in `governor`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;

/// A standstill on schedule, as long garbage collections and failovers make it: the last `lasts` of every period of `every`,
/// counted from the start of the service, so that the first period begins working.
///
/// Under evenly spaced requests over whole periods, the share `lasts / every` of them waits, evenly spread from 0 to `lasts`:
/// with 1s in every 4s the 90th percentile is 600 ms and the 99th 960 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The length of the period.
    pub every: Duration,
    /// How much of each period is frozen; less than `every`.
    pub lasts: Duration,
}

/// What is wrong with a freeze.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; a freeze is written `1s every 4s`")]
pub struct FreezeError(String);

impl Freeze {
    /// How long a request that is there at `elapsed` since the start must wait for the thaw: zero outside of a freeze.
    pub fn wait(&self, elapsed: Duration) -> Duration {
        let period = self.every.as_nanos().max(1);
        let into = elapsed.as_nanos() % period;
        let frozen_from = period.saturating_sub(self.lasts.as_nanos());
        if into < frozen_from { Duration::ZERO } else { Duration::from_nanos((period - into) as u64) }
    }

    /// Whether the schedule makes sense: `0 < lasts < every`.
    pub(crate) fn check(&self) -> Result<(), FreezeError> {
        if self.lasts.is_zero() || self.lasts >= self.every {
            return Err(FreezeError(format!("a freeze of {:?} does not fit into every {:?}", self.lasts, self.every)));
        }
        Ok(())
    }
}

impl FromStr for Freeze {
    type Err = FreezeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (lasts, every) =
            text.split_once("every").ok_or_else(|| FreezeError(format!("`{text}` does not say how often")))?;
        let freeze = Self {
            every: duration::parse(every).map_err(FreezeError)?,
            lasts: duration::parse(lasts).map_err(FreezeError)?,
        };
        freeze.check()?;
        Ok(freeze)
    }
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} every {:?}", self.lasts, self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn freeze() -> Freeze {
        "1s every 4s".parse().unwrap()
    }

    #[test]
    fn the_schedule() {
        let table = [
            (0, 0),
            (2_999, 0),
            (3_000, 1_000),
            (3_400, 600),
            (3_999, 1),
            (4_000, 0),
            (6_999, 0),
            (7_000, 1_000),
            (4_003_250, 750),
        ];
        for (elapsed, wait) in table {
            assert_eq!(freeze().wait(Duration::from_millis(elapsed)), Duration::from_millis(wait), "at {elapsed} ms");
        }
    }

    #[test]
    fn a_thousand_a_second_for_twelve_seconds_from_any_phase() {
        for phase in [0, 1, 1_500, 3_000, 3_500, 3_999] {
            let mut waits: Vec<Duration> =
                (0..12_000).map(|i| freeze().wait(Duration::from_millis(phase + i))).collect();
            waits.sort();
            let at = |share: f64| waits[(share * 12_000.0) as usize - 1].as_millis();
            assert_eq!((at(0.5), at(0.75), at(0.9), at(0.99), at(1.0)), (0, 0, 600, 960, 1_000), "phase {phase}");
        }
    }

    #[test]
    fn written_and_read() {
        assert_eq!(freeze(), Freeze { every: Duration::from_secs(4), lasts: Duration::from_secs(1) });
        assert_eq!(freeze().to_string(), "1s every 4s");
        let wrong = [
            ("1s", "how often"),
            ("4s every 1s", "does not fit"),
            ("0s every 1s", "does not fit"),
            ("x every 1s", "`x`"),
        ];
        for (text, part) in wrong {
            let message = text.parse::<Freeze>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
