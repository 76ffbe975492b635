//! OpenTelemetry's protocol for metrics, over HTTP or gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>

use std::io;
use std::time::Duration;

use bytes::Bytes;
use onrush_metrics::Event;
use percent_encoding::percent_decode_str;

use crate::book::Book;
use crate::exponential::{Exponential, ZERO};
use crate::families::{Family, Sample, Value, families};
use crate::link::{Link, LinkError, Settings};
use crate::message::Message;
use crate::metrics::MetricKind;
use crate::post::{Endpoint, Expected};
use crate::push::Pusher;
use crate::rhythm::Rhythm;

/// Where metrics go over HTTP, below the URL of a collector.
const HTTP_PATH: &str = "/v1/metrics";
/// Where they go over gRPC.
const GRPC_PATH: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Sends what a run adds up to, every few seconds and at its end.
#[derive(Debug)]
pub struct OtlpLink {
    book: Book,
    resource: Vec<(String, String)>,
    is_delta: bool,
    is_grpc: bool,
    rhythm: Rhythm,
    pusher: Pusher,
}

impl OtlpLink {
    /// To the URL of a link: `http`, `https`, or `grpc`, `grpcs`.
    pub fn new(link: &Link, settings: &Settings<'_>) -> Result<Self, LinkError> {
        let mut url = link.url()?;
        let is_grpc = url.scheme().starts_with("grpc");
        if is_grpc {
            // Another scheme than that of the web cannot be set in place.
            let web = if url.scheme() == "grpcs" { "https" } else { "http" };
            let rest = &url.as_str()[url.scheme().len()..];
            url = format!("{web}{rest}").parse().map_err(|_| link.wrong())?;
            url.set_path(GRPC_PATH);
        } else if url.path() == "/" {
            url.set_path(HTTP_PATH);
        }
        let content = if is_grpc { "application/grpc" } else { "application/x-protobuf" };
        let mut headers = vec![("content-type".to_owned(), content.to_owned())];
        if is_grpc {
            headers.push(("te".to_owned(), "trailers".to_owned()));
        }
        headers.extend(link.authorization(settings, "ONRUSH_OTLP")?);
        headers.extend(pairs(settings, "OTEL_EXPORTER_OTLP_HEADERS"));
        headers.extend(pairs(settings, "OTEL_EXPORTER_OTLP_METRICS_HEADERS"));
        let endpoint = Endpoint::new(&url, headers, if is_grpc { Expected::Grpc } else { Expected::Otlp })?;
        Ok(Self {
            book: Book::default(),
            resource: resource(settings),
            is_delta: link.has("delta"),
            is_grpc,
            rhythm: Rhythm::new(link.every()?),
            pusher: Pusher::start(endpoint, settings.is_replay).map_err(LinkError::io)?,
        })
    }

    /// Takes an event; waits only at the end, or to be told again a run that is over.
    pub fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if self.rhythm.is_due(&mut self.book, event) {
            self.push()?;
        }
        if matches!(event, Event::Finished(_)) { self.pusher.finish() } else { Ok(()) }
    }

    /// What is to be told to whoever runs the test.
    pub fn news(&mut self) -> Option<String> {
        self.pusher.news()
    }

    fn push(&mut self) -> io::Result<()> {
        let message = export(&self.book, &self.resource, self.is_delta);
        self.pusher.push(if self.is_grpc { framed(&message) } else { message.into() })?;
        if self.is_delta {
            self.book.turn_the_page();
        }
        Ok(())
    }
}

/// As gRPC wants messages: not compressed, and how long.
fn framed(message: &[u8]) -> Bytes {
    let mut framed = vec![0];
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.extend_from_slice(message);
    framed.into()
}

/// `name=value,…` of a variable, percent-encoded as OpenTelemetry's are.
fn pairs(settings: &Settings<'_>, variable: &str) -> Vec<(String, String)> {
    let text = (settings.variable)(variable).unwrap_or_default();
    let decoded = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

/// What sends: by its own words, those of the surroundings, and those of the command line, which come last.
fn resource(settings: &Settings<'_>) -> Vec<(String, String)> {
    let mut resource = vec![
        ("service.name".to_owned(), "onrush".to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("service.instance.id".to_owned(), settings.instance.to_owned()),
    ];
    let mut more = pairs(settings, "OTEL_RESOURCE_ATTRIBUTES");
    more.extend((settings.variable)("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name)));
    more.extend_from_slice(settings.labels);
    for (name, value) in more {
        match resource.iter_mut().find(|row| row.0 == name) {
            Some(row) => row.1 = value,
            None => resource.push((name, value)),
        }
    }
    resource
}

/// A message `ExportMetricsServiceRequest`.
fn export(book: &Book, resource: &[(String, String)], is_delta: bool) -> Vec<u8> {
    let start = (book.started_at + if is_delta { book.since } else { Duration::ZERO }).as_nanos() as u64;
    let times = Times { start, now: (book.started_at + book.at).as_nanos() as u64, is_delta };
    let scope = Message::new().text(1, "onrush").text(2, env!("CARGO_PKG_VERSION"));
    let mut scoped = Message::new().message(1, &scope);
    for family in families(book) {
        scoped = scoped.message(2, &metric(&family, times));
    }
    let attributes = resource.iter().map(|(name, value)| attribute(name, value));
    let resource = attributes.fold(Message::new(), |resource, row| resource.message(1, &row));
    let of_resource = Message::new().message(1, &resource).message(2, &scoped);
    Message::new().message(1, &of_resource).into_bytes()
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

fn attribute(name: &str, value: &str) -> Message {
    Message::new().text(1, name).message(2, &Message::new().text(1, value))
}
