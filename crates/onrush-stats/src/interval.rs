//! Intervals for the figures of a run.

use std::time::Duration;

use onrush_metrics::{Band, Histogram};

use crate::blocks::{Estimate, block_length, residuals};
use crate::change::Sample;
use crate::fold::Seconds;
use crate::slice::Slice;
use crate::student::reach;

/// The confidence that intervals are given with.
pub const LEVEL: f64 = 0.95;

fn around(estimate: Estimate, level: f64) -> Band {
    let margin = estimate.margin(level);
    Band { value: estimate.value, low: (estimate.value - margin).max(0.0), high: estimate.value + margin }
}

impl Seconds {
    /// Where the `q` quantile of the response times is, in ns; `times` holds all of them. `None` where it is not known.
    ///
    /// How much the share below it varies from block to block is turned into times by the distribution itself
    /// (Woodruff 1952), so the interval is as lopsided as the tail is.
    pub fn quantile(&self, times: &Histogram, q: f64, level: f64) -> Option<Band> {
        self.quantile_and_freedom(times, q, level).map(|(band, _)| band)
    }

    /// The mean response time, in ns.
    pub fn mean(&self, level: f64) -> Option<Band> {
        Some(around(self.mean_of_times()?, level))
    }

    /// Requests ended a second.
    pub fn rate(&self, level: f64) -> Option<Band> {
        Some(around(self.rate_of_ended()?, level))
    }

    /// The share of requests that failed. `None` when none did: then there is nothing that varies.
    pub fn errors(&self, level: f64) -> Option<Band> {
        let share = self.share_of_failed().filter(|share| share.value > 0.0)?;
        let band = around(share, level);
        Some(Band { high: band.high.min(1.0), ..band })
    }

    /// The logarithm of the `q` quantile, for comparisons.
    pub fn log_quantile(&self, times: &Histogram, q: f64) -> Option<Sample> {
        let (band, freedom) = self.quantile_and_freedom(times, q, LEVEL).filter(|(band, _)| band.low > 0.0)?;
        let error = (band.high.ln() - band.low.ln()) / 2.0 / reach(LEVEL, freedom);
        Some(Sample { value: band.value.ln(), error, freedom })
    }

    /// The logarithm of the rate.
    pub fn log_rate(&self) -> Option<Sample> {
        let rate = self.rate_of_ended().filter(|rate| rate.value > 0.0)?;
        Some(Sample { value: rate.value.ln(), error: rate.error / rate.value, freedom: rate.freedom })
    }

    /// The share of requests that failed, even if none did.
    pub fn failed(&self) -> Option<Sample> {
        let share = self.share_of_failed()?;
        Some(Sample { value: share.value, error: share.error, freedom: share.freedom })
    }

    /// The same, and from how many blocks it is known, less one.
    pub(crate) fn quantile_and_freedom(&self, times: &Histogram, q: f64, level: f64) -> Option<(Band, f64)> {
        let share = self.share_below(times, q)?;
        let margin = share.margin(level);
        let (low, high) = (q - margin, q + margin);
        // Beyond the last value nobody has seen anything.
        if low <= 0.0 || (1.0 - high) * (times.count() as f64) < 1.0 {
            return None;
        }
        let [value, low, high] = [q, low, high].map(|q| times.quantile(q).as_nanos() as f64);
        Some((Band { value, low, high }, share.freedom))
    }

    fn share_below(&self, times: &Histogram, q: f64) -> Option<Estimate> {
        if !times.supports(q) {
            return None;
        }
        let at = Duration::from_nanos(u64::try_from(times.quantile(q).as_nanos()).unwrap_or(u64::MAX));
        let share = self.times_ratio(|slice| slice.count_up_to(at))?;
        // Draws that have nothing to do with each other vary at least this much.
        Some(share.at_least((q * (1.0 - q) / times.count() as f64).sqrt()))
    }

    fn mean_of_times(&self) -> Option<Estimate> {
        self.times_ratio(|slice| slice.sum_ns)
    }

    /// Something of the response times, per response time.
    fn times_ratio(&self, over: impl Fn(&Slice) -> f64) -> Option<Estimate> {
        let (over, samples) = (self.column(over), self.column(|slice| slice.samples as f64));
        Estimate::in_blocks(&over, &samples, self.memory())
    }

