//! A histogram of durations: 1 µs to 1 h at 3 significant digits, in HdrHistogram's own bucket layout.
//!
//! The first values are a list; more are counted in pages that come into being when first touched, so a series whose
//! values stay within a factor of ten costs a few kilobytes instead of 190, a second of one of a thousand series a few
//! hundred bytes, and merging touches only what is there. Pages are small, for those of a thousand series are in no cache:
//! a count that outgrows its 32 bits begins anew, and is noted beside.
//! The sum, the smallest and the largest value are kept exactly, in nanoseconds.

use std::time::Duration;

const PAGE_BITS: usize = 7;
const PAGE: usize = 1 << PAGE_BITS;
/// Values below 2^11 µs have a slot each; every further power of two is divided into 1,024 slots.
const HALF_BITS: u32 = 10;
/// The largest value told apart, in µs: one hour. Longer ones are counted there; `max` stays exact.
const LARGEST_US: u64 = 3_600_000_000;
/// So many values are a list.
const FEW: usize = 256;
#[cfg(test)]
const SLOTS: usize = slot_of(LARGEST_US) + 1;

/// Counts of durations from 1 µs to 1 h, 3 significant digits.
#[derive(Clone, Default)]
pub struct Histogram {
    /// The slots of the first values, as long as there are no pages.
    few: Vec<u16>,
    /// From the first page that was touched to the last: what is not there need not be walked over.
    pages: Vec<Option<Box<[u32; PAGE]>>>,
    first: usize,
    /// The slots whose count in a page began anew, and how often.
    full: Vec<(u16, u32)>,
    count: u64,
    sum_ns: u128,
    min_ns: u64,
    max_ns: u64,
}

impl Histogram {
    /// An empty histogram; nothing is allocated yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A histogram that was taken apart: values in µs with their counts; the sum, the smallest and the largest value in
    /// ns. `None` where the counts are more than anybody can have counted.
    pub fn from_parts(
        counts: impl IntoIterator<Item = (u64, u64)>,
        sum_ns: u128,
        min_ns: u64,
        max_ns: u64,
    ) -> Option<Self> {
        const MOST: u64 = 1 << 53;
        let mut histogram = Self { sum_ns, min_ns, max_ns, ..Self::default() };
        for (us, count) in counts {
            histogram.count = histogram.count.checked_add(count).filter(|count| *count <= MOST)?;
            let slot = slot_of(us.min(LARGEST_US));
            histogram.began_anew(slot, (count >> u32::BITS) as u32);
            histogram.add(slot, count as u32);
        }
        (sum_ns <= u128::from(MOST) << 64 && min_ns <= max_ns).then_some(histogram)
    }

