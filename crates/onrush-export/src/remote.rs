//! Prometheus' remote write 1.0: protocol buffers, compressed by snappy.
//!
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>

use std::io;

use onrush_metrics::Event;

use crate::book::Book;
use crate::buckets::{BOUNDS, cumulative};
use crate::exponential::{Exponential, ZERO};
use crate::families::{Family, Sample, Value, families};
use crate::link::{Link, LinkError, Settings};
use crate::message::Message;
use crate::metrics::MetricKind;
use crate::page::with_buckets;
use crate::post::{Endpoint, Expected};
use crate::push::Pusher;
use crate::rhythm::Rhythm;

/// Writes what a run adds up to, every few seconds and at its end.
#[derive(Debug)]
pub struct RemoteWrite {
    book: Book,
    labels: Vec<(String, String)>,
    native: bool,
    rhythm: Rhythm,
    /// The time of the last push: there is one value of a series for each.
    stamp: u64,
    pusher: Pusher,
}

impl RemoteWrite {
    /// To the URL of a link.
    pub fn new(link: &Link, settings: &Settings<'_>) -> Result<Self, LinkError> {
        let mut headers = vec![
            ("content-type".to_owned(), "application/x-protobuf".to_owned()),
            ("content-encoding".to_owned(), "snappy".to_owned()),
            ("x-prometheus-remote-write-version".to_owned(), "0.1.0".to_owned()),
        ];
        headers.extend(link.authorization(settings, "ONRUSH_REMOTE_WRITE")?);
        let endpoint = Endpoint::new(&link.url()?, headers, Expected::Http)?;
        let mut labels = settings.labels.to_vec();
        for (name, value) in [("job", "onrush"), ("instance", settings.instance)] {
            if !labels.iter().any(|label| label.0 == name) {
                labels.push((name.to_owned(), value.to_owned()));
            }
        }
        Ok(Self {
            book: Book::default(),
            labels,
            native: link.has("native"),
            rhythm: Rhythm::new(link.every()?),
            stamp: 0,
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
        let now = (self.book.started_at + self.book.at).as_millis() as u64;
        self.stamp = now.max(self.stamp + 1);
        let message = write_request(&self.book, &self.labels, self.native, self.stamp);
        let packed = snap::raw::Encoder::new().compress_vec(&message).map_err(io::Error::other)?;
        self.pusher.push(packed.into())
    }
}

/// A message `prometheus.WriteRequest`.
fn write_request(book: &Book, more: &[(String, String)], native: bool, stamp: u64) -> Vec<u8> {
    let mut request = Message::new();
    for family in families(book) {
        for sample in &family.samples {
            request = write_sample(request, &family, sample, more, native, stamp);
        }
        let kind = match family.metric.kind {
            MetricKind::Counter => 1,
            MetricKind::Gauge => 2,
            MetricKind::Histogram => 3,
        };
        let metadata = Message::new().uint(1, kind).text(2, &family.metric.name()).text(4, family.metric.about);
        request = request.message(3, &metadata);
    }
    request.into_bytes()
}

fn write_sample(
    request: Message,
    family: &Family<'_>,
    sample: &Sample<'_>,
    more: &[(String, String)],
    native: bool,
    stamp: u64,
) -> Message {
    let name = family.metric.name();
    let series = |suffix: &str, bound: Option<&str>| labelled(&format!("{name}{suffix}"), sample, more, bound);
    let one = |request: Message, series: Message, value: f64| {
        request.message(1, &series.message(2, &Message::new().double(1, value).uint(2, stamp)))
    };
    let times = match sample.value {
        Value::Number(value) => return one(request, series("", None), value),
        Value::Times(times) => times,
    };
    let mut request = request;
    for (bound, count) in BOUNDS.iter().zip(cumulative(times)) {
        request = one(request, series("_bucket", Some(&bound.to_string())), count as f64);
    }
    request = one(request, series("_bucket", Some("+Inf")), times.count() as f64);
    request = one(request, series("_sum", None), times.sum().as_secs_f64());
    request = one(request, series("_count", None), times.count() as f64);
    if native {
        let buckets = Exponential::of(times);
        let histogram = Message::new().uint(1, times.count()).double(3, times.sum().as_secs_f64());
        let histogram = histogram.sint(4, i64::from(buckets.scale)).double(5, ZERO).uint(6, buckets.zeros);
        let histogram = with_buckets(histogram, 11, &buckets).uint(15, stamp);
        request = request.message(1, &series("", None).message(4, &histogram));
    }
    request
}

/// A series with its labels, sorted as the format asks for.
fn labelled(name: &str, sample: &Sample<'_>, more: &[(String, String)], bound: Option<&str>) -> Message {
    let own = sample.labels.iter().map(|(name, value)| (&**name, &**value));
    let more = more.iter().map(|(name, value)| (&**name, &**value));
    let special = [("__name__", name)].into_iter().chain(bound.map(|bound| ("le", bound)));
    let mut labels: Vec<_> = own.chain(more).chain(special).filter(|(_, value)| !value.is_empty()).collect();
    labels.sort_unstable();
    let pairs = labels.into_iter().map(|(name, value)| Message::new().text(1, name).text(2, value));
    pairs.fold(Message::new(), |series, pair| series.message(1, &pair))
}
