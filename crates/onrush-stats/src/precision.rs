//! Watching until a percentile is known well enough.
//!
//! Looking every second and stopping at the first interval that is narrow enough would stop at those that are narrow by
//! luck. So it has to be narrow for several seconds on end, from more blocks than an interval needs, and at a higher
//! confidence than the one it is told with.

use std::time::Duration;

use onrush_metrics::Snapshot;

use crate::fold::Fold;

/// Seconds on end that an interval has to be narrow enough.
const IN_A_ROW: u32 = 5;
/// Degrees of freedom that it has to have at least: ten blocks.
const LEAST_FREEDOM: f64 = 9.0;
/// The confidence of the interval that is looked at.
const STRICT: f64 = 0.99;

/// How well a percentile is to be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Which one, 0 to 1.
    pub q: f64,
    /// The most that the truth may be away, as a share of the value.
    pub share: f64,
}

/// Watches a run second by second.
#[derive(Debug)]
pub struct PrecisionWatch {
    wanted: Precision,
    seconds: Fold,
    in_a_row: u32,
}

impl PrecisionWatch {
    /// Watches all requests after the warm-up.
    pub fn new(wanted: Precision, warmup: Duration) -> Self {
        Self { wanted, seconds: Fold::of_all(warmup), in_a_row: 0 }
    }

    /// A second is over. Whether the percentile has been known well enough for a while.
    pub fn tick(&mut self, snapshot: &Snapshot) -> bool {
        self.seconds.tick(snapshot);
        let Precision { q, share } = self.wanted;
        let whole = self.seconds.whole();
        let known = whole.quantile_and_freedom(&snapshot.total.response, q, STRICT);
        let is_narrow = known.is_some_and(|(band, freedom)| freedom >= LEAST_FREEDOM && band.relative() <= share);
        self.in_a_row = if is_narrow { self.in_a_row + 1 } else { 0 };
        self.in_a_row >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::LEVEL;
    use crate::simulated::Service;

    /// When a simulated run ends, and whether the interval that is told then holds the truth.
    fn ended(service: Service, seed: u64, q: f64, truth: f64, share: f64) -> Option<(usize, bool)> {
        const MOST: usize = 400;
        let seconds = service.tallies(seed, MOST);
        let mut watch = PrecisionWatch::new(Precision { q, share }, Duration::ZERO);
        let mut total = onrush_metrics::Tally::default();
        for (second, tally) in seconds.into_iter().enumerate() {
            total.response.merge(&tally.response);
            let (since, at) = (Duration::from_secs(second as u64), Duration::from_secs(second as u64 + 1));
            let snapshot = Snapshot { since, at, interval: tally, total, ..Snapshot::default() };
            if watch.tick(&snapshot) {
                let band = watch.seconds.whole().quantile(&snapshot.total.response, q, LEVEL)?;
                return Some((second + 1, band.low <= truth && truth <= band.high));
            }
            total = snapshot.total;
        }
        None
    }

    #[test]
    fn what_is_told_at_the_end_is_as_true_as_elsewhere() {
        let mut good = true;
        for (memory, wander, q, z, share, least) in [
            (0.0, 0.1, 0.95, 1.644_854, 0.05, 90),
            (0.5, 0.1, 0.95, 1.644_854, 0.05, 88),
            (0.5, 0.05, 0.5, 0.0, 0.025, 88),
        ] {
            let service = Service { memory, wander, spread: 0.5, rate: 40 };
            let ends: Vec<_> = (0..60).filter_map(|seed| ended(service, seed, q, service.truth(z), share)).collect();
            let held = ends.iter().filter(|(_, holds)| *holds).count();
            let mean = ends.iter().map(|(second, _)| second).sum::<usize>() / ends.len().max(1);
            println!(
                "| {memory} | {wander} | p{} ± {} % | {mean} s | {held} of {} |",
                q * 100.0,
                share * 100.0,
                ends.len()
            );
            good &= ends.len() >= 50 && held * 100 >= least * ends.len();
            assert!(ends.iter().all(|(second, _)| *second >= 14));
        }
        assert!(good);
    }
}