    /// Counts one duration.
    #[inline]
    pub fn record(&mut self, value: Duration) {
        self.record_ns(u64::try_from(value.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts one duration given in nanoseconds.
    #[inline]
    pub fn record_ns(&mut self, ns: u64) {
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.max_ns = self.max_ns.max(ns);
        self.count += 1;
        self.sum_ns += u128::from(ns);
        let slot = slot_of(rounded_us(ns));
        self.add(slot, 1);
    }

    /// Adds everything that `other` counted, exactly.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min_ns = if self.count == 0 { other.min_ns } else { self.min_ns.min(other.min_ns) };
        self.max_ns = self.max_ns.max(other.max_ns);
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        if self.pages.is_empty() && other.pages.is_empty() && self.few.len() + other.few.len() <= FEW {
            return self.few.extend_from_slice(&other.few);
        }
        self.settle();
        self.settle_few(&other.few);
        other.full.iter().for_each(|(slot, times)| self.began_anew(usize::from(*slot), *times));
        for (number, page) in (other.first..).zip(&other.pages) {
            match (page, self.pages.get_mut(number.wrapping_sub(self.first))) {
                (None, _) => {}
                (Some(page), Some(Some(mine))) => {
                    if merge_pages(mine, page) {
                        let over = (number << PAGE_BITS..).zip(mine.iter().zip(&**page));
                        let over: Vec<_> = over.filter(|(_, (sum, added))| sum < added).map(|(slot, _)| slot).collect();
                        over.into_iter().for_each(|slot| self.began_anew(slot, 1));
                    }
                }
                (Some(page), _) => self.page_mut(number).copy_from_slice(&**page),
            }
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The largest value, exactly; zero when empty.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// The smallest value, exactly; zero when empty.
    pub fn min(&self) -> Duration {
        Duration::from_nanos(self.min_ns)
    }

    /// The sum of all values, exactly.
    pub fn sum(&self) -> Duration {
        duration_of(self.sum_ns)
    }

    /// The arithmetic mean; zero when empty.
    pub fn mean(&self) -> Duration {
        duration_of(self.sum_ns.checked_div(u128::from(self.count)).unwrap_or(0))
    }

    /// The value that a share `q` (0 to 1) of the sample does not exceed: the upper edge of its slot,
    /// and never more than the largest value seen. Zero when empty.
    pub fn quantile(&self, q: f64) -> Duration {
        let rank = ((q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (edge, count) in self.upper_edges() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(edge.clamp(self.min_ns, self.max_ns));
            }
        }
        self.max()
    }

    /// Whether the sample is large enough for the `q` quantile to mean something: above p90 at least
    /// ten values must lie beyond it (p99 needs 1,000 values, p99.9 needs 10,000).
    pub fn supports(&self, q: f64) -> bool {
        const BEYOND: f64 = 10.0;
        // The small slack forgives 1 − 0.99 not being 0.01 in binary.
        self.count > 0 && (q <= 0.9 || self.count as f64 * (1.0 - q) >= BEYOND - 1e-6)
    }

    /// How many values are at most `limit`, to the resolution of the slots.
    pub fn count_up_to(&self, limit: Duration) -> u64 {
        let last = slot_of(rounded_us(u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX)));
        self.slots().take_while(|(us, _)| slot_of(us.start) <= last).map(|(_, count)| count).sum()
    }

    /// The occupied slots in rising order: their range in µs (end excluded) and the count.
    pub fn slots(&self) -> impl Iterator<Item = (std::ops::Range<u64>, u64)> + '_ {
        let mut few = self.few.clone();
        few.sort_unstable();
        let runs = few.chunk_by(|one, next| one == next).map(|run| (usize::from(run[0]), run.len() as u64));
        // One of the two is empty.
        runs.collect::<Vec<_>>().into_iter().chain(self.paged()).map(|(slot, count)| (range_of(slot), count))
    }

    fn paged(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        (self.first..).zip(&self.pages).filter_map(|(n, page)| Some((n, page.as_ref()?))).flat_map(|(n, page)| {
            let slots = (n << PAGE_BITS..).zip(&**page);
            slots.map(|(slot, count)| (slot, u64::from(*count) + self.overflown(slot))).filter(|(_, count)| *count > 0)
        })
    }

    /// What a page has no room for.
    fn overflown(&self, slot: usize) -> u64 {
        let full = self.full.iter().find(|(full, _)| usize::from(*full) == slot);
        full.map_or(0, |(_, times)| u64::from(*times) << u32::BITS)
    }

    /// A page had no room for the count of a slot, so often.
    #[cold]
    fn began_anew(&mut self, slot: usize, times: u32) {
        match self.full.iter_mut().find(|(full, _)| usize::from(*full) == slot) {
            Some((_, before)) => *before += times,
            None if times > 0 => self.full.push((slot as u16, times)),
            None => {}
        }
    }

    /// The largest value that each occupied slot has room for, in ns and in rising order, and the count.
    pub fn upper_edges(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        // Half a microsecond above a value is rounded to the next one.
        self.slots().map(|(us, count)| (us.end.saturating_mul(1000) - 501, count))
    }

    /// Bytes that the counts occupy.
    pub fn memory(&self) -> usize {
        self.few.capacity() * 2 + self.pages.len() * size_of::<usize>() + self.pages.iter().flatten().count() * PAGE * 4
    }

    #[inline]
    fn add(&mut self, slot: usize, count: u32) {
        if !self.add_in_page(slot, count) {
            self.add_elsewhere(slot, count);
        }
    }

    /// Counts in the page where it belongs, if that is there.
    #[inline]
    fn add_in_page(&mut self, slot: usize, count: u32) -> bool {
        let Some(Some(page)) = self.pages.get_mut((slot >> PAGE_BITS).wrapping_sub(self.first)) else { return false };
        let (sum, is_over) = page[slot & (PAGE - 1)].overflowing_add(count);
        page[slot & (PAGE - 1)] = sum;
        if is_over {
            self.began_anew(slot, 1);
        }
        true
    }

    /// Counts what has no page yet.
    #[cold]
    fn add_elsewhere(&mut self, slot: usize, count: u32) {
        if self.pages.is_empty() && count == 1 && self.few.len() < FEW {
            return self.few.push(slot as u16);
        }
        self.settle();
        self.page_mut(slot >> PAGE_BITS);
        self.add_in_page(slot, count);
    }

    /// There are more than a few: they are counted in pages.
    fn settle(&mut self) {
        let few = std::mem::take(&mut self.few);
        self.settle_few(&few);
    }

    fn settle_few(&mut self, few: &[u16]) {
        for slot in few.iter().map(|slot| usize::from(*slot)) {
            if !self.add_in_page(slot, 1) {
                self.page_mut(slot >> PAGE_BITS)[slot & (PAGE - 1)] = 1;
            }
        }
    }

    #[cold]
    fn page_mut(&mut self, number: usize) -> &mut [u32; PAGE] {
        if self.pages.is_empty() {
            self.first = number;
        }
        let before = self.first.saturating_sub(number);
        self.pages.splice(0..0, (0..before).map(|_| None));
        self.first -= before;
        let place = number - self.first;
        if place >= self.pages.len() {
            self.pages.resize_with(place + 1, || None);
        }
        self.pages[place].get_or_insert_with(|| Box::new([0; PAGE]))
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Histogram")
            .field("count", &self.count)
            .field("min", &self.min())
            .field("p50", &self.quantile(0.5))
            .field("max", &self.max())
            .finish_non_exhaustive()
    }
}

/// Equal when the same values were counted, whichever pages happen to exist.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum_ns, self.min_ns, self.max_ns) == (other.count, other.sum_ns, other.min_ns, other.max_ns)
            && self.slots().eq(other.slots())
    }
}

