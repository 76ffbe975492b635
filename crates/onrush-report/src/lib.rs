//! What people look at: the text summary, the progress line, the terminal's picture of a run, the web page, JSON.
//!
//! Outputs read the [`onrush_metrics::Event`]s of a run and write into whatever they are given; they know
//! neither the engine nor the terminal, and never slow the run. [`KINDS`] is the one table of them.

mod at_end;
mod compare;
mod csv;
mod exported;
mod far;
mod findings;
mod hlog;
mod html;
mod hub;
mod json;
mod junit;
mod kinds;
mod layout;
mod lines;
mod markdown;
mod moment;
mod observed;
mod output;
mod parquet;
mod progress;
mod protocol;
mod recorded;
mod slowest;
mod style;
mod summary;
mod timeline;
mod traced;
mod tui;
mod units;
mod web;
mod width;
mod xml;

pub use compare::{By, Change, Compared, Comparison, Figure, Recorded, Terms, VIEWS, View};
pub use exported::{LinkKind, Linked};
pub use html::HtmlOutput;
pub use hub::{Hub, Named, Trouble};
pub use json::json;
pub use kinds::{KINDS, Kind, LINKS, TRACES, find_kind, find_link};
pub use moment::moment;
pub use onrush_export::{Link, LinkError, METRICS, Metric, Observer, OptionError, Settings, labels};
pub use output::Output;
pub use parquet::SAMPLES;
pub use progress::Progress;
pub use recorded::RunFileOutput;
pub use style::Style;
pub use summary::{SummaryOutput, summary};
pub use traced::traced;
pub use tui::{Asked, Dashboard, Key};
pub use units::{bytes, count, duration, percent, rate, several};
pub use web::WebOutput;
