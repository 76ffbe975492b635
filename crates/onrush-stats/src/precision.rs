//! Watching until a percentile is known well enough.
//!
//! Looking every second and stopping at the first interval that is narrow enough would stop at those that are narrow by
//! luck. So it has to be narrow for several seconds on end, from more blocks than an interval needs, and at a higher
//! confidence than the one it is told with.

use std::borrow::Cow;
use std::time::Duration;

use onrush_metrics::{Band, Histogram, Snapshot, Tally, Until};

use crate::fold::Fold;

/// Seconds on end that an interval has to be narrow enough.
const IN_A_ROW: u32 = 5;
/// Degrees of freedom that it has to have at least: ten blocks.
const LEAST_FREEDOM: f64 = 9.0;
/// The confidence of the interval that is looked at.
pub const STRICT: f64 = 0.99;

/// Watches a run second by second.
#[derive(Clone, Debug)]
pub(crate) struct PrecisionWatch {
    wanted: Until,
    seconds: Fold,
    /// All response times so far.
    times: Histogram,
    band: Option<Band>,
    in_a_row: u32,
}

impl PrecisionWatch {
    /// Watches the requests that are asked about, after the warm-up.
    pub(crate) fn new(wanted: Until, warmup: Duration) -> Self {
        Self { wanted, seconds: Fold::of_all(warmup), times: Histogram::default(), band: None, in_a_row: 0 }
    }

    /// A second of the load is over. Whether the percentile has been known well enough for a while.
    pub(crate) fn tick(&mut self, snapshot: &Snapshot) -> bool {
        let tally = tally_of(&self.wanted, snapshot);
        self.seconds.add(snapshot.since, snapshot.at, &tally, &[]);
        self.times.merge(&tally.response);
        let known = self.seconds.whole().quantile_and_freedom(&self.times, self.wanted.q, STRICT);
        self.band = known.map(|(band, _)| band);
        let is_narrow = |(band, freedom): (Band, f64)| freedom >= LEAST_FREEDOM && band.relative() <= self.wanted.share;
        self.in_a_row = if known.is_some_and(is_narrow) { self.in_a_row + 1 } else { 0 };
        self.in_a_row >= IN_A_ROW
    }

    /// Where the percentile was when this was last told of a second.
    pub(crate) fn band(&self) -> Option<Band> {
        self.band
    }
}

/// What of a second is asked about.
fn tally_of<'a>(wanted: &Until, snapshot: &'a Snapshot) -> Cow<'a, Tally> {
    match &*wanted.series {
        [] => Cow::Borrowed(&snapshot.interval),
        [place] => snapshot.series.get(*place).map_or_else(Cow::default, Cow::Borrowed),
        places => {
            let mut tally = Tally::default();
            places.iter().filter_map(|place| snapshot.series.get(*place)).for_each(|one| tally.merge_apart(one));
            Cow::Owned(tally)
        }
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
        let mut watch = PrecisionWatch::new(Until { q, share, ..Until::default() }, Duration::ZERO);
        for (second, tally) in seconds.into_iter().enumerate() {
            let (since, at) = (Duration::from_secs(second as u64), Duration::from_secs(second as u64 + 1));
            let snapshot = Snapshot { since, at, interval: tally, ..Snapshot::default() };
            if watch.tick(&snapshot) {
                let band = watch.seconds.whole().quantile(&watch.times, q, LEVEL)?;
                return Some((second + 1, band.low <= truth && truth <= band.high));
            }
        }
        None
    }

    /// Each row: the places of series, and how many response times are looked at.
    #[test]
    fn what_is_not_asked_about_has_no_part_in_it() {
        let of = |times: u64| {
            let mut tally = Tally::default();
            (0..times).for_each(|time| tally.response.record(Duration::from_millis(10 + time % 3)));
            tally
        };
        let snapshot = Snapshot {
            at: Duration::from_secs(1),
            interval: of(60),
            series: vec![of(10), of(20), of(30)],
            ..Snapshot::default()
        };
        for (series, expected) in [(vec![], 60), (vec![1], 20), (vec![0, 2], 40), (vec![7], 0)] {
            let mut watch = PrecisionWatch::new(Until { series, q: 0.5, ..Until::default() }, Duration::ZERO);
            assert!(!watch.tick(&snapshot) && watch.band().is_none());
            assert_eq!(watch.times.count(), expected);
        }
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
