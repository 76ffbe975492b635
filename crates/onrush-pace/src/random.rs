//! Random numbers that never change: arrivals and what users draw are the same for the same seed in every version.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// A generator that begins at a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own for each list of numbers, such as user and iteration.
    pub fn derived(seed: u64, numbers: &[u64]) -> Self {
        let mut random = Self(seed);
        for number in numbers {
            random.0 = random.number() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        }
        Self(random.number())
    }

    /// The next 64 bits.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from 0 to 1, 1 excluded.
    pub fn unit(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from 0 to `end`, `end` excluded; 0 for an `end` of 0. Always takes one number, so that what is drawn
    /// after it does not depend on luck; the bias is below one in 2⁶⁴ / `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u64
    }

    /// Evenly from `low` to `high`, both included; `low` where `high` is not above it.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        if high <= low {
            self.number();
            return low;
        }
        let width = high.abs_diff(low);
        let offset = if width == u64::MAX { self.number() } else { self.below(width + 1) };
        low.wrapping_add_unsigned(offset)
    }

    /// True so often, from 0 to 1.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Exponentially distributed with mean 1.
    pub fn exponential(&mut self) -> f64 {
        // 1 − unit is in (0, 1], so that the logarithm is finite.
        -(1.0 - self.unit()).ln()
    }

    /// Normally distributed with mean 0 and deviation 1 (Box and Muller, 1958; the second of the pair is not kept).
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// One of several, each as likely as the others.
    ///
    /// # Panics
    /// When there is none.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len() as u64) as usize]
    }

    /// The place of one of several with these running sums of weights.
    pub fn weighted(&mut self, sums: &[f64]) -> usize {
        let drawn = self.unit() * sums.last().copied().unwrap_or_default();
        sums.partition_point(|sum| *sum <= drawn).min(sums.len().saturating_sub(1))
    }

    /// The numbers from 0 to `count` in an order of their own (Fisher and Yates).
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            order.swap(place, self.below(place as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Random;

    #[test]
    fn the_published_sequence() {
        let mut random = Random::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([random.number(), random.number(), random.number()], expected);
    }

    #[test]
    fn every_user_and_iteration_has_its_own() {
        let starts: BTreeSet<u64> =
            (0..10_000).map(|place| Random::derived(7, &[place % 100, place / 100]).number()).collect();
        assert_eq!(starts.len(), 10_000);
        assert_eq!(Random::derived(7, &[3, 4]), Random::derived(7, &[3, 4]));
        assert_ne!(Random::derived(7, &[3, 4]), Random::derived(8, &[3, 4]));
        assert_ne!(Random::derived(7, &[3, 4]), Random::derived(7, &[4, 3]));
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut random = Random::new(1);
        for _ in 0..10_000 {
            assert!((0.0..1.0).contains(&random.unit()));
            assert!(random.below(3) < 3);
            assert!((-2..=2).contains(&random.between(-2, 2)));
            assert_eq!(random.between(5, 1), 5);
            assert!(random.exponential() >= 0.0 && random.normal().is_finite());
        }
        random.between(i64::MIN, i64::MAX);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.weighted(&[1.0]), 0);
    }

    #[test]
    fn weights_and_orders_come_out_as_written() {
        let mut random = Random::new(2);
        let mut counts = [0_u32; 3];
        for _ in 0..60_000 {
            counts[random.weighted(&[1.0, 3.0, 6.0])] += 1;
        }
        for (count, expected) in counts.iter().zip([10_000, 20_000, 30_000]) {
            assert!(count.abs_diff(expected) < 500, "{counts:?}");
        }
        let mut firsts = [0_u32; 4];
        for _ in 0..40_000 {
            let order = random.order(4);
            assert_eq!(order.iter().sum::<usize>(), 6);
            firsts[order[0]] += 1;
        }
        assert!(firsts.iter().all(|count| count.abs_diff(10_000) < 500), "{firsts:?}");
    }
}
