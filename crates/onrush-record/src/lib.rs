//! The run file: the events of a run as bytes, and back.
//!
//! A file is a head and frames, each with a checksum of its own, so that what a killed run has written can be read up to
//! its last second. `docs/run-file.md` describes every byte. This crate opens no files: it writes into what it is
//! given and reads from what it is given.

mod bytes;
mod error;
mod frame;
mod histogram;
mod reader;
mod second;
mod slowest;
mod tally;
mod writer;

pub use error::RecordError;
pub use reader::{Reader, replay};
pub use writer::Writer;
