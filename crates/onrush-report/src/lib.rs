//! What people look at: the text summary, the progress line, the terminal's picture of a run, JSON.
//!
//! Outputs read the [`onrush_metrics::Event`]s of a run and write into whatever they are given; they know
//! neither the engine nor the terminal, and never slow the run. [`KINDS`] is the one table of them.

mod far;
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
mod tui;
mod units;
mod width;

pub use hub::{Hub, Named, Trouble};
pub use json::{JsonOutput, json};
pub use kinds::{KINDS, Kind, find_kind};
pub use moment::moment;
pub use output::Output;
pub use progress::Progress;
pub use recorded::RunFileOutput;
pub use style::Style;
pub use summary::{SummaryOutput, summary};
pub use traced::traced;
pub use tui::{Asked, Dashboard, Key};
pub use units::{bytes, count, duration, percent, rate, several};
