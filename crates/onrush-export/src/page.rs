//! What Prometheus scrapes: the text format 0.0.4 with classic histograms, and the format of protocol buffers with
//! native ones beside them.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::{self, Write};

use crate::book::Book;
use crate::buckets::{BOUNDS, cumulative};
use crate::exponential::{Exponential, ZERO};
use crate::families::{Family, Sample, Value, families};
use crate::message::{Message, zigzag};
use crate::metrics::MetricKind;

/// What the text is.
pub(crate) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What the messages are.
pub(crate) const PROTOBUF: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/// All metrics as text; every one of them gets `more` labels.
pub fn text(book: &Book, more: &[(String, String)]) -> String {
    let mut to = String::new();
    for family in families(book) {
        // Writing to a string cannot fail.
        let _ = write_family(&family, more, &mut to);
    }
    to
}

fn write_family(family: &Family<'_>, more: &[(String, String)], to: &mut String) -> fmt::Result {
    let (name, kind) = (family.metric.name(), family.metric.kind.name());
    writeln!(to, "# HELP {name} {}", family.metric.about)?;
    writeln!(to, "# TYPE {name} {kind}")?;
    for sample in &family.samples {
        match sample.value {
            Value::Number(value) => write_line(to, &name, sample, more, None, value)?,
            Value::Times(times) => {
                let bucket = format!("{name}_bucket");
                for (bound, count) in BOUNDS.iter().zip(cumulative(times)) {
                    write_line(to, &bucket, sample, more, Some(&bound.to_string()), count as f64)?;
                }
                write_line(to, &bucket, sample, more, Some("+Inf"), times.count() as f64)?;
                write_line(to, &format!("{name}_sum"), sample, more, None, times.sum().as_secs_f64())?;
                write_line(to, &format!("{name}_count"), sample, more, None, times.count() as f64)?;
            }
        }
    }
    Ok(())
}

fn write_line(
    to: &mut String,
    name: &str,
    sample: &Sample<'_>,
    more: &[(String, String)],
    bound: Option<&str>,
    value: f64,
) -> fmt::Result {
    to.push_str(name);
    let own = sample.labels.iter().map(|(name, value)| (&**name, &**value));
    let more = more.iter().map(|(name, value)| (&**name, &**value));
    let mut before = '{';
    for (name, value) in own.chain(more).chain(bound.map(|bound| ("le", bound))) {
        write!(to, "{before}{name}=\"")?;
        escape(value, to);
        to.push('"');
        before = ',';
    }
    let end = if before == ',' { "}" } else { "" };
    writeln!(to, "{end} {value}")
}

fn escape(value: &str, to: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => to.push_str("\\\\"),
            '"' => to.push_str("\\\""),
            '\n' => to.push_str("\\n"),
            c => to.push(c),
        }
    }
}

/// All metrics as messages `io.prometheus.client.MetricFamily`, each with its length before it.
pub(crate) fn messages(book: &Book, more: &[(String, String)]) -> Vec<u8> {
    let mut to = Vec::new();
    for family in families(book) {
        let kind = match family.metric.kind {
            MetricKind::Counter => 0,
            MetricKind::Gauge => 1,
            MetricKind::Histogram => 4,
        };
        let mut message = Message::new().text(1, &family.metric.name()).text(2, family.metric.about).uint(3, kind);
        for sample in &family.samples {
            message = message.message(4, &metric(&family, sample, more));
        }
        message.append_delimited(&mut to);
    }
    to
}

fn metric(family: &Family<'_>, sample: &Sample<'_>, more: &[(String, String)]) -> Message {
    let own = sample.labels.iter().map(|(name, value)| (&**name, &**value));
    let more = more.iter().map(|(name, value)| (&**name, &**value));
    let labels = own.chain(more).map(|(name, value)| Message::new().text(1, name).text(2, value));
    let message = labels.fold(Message::new(), |message, label| message.message(1, &label));
    match (sample.value, family.metric.kind) {
        (Value::Number(value), MetricKind::Counter) => message.message(3, &Message::new().double(1, value)),
        (Value::Number(value), _) => message.message(2, &Message::new().double(1, value)),
        (Value::Times(times), _) => {
            let mut histogram = Message::new().uint(1, times.count()).double(2, times.sum().as_secs_f64());
            for (bound, count) in BOUNDS.iter().zip(cumulative(times)) {
                histogram = histogram.message(3, &Message::new().uint(1, count).double(2, *bound));
            }
            let native = Exponential::of(times);
            let histogram = histogram.sint(5, i64::from(native.scale)).double(6, ZERO).uint(7, native.zeros);
            message.message(7, &with_buckets(histogram, 12, &native))
        }
    }
}

/// Spans in the field `field`, and the counts as differences from each other in the next one.
pub(crate) fn with_buckets(histogram: Message, field: u32, native: &Exponential) -> Message {
    let mut last = 0;
    let deltas = native.counts.iter().map(|count| {
        let count = count.cast_signed();
        let delta = count - last;
        last = count;
        zigzag(delta)
    });
    // A span without buckets still says that this is a native histogram.
    let span = Message::new().sint(1, i64::from(native.first)).uint(2, native.counts.len() as u64);
    histogram.message(field, &span).packed(field + 1, deltas)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use onrush_metrics::{ErrorKind, Event, RunInfo, SeriesInfo, SeriesKind, Snapshot, Tally};

    use super::*;

    /// A second of a scenario with a step and a check.
    pub(crate) fn book() -> Book {
        let series = |kind, name: &str, checks| SeriesInfo {
            kind,
            scenario: "buy \"it\"".into(),
            name: name.into(),
            tags: vec![("team-name".into(), "a\\b".into())],
            checks,
        };
        let info = RunInfo {
            version: "1.2.3".into(),
            protocol: "HTTP/1.1".into(),
            open: true,
            started_at: Duration::from_secs(1_700_000_000),
            series: vec![
                series(SeriesKind::Iterations, "buy", Vec::new()),
                series(SeriesKind::Requests, "GET /cart", vec!["has an id".into()]),
                series(SeriesKind::Group, "checkout", Vec::new()),
            ],
            ..RunInfo::default()
        };
        let mut tally = Tally::default();
        for millis in [1, 3, 40] {
            tally.response.record(Duration::from_millis(millis));
            tally.service.record(Duration::from_millis(millis));
        }
        tally.statuses.add(200, 2);
        tally.statuses.add(503, 1);
        tally.errors.record(ErrorKind::Status, || "503".into());
        tally.checks.pass(0);
        tally.counters.intended = 4;
        tally.counters.completed = 2;
        tally.counters.failed = 1;
        let snapshot = Snapshot {
            at: Duration::from_secs(1),
            interval: tally.clone(),
            iterations: Some(tally.clone()),
            series: vec![tally.clone(), tally.clone(), tally],
            ..Snapshot::default()
        };
        let mut book = Book::default();
        book.on_event(&Event::Started(Box::new(info)));
        book.on_event(&Event::Tick(Box::new(snapshot)));
        book
    }

    #[test]
    fn the_text_of_a_scenario() {
        insta::assert_snapshot!(text(&book(), &[("build".into(), "17".into())]));
    }
}
