//! A book as metrics: what every format here is written from.

use std::borrow::Cow;

use onrush_metrics::{Histogram, SeriesKind, Soundness};

use crate::book::{Book, Counted, Row};
use crate::metrics::{self as m, Metric};

/// What the names of labels begin with that are tags.
pub(crate) const TAG: &str = "tag_";

/// A metric with all that there is of it.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    pub(crate) metric: &'static Metric,
    pub(crate) samples: Vec<Sample<'a>>,
}

#[derive(Debug)]
pub(crate) struct Sample<'a> {
    pub(crate) labels: Labels<'a>,
    pub(crate) value: Value<'a>,
}

/// Names and values, in the order of the metric's own labels; without those that are empty, which mean the same.
pub(crate) type Labels<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(f64),
    Times(&'a Histogram),
}

/// All metrics that have something to tell.
pub(crate) fn families(book: &Book) -> Vec<Family<'_>> {
    let mut all = Shelf::default();
    if !book.has_begun {
        return Vec::new();
    }
    whole(book, &mut all);
    for row in &book.rows {
        match row.kind {
            SeriesKind::Requests => requests(row, &mut all),
            SeriesKind::Iterations => iterations(row, &mut all),
            SeriesKind::Group => groups(row, &mut all),
        }
        if row.kind == SeriesKind::Iterations || book.is_one_liner() {
            arrivals(row, &mut all);
        }
    }
    m::METRICS.iter().filter_map(|metric| all.take(metric)).collect()
}

/// Samples, until all of a metric are together.
#[derive(Default)]
struct Shelf<'a>(Vec<Family<'a>>);

impl<'a> Shelf<'a> {
    fn put(&mut self, metric: &'static Metric, labels: Labels<'a>, value: Value<'a>) {
        let sample = Sample { labels, value };
        match self.0.iter_mut().find(|family| family.metric.base == metric.base) {
            Some(family) => family.samples.push(sample),
            None => self.0.push(Family { metric, samples: vec![sample] }),
        }
    }

    fn number(&mut self, metric: &'static Metric, labels: Labels<'a>, value: f64) {
        self.put(metric, labels, Value::Number(value));
    }

    fn count(&mut self, metric: &'static Metric, labels: Labels<'a>, value: u64) {
        self.number(metric, labels, value as f64);
    }

    fn take(&mut self, metric: &Metric) -> Option<Family<'a>> {
        let place = self.0.iter().position(|family| family.metric.base == metric.base)?;
        Some(self.0.swap_remove(place))
    }
}

fn whole<'a>(book: &'a Book, all: &mut Shelf<'a>) {
    let info = [("version", &*book.version), ("protocol", &*book.protocol), ("model", book.model)];
    all.number(m::INFO, labels(info), 1.0);
    let moment = [
        (m::START_TIME, book.started_at.as_secs_f64()),
        (m::ELAPSED, book.at.as_secs_f64()),
        (m::RUNNING, f64::from(u8::from(book.is_running))),
        (m::WARMING_UP, f64::from(u8::from(book.warming_up))),
        (m::USERS, book.gauges.users as f64),
        (m::IN_FLIGHT, book.gauges.in_flight as f64),
        (m::WAITING, book.gauges.waiting as f64),
        (m::SENT, book.whole.bytes_sent as f64),
        (m::RECEIVED, book.whole.bytes_received as f64),
        (m::CONNECTIONS, book.whole.connections as f64),
    ];
    moment.into_iter().for_each(|(metric, value)| all.number(metric, Vec::new(), value));
    let known = [(m::CPU, book.busiest), (m::MEMORY, book.peak_memory.map(|bytes| bytes as f64))];
    for (metric, value) in known {
        if let Some(value) = value {
            all.number(metric, Vec::new(), value);
        }
    }
    for soundness in [Soundness::Valid, Soundness::Degraded, Soundness::Invalid] {
        let is_it = u8::from(soundness == book.soundness);
        all.number(m::VERDICT, labels([("verdict", soundness.name())]), f64::from(is_it));
    }
    for (text, passed) in &book.thresholds {
        all.number(m::THRESHOLD, labels([("threshold", &**text)]), f64::from(u8::from(*passed)));
    }
    for (name, times) in book.whole.phases.iter().filter(|(_, times)| !times.is_empty()) {
        all.put(m::PHASE, labels([("phase", *name)]), Value::Times(times));
    }
    all.put(m::START_LAG, Vec::new(), Value::Times(&book.whole.start_lag));
}

