//! How far a service has come.

/// How far the service has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Accepts and answers.
    Serving,
    /// Answers what it has, accepts nothing.
    Finishing,
    /// Drops everything.
    Ending,
}
