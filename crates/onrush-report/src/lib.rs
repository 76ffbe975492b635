//! What people look at: the text summary, the progress line, JSON.
//!
//! Outputs read the [`onrush_metrics::Event`]s of a run and write into whatever they are given; they know
//! neither the engine nor the terminal, and never slow the run. [`KINDS`] is the one table of them.

mod compare;
mod findings;
mod hub;
mod json;
mod kinds;
mod layout;
mod moment;
mod output;
mod progress;
mod protocol;
mod recorded;
mod style;
mod summary;
mod traced;
mod units;
mod width;

pub use compare::{By, Change, Compared, Comparison, Figure, Recorded, Terms, VIEWS, View};
pub use findings::{Finder, Findings, Known};
pub use hub::{Hub, Named, Trouble};
pub use json::{JsonOutput, json, json_with};
pub use kinds::{KINDS, Kind, find_kind};
pub use moment::moment;
pub use output::Output;
pub use progress::Progress;
pub use recorded::RunFileOutput;
pub use style::Style;
pub use summary::{SummaryOutput, summary, summary_with};
pub use traced::traced;
pub use units::{bytes, count, duration, percent, rate, several};