fn arrivals<'a>(row: &'a Row, all: &mut Shelf<'a>) {
    let counters = &row.counted.counters;
    let counts = [
        (m::INTENDED, counters.intended),
        (m::STARTED, counters.started),
        (m::DROPPED, counters.dropped),
        (m::UNSTARTED, counters.unstarted),
    ];
    counts.into_iter().for_each(|(metric, count)| all.count(metric, of_scenario(row), count));
}

fn iterations<'a>(row: &'a Row, all: &mut Shelf<'a>) {
    results(m::ITERATIONS, &of_scenario(row), &row.counted, all);
    all.put(m::ITERATION, of_scenario(row), Value::Times(&row.counted.response));
}

fn groups<'a>(row: &'a Row, all: &mut Shelf<'a>) {
    let labels = of_row(row, "group");
    results(m::GROUPS, &labels, &row.counted, all);
    all.put(m::GROUP, labels, Value::Times(&row.counted.response));
}

fn requests<'a>(row: &'a Row, all: &mut Shelf<'a>) {
    let (labels, counted) = (of_row(row, "step"), &row.counted);
    results(m::REQUESTS, &labels, counted, all);
    for (status, count) in counted.statuses.rows() {
        all.count(m::RESPONSES, with(&labels, "status", status), count);
    }
    for error in counted.errors.rows() {
        all.count(m::ERRORS, with(&labels, "kind", error.kind.name()), error.count);
    }
    for (name, (passed, failed)) in row.check_names.iter().zip(&counted.checks) {
        let labels = with(&labels, "check", name);
        all.count(m::CHECKS, with(&labels, "result", "passed"), *passed);
        all.count(m::CHECKS, with(&labels, "result", "failed"), *failed);
    }
    all.put(m::RESPONSE, labels.clone(), Value::Times(&counted.response));
    all.put(m::SERVICE, labels, Value::Times(&counted.service));
}

/// From the start, so that rates of what is rare are not missing their first event.
fn results<'a>(metric: &'static Metric, labels: &Labels<'a>, counted: &Counted, all: &mut Shelf<'a>) {
    let counters = &counted.counters;
    let results = [("completed", counters.completed), ("failed", counters.failed), ("cut_off", counters.cut_off)];
    results.into_iter().for_each(|(result, count)| all.count(metric, with(labels, "result", result), count));
}

fn labels<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels<'a> {
    let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| (name.into(), value.into())).collect()
}

fn of_scenario(row: &Row) -> Labels<'_> {
    tagged(row, labels([("scenario", &*row.scenario)]))
}

fn of_row<'a>(row: &'a Row, what: &'a str) -> Labels<'a> {
    tagged(row, labels([("scenario", &*row.scenario), (what, &*row.name)]))
}

/// Tags cannot hide a label of ours, nor each other.
fn tagged<'a>(row: &'a Row, mut labels: Labels<'a>) -> Labels<'a> {
    for (name, value) in row.tags.iter().filter(|(_, value)| !value.is_empty()) {
        let name = format!("{TAG}{}", label_name(name));
        if !labels.iter().any(|label| label.0 == name) {
            labels.push((name.into(), value.into()));
        }
    }
    labels
}

fn with<'a>(labels: &Labels<'a>, name: &'a str, value: impl Into<Cow<'a, str>>) -> Labels<'a> {
    let mut labels = labels.clone();
    labels.push((name.into(), value.into()));
    labels
}

/// What a label may be called: letters, digits and `_`.
pub(crate) fn label_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
