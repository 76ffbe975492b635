//! Times that differ from one use to the next: think times, pauses, paces.

use std::time::Duration;

/// A distribution of times. What is drawn is never negative and at most `longest`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Its shape.
    pub shape: Shape,
    /// Each time is multiplied by a factor drawn evenly from 1 − jitter to 1 + jitter; from 0 to 1.
    pub jitter: f64,
    /// Shorter ones become this.
    pub shortest: Duration,
    /// Longer ones become this.
    pub longest: Duration,
}

/// The shape of a distribution.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Always the same.
    Constant(Duration),
    /// Anything between two times, equally likely.
    Uniform(Duration, Duration),
    /// Normal.
    Normal {
        /// The mean.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
    /// Lognormal: its logarithm is normal.
    LogNormal {
        /// The median.
        median: Duration,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// Pareto: rarely, very long.
    Pareto {
        /// The shortest.
        least: Duration,
        /// The exponent; the smaller, the heavier the tail.
        alpha: f64,
    },
    /// Through given quantiles, straight lines between them: shares (0 to 1) and times, both rising, from share 0 to
    /// share 1.
    Empirical(Vec<(f64, Duration)>),
}

impl Spread {
    /// Always the same.
    pub fn constant(time: Duration) -> Self {
        Self { shape: Shape::Constant(time), jitter: 0.0, shortest: Duration::ZERO, longest: Duration::MAX }
    }
}
