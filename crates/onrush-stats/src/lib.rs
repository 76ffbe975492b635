//! How sure one can be of what was measured: intervals for the figures of one run, changes between runs, and whether a
//! run held still while it was measured. `docs/statistics.md` says how, what is assumed, and how well it does.
//!
//! This crate owns no clock, no I/O and no randomness: seconds come in, numbers go out.

mod blocks;
mod change;
mod drift;
mod findings;
mod fold;
mod interval;
mod precision;
#[cfg(test)]
mod simulated;
mod slice;
mod student;

pub use blocks::{Estimate, LEAST_BLOCKS};
pub use change::{Effect, Sample, change, holm};
pub use drift::drift;
pub use findings::{Filler, Finder};
pub use fold::{Fold, Seconds};
pub use interval::LEVEL;
pub use precision::STRICT;
pub use slice::Slice;
