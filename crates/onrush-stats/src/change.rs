//! Changes between two sides, each of one run or of several.

use crate::student::{both_tails, reach};

/// What one run says of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The figure.
    pub value: f64,
    /// Its standard error within the run.
    pub error: f64,
    /// How many blocks spoke for it, less one.
    pub freedom: f64,
}

/// How much a figure differs between two sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// New less base.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
    /// For Student's distribution.
    pub freedom: f64,
}

impl Effect {
    /// How likely a difference like this is between two sides that do not differ.
    pub fn chance(&self) -> f64 {
        if self.value == 0.0 { 1.0 } else { both_tails(self.value / self.error, self.freedom) }
    }

    /// Between which values the difference is, with this confidence.
    pub fn range(&self, level: f64) -> (f64, f64) {
        let margin = self.error * reach(level, self.freedom);
        (self.value - margin, self.value + margin)
    }
}

/// The difference between the runs of two sides. `None` where a side has none.
///
/// Of one run a side, it is as uncertain as the blocks within the runs make it. Of several, it is as uncertain as runs of
/// the same side differ, and never less than their blocks make it.
pub fn change(base: &[Sample], new: &[Sample]) -> Option<Effect> {
    let value = mean(new)? - mean(base)?;
    let (a, b) = (within(base), within(new));
    let variance = a.0 + b.0;
    // Welch and Satterthwaite.
    let freedom = variance * variance / (a.0 * a.0 / a.1 + b.0 * b.0 / b.1);
    let freedom = if freedom.is_finite() { freedom } else { a.1.min(b.1) };
    let repeated = (base.len() + new.len()).saturating_sub(2) as f64;
    if repeated == 0.0 {
        return Some(Effect { value, error: variance.sqrt(), freedom });
    }
    let pooled = (spread(base) + spread(new)) / repeated;
    let between = pooled * (1.0 / base.len() as f64 + 1.0 / new.len() as f64);
    Some(Effect { value, error: between.max(variance).sqrt(), freedom: repeated.min(freedom) })
}

fn mean(samples: &[Sample]) -> Option<f64> {
    (!samples.is_empty()).then(|| samples.iter().map(|sample| sample.value).sum::<f64>() / samples.len() as f64)
}

/// The variance of the mean by what varies within runs, and its degrees of freedom.
fn within(samples: &[Sample]) -> (f64, f64) {
    let count = samples.len() as f64;
    let variance = samples.iter().map(|sample| sample.error * sample.error).sum::<f64>() / (count * count);
    (variance, samples.iter().map(|sample| sample.freedom).sum())
}

/// The squares of how far runs are from their mean.
fn spread(samples: &[Sample]) -> f64 {
    let mean = mean(samples).unwrap_or_default();
    samples.iter().map(|sample| (sample.value - mean).powi(2)).sum()
}

/// Which of several findings remain when all of them together may be wrong with probability `1 - level` (Holm 1979).
/// `chances` are how likely each finding is by chance alone.
pub fn holm(chances: &[f64], level: f64) -> Vec<bool> {
    let mut order: Vec<_> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut stands = vec![false; chances.len()];
    for (rank, place) in order.iter().enumerate() {
        if chances[*place] * (chances.len() - rank) as f64 > 1.0 - level {
            break;
        }
        stands[*place] = true;
    }
    stands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        values.iter().map(|value| Sample { value: *value, error: 0.1, freedom: 20.0 }).collect()
    }

    #[test]
    fn one_run_a_side_is_as_sure_as_its_blocks() {
        let effect = change(&samples(&[1.0]), &samples(&[1.3])).unwrap();
        assert!((effect.value - 0.3).abs() < 1e-9 && (effect.error - 0.02_f64.sqrt()).abs() < 1e-9);
        assert!((effect.freedom - 40.0).abs() < 1e-6);
        assert_eq!(change(&[], &samples(&[1.0])), None);
    }

    #[test]
    fn several_runs_are_as_sure_as_they_agree() {
        let agreeing = change(&samples(&[1.0, 1.0, 1.0]), &samples(&[1.3, 1.3, 1.3])).unwrap();
        assert!((agreeing.error - (0.02 / 3.0_f64).sqrt()).abs() < 1e-9, "never surer than the blocks");
        let apart = change(&samples(&[0.5, 1.0, 1.5]), &samples(&[0.8, 1.3, 1.8])).unwrap();
        assert!((apart.error - (0.25 * 2.0 / 3.0_f64).sqrt()).abs() < 1e-9, "{apart:?}");
        assert_eq!(apart.freedom, 4.0);
    }

    #[test]
    fn the_more_is_asked_the_more_it_takes() {
        assert_eq!(holm(&[0.04], 0.95), [true]);
        assert_eq!(holm(&[0.04, 0.5], 0.95), [false, false]);
        assert_eq!(holm(&[0.5, 0.02, 0.01], 0.95), [false, true, true]);
        assert_eq!(holm(&[], 0.95), [true; 0]);
    }
}
