//! Intervals for the figures of a run.

use std::time::Duration;

use onrush_metrics::Histogram;

use crate::blocks::{Estimate, block_length, residuals};
use crate::change::Sample;
use crate::fold::Seconds;
use crate::slice::Slice;
use crate::student::reach;

/// The confidence that intervals are given with.
pub const LEVEL: f64 = 0.95;

/// Between which values a figure is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// As it was measured.
    pub value: f64,
    /// The least that the truth may be.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Band {
    /// How far the truth may be away, as a share of the value, on the side where it may be farther.
    pub fn relative(&self) -> f64 {
        let farther = (self.high - self.value).max(self.value - self.low);
        if self.value > 0.0 { farther / self.value } else { f64::INFINITY }
    }

    fn around(estimate: Estimate, level: f64) -> Self {
        let margin = estimate.margin(level);
        Self { value: estimate.value, low: (estimate.value - margin).max(0.0), high: estimate.value + margin }
    }
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
        Some(Band::around(self.mean_of_times()?, level))
    }

    /// Requests ended a second.
    pub fn rate(&self, level: f64) -> Option<Band> {
        Some(Band::around(self.rate_of_ended()?, level))
    }

    /// The share of requests that failed. `None` when none did: then there is nothing that varies.
    pub fn errors(&self, level: f64) -> Option<Band> {
        let share = self.share_of_failed().filter(|share| share.value > 0.0)?;
        let band = Band::around(share, level);
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
mod tests;
