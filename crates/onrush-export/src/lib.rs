//! What goes to systems that watch: a page for Prometheus to scrape, its remote write, and OTLP, for metrics and for
//! spans.
//!
//! A [`Book`] adds up the seconds of a run and is read by everything else here: the same metrics under the same names,
//! listed in [`METRICS`]. Nothing here can hold up a run: whoever hands over events may be made to wait for some
//! seconds at the very end, and before only if that was asked for.

mod book;
mod buckets;
mod chosen;
mod collector;
mod exponential;
mod families;
mod link;
mod message;
mod metrics;
mod observe;
mod otlp;
mod page;
mod post;
mod push;
mod remote;
mod rhythm;
mod sample;
mod scrape;
mod selector;
mod spans;
mod statuses;

pub use book::Book;
pub use link::{Link, LinkError, OptionError, Settings, labels};
pub use metrics::{METRICS, Metric, MetricKind};
pub use observe::Observer;
pub use otlp::OtlpLink;
pub use page::text;
pub use remote::RemoteWrite;
pub use scrape::Scrape;
pub use spans::OtlpSpans;
