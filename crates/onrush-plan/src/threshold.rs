//! Conditions on a run, which decide its exit code.

use std::time::Duration;

/// A condition on a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was written.
    pub text: String,
    /// Whose figures.
    pub of: Scope,
    /// Which figure.
    pub figure: Figure,
    /// Less than (or at most), or more than (or at least).
    pub relation: Relation,
    /// The bound: nanoseconds for times, a share from 0 to 1 for shares, per second for rates, else a number.
    pub bound: f64,
    /// Over which time: any stretch of this length; `None`: the whole run.
    pub window: Option<Duration>,
    /// Ends the run when it is broken, at the earliest so long after the beginning.
    pub abort_after: Option<Duration>,
}

/// Whose figures a threshold looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All requests.
    Run,
    /// Series by their place: those of a scenario, of a step or group by name, or of a tag.
    Series(Vec<usize>),
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A quantile (0 to 1) of the response time.
    Quantile(f64),
    /// The mean of the response time.
    Mean,
    /// The longest response time.
    Max,
    /// Requests ended per second.
    Rate,
    /// The share of requests that failed.
    Errors,
    /// The share of checks that failed.
    Checks,
    /// The share of arrivals that were dropped.
    Dropped,
    /// How bad the verdict is: 0 valid, 1 degraded, 2 invalid.
    Verdict,
}

/// How a figure is held against a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `==`
    Is,
}

impl Relation {
    /// Whether `figure` is as it should be.
    pub fn holds(self, figure: f64, bound: f64) -> bool {
        match self {
            Self::Below => figure < bound,
            Self::AtMost => figure <= bound,
            Self::Above => figure > bound,
            Self::AtLeast => figure >= bound,
            Self::Is => (figure - bound).abs() < f64::EPSILON,
        }
    }
}
