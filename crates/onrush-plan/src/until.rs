//! When a run may end before its load does.

/// A percentile of all response times that is to be known this well; the load is the most that is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// As it was written.
    pub text: String,
    /// Which percentile, between 0 and 1.
    pub q: f64,
    /// The most that the truth may be away, as a share of the value.
    pub share: f64,
}
