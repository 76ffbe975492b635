//! The block bootstrap of a ratio of sums, without the resampling.
//!
//! Seconds that follow each other resemble each other, so whole blocks of them are what may be drawn again. Of a ratio of
//! sums, what drawing blocks without end would come to is known: the variance is that of the sums of all blocks (Künsch
//! 1989; of blocks in a circle, Politis & Romano 1992). It needs no random numbers and one pass.

use crate::student::{both_tails, reach};

/// With fewer blocks than this nobody knows how much they vary.
pub const LEAST_BLOCKS: f64 = 8.0;

/// How much longer blocks are than is best for the variance alone.
const LONGER: f64 = 1.5;

/// A figure and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// How many blocks spoke for it, less one.
    pub freedom: f64,
}

impl Estimate {
    /// `sum(over) / sum(under)`; `None` with too few blocks, or with nothing below the line.
    pub fn ratio(over: &[f64], under: &[f64]) -> Option<Self> {
        Self::in_blocks(over, under, 1)
    }

    /// The same from blocks of at least this length.
    pub fn in_blocks(over: &[f64], under: &[f64], length: usize) -> Option<Self> {
        let (above, below) = (over.iter().sum::<f64>(), under.iter().sum::<f64>());
        if below <= 0.0 || (over.len() as f64) < LEAST_BLOCKS {
            return None;
        }
        let value = above / below;
        let residuals = residuals(over, under);
        let length = length.max(block_length(&residuals)).min(over.len() / 2);
        let (variance, blocks) = variance_of_sum(&residuals, length);
        (blocks >= LEAST_BLOCKS).then(|| Self { value, error: variance.sqrt() / below, freedom: blocks - 1.0 })
    }

    /// The same figure, known no better than that.
    #[must_use]
    pub fn at_least(self, error: f64) -> Self {
        Self { error: self.error.max(error), ..self }
    }

    /// How far the truth may be away, with this confidence.
    pub fn margin(&self, level: f64) -> f64 {
        self.error * reach(level, self.freedom)
    }

    /// How likely it would be to come out this far from zero, were zero the truth.
    pub fn chance(&self) -> f64 {
        if self.value == 0.0 { 1.0 } else { both_tails(self.value / self.error, self.freedom) }
    }
}

/// How far each part is from what the ratio of the sums makes of it; they add up to zero.
pub(crate) fn residuals(over: &[f64], under: &[f64]) -> Vec<f64> {
    let value = over.iter().sum::<f64>() / under.iter().sum::<f64>();
    over.iter().zip(under).map(|(over, under)| over - value * under).collect()
}

/// The variance of the sum of values that add up to zero, and how many blocks it is from.
pub(crate) fn variance_of_sum(residuals: &[f64], length: usize) -> (f64, f64) {
    let n = residuals.len();
    let mut sum: f64 = residuals[..length].iter().sum();
    let mut squares = 0.0;
    for begin in 0..n {
        squares += sum * sum;
        sum += residuals[(begin + length) % n] - residuals[begin];
    }
    // As with a variance from a sample: the mean was taken from the same values.
    let correction = n as f64 / (n - length) as f64;
    let by_blocks = squares / length as f64 * correction;
    (by_blocks.max(as_first_order(residuals)), n as f64 / length as f64)
}

/// The variance of the sum if each value resembles the one before and nothing else. Short runs are too short for blocks as
/// long as it would take; there this is nearer to the truth.
fn as_first_order(residuals: &[f64]) -> f64 {
    let n = residuals.len() as f64;
    let (r0, r1) = (covariance(residuals, 0), covariance(residuals, 1));
    if r0 <= 0.0 || r1 / r0 < 1.0 / n.sqrt() {
        return 0.0;
    }
    // What was estimated from few values is too small (Kendall 1954).
    let rho = r1 / r0;
    let rho = (rho + (1.0 + 3.0 * rho) / n).min(0.95);
    n * r0 * (1.0 + rho) / (1.0 - rho)
}

/// How many seconds a block has: by Politis & White (2004, corrected 2009), from how long values resemble each other.
pub(crate) fn block_length(residuals: &[f64]) -> usize {
    let n = residuals.len();
    let most = (n / 3).min((3.0 * (n as f64).sqrt()) as usize).max(1);
    let r0 = covariance(residuals, 0);
    if r0 <= 0.0 || n < 4 {
        return 1;
    }
    let reach = lags_that_count(residuals, r0);
    if reach == 0 {
        return 1;
    }
    let widest = (2 * reach).min(n / 2);
    let (mut slope, mut level) = (0.0, r0);
    for lag in 1..=widest {
        let share = lag as f64 / widest as f64;
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        let r = covariance(residuals, lag);
        slope += 2.0 * weight * lag as f64 * r;
        level += 2.0 * weight * r;
    }
    if level <= 0.0 {
        return 1;
    }
    let length = (2.0 * slope * slope / (4.0 / 3.0 * level * level)).cbrt() * (n as f64).cbrt();
    // Theirs is the best for the variance; intervals hold better with longer ones (Sun, Phillips & Jin 2008).
    ((LONGER * length).ceil() as usize).clamp(1, most)
}

/// The last lag after which several in a row say nothing.
fn lags_that_count(values: &[f64], r0: f64) -> usize {
    let n = values.len() as f64;
    let noise = 2.0 * (n.log10() / n).sqrt();
    let in_a_row = (n.log10().sqrt().ceil() as usize).max(5);
    let most = (n.sqrt().ceil() as usize + in_a_row).min(values.len() - 1);
    let mut quiet = 0;
    for lag in 1..=most {
        quiet = if (covariance(values, lag) / r0).abs() < noise { quiet + 1 } else { 0 };
        if quiet == in_a_row {
            return lag - in_a_row;
        }
    }
    most - quiet
}

fn covariance(values: &[f64], lag: usize) -> f64 {
    values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Random;

    #[test]
    fn what_is_independent_has_blocks_of_one_and_the_usual_error() {
        let mut random = Random::new(1);
        let values: Vec<_> = (0..400).map(|_| random.normal()).collect();
        let estimate = Estimate::ratio(&values, &[1.0; 400]).unwrap();
        assert!((estimate.error - 0.05).abs() < 0.007, "{estimate:?}");
    }

    #[test]
    fn what_resembles_itself_is_known_less_well() {
        let mut random = Random::new(2);
        let mut level = 0.0;
        let values: Vec<_> = (0..2000)
            .map(|_| {
                level = 0.8 * level + random.normal();
                level
            })
            .collect();
        let estimate = Estimate::ratio(&values, &[1.0; 2000]).unwrap();
        // In the long run: 1 / (1 - 0.8) / sqrt(n).
        let expected = 5.0 / 2000_f64.sqrt();
        assert!((estimate.error / expected - 1.0).abs() < 0.3, "{estimate:?} {expected}");
    }

    #[test]
    fn where_there_is_too_little_nothing_is_said() {
        assert_eq!(Estimate::ratio(&[1.0; 7], &[1.0; 7]), None);
        assert_eq!(Estimate::ratio(&[1.0; 9], &[0.0; 9]), None);
        let rising: Vec<_> = (0..20).map(f64::from).collect();
        assert_eq!(Estimate::ratio(&rising, &[1.0; 20]), None, "one long block");
        let still = Estimate::ratio(&[3.0; 20], &[1.0; 20]).unwrap();
        assert_eq!((still.value, still.error), (3.0, 0.0));
    }
}
