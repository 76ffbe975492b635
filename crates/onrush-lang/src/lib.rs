//! Text to plan: the load grammar, its units, and diagnostics that show the place.
//!
//! Text comes in, values go out; this crate does no I/O, so whoever read the text names it when a
//! [`Diagnostic`] is rendered.

mod diagnostic;
mod load;
mod units;
mod words;

pub use diagnostic::Diagnostic;
pub use load::parse_load;
pub use units::{parse_duration, parse_rate};
