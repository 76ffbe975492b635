//! Text to plan: scenario files, the load grammar, its units, and diagnostics that show the place.
//!
//! Text comes in, values go out; this crate does no I/O, so whoever read the text names it when a
//! [`Diagnostic`] is rendered.

mod diagnostic;
mod load;
mod scenario;
mod units;
mod until;
mod words;

pub use diagnostic::{Diagnostic, suggest};
pub use load::parse_load;
pub use scenario::{
    Document, Fault, Faults, Files, Overrides, STARTER, Settings, Source, describe, parse_scenario, scenario_schema,
};
pub use units::{parse_duration, parse_rate};
pub use until::parse_until;
