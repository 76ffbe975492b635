//! What happened in a run: histograms, counters, tallies that merge exactly, the events that outputs
//! read, and the verdict as a value.
//!
//! This crate owns no clock, no thread and no I/O: times come in as [`std::time::Duration`]s, and what
//! goes out are plain values. Who measures is `onrush-engine`; who prints is `onrush-report`.

mod checks;
mod counters;
mod error_kind;
mod errors;
mod event;
mod findings;
mod histogram;
mod observed;
mod sample;
mod series;
mod statuses;
mod tally;
mod traced;
mod verdict;

pub use checks::{CheckRow, Checks};
pub use counters::Counters;
pub use error_kind::ErrorKind;
pub use errors::{ErrorRow, Errors};
pub use event::{
    Event, Gauges, Health, Machine, Outcome, RunInfo, Snapshot, Stage, StopReason, ThresholdResult, WorkerHealth,
};
pub use findings::{Band, Drift, Findings, Known, Reached, Until, percentile_name};
pub use histogram::Histogram;
pub use observed::Observed;
pub use sample::{Sample, Samples};
pub use series::{SeriesInfo, SeriesKind, Tallies};
pub use statuses::Statuses;
pub use tally::{Breakdown, Tally};
pub use traced::{Traced, TracedAnswer, TracedBody, TracedEnd, TracedExchange, TracedPart};
pub use verdict::{Reason, Soundness, Verdict};
