//! The run: workers that share nothing, virtual users, drivers for open and closed profiles, recorders,
//! stopping, and the verdict.
//!
//! One worker is one thread with a tokio runtime of its own. Each plays its segment of the plan without
//! talking to the others; once a second it hands a tally to the collector, which runs on the caller's
//! thread and tells the outputs. This crate prints nothing and decides no exit code.

mod alarm;
mod caller;
mod collector;
mod control;
mod crowd;
mod done;
mod driver;
mod error;
mod flow;
mod gate;
mod gathering;
mod health;
mod limits;
mod play;
mod recorder;
mod run;
mod thresholds;
mod trace;
mod verdict;
mod wall;
mod words;
mod worker;

pub use control::Control;
pub use error::RunError;
pub use limits::{available_descriptors, raise_descriptor_limit};
pub use run::run;
pub use trace::trace;
pub use verdict::{judge, rules};
