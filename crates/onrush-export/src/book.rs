//! The cumulative side of a run: what its seconds add up to, by what is counted apart.

use std::collections::HashMap;
use std::time::Duration;

use onrush_metrics::{
    Counters, Errors, Event, Gauges, Histogram, RunInfo, SeriesInfo, SeriesKind, Snapshot, Soundness, Tally,
};

use crate::statuses::StatusBook;

/// So many steps (and as many groups, and scenarios) are told apart; the rest are counted together as [`OTHERS`].
const APART: usize = 500;
/// What is too much to be told apart.
const OTHERS: &str = "(others)";

/// Everything since the start of the run; the warm-up is not in it.
#[derive(Debug, Default)]
pub struct Book {
    pub(crate) version: String,
    pub(crate) protocol: String,
    pub(crate) model: &'static str,
    pub(crate) started_at: Duration,
    pub(crate) at: Duration,
    /// Before that there is nothing to tell.
    pub(crate) has_begun: bool,
    /// When what is in the book began, since the start of the run.
    pub(crate) since: Duration,
    pub(crate) is_running: bool,
    pub(crate) warming_up: bool,
    pub(crate) gauges: Gauges,
    pub(crate) soundness: Soundness,
    pub(crate) busiest: Option<f64>,
    pub(crate) peak_memory: Option<u64>,
    pub(crate) thresholds: Vec<(String, bool)>,
    pub(crate) rows: Vec<Row>,
    /// Where each series of the run is counted.
    places: Vec<usize>,
    pub(crate) whole: Whole,
}

/// What is counted apart, and what was counted.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: SeriesKind,
    pub(crate) scenario: String,
    pub(crate) name: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) check_names: Vec<String>,
    pub(crate) counted: Counted,
}

#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) counters: Counters,
    pub(crate) response: Histogram,
    pub(crate) service: Histogram,
    pub(crate) statuses: StatusBook,
    pub(crate) errors: Errors,
    /// How often each check passed and failed.
    pub(crate) checks: Vec<(u64, u64)>,
}

/// What is counted for all requests together.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    pub(crate) phases: [(&'static str, Histogram); 6],
    pub(crate) start_lag: Histogram,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) connections: u64,
}

impl Book {
    /// Takes note of an event. Whether there is something new to tell: a second has passed, or the run is over.
    pub fn on_event(&mut self, event: &Event) -> bool {
        match event {
            Event::Started(info) => self.open(info),
            Event::Tick(snapshot) => self.add(snapshot),
            Event::Stopping(_) => return false,
            Event::Finished(outcome) => {
                self.is_running = false;
                self.gauges = Gauges::default();
                self.warming_up = false;
                self.at = self.at.max(outcome.elapsed);
                self.soundness = outcome.verdict.soundness();
                self.peak_memory = outcome.health.peak_memory.or(self.peak_memory);
                self.thresholds = outcome.thresholds.iter().map(|row| (row.text.clone(), row.passed)).collect();
            }
        }
        true
    }

    /// Begins again from zero at this moment: for those who are told only what was new.
    pub(crate) fn turn_the_page(&mut self) {
        self.since = self.at;
        self.rows.iter_mut().for_each(|row| row.counted = Counted::default());
        self.whole = Whole::default();
    }

    fn open(&mut self, info: &RunInfo) {
        let mut book = Self {
            version: info.version.clone(),
            protocol: info.protocol.clone(),
            model: if info.open { "open" } else { "closed" },
            started_at: info.started_at,
            has_begun: true,
            is_running: true,
            warming_up: !info.warmup.is_zero(),
            ..Self::default()
        };
        let mut known = HashMap::new();
        for series in &info.series {
            // What has the same labels is the same to those who read them.
            let key = (series.kind as u8, &series.scenario, &series.name, &series.tags);
            let place = *known.entry(key).or_insert_with(|| book.place(series));
            book.places.push(place);
        }
        if info.series.is_empty() {
            book.rows.push(Row::new(SeriesKind::Requests, String::new(), String::new()));
        }
        *self = book;
    }

