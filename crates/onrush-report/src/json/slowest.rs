//! The slowest requests as JSON.

use onrush_metrics::{ErrorKind, Outcome};
use serde::Serialize;

use super::nanos;
use crate::slowest::{Row, rows};

#[derive(Serialize)]
pub(super) struct Slow<'a> {
    response_time_ns: u64,
    service_time_ns: Option<u64>,
    due_ns: u64,
    scenario: &'a str,
    step: &'a str,
    status: Option<u16>,
    error: Option<&'static str>,
    trace_id: Option<String>,
    sampled: bool,
}

/// The slowest first.
pub(super) fn slowest<'a>(outcome: &'a Outcome) -> Vec<Slow<'a>> {
    let slow = |row: Row<'a>| Slow {
        response_time_ns: nanos(row.response()),
        service_time_ns: row.service().map(nanos),
        due_ns: nanos(row.due()),
        scenario: row.scenario(),
        step: row.step(),
        status: Some(row.slow.status).filter(|status| *status > 0),
        error: row.slow.error.map(ErrorKind::name),
        trace_id: row.trace(),
        sampled: row.slow.sampled,
    };
    rows(outcome).map(slow).collect()
}
