//! The randomness of the service: one reproducible stream of numbers for each thread. Not fit for secrets.

use std::sync::atomic::{AtomicU64, Ordering};

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A SplitMix64 stream behind an atomic counter, so that it can be drawn from through a shared reference.
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

impl Dice {
    /// The stream number `stream` (a thread, a table) of `seed`. Streams of one seed are independent.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(AtomicU64::new(mix(seed) ^ mix(stream.wrapping_mul(GOLDEN).wrapping_add(1))))
    }

    /// 64 random bits.
    pub(crate) fn bits(&self) -> u64 {
        mix(self.0.fetch_add(GOLDEN, Ordering::Relaxed).wrapping_add(GOLDEN))
    }

    /// Evenly spread over `0.0 <= x < 1.0`.
    pub(crate) fn unit(&self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly spread over `0..below`; 0 when there is nothing to choose from.
    pub(crate) fn below(&self, below: usize) -> usize {
        (self.unit() * below as f64) as usize
    }

    /// Standard normal (mean 0, deviation 1), by Box and Muller.
    pub(crate) fn normal(&self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draw = |seed, stream| {
            let dice = Dice::new(seed, stream);
            (0..4).map(|_| dice.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
        assert_ne!(draw(7, 0), draw(8, 0));
    }

    #[test]
    fn the_moments_are_right() {
        let dice = Dice::new(1, 0);
        let normals: Vec<f64> = (0..100_000).map(|_| dice.normal()).collect();
        let mean = normals.iter().sum::<f64>() / 1e5;
        let variance = normals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
        let units = (0..100_000).map(|_| dice.unit()).sum::<f64>() / 1e5;
        assert!((units - 0.5).abs() < 0.01, "{units}");
        assert!((0..1000).all(|_| dice.below(3) < 3));
    }
}
