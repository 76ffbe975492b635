//! Why a run file cannot be read.

use std::io;

/// Why a run file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Reading failed.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as run files do.
    #[error("it is not a run file of Onrush")]
    NotOne,
    /// It was written by a later version.
    #[error("it has version {found} of the format, and this Onrush reads version {known}: a newer Onrush reads it")]
    Newer {
        /// The version of the file.
        found: u16,
        /// The latest that is known here.
        known: u16,
    },
    /// It ends before it says what was played.
    #[error("it ends before the run has begun")]
    Empty,
    /// Something in it contradicts itself.
    #[error("it is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the frame begins.
        at: u64,
        /// What is wrong.
        what: String,
    },
}
