//! What people look at: the text summary, the progress line, JSON.
//!
//! Outputs read the [`onrush_metrics::Event`]s of a run and write into whatever they are given; they know
//! neither the engine nor the terminal, and never slow the run. [`KINDS`] is the one table of them.

mod exported;
mod hub;
mod json;
mod kinds;
mod layout;
mod moment;
mod observed;
mod output;
mod progress;
mod protocol;
mod recorded;
mod style;
mod summary;
mod traced;
mod units;
mod width;

pub use exported::{LinkKind, Linked};
pub use hub::{Hub, Named, Trouble};
pub use json::{JsonOutput, json};
pub use kinds::{KINDS, Kind, LINKS, find_kind, find_link};
pub use moment::moment;
pub use onrush_export::{Link, LinkError, METRICS, Metric, Observer, Settings, labels};
pub use output::Output;
pub use progress::Progress;
pub use recorded::RunFileOutput;
pub use style::Style;
pub use summary::{SummaryOutput, summary};
pub use traced::traced;
pub use units::{bytes, count, duration, percent, rate, several};
