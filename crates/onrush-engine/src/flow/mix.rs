//! Which scenario a user plays.

use onrush_plan::Track;
use onrush_user::Random;

/// The scenarios of a track by weight.
#[derive(Debug)]
pub(super) struct Mix {
    scenarios: Vec<usize>,
    /// Running sums of the weights, the last of them 1.
    sums: Vec<f64>,
    seed: u64,
}

impl Mix {
    pub(super) fn new(track: &Track, seed: u64) -> Self {
        let whole: f64 = track.mix.iter().map(|(_, weight)| weight).sum();
        let sums = track.mix.iter().scan(0.0, |sum, (_, weight)| {
            *sum += weight / whole;
            Some(*sum)
        });
        Self { scenarios: track.mix.iter().map(|(scenario, _)| *scenario).collect(), sums: sums.collect(), seed }
    }

    /// Of an arrival: drawn, the same for its number in every division of the load.
    pub(super) fn of_arrival(&self, number: u64) -> usize {
        self.at(Random::derived(self.seed, &[number]).unit())
    }

    /// Of a user that stays: the first users of a load are as mixed as all of them. (The digits of their numbers
    /// mirrored: van der Corput's sequence.)
    pub(super) fn of_user(&self, number: u64) -> usize {
        self.at((number.reverse_bits() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn at(&self, place: f64) -> usize {
        let found = self.sums.iter().position(|sum| place < *sum).unwrap_or(self.sums.len() - 1);
        self.scenarios[found]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use onrush_pace::{Profile, Stage};

    use super::*;

    fn mix(weights: &[f64]) -> Mix {
        let stage = Stage::Users { from: 1, to: 1, lasts: Duration::from_secs(1) };
        let load = Profile::new(vec![stage]).expect("a load");
        let mix = weights.iter().copied().enumerate().collect();
        Mix::new(&Track { load, starts: Duration::ZERO, mix }, 7)
    }

    fn counts(mix: &Mix, of: fn(&Mix, u64) -> usize, users: u64) -> Vec<u64> {
        let mut counts = vec![0; mix.scenarios.len()];
        (0..users).for_each(|number| counts[of(mix, number)] += 1);
        counts
    }

    #[test]
    fn few_users_are_mixed_as_the_weights_say() {
        for (weights, users, expected) in [
            (&[1.0][..], 3, &[3][..]),
            (&[3.0, 1.0], 4, &[3, 1]),
            (&[3.0, 1.0], 40, &[30, 10]),
            (&[1.0, 1.0, 2.0], 16, &[4, 4, 8]),
        ] {
            assert_eq!(counts(&mix(weights), Mix::of_user, users), expected, "{weights:?}");
        }
    }

    #[test]
    fn arrivals_are_drawn_by_weight() {
        let counts = counts(&mix(&[3.0, 1.0]), Mix::of_arrival, 40_000);
        // Four standard deviations of a binomial distribution are 346.
        assert!(counts[0].abs_diff(30_000) < 346, "{counts:?}");
        let again = mix(&[3.0, 1.0]);
        assert!((0..99).all(|number| again.of_arrival(number) == mix(&[3.0, 1.0]).of_arrival(number)));
    }
}
