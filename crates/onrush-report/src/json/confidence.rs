//! How well figures are known, and whether the run held still, as JSON.

use onrush_metrics::{Drift, Outcome};
use onrush_stats::LEVEL;
use serde::Serialize;

use super::nanos;
use crate::findings::in_words;

#[derive(Serialize)]
pub(super) struct Confidence<'a> {
    level: f64,
    intervals: Vec<Interval<'a>>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct Interval<'a> {
    scenario: &'a str,
    name: &'a str,
    kind: &'static str,
    figure: &'a str,
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
struct Warning {
    rule: &'static str,
    change: f64,
    lasted_ns: Option<u64>,
    text: String,
}

impl<'a> Confidence<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let known = outcome.findings.iter().flat_map(|findings| &findings.known);
        let intervals = known.map(|known| {
            let info = known.series.and_then(|place| outcome.info.series.get(place));
            Interval {
                scenario: info.map_or("", |info| &info.scenario),
                name: info.map_or("", |info| &info.name),
                kind: info.map_or("requests", |info| info.kind.name()),
                figure: &known.figure,
                value: known.band.value,
                low: known.band.low,
                high: known.band.high,
            }
        });
        let warnings = outcome.drifts().iter().map(|drift| {
            let (rule, text) = in_words(drift, outcome);
            let (change, lasted_ns) = match drift {
                Drift::WarmUp { lasted, change } => (*change, Some(nanos(*lasted))),
                Drift::Trend { change } => (*change, None),
            };
            Warning { rule, change, lasted_ns, text }
        });
        Self { level: LEVEL, intervals: intervals.collect(), warnings: warnings.collect() }
    }
}
