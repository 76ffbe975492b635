//! The slowest requests, one by one: how long a run's worst moments were, when they were, and where to look for why.

use std::cmp::Reverse;

use crate::ErrorKind;

/// A slow request that was counted. Times count from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// From when it was due to its end, in ns.
    pub response_ns: u64,
    /// From the first byte written to its end, in ns; `None` if nothing was written.
    pub service_ns: Option<u64>,
    /// When it was due, in ns.
    pub due_ns: u64,
    /// Its place in [`crate::RunInfo::series`]; 0 where there are none.
    pub series: u32,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// Why it failed, if it did.
    pub error: Option<ErrorKind>,
    /// The trace that the service was told; 0 if it was told none.
    pub trace: u128,
    /// Whether the service was asked to keep its spans of it.
    pub sampled: bool,
}

/// So many of the slowest requests; those of workers, seconds and machines come to the same in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slowest(Vec<Slow>);

impl Slowest {
    /// How many are kept.
    pub const MOST: usize = 10;

    /// The slowest first.
    pub fn rows(&self) -> &[Slow] {
        &self.0
    }

    /// A response time of less is not among them; 0 while there is room.
    pub fn least_ns(&self) -> u64 {
        if self.0.len() < Self::MOST { 0 } else { self.0.last().map_or(0, |slow| slow.response_ns) }
    }

    /// Takes a request in if it is one of the slowest.
    pub fn add(&mut self, slow: Slow) {
        let place = self.0.partition_point(|known| order(known) <= order(&slow));
        if place < Self::MOST {
            self.0.truncate(Self::MOST - 1);
            self.0.insert(place, slow);
        }
    }

    /// Takes in those of another one.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|slow| self.add(*slow));
    }
}

/// The slowest first, of equal ones the earliest.
fn order(slow: &Slow) -> impl Ord {
    (Reverse(slow.response_ns), slow.due_ns, slow.series, slow.trace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow((response_ns, due_ns): (u64, u64)) -> Slow {
        let (service_ns, error) = (Some(response_ns / 2), None);
        Slow { response_ns, service_ns, due_ns, series: 0, status: 200, error, trace: 0, sampled: false }
    }

    proptest! {
        #[test]
        fn they_are_the_slowest_in_whatever_order_they_come(
            all in prop::collection::vec((0..50_u64, any::<u64>()), 0..60),
            cut in 0..60_usize,
        ) {
            let (one, other) = all.split_at(cut.min(all.len()));
            let [mut mine, mut theirs] = [one, other].map(|some| {
                let mut slowest = Slowest::default();
                some.iter().for_each(|one| slowest.add(slow(*one)));
                slowest
            });
            let mut expected: Vec<_> = all.iter().copied().map(slow).collect();
            expected.sort_by(|one, other| order(one).cmp(&order(other)));
            expected.truncate(Slowest::MOST);
            let mine_alone = mine.clone();
            mine.merge(&theirs);
            prop_assert_eq!(mine.rows(), &*expected);
            theirs.merge(&mine_alone);
            prop_assert_eq!(theirs, mine);
        }
    }

    #[test]
    fn what_is_too_fast_is_known_beforehand() {
        let mut slowest = Slowest::default();
        for number in 1..=Slowest::MOST as u64 {
            assert_eq!(slowest.least_ns(), 0);
            slowest.add(slow((number, number)));
        }
        assert_eq!(slowest.least_ns(), 1);
        slowest.add(slow((100, 100)));
        assert_eq!(slowest.least_ns(), 2);
    }
}
