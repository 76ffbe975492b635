//! The run as JSON lines: what is played, a line a second, and how it ended. `docs/outputs.md` says what every field
//! means; a test holds the two together.

use std::collections::BTreeMap;
use std::io::{self, Write};

use onrush_metrics::{Event, RunInfo, SeriesInfo, Snapshot, Statuses, Tally};
use serde::Serialize;

use crate::json::{Bytes, Checks, Counts, Document, Failure, Played, Times, by_status, failures, nanos};
use crate::output::Output;

/// The version of the shape: it grows when a field goes or changes its meaning.
const VERSION: u32 = 1;

/// Writes each event as a line, at once.
pub(crate) struct LinesOutput {
    to: Box<dyn Write + Send>,
    series: Vec<SeriesInfo>,
}

impl LinesOutput {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, series: Vec::new() }
    }
}

impl Output for LinesOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Started(info) = event {
            self.series.clone_from(&info.series);
        }
        serde_json::to_writer(&mut self.to, &Line::of(event, &self.series))?;
        self.to.write_all(b"\n")?;
        // Somebody may be reading along.
        self.to.flush()
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Start(Box<Start<'a>>),
    Second(Box<Second<'a>>),
    Stopping { reason: &'static str },
    End { report: Box<Document<'a>> },
}

#[derive(Serialize)]
struct Start<'a> {
    version: u32,
    onrush: &'a str,
    #[serde(flatten)]
    played: Played<'a>,
    until: Option<&'a str>,
    thresholds: &'a [String],
    series: Vec<Series<'a>>,
    observed: &'a [String],
}

#[derive(Serialize)]
struct Series<'a> {
    kind: &'static str,
    scenario: &'a str,
    name: &'a str,
    tags: BTreeMap<&'a str, &'a str>,
    checks: &'a [String],
}

#[derive(Serialize)]
struct Second<'a> {
    since_ns: u64,
    at_ns: u64,
    warming_up: bool,
    users: u64,
    in_flight: u64,
    waiting: u64,
    soundness: &'static str,
    requests: Figures<'a>,
    iterations: Option<Figures<'a>>,
    series: Vec<OfSeries<'a>>,
    observed: &'a [Option<f64>],
}

#[derive(Serialize)]
struct OfSeries<'a> {
    kind: &'static str,
    scenario: &'a str,
    name: &'a str,
    #[serde(flatten)]
    figures: Figures<'a>,
}

#[derive(Serialize)]
struct Figures<'a> {
    counts: Counts,
    response_time_ns: Times,
    service_time_ns: Times,
    #[serde(serialize_with = "by_status")]
    statuses: &'a Statuses,
    errors: Vec<Failure<'a>>,
    checks: Checks,
    bytes: Bytes,
}

impl<'a> Line<'a> {
    fn of(event: &'a Event, series: &'a [SeriesInfo]) -> Self {
        match event {
            Event::Started(info) => Self::Start(Box::new(Start::of(info))),
            Event::Tick(snapshot) => Self::Second(Box::new(Second::of(snapshot, series))),
            Event::Stopping(reason) => Self::Stopping { reason: reason.name() },
            Event::Finished(outcome) => Self::End { report: Box::new(Document::of(outcome)) },
        }
    }
}

impl<'a> Start<'a> {
    fn of(info: &'a RunInfo) -> Self {
        Self {
            version: VERSION,
            onrush: &info.version,
            played: Played::of(info),
            until: info.until.as_ref().map(|until| &*until.text),
            thresholds: &info.thresholds,
            series: info.series.iter().map(Series::of).collect(),
            observed: &info.observed,
        }
    }
}

impl<'a> Series<'a> {
    fn of(info: &'a SeriesInfo) -> Self {
        Self {
            kind: info.kind.name(),
            scenario: &info.scenario,
            name: &info.name,
            tags: info.tags.iter().map(|(name, value)| (&**name, &**value)).collect(),
            checks: &info.checks,
        }
    }
}

impl<'a> Second<'a> {
    fn of(snapshot: &'a Snapshot, series: &'a [SeriesInfo]) -> Self {
        Self {
            since_ns: nanos(snapshot.since),
            at_ns: nanos(snapshot.at),
            warming_up: snapshot.warming_up,
            users: snapshot.gauges.users,
            in_flight: snapshot.gauges.in_flight,
            waiting: snapshot.gauges.waiting,
            soundness: snapshot.verdict.soundness().name(),
            requests: Figures::of(&snapshot.interval),
            iterations: snapshot.iterations.as_ref().map(Figures::of),
            series: busy(series, &snapshot.series).map(OfSeries::of).collect(),
            observed: &snapshot.observed,
        }
    }
}

/// Series in which something happened.
pub(crate) fn busy<'a>(
    infos: &'a [SeriesInfo],
    tallies: &'a [Tally],
) -> impl Iterator<Item = (&'a SeriesInfo, &'a Tally)> {
    infos.iter().zip(tallies).filter(|(_, tally)| tally.counters.values().any(|count| count > 0))
}

impl<'a> OfSeries<'a> {
    fn of((info, tally): (&'a SeriesInfo, &'a Tally)) -> Self {
        Self { kind: info.kind.name(), scenario: &info.scenario, name: &info.name, figures: Figures::of(tally) }
    }
}

impl<'a> Figures<'a> {
    fn of(tally: &'a Tally) -> Self {
        Self {
            counts: Counts::of(&tally.counters),
            response_time_ns: Times::of(&tally.response),
            service_time_ns: Times::of(&tally.service),
            statuses: &tally.statuses,
            errors: failures(tally),
            checks: Checks::of(&tally.counters),
            bytes: Bytes::of(&tally.counters),
        }
    }
}
