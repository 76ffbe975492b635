//! A second of a series, as coarsely as intervals need it.

use std::time::Duration;

use onrush_metrics::Tally;

/// Values below 2^(BITS + 1) µs have a slot each; every further power of two is divided into 2^BITS slots.
const BITS: u32 = 5;

/// What happened within a second, or within some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    /// When it began, since the start of the run.
    pub since: Duration,
    /// How long it was.
    pub lasted: Duration,
    /// Slots of response times in rising order, and the counts.
    counts: Vec<(u16, u32)>,
    /// Response times that were counted.
    pub samples: u64,
    /// Their sum in ns.
    pub sum_ns: f64,
    /// Requests ended within the time of the load.
    pub ended_in_time: u64,
    /// Requests ended.
    pub ended: u64,
    /// Those of them that failed.
    pub failed: u64,
}

impl Slice {
    /// What is kept of a tally.
    pub fn of(tally: &Tally, since: Duration, lasted: Duration) -> Self {
        let mut counts: Vec<(u16, u32)> = Vec::new();
        for (us, count) in tally.response.slots() {
            let (slot, count) = (slot_of(us.start), u32::try_from(count).unwrap_or(u32::MAX));
            match counts.last_mut() {
                Some(last) if last.0 == slot => last.1 = last.1.saturating_add(count),
                _ => counts.push((slot, count)),
            }
        }
        Self {
            since,
            lasted,
            counts,
            samples: tally.response.count(),
            sum_ns: tally.response.sum().as_nanos() as f64,
            ended_in_time: tally.counters.ended_in_time,
            ended: tally.counters.ended(),
            failed: tally.counters.failed,
        }
    }

    /// Makes one of two that follow each other.
    pub fn absorb(&mut self, later: &Self) {
        let mut merged = Vec::with_capacity(self.counts.len().max(later.counts.len()));
        let (mut mine, mut theirs) = (self.counts.iter().peekable(), later.counts.iter().peekable());
        loop {
            let next = match (mine.peek(), theirs.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.0 == b.0 => {
                    let next = (a.0, a.1.saturating_add(b.1));
                    mine.next();
                    theirs.next();
                    next
                }
                (Some(a), b) if b.is_none_or(|b| a.0 < b.0) => {
                    let next = **a;
                    mine.next();
                    next
                }
                (_, Some(b)) => {
                    let next = **b;
                    theirs.next();
                    next
                }
                (Some(_), None) => unreachable!("taken by the arm above"),
            };
            merged.push(next);
        }
        self.counts = merged;
        self.lasted += later.lasted;
        self.samples += later.samples;
        self.sum_ns += later.sum_ns;
        self.ended_in_time += later.ended_in_time;
        self.ended += later.ended;
        self.failed += later.failed;
    }

    /// How many response times are at most this long; a slot in between is divided.
    pub fn count_up_to(&self, limit: Duration) -> f64 {
        let us = limit.as_nanos() as f64 / 1000.0;
        let mut sum = 0.0;
        for (slot, count) in &self.counts {
            let (from, until) = range_of(*slot);
            if from > us {
                break;
            }
            sum += f64::from(*count) * ((us - from) / (until - from)).clamp(0.0, 1.0);
        }
        sum
    }

    /// The time in ns that a share `q` of the response times does not exceed, as nearly as the slots tell; `None` where
    /// there are none.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let rank = q * self.samples as f64;
        let mut seen = 0.0;
        for (slot, count) in &self.counts {
            let count = f64::from(*count);
            if seen + count >= rank {
                let (from, until) = range_of(*slot);
                return Some((from + (until - from) * ((rank - seen) / count).clamp(0.0, 1.0)) * 1000.0);
            }
            seen += count;
        }
        None
    }
}

fn slot_of(us: u64) -> u16 {
    if us < 2 << BITS {
        return us as u16;
    }
    let bucket = us.ilog2() - BITS;
    ((u64::from(bucket) << BITS) + (us >> bucket)) as u16
}

/// In µs. What is counted at a value was rounded to it.
fn range_of(slot: u16) -> (f64, f64) {
    let slot = u64::from(slot);
    let bucket = (slot >> BITS).saturating_sub(1);
    let sub = slot - (bucket << BITS);
    ((sub << bucket) as f64 - 0.5, ((sub + 1) << bucket) as f64 - 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl Iterator<Item = u64>) -> Slice {
        let mut tally = Tally::default();
        times.for_each(|us| tally.response.record(Duration::from_micros(us)));
        Slice::of(&tally, Duration::ZERO, Duration::from_secs(1))
    }

    #[test]
    fn shares_and_percentiles_are_as_good_as_the_slots() {
        let slice = of((1..=10_000).map(|number| number * 10));
        for share in [0.1, 0.5, 0.9, 0.99] {
            let us = 100_000.0 * share;
            let counted = slice.count_up_to(Duration::from_micros(us as u64));
            assert!((counted - 10_000.0 * share).abs() <= 20.0, "{share}: {counted}");
            assert!((slice.quantile(share).unwrap() / 1000.0 / us - 1.0).abs() < 0.01);
        }
        assert_eq!(of([].into_iter()).quantile(0.5), None);
        assert_eq!(of([7].into_iter()).count_up_to(Duration::from_hours(1)), 1.0);
    }

    #[test]
    fn two_are_as_one() {
        let mut merged = of([3, 70, 70, 5000].into_iter());
        merged.absorb(&of([3, 65, 70, 9000].into_iter()));
        assert_eq!(
            Slice { lasted: Duration::from_secs(1), ..merged },
            of([3, 3, 65, 70, 70, 70, 5000, 9000].into_iter())
        );
    }
}
