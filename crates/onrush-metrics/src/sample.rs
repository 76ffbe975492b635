//! Single requests, for those who ask for them: how many a second are kept is bounded, and what is left out is counted.

use crate::{ErrorKind, Singles};

/// A request that has ended. Times count from the start of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its place in [`crate::RunInfo::series`]; 0 where there are none.
    pub series: u32,
    /// When it was due, in ns.
    pub due_ns: u64,
    /// When it began, in ns.
    pub started_ns: u64,
    /// When it ended, in ns.
    pub ended_ns: u64,
    /// The status of its answer; 0 without one.
    pub status: u16,
    /// Why it failed, if it did.
    pub error: Option<ErrorKind>,
    /// Bytes sent, in all attempts.
    pub bytes_sent: u64,
    /// Bytes received, in all attempts.
    pub bytes_received: u64,
}

/// Samples of an interval.
pub type Samples = Singles<Sample, 1_000_000>;
