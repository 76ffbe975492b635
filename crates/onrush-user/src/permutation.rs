//! An order of the numbers below a bound, without a table: row numbers of a million-row feeder cost no memory a worker.

use crate::Random;

/// Rounds of the Feistel network; four make it look random, the rest is margin.
const ROUNDS: usize = 6;

/// A seeded order of the numbers from 0 to `size`: a Feistel network over the next power of four, walked until it
/// falls below `size` again (Black, Rogaway: "Ciphers with arbitrary finite domains", 2002).
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    size: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    pub(crate) fn new(size: u64, random: &mut Random) -> Self {
        let bits = 64 - size.saturating_sub(1).leading_zeros();
        let keys = std::array::from_fn(|_| random.number());
        Self { size, half_bits: bits.div_ceil(2).max(1), keys }
    }

    /// What stands at a place below `size`.
    pub(crate) fn at(&self, place: u64) -> u64 {
        debug_assert!(place < self.size);
        let mut number = place;
        // The domain is at most four times `size`, so this ends after a few steps; it ends at all because the network
        // is one-to-one: its cycle through `place` leads back below `size`.
        loop {
            number = self.network(number);
            if number < self.size {
                return number;
            }
        }
    }

    fn network(&self, number: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for key in self.keys {
            let mixed = Random::new(right ^ key).number() & mask;
            (left, right) = (right, left ^ mixed);
        }
        (left << self.half_bits) | right
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_has_one_place() {
        for size in (1..70).chain([1_000, 1_024, 4_097]) {
            let order = Permutation::new(size, &mut Random::new(size));
            let seen: BTreeSet<u64> = (0..size).map(|place| order.at(place)).collect();
            assert_eq!((seen.len() as u64, seen.last().copied()), (size, Some(size - 1)), "{size}");
        }
    }

    #[test]
    fn seeds_make_different_orders() {
        let orders: BTreeSet<Vec<u64>> = (0..100)
            .map(|seed| Permutation::new(10, &mut Random::new(seed)))
            .map(|order| (0..10).map(|place| order.at(place)).collect())
            .collect();
        assert!(orders.len() > 95, "{}", orders.len());
    }
}
