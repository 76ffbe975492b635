//! What people look at: the text summary, the progress line, JSON.
//!
//! Outputs read the [`onrush_metrics::Event`]s of a run and write into whatever they are given; they know
//! neither the engine nor the terminal, and never slow the run. [`KINDS`] is the one table of them.

mod at_end;
mod csv;
mod hlog;
mod hub;
mod json;
mod junit;
mod kinds;
mod layout;
mod lines;
mod markdown;
mod moment;
mod output;
mod parquet;
mod progress;
mod protocol;
mod recorded;
mod style;
mod summary;
mod traced;
mod units;
mod width;
mod xml;

pub use hub::{Hub, Named, Trouble};
pub use json::{JsonOutput, json};
pub use kinds::{KINDS, Kind, find_kind};
pub use moment::moment;
pub use output::Output;
pub use parquet::SAMPLES;
pub use progress::Progress;
pub use recorded::RunFileOutput;
pub use style::Style;
pub use summary::{SummaryOutput, summary};
pub use traced::traced;
pub use units::{bytes, count, duration, percent, rate, several};
