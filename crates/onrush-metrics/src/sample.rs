//! Single requests, for those who ask for them: how many a second are kept is bounded, and what is left out is counted.

use crate::ErrorKind;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// In the order in which each worker saw them end.
    pub rows: Vec<Sample>,
    /// Requests that ended and are not among them, because there were too many.
    pub left_out: u64,
}

impl Samples {
    /// So many are held for an output that cannot keep up.
    const MOST: usize = 1_000_000;

    /// Adds those of another worker, or of a later interval.
    pub fn merge(&mut self, other: &Self) {
        let kept = other.rows.len().min(Self::MOST.saturating_sub(self.rows.len()));
        self.rows.extend_from_slice(&other.rows[..kept]);
        self.left_out += other.left_out + (other.rows.len() - kept) as u64;
    }
}
