//! Histograms as bytes: the sum, the smallest and the largest exactly; counts by slots, which may be made wider where
//! there are many.

use std::ops::Range;

use onrush_metrics::Histogram;

use crate::bytes::{Bytes, Malformed, put};

/// How finely counts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detail {
    /// Slots between a value and its double, as a power of two, at most.
    pub(crate) bits: u32,
    /// Occupied slots at most.
    pub(crate) slots: usize,
}

impl Detail {
    /// As they were recorded: three significant digits.
    pub(crate) const ALL: Self = Self { bits: 10, slots: usize::MAX };
}

/// Longer than anything that is told apart, in µs: more than two hours.
const LONGEST_US: u64 = 1 << 33;
/// The fewest slots between a value and its double, as a power of two.
const LEAST_BITS: u32 = 3;

pub(crate) fn put_histogram(to: &mut Vec<u8>, histogram: &Histogram, detail: Detail) {
    let (bits, slots) = slots(histogram, detail);
    put(to, u128::from(bits));
    put(to, histogram.sum().as_nanos());
    put(to, histogram.min().as_nanos());
    put(to, histogram.max().as_nanos());
    put(to, slots.len() as u128);
    let mut last = 0;
    for (slot, count) in slots {
        // Most slots of a second have been hit once.
        let more = u64::from(count > 1);
        put(to, u128::from((slot - last) << 1 | more));
        if count > 1 {
            put(to, u128::from(count));
        }
        last = slot;
    }
}

pub(crate) fn histogram(from: &mut Bytes) -> Result<Histogram, Malformed> {
    let bits = from.number()?;
    let bits = u32::try_from(bits).ok().filter(|bits| (LEAST_BITS..=Detail::ALL.bits).contains(bits));
    let bits = bits.ok_or(Malformed("slots have an unknown size"))?;
    let (sum, min, max) = (from.big()?, from.number()?, from.number()?);
    let mut counts = Vec::new();
    let mut slot = 0_u64;
    for _ in 0..from.count()? {
        let step = from.number()?;
        slot = slot
            .checked_add(step >> 1)
            .filter(|slot| *slot <= slot_of(LONGEST_US, bits))
            .ok_or(Malformed("a slot is too large"))?;
        let count = if step & 1 == 1 { from.number()? } else { 1 };
        let range = range_of(slot, bits);
        counts.push((range.start + (range.end - range.start - 1) / 2, count));
    }
    Histogram::from_parts(counts, sum, min, max).ok_or(Malformed("counts are too large"))
}

/// Slots and counts, as finely as `detail` allows.
fn slots(histogram: &Histogram, detail: Detail) -> (u32, Vec<(u64, u64)>) {
    let mut bits = detail.bits;
    loop {
        let mut slots: Vec<(u64, u64)> = Vec::new();
        for (us, count) in histogram.slots() {
            let slot = slot_of(us.start, bits);
            match slots.last_mut() {
                Some(last) if last.0 == slot => last.1 += count,
                _ => slots.push((slot, count)),
            }
        }
        if slots.len() <= detail.slots || bits == LEAST_BITS {
            return (bits, slots);
        }
        bits -= 1;
    }
}

/// Values below 2^(bits+1) µs have a slot each; every further power of two is divided into 2^bits slots.
fn slot_of(us: u64, bits: u32) -> u64 {
    if us < 2 << bits {
        return us;
    }
    let bucket = us.ilog2() - bits;
    (u64::from(bucket) << bits) + (us >> bucket)
}

fn range_of(slot: u64, bits: u32) -> Range<u64> {
    let bucket = (slot >> bits).saturating_sub(1);
    let sub = slot - (bucket << bits);
    (sub << bucket)..((sub + 1) << bucket)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn of(times: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        times.iter().for_each(|us| histogram.record(Duration::from_micros(*us)));
        histogram
    }

    fn there_and_back(histogram_of: &Histogram, detail: Detail) -> Histogram {
        let mut bytes = Vec::new();
        put_histogram(&mut bytes, histogram_of, detail);
        let mut read = Bytes(&bytes);
        let back = histogram(&mut read).unwrap();
        assert!(read.is_empty());
        back
    }

    fn times() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((0..32_u32, any::<u64>()).prop_map(|(bits, value)| value & ((2 << bits) - 1)), 0..400)
    }

    proptest! {
        #[test]
        fn all_of_it_comes_back(times in times()) {
            prop_assert_eq!(there_and_back(&of(&times), Detail::ALL), of(&times));
        }

        #[test]
        fn wider_slots_keep_the_count_the_mean_and_the_ends(times in times(), slots in 8..100_usize, q in 0.0..1.0_f64) {
            let (before, after) = (of(&times), there_and_back(&of(&times), Detail { bits: 7, slots }));
            prop_assert_eq!((after.count(), after.sum(), after.min(), after.max()), (before.count(), before.sum(), before.min(), before.max()));
            // Eight slots from a value to its double, at the widest.
            let (a, b) = (before.quantile(q).as_secs_f64(), after.quantile(q).as_secs_f64());
            prop_assert!((a - b).abs() <= a / 8.0 + 2e-6, "{} {}", a, b);
        }

        #[test]
        fn anything_may_be_read(bytes in any::<Vec<u8>>()) {
            let _ = histogram(&mut Bytes(&bytes));
        }
    }
}
