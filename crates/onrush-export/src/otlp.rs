//! A run as metrics of OpenTelemetry.

use std::io;
use std::time::Duration;

use onrush_metrics::Event;

use crate::book::Book;
use crate::collector::{Collector, Signal, attribute};
use crate::exponential::{Exponential, ZERO};
use crate::families::{Family, Sample, Value, families};
use crate::link::{Link, LinkError, Settings};
use crate::message::Message;
use crate::metrics::MetricKind;
use crate::rhythm::Rhythm;

/// What is sent.
const METRICS: Signal = Signal {
    http_path: "/v1/metrics",
    grpc_path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    headers: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    what: "points",
};

/// Sends what a run adds up to, every few seconds and at its end.
#[derive(Debug)]
pub struct OtlpLink {
    book: Book,
    is_delta: bool,
    rhythm: Rhythm,
    collector: Collector,
}

impl OtlpLink {
    /// To the URL of a link: `http`, `https`, or `grpc`, `grpcs`.
    pub fn new(link: &Link, settings: &Settings<'_>) -> Result<Self, LinkError> {
        Ok(Self {
            book: Book::default(),
            is_delta: link.has("delta"),
            rhythm: Rhythm::new(link.every()?),
            collector: Collector::new(link, settings, &METRICS)?,
        })
    }

    /// Takes an event; waits only at the end, or to be told again a run that is over.
    pub fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if self.rhythm.is_due(&mut self.book, event) {
            self.push()?;
        }
        if matches!(event, Event::Finished(_)) { self.collector.finish() } else { Ok(()) }
    }

    /// What is to be told to whoever runs the test.
    pub fn news(&mut self) -> Option<String> {
        self.collector.news()
    }

    fn push(&mut self) -> io::Result<()> {
        self.collector.push(metrics(&self.book, self.is_delta))?;
        if self.is_delta {
            self.book.turn_the_page();
        }
        Ok(())
    }
}

/// Messages `Metric`.
fn metrics(book: &Book, is_delta: bool) -> impl Iterator<Item = Message> {
    let start = (book.started_at + if is_delta { book.since } else { Duration::ZERO }).as_nanos() as u64;
    let times = Times { start, now: (book.started_at + book.at).as_nanos() as u64, is_delta };
    families(book).into_iter().map(move |family| metric(&family, times))
}

/// When a value begins and when it was so, since 1970 in ns.
#[derive(Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
    is_delta: bool,
}

fn metric(family: &Family<'_>, times: Times) -> Message {
    let metric = family.metric;
    let mut points = Message::new();
    for sample in &family.samples {
        points = points.message(1, &point(sample, times));
    }
    let temporality = if times.is_delta { 1 } else { 2 };
    let (field, data) = match metric.kind {
        MetricKind::Gauge => (5, points),
        MetricKind::Counter => (7, points.uint(2, temporality).uint(3, 1)),
        MetricKind::Histogram => (10, points.uint(2, temporality)),
    };
    let named = Message::new().text(1, &metric.otel_name()).text(2, metric.about).text(3, metric.otel_unit());
    named.message(field, &data)
}

fn point(sample: &Sample<'_>, times: Times) -> Message {
    let attributes = sample.labels.iter().map(|(name, value)| attribute(name, value));
    let with_attributes = |point: Message, field| attributes.fold(point, |point, row| point.message(field, &row));
    let point = Message::new().fixed64(2, times.start).fixed64(3, times.now);
    match sample.value {
        Value::Number(value) => with_attributes(point.double(4, value), 7),
        Value::Times(histogram) => {
            let made = Exponential::of(histogram);
            let point = point.fixed64(4, histogram.count()).double(5, histogram.sum().as_secs_f64());
            let point = point.sint(6, i64::from(made.scale)).fixed64(7, made.zeros);
            // Its buckets are numbered by their lower ends.
            let buckets = Message::new().sint(1, i64::from(made.first) - 1).packed(2, made.counts);
            let point = point.message(8, &buckets).double(14, ZERO);
            let point = match histogram.is_empty() {
                true => point,
                false => point.double(12, histogram.min().as_secs_f64()).double(13, histogram.max().as_secs_f64()),
            };
            with_attributes(point, 1)
        }
    }
}
