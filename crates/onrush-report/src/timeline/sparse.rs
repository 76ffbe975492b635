//! A histogram in little room: what a point of a timeline keeps of its times.

use std::time::Duration;

use onrush_metrics::Histogram;

/// Every power of two above 2^8 µs is divided into 128 slots of at most 0.8 %, as the seconds of a run file are; the
/// slots of [`Histogram`] lie within them.
const HALF_BITS: u32 = 7;
/// How many values must lie beyond a percentile above p90, as [`Histogram::supports`] has it.
const BEYOND: f64 = 10.0;

/// The occupied slots only, in rising order, with the smallest and the largest value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sparse {
    /// Some 720 points have as many as their times are spread over, so each is small: no point is long enough for more
    /// than 32 bits of the same time.
    slots: Vec<(u16, u32)>,
    count: u64,
    min_ns: u64,
    max_ns: u64,
}

impl Sparse {
    /// What `times` counted.
    pub(crate) fn of(times: &Histogram) -> Self {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let mut slots: Vec<(u16, u32)> = Vec::new();
        for (us, count) in times.slots() {
            let (slot, count) = (slot_of(us.start), u32::try_from(count).unwrap_or(u32::MAX));
            match slots.last_mut() {
                Some(last) if last.0 == slot => last.1 = last.1.saturating_add(count),
                _ => slots.push((slot, count)),
            }
        }
        slots.shrink_to_fit();
        Self { slots, count: times.count(), min_ns: nanos(times.min()), max_ns: nanos(times.max()) }
    }

    /// Adds everything that `other` counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min_ns = if self.count == 0 { other.min_ns } else { self.min_ns.min(other.min_ns) };
        self.max_ns = self.max_ns.max(other.max_ns);
        self.count += other.count;
        let mut merged = Vec::with_capacity(self.slots.len() + other.slots.len() / 2);
        let (mut mine, mut theirs) = (self.slots.iter().peekable(), other.slots.iter().peekable());
        while let Some(slot) = [mine.peek(), theirs.peek()].into_iter().flatten().map(|(slot, _)| *slot).min() {
            let of_both = [mine.next_if(|next| next.0 == slot), theirs.next_if(|next| next.0 == slot)];
            merged
                .push((slot, of_both.into_iter().flatten().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count))));
        }
        merged.shrink_to_fit();
        self.slots = merged;
    }

    /// How many values were counted.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The largest value; `None` when empty.
    pub(crate) fn max(&self) -> Option<Duration> {
        (self.count > 0).then(|| Duration::from_nanos(self.max_ns))
    }

    /// The value that a share `q` of the sample does not exceed, to the resolution of the slots; `None` where the sample
    /// does not support it.
    pub(crate) fn quantile(&self, q: f64) -> Option<Duration> {
        if !supports(self.count, q) {
            return None;
        }
        let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
        let mut seen = 0;
        let slot = self.slots.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        });
        let edge = slot.map_or(self.max_ns, |(slot, _)| end_of(*slot).saturating_mul(1000) - 501);
        Some(Duration::from_nanos(edge.clamp(self.min_ns, self.max_ns)))
    }

    /// The first value of each occupied slot in µs, and the count.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.slots.iter().map(|(slot, count)| (start_of(*slot), u64::from(*count)))
    }
}

/// Whether a percentile of so many values says something that the largest one does not.
pub(crate) fn supports(count: u64, q: f64) -> bool {
    let beyond = count as f64 * (1.0 - q) + 1e-6;
    count > 0 && beyond >= if q > 0.9 { BEYOND } else { 1.0 }
}

fn slot_of(us: u64) -> u16 {
    if us < 2 << HALF_BITS {
        return us as u16;
    }
    let bucket = us.ilog2() - HALF_BITS;
    ((bucket << HALF_BITS) + (us >> bucket) as u32) as u16
}

fn start_of(slot: u16) -> u64 {
    let bucket = (slot >> HALF_BITS).saturating_sub(1);
    u64::from(slot - (bucket << HALF_BITS)) << bucket
}

fn end_of(slot: u16) -> u64 {
    start_of(slot + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(us: &[u64]) -> Histogram {
        let mut times = Histogram::new();
        us.iter().for_each(|us| times.record(Duration::from_micros(*us)));
        times
    }

    #[test]
    fn every_slot_begins_where_the_one_before_ends() {
        for slot in 0..2_500 {
            assert_eq!((slot_of(start_of(slot)), slot_of(end_of(slot) - 1)), (slot, slot));
        }
    }

    #[test]
    fn what_the_sample_does_not_support_is_not_told() {
        for (count, q, expected) in [
            (0, 0.5, false),
            (1, 0.5, false),
            (2, 0.5, true),
            (199, 0.95, false),
            (200, 0.95, true),
            (1000, 0.99, true),
        ] {
            assert_eq!(Sparse::of(&of(&vec![7; count])).quantile(q).is_some(), expected, "{count} values, q {q}");
        }
    }

    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![0..300_u64, 0..90_000_u64, 0..3_600_000_000_u64], 0..200)
    }

    proptest! {
        #[test]
        fn merged_parts_equal_the_whole(a in values(), b in values()) {
            let mut merged = Sparse::of(&of(&a));
            merged.merge(&Sparse::of(&of(&b)));
            prop_assert_eq!(merged, Sparse::of(&of(&[a, b].concat())));
        }

        #[test]
        fn quantiles_are_within_a_slot_of_the_full_histogram(values in values(), q in 0.0..1.0_f64) {
            let full = of(&values);
            if let Some(found) = Sparse::of(&full).quantile(q) {
                let (found, exact) = (found.as_secs_f64(), full.quantile(q).as_secs_f64());
                prop_assert!(found >= exact - 1e-9 && found <= exact * 1.009 + 2e-6, "{} against {}", found, exact);
            }
        }
    }
}
