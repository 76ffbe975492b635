//! Classic histograms: how many values are at most so large, for a few fixed sizes.

use onrush_metrics::Histogram;

/// Upper bounds in seconds. From half a millisecond to the default timeout; a factor of 2 to 2.5 apart, so that 15
/// series are what a histogram costs. Who wants it finer has native histograms.
pub(crate) const BOUNDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// How many values are at most as large as each of [`BOUNDS`].
pub(crate) fn cumulative(histogram: &Histogram) -> [u64; BOUNDS.len()] {
    let mut counts = [0; BOUNDS.len()];
    for (us, count) in histogram.slots() {
        let bucket = BOUNDS.partition_point(|bound| bound * 1e6 + 0.25 < us.start as f64);
        if let Some(place) = counts.get_mut(bucket) {
            *place += count;
        }
    }
    let mut sum = 0;
    counts.map(|count| {
        sum += count;
        sum
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bounds_are_in_their_own_bucket_and_the_slowest_in_none() {
        let mut histogram = Histogram::new();
        for us in [0, 499, 500, 501, 1_000, 30_000_000, 31_000_000] {
            histogram.record(Duration::from_micros(us));
        }
        let counts = cumulative(&histogram);
        assert_eq!((counts[0], counts[1], counts[2], counts[13], counts[14]), (3, 5, 5, 5, 6));
    }
}