/// Adds the counts of a page; whether one of them began anew.
fn merge_pages(page: &mut [u32; PAGE], other: &[u32; PAGE]) -> bool {
    let mut is_over = false;
    for (count, added) in page.iter_mut().zip(other) {
        *count = count.wrapping_add(*added);
        is_over |= *count < *added;
    }
    is_over
}

fn duration_of(ns: u128) -> Duration {
    Duration::new(u64::try_from(ns / 1_000_000_000).unwrap_or(u64::MAX), (ns % 1_000_000_000) as u32)
}

fn rounded_us(ns: u64) -> u64 {
    (ns / 1000 + u64::from(ns % 1000 >= 500)).min(LARGEST_US)
}

const fn slot_of(us: u64) -> usize {
    if us < 2 << HALF_BITS {
        return us as usize;
    }
    let bucket = us.ilog2() - HALF_BITS;
    ((bucket as usize) << HALF_BITS) + (us >> bucket) as usize
}

/// The values, in µs, that share a slot. Rounding puts half a microsecond either side of them.
fn range_of(slot: usize) -> std::ops::Range<u64> {
    let bucket = (slot >> HALF_BITS).saturating_sub(1);
    let sub = (slot - (bucket << HALF_BITS)) as u64;
    (sub << bucket)..((sub + 1) << bucket)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(us: &[u64]) -> Histogram {
        let mut histogram = Histogram::new();
        us.iter().for_each(|us| histogram.record(Duration::from_micros(*us)));
        histogram
    }

    #[test]
    fn an_empty_histogram_is_all_zero_and_costs_nothing() {
        let empty = Histogram::new();
        assert_eq!(
            (empty.count(), empty.max(), empty.mean(), empty.quantile(0.99)),
            (0, Duration::ZERO, Duration::ZERO, Duration::ZERO)
        );
        assert_eq!(empty.memory(), 0);
        assert!(!empty.supports(0.5));
    }

    #[test]
    fn percentiles_are_upper_edges() {
        let mut histogram = of(&[1]);
        (1..200_000).step_by(37).for_each(|us| histogram.record(Duration::from_micros(us)));
        let edges: Vec<_> = histogram.upper_edges().map(|(edge, _)| edge).collect();
        for q in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let quantile = histogram.quantile(q).as_nanos() as u64;
            assert!(edges.contains(&quantile), "{q}: {quantile}");
        }
    }

    #[test]
    fn nines_need_a_sample_that_supports_them() {
        for (count, q, expected) in [
            (1, 0.5, true),
            (199, 0.95, false),
            (200, 0.95, true),
            (1_000, 0.99, true),
            (999, 0.99, false),
            (5_000, 0.9999, false),
            (10_000, 0.999, true),
        ] {
            let histogram = of(&vec![5; count]);
            assert_eq!(histogram.supports(q), expected, "{count} values, q {q}");
        }
    }

    #[test]
    fn a_quantile_rounds_to_the_microsecond_that_was_counted() {
        let times = of(&[3, 5, 330, 1000]);
        for (q, expected) in [(0.25, 3_499), (0.5, 5_499), (0.75, 330_499), (1.0, 1_000_000)] {
            assert_eq!(times.quantile(q), Duration::from_nanos(expected));
        }
    }

    #[test]
    fn longer_than_an_hour_is_counted_and_the_maximum_stays_exact() {
        let mut histogram = Histogram::new();
        histogram.record(Duration::from_secs(7200));
        assert_eq!(histogram.max(), Duration::from_secs(7200));
        assert_eq!(histogram.quantile(0.5), Duration::from_secs(7200));
        histogram.record_ns(u64::MAX);
        assert_eq!(histogram.count(), 2);
    }

    /// Each row: how often 7 µs were counted in two histograms.
    #[test]
    fn counts_outgrow_their_32_bits() {
        const MOST: u64 = u32::MAX as u64;
        for (one, other) in [(MOST, 1), (1, MOST), (MOST, MOST), (MOST + 1, MOST + 1), (3 * MOST, 5), (MOST + 1, 0)] {
            let counted = |count: u64| {
                let counts = if count == 0 { vec![] } else { vec![(7, count), (9, 1)] };
                Histogram::from_parts(counts, 0, 7_000, 9_000).expect("few enough")
            };
            let mut merged = counted(one);
            merged.merge(&counted(other));
            let slots: Vec<_> = merged.slots().collect();
            assert_eq!(slots, [(7..8, one + other), (9..10, 1 + u64::from(other > 0))], "{one} and {other}");
            merged.record(Duration::from_micros(7));
            assert_eq!(merged.slots().next(), Some((7..8, one + other + 1)), "{one} and {other}, and one more");
        }
    }

    #[test]
    fn every_slot_holds_its_own_range() {
        for slot in 0..SLOTS {
            let range = range_of(slot);
            assert_eq!(slot_of(range.start), slot);
            assert_eq!(slot_of(range.end - 1), slot);
        }
    }

    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![0..3000_u64, 0..4_000_000_u64, 0..LARGEST_US], 0..300)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn it_agrees_with_the_reference_implementation(values in values(), q in 0.0..1.0_f64) {
            let ours = of(&values);
            let mut reference = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LARGEST_US, 3).unwrap();
            values.iter().for_each(|us| reference.record(*us).unwrap());
            prop_assert_eq!(ours.count(), reference.len());
            if !values.is_empty() {
                // The reference has another rounding of ranks; a rank apart is the most it may differ.
                let ours = ours.quantile(q).as_micros() as u64;
                let low = reference.value_at_quantile((q - 1.0 / values.len() as f64).max(0.0));
                let high = reference.value_at_quantile((q + 1.0 / values.len() as f64).min(1.0));
                prop_assert!(ours + 1 >= reference.lowest_equivalent(low), "{} < {}", ours, low);
                prop_assert!(ours <= reference.highest_equivalent(high) + 1, "{} > {}", ours, high);
            }
        }

        #[test]
        fn quantiles_are_within_three_digits_of_the_truth(mut values in values().prop_filter("some", |v| !v.is_empty()), q in 0.0..=1.0_f64) {
            let histogram = of(&values);
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let truth = values[rank - 1] as f64;
            let got = histogram.quantile(q).as_secs_f64() * 1e6;
            prop_assert!((got - truth).abs() <= truth / 1000.0 + 1.0, "{} against {}", got, truth);
        }

        #[test]
        fn merged_parts_equal_the_whole(a in values(), b in values()) {
            let whole = of(&[a.clone(), b.clone()].concat());
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged, whole);
        }
    }
}