    /// For how many points response times remember their level. The few slow ones alone would be too noisy to tell.
    fn memory(&self) -> usize {
        let logs = self.column(|slice| slice.quantile(0.5).unwrap_or(1.0).max(1.0).ln());
        block_length(&residuals(&logs, &vec![1.0; logs.len()]))
    }

    fn rate_of_ended(&self) -> Option<Estimate> {
        self.ratio(|slice| slice.ended_in_time as f64, |slice| slice.lasted.as_secs_f64())
    }

    fn share_of_failed(&self) -> Option<Estimate> {
        let share = self.ratio(|slice| slice.failed as f64, |slice| slice.ended as f64)?;
        let ended: u64 = self.slices().iter().map(|slice| slice.ended).sum();
        let failed: u64 = self.slices().iter().map(|slice| slice.failed).sum();
        // None seen is not none ever: as if one more had failed and one more had not (Agresti & Caffo 2000).
        let (ended, failed) = (ended as f64 + 2.0, failed as f64 + 1.0);
        let likely = failed / ended;
        Some(share.at_least((likely * (1.0 - likely) / ended).sqrt()))
    }

    fn ratio(&self, over: impl Fn(&Slice) -> f64, under: impl Fn(&Slice) -> f64) -> Option<Estimate> {
        Estimate::ratio(&self.column(over), &self.column(under))
    }

    fn column(&self, of: impl Fn(&Slice) -> f64) -> Vec<f64> {
        self.slices().iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Service;

    const RUNS: u64 = 200;

    /// How many of a hundred intervals hold the truth, of those that are given, and how many of a hundred are given.
    fn coverage(service: Service, seconds: usize, q: f64, z: f64) -> (f64, f64) {
        let truth = service.truth(z);
        let bands = (0..RUNS).filter_map(|seed| {
            let (seconds, all) = service.run(seed, seconds, |_| 0.0);
            seconds.quantile(&all, q, LEVEL)
        });
        let (mut given, mut held) = (0.0, 0.0);
        for band in bands {
            given += 1.0;
            held += f64::from(band.low <= truth && truth <= band.high);
        }
        (held / given * 100.0, given / RUNS as f64 * 100.0)
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut failed = Vec::new();
        for (memory, wander, seconds, rate, least) in [
            (0.0, 0.1, 30, 100, 90.0),
            (0.0, 0.1, 120, 40, 92.0),
            (0.5, 0.1, 60, 40, 90.0),
            (0.5, 0.2, 120, 40, 90.0),
            (0.8, 0.1, 300, 20, 88.0),
            (0.8, 0.2, 120, 40, 86.0),
        ] {
            let service = Service { memory, wander, spread: 0.5, rate };
            for (q, z) in [(0.5, 0.0), (0.95, 1.644_854), (0.99, 2.326_348)] {
                let (held, given) = coverage(service, seconds, q, z);
                println!(
                    "| {memory} | {wander} | {seconds} s | {rate}/s | p{} | {held:.0} % | {given:.0} % |",
                    q * 100.0
                );
                if held < least {
                    failed.push((memory, wander, seconds, q, held));
                }
            }
        }
        assert_eq!(failed, []);
    }

    #[test]
    fn too_few_seconds_and_too_small_samples_have_none() {
        let service = Service { memory: 0.0, wander: 0.1, spread: 0.5, rate: 20 };
        let (seconds, all) = service.run(1, 7, |_| 0.0);
        assert_eq!((seconds.quantile(&all, 0.5, LEVEL), seconds.mean(LEVEL), seconds.rate(LEVEL)), (None, None, None));
        let (seconds, all) = service.run(1, 20, |_| 0.0);
        assert!(seconds.quantile(&all, 0.5, LEVEL).is_some());
        assert_eq!(seconds.quantile(&all, 0.99, LEVEL), None, "400 samples support no p99");
        assert_eq!(seconds.errors(LEVEL), None, "nothing failed");
        assert!(seconds.failed().is_some_and(|failed| failed.value == 0.0 && failed.error > 0.0));
    }

    #[test]
    fn a_rate_that_does_not_vary_is_known() {
        let (seconds, _) = Service { memory: 0.0, wander: 0.1, spread: 0.5, rate: 20 }.run(1, 20, |_| 0.0);
        assert_eq!(seconds.rate(LEVEL), Some(Band { value: 20.0, low: 20.0, high: 20.0 }));
    }
}