    fn place(&mut self, series: &SeriesInfo) -> usize {
        let of_kind = || self.rows.iter().enumerate().filter(|(_, row)| row.kind == series.kind);
        if of_kind().count() < APART {
            let mut row = Row::new(series.kind, series.scenario.clone(), series.name.clone());
            row.tags.clone_from(&series.tags);
            row.check_names.clone_from(&series.checks);
            self.rows.push(row);
            return self.rows.len() - 1;
        }
        if let Some((place, _)) = of_kind().find(|(_, row)| row.name == OTHERS) {
            return place;
        }
        self.rows.push(Row::new(series.kind, OTHERS.to_owned(), OTHERS.to_owned()));
        self.rows.len() - 1
    }

    fn add(&mut self, snapshot: &Snapshot) {
        self.at = snapshot.at;
        self.gauges = snapshot.gauges;
        self.warming_up = snapshot.warming_up;
        self.soundness = snapshot.verdict.soundness();
        self.busiest = snapshot.health.workers.iter().filter_map(|worker| worker.cpu).reduce(f64::max);
        self.peak_memory = snapshot.health.peak_memory.or(self.peak_memory);
        self.whole.add(&snapshot.interval);
        self.whole.start_lag.merge(&snapshot.arrivals().start_lag);
        if self.places.is_empty() {
            self.rows.iter_mut().for_each(|row| row.counted.add(&snapshot.interval));
        }
        for (place, tally) in self.places.iter().zip(&snapshot.series) {
            self.rows[*place].counted.add(tally);
        }
    }

    /// Whether every iteration is a request.
    pub(crate) fn is_one_liner(&self) -> bool {
        self.places.is_empty()
    }
}

impl Row {
    fn new(kind: SeriesKind, scenario: String, name: String) -> Self {
        Self { kind, scenario, name, tags: Vec::new(), check_names: Vec::new(), counted: Counted::default() }
    }
}

impl Counted {
    fn add(&mut self, tally: &Tally) {
        self.counters.merge(&tally.counters);
        self.response.merge(&tally.response);
        self.service.merge(&tally.service);
        self.statuses.add(&tally.statuses);
        self.errors.merge(&tally.errors);
        for (check, row) in tally.checks.rows().iter().enumerate() {
            if self.checks.len() <= check {
                self.checks.push((0, 0));
            }
            self.checks[check].0 += row.passed;
            self.checks[check].1 += row.failed;
        }
    }
}

impl Whole {
    fn add(&mut self, tally: &Tally) {
        for (mine, (name, theirs)) in self.phases.iter_mut().zip(tally.breakdown.parts()) {
            mine.0 = name;
            mine.1.merge(theirs);
        }
        self.bytes_sent += tally.counters.bytes_sent;
        self.bytes_received += tally.counters.bytes_received;
        self.connections += tally.counters.connections_opened;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_steps_are_a_few_rows() {
        let series = |number| SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: "buy".into(),
            name: format!("step {number}"),
            tags: Vec::new(),
            checks: vec!["ok".into()],
        };
        let info = RunInfo { series: (0..10_000).map(series).collect(), ..RunInfo::default() };
        let mut book = Book::default();
        book.on_event(&Event::Started(Box::new(info)));
        let mut one = Tally::default();
        one.counters.completed = 1;
        one.checks.pass(0);
        let snapshot = Snapshot { series: vec![one; 10_000], ..Snapshot::default() };
        book.on_event(&Event::Tick(Box::new(snapshot)));
        assert_eq!(book.rows.len(), APART + 1);
        let last = &book.rows[APART];
        assert_eq!((&*last.name, last.counted.counters.completed), (OTHERS, 10_000 - APART as u64));
        assert!(last.check_names.is_empty(), "the checks of different steps are not the same ones");
    }
}
