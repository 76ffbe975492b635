//! Services for tests: lognormal response times under a level that wanders (AR(1)), second by second, from a seed.

use std::time::Duration;

use onrush_metrics::{Histogram, Tally};

use crate::fold::Seconds;
use crate::slice::Slice;

/// SplitMix64, and normal numbers by Box and Muller.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        // Far apart: streams of neighbouring states are the same one, shifted.
        Self(Self(seed).next().rotate_left(32) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// How a service behaves.
#[derive(Clone, Copy)]
pub(crate) struct Service {
    /// How much of a second's level is that of the one before.
    pub(crate) memory: f64,
    /// How far the level wanders: the standard deviation of its logarithm.
    pub(crate) wander: f64,
    /// The standard deviation of the logarithm within a second.
    pub(crate) spread: f64,
    /// Requests a second.
    pub(crate) rate: u32,
}

impl Service {
    /// What the logarithm of a time of 10 ms is multiplied with belongs to the level and to the request: together they
    /// are normal, so the truth is known.
    pub(crate) fn truth(self, z: f64) -> f64 {
        1e7 * (z * self.wander.hypot(self.spread)).exp()
    }

    /// A run, and all of its response times; `shape` is added to the logarithm of the level of each second.
    pub(crate) fn run(self, seed: u64, seconds: usize, shape: impl Fn(usize) -> f64) -> (Seconds, Histogram) {
        let mut all = Histogram::new();
        let slices = self.shaped(seed, seconds, shape).enumerate().map(|(second, tally)| {
            all.merge(&tally.response);
            Slice::of(&tally, Duration::from_secs(second as u64), Duration::from_secs(1))
        });
        (Seconds::of(slices.collect()), all)
    }

    /// The seconds of a run.
    pub(crate) fn tallies(self, seed: u64, seconds: usize) -> impl Iterator<Item = Tally> {
        self.shaped(seed, seconds, |_| 0.0)
    }

    fn shaped(self, seed: u64, seconds: usize, shape: impl Fn(usize) -> f64) -> impl Iterator<Item = Tally> {
        let mut random = Random::new(seed);
        let mut level = random.normal();
        (0..seconds).map(move |second| {
            level = self.memory * level + (1.0 - self.memory * self.memory).sqrt() * random.normal();
            let mut tally = Tally::default();
            for _ in 0..self.rate {
                let log = self.wander * level + self.spread * random.normal() + shape(second);
                tally.response.record_ns((1e7 * log.exp()) as u64);
            }
            tally.counters.ended_in_time = self.rate.into();
            tally.counters.completed = self.rate.into();
            tally
        })
    }
}
