//! The protocol in words, with how many requests a connection carries at a time where that is more than one.

use onrush_metrics::RunInfo;

use crate::layout::clean;
use crate::units::count;

/// `HTTP/1.1`, `HTTP/1.1 in pipelines of 10`, `HTTP/2 with 10 streams`.
pub(crate) fn protocol(info: &RunInfo) -> String {
    let (name, lanes) = (clean(&info.protocol), count(info.lanes.into()));
    match (info.lanes, &*name) {
        (..=1, _) => name,
        (_, "HTTP/2") => format!("{name} with {lanes} streams"),
        _ => format!("{name} in pipelines of {lanes}"),
    }
}
