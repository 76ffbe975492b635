//! Sampled requests as spans of OpenTelemetry: one for the request as its user felt it, and under it one for each time it was
//! sent, which is the one that the service was told of.
//!
//! <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>

use std::io;
use std::time::Duration;

use onrush_metrics::{Attempt, ErrorKind, Event, RunInfo, Span};
use url::Url;

use crate::collector::{Collector, Signal, attribute};
use crate::link::{Link, LinkError, Settings};
use crate::message::Message;

/// What is sent.
const SPANS: Signal = Signal {
    http_path: "/v1/traces",
    grpc_path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    what: "spans",
};
/// Spans of a message: some 0.8 MB, where gRPC servers mostly take 4 MB.
const MOST: usize = 2_000;
/// Methods that have a name in the conventions.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// `SpanKind`s.
const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;
/// A `Status` that is an error.
const ERROR: u64 = 2;

/// Sends the spans of each second.
#[derive(Debug)]
pub struct OtlpSpans {
    info: RunInfo,
    spans: u64,
    collector: Collector,
    news: Option<String>,
}

impl OtlpSpans {
    /// To the URL of a link: `http`, `https`, or `grpc`, `grpcs`.
    pub fn new(link: &Link, settings: &Settings<'_>) -> Result<Self, LinkError> {
        if settings.is_replay {
            return Err(LinkError("a run file has no spans: ask for them when the run is played".to_owned()));
        }
        let collector = Collector::new(link, settings, &SPANS)?;
        Ok(Self { info: RunInfo::default(), spans: 0, collector, news: None })
    }

    /// Takes an event; waits only at the end.
    pub fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => self.info.clone_from(info),
            Event::Tick(snapshot) => {
                self.spans += snapshot.spans.rows.len() as u64;
                for some in snapshot.spans.rows.chunks(MOST) {
                    self.collector.push(some.iter().map(|row| span(row, &self.info)))?;
                }
            }
            Event::Stopping(_) => {}
            Event::Finished(outcome) => {
                let requests = outcome.total.counters.started;
                if self.spans == 0 && requests > 0 {
                    self.news =
                        Some(format!("of {requests} requests none was sampled: --traceparent=100% takes all of them"));
                }
                return self.collector.finish();
            }
        }
        Ok(())
    }

    /// What is to be told to whoever runs the test.
    pub fn news(&mut self) -> Option<String> {
        self.collector.news().or_else(|| self.news.take())
    }
}

/// A message `Span`.
fn span(span: &Span, info: &RunInfo) -> Message {
    let series = info.series.get(span.series as usize);
    let (kind, name, parent) = match &span.attempt {
        // A route would be better than a method alone; only the service knows it.
        Some(attempt) => (CLIENT, known_method(attempt).unwrap_or("HTTP"), Some(attempt.whole)),
        None => (INTERNAL, series.map_or("request", |series| &*series.name), None),
    };
    let at = |ns| (info.started_at + Duration::from_nanos(ns)).as_nanos() as u64;
    let message = Message::new().bytes(1, &span.trace.to_be_bytes()).bytes(2, &span.id.to_be_bytes());
    let message = parent.into_iter().fold(message, |message, parent| message.bytes(4, &parent.to_be_bytes()));
    let message = message.text(5, name).uint(6, kind).fixed64(7, at(span.from_ns)).fixed64(8, at(span.until_ns));
    let named = series.map(|series| [("onrush.scenario", &*series.scenario), ("onrush.step", &*series.name)]);
    let named = named.into_iter().flatten().map(|(name, value)| attribute(name, value));
    let sent = span.attempt.iter().flat_map(|attempt| attributes_of(attempt, info));
    let (error, message) =
        (error_of(span), named.chain(sent).chain(result_of(span)).fold(message, |to, row| to.message(9, &row)));
    match error {
        None => message,
        Some(error) => message.message(9, &attribute("error.type", &error)).message(15, &Message::new().uint(3, ERROR)),
    }
}

fn known_method(attempt: &Attempt) -> Option<&str> {
    METHODS.contains(&&*attempt.method).then_some(&*attempt.method)
}

/// What was sent where.
fn attributes_of(attempt: &Attempt, info: &RunInfo) -> Vec<Message> {
    let url = Url::parse(&attempt.url).ok();
    let version = info.protocol.strip_prefix("HTTP/").unwrap_or_default();
    let texts = [
        ("http.request.method", Some(known_method(attempt).unwrap_or("_OTHER"))),
        ("http.request.method_original", Some(&*attempt.method).filter(|_| known_method(attempt).is_none())),
        ("url.full", Some(&*attempt.url)),
        ("server.address", url.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']))),
        ("network.protocol.version", Some(version).filter(|version| !version.is_empty())),
    ];
    let port = url.as_ref().and_then(Url::port_or_known_default).map(i64::from);
    let numbers = [
        ("server.port", port),
        ("http.request.resend_count", Some(i64::from(attempt.number)).filter(|number| *number > 0)),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some(attribute(name, text?)));
    let numbers = numbers.into_iter().filter_map(|(name, value)| Some(number(name, value?)));
    let beaten = attempt.is_beaten.then(|| flag("onrush.beaten"));
    texts.chain(numbers).chain(beaten).collect()
}

/// The status of the answer, which is told with what was sent.
fn result_of(span: &Span) -> Option<Message> {
    let is_one = span.attempt.is_some() && span.status > 0;
    is_one.then(|| number("http.response.status_code", span.status.into()))
}

/// What went wrong: the kind of a failure, or the status of the answer.
fn error_of(span: &Span) -> Option<String> {
    match (span.error, span.status) {
        (None | Some(ErrorKind::Status), 400..) => Some(span.status.to_string()),
        (error, _) => error.map(|kind| kind.name().to_owned()),
    }
}

/// A message `KeyValue` with a number that is not negative.
fn number(name: &str, value: i64) -> Message {
    Message::new().text(1, name).message(2, &Message::new().uint(3, value.unsigned_abs()))
}

/// A message `KeyValue` that is true.
fn flag(name: &str) -> Message {
    Message::new().text(1, name).message(2, &Message::new().uint(2, 1))
}
