//! Exponential buckets, as Prometheus' native histograms and those of OpenTelemetry have them: each is larger than the
//! one before by the same factor, 2 to the power of 2 to the power of minus the scale.

use onrush_metrics::Histogram;

/// The finest scale: a bucket is 2.2 % wide.
const FINEST: i32 = 5;
/// No more buckets than this from the smallest to the largest value: OpenTelemetry's default. Values that are further
/// apart are told in coarser buckets.
const MOST: i32 = 160;
/// Below half a microsecond there is nothing to tell apart: in seconds.
pub(crate) const ZERO: f64 = 0.5e-6;

/// A histogram in exponential buckets.
#[derive(Debug, PartialEq)]
pub(crate) struct Exponential {
    /// The scale (OpenTelemetry), or schema (Prometheus).
    pub(crate) scale: i32,
    /// Values of at most [`ZERO`].
    pub(crate) zeros: u64,
    /// The number of the first bucket: bucket `n` has what is more than `base^(n-1)` and at most `base^n`.
    pub(crate) first: i32,
    /// From the first to the last one that has something.
    pub(crate) counts: Vec<u64>,
}

impl Exponential {
    /// Slots lie in the bucket that the middle of them lies in: at most a thousandth away from their values.
    pub(crate) fn of(histogram: &Histogram) -> Self {
        let mut zeros = 0;
        let mut rows: Vec<(f64, u64)> = Vec::new();
        for (us, count) in histogram.slots() {
            match us.start {
                0 => zeros += count,
                start => rows.push(((((start + us.end - 1) as f64) / 2.0 / 1e6).log2(), count)),
            }
        }
        let (Some(low), Some(high)) = (rows.first(), rows.last()) else {
            return Self { scale: FINEST, zeros, first: 0, counts: Vec::new() };
        };
        let mut scale = FINEST;
        while bucket(high.0, scale) - bucket(low.0, scale) >= MOST {
            scale -= 1;
        }
        let first = bucket(low.0, scale);
        let mut counts = vec![0; (bucket(high.0, scale) - first + 1) as usize];
        for (log, count) in rows {
            counts[(bucket(log, scale) - first) as usize] += count;
        }
        Self { scale, zeros, first, counts }
    }
}

fn bucket(log2: f64, scale: i32) -> i32 {
    (log2 * f64::from(scale).exp2()).ceil() as i32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn of(us: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        us.iter().for_each(|us| histogram.record(Duration::from_micros(*us)));
        histogram
    }

    #[test]
    fn nothing_and_zeros_have_no_buckets() {
        let expected = |zeros| Exponential { scale: FINEST, zeros, first: 0, counts: Vec::new() };
        assert_eq!((Exponential::of(&of(&[])), Exponential::of(&of(&[0, 0]))), (expected(0), expected(2)));
    }

    #[test]
    fn what_is_close_together_is_told_finely_and_what_is_far_apart_coarsely() {
        for (us, scale) in [(&[1_000, 2_000][..], 5), (&[1_000, 100_000], 4), (&[1, 3_600_000_000], 2)] {
            assert_eq!(Exponential::of(&of(us)).scale, scale, "{us:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_value_is_counted_in_its_bucket(values in prop::collection::vec(0..3_600_000_000_u64, 1..100)) {
            let made = Exponential::of(&of(&values));
            prop_assert_eq!(made.zeros + made.counts.iter().sum::<u64>(), values.len() as u64);
            prop_assert!(made.counts.len() <= MOST as usize);
            let width = f64::from(-made.scale).exp2();
            let smallest = *values.iter().filter(|us| **us > 0).min().unwrap_or(&0) as f64 / 1e6;
            if smallest > 0.0 {
                let upper = (f64::from(made.first) * width).exp2();
                let lower = (f64::from(made.first - 1) * width).exp2();
                prop_assert!(smallest <= upper * 1.001 && smallest >= lower * 0.999, "{lower} {smallest} {upper}");
            }
        }
    }
}
