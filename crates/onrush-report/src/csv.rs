//! The run as a table: a row for each second and series, as RFC 4180 has them. `docs/outputs.md` says what every column
//! means; a test holds the two together.

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Histogram, SeriesInfo, Snapshot, Tally};

use crate::lines::busy;
use crate::moment::moment;
use crate::output::Output;
use crate::units::supports;

/// A row: a second of one series.
struct Row<'a> {
    snapshot: &'a Snapshot,
    began: Duration,
    kind: &'a str,
    scenario: &'a str,
    name: &'a str,
    tally: &'a Tally,
}

/// A column: its name, and what it says of a row.
type Column = (&'static str, fn(&Row) -> String);

/// In their order; new ones are added at the end.
const COLUMNS: &[Column] = &[
    ("time", |row| moment(row.began + row.snapshot.at)),
    ("since_s", |row| seconds(row.snapshot.since)),
    ("at_s", |row| seconds(row.snapshot.at)),
    ("warming_up", |row| row.snapshot.warming_up.to_string()),
    ("kind", |row| row.kind.to_owned()),
    ("scenario", |row| row.scenario.to_owned()),
    ("name", |row| row.name.to_owned()),
    ("intended", |row| row.tally.counters.intended.to_string()),
    ("started", |row| row.tally.counters.started.to_string()),
    ("completed", |row| row.tally.counters.completed.to_string()),
    ("failed", |row| row.tally.counters.failed.to_string()),
    ("dropped", |row| row.tally.counters.dropped.to_string()),
    ("cut_off", |row| row.tally.counters.cut_off.to_string()),
    ("unstarted", |row| row.tally.counters.unstarted.to_string()),
    ("response_samples", |row| row.tally.response.count().to_string()),
    ("response_mean_ms", |row| known(&row.tally.response, Histogram::mean)),
    ("response_p50_ms", |row| quantile(&row.tally.response, 0.5)),
    ("response_p90_ms", |row| quantile(&row.tally.response, 0.9)),
    ("response_p95_ms", |row| quantile(&row.tally.response, 0.95)),
    ("response_p99_ms", |row| quantile(&row.tally.response, 0.99)),
    ("response_p99_9_ms", |row| quantile(&row.tally.response, 0.999)),
    ("response_max_ms", |row| known(&row.tally.response, Histogram::max)),
    ("service_p50_ms", |row| quantile(&row.tally.service, 0.5)),
    ("service_p99_ms", |row| quantile(&row.tally.service, 0.99)),
    ("service_max_ms", |row| known(&row.tally.service, Histogram::max)),
    ("checks_passed", |row| row.tally.counters.checks_passed.to_string()),
    ("checks_failed", |row| row.tally.counters.checks_failed.to_string()),
    ("bytes_sent", |row| row.tally.counters.bytes_sent.to_string()),
    ("bytes_received", |row| row.tally.counters.bytes_received.to_string()),
    ("statuses", |row| pairs(row.tally.statuses.rows().iter().map(|(status, count)| (status.to_string(), *count)))),
    ("errors", |row| pairs(row.tally.errors.rows().map(|row| (row.kind.name().to_owned(), row.count)))),
    ("users", |row| row.snapshot.gauges.users.to_string()),
    ("in_flight", |row| row.snapshot.gauges.in_flight.to_string()),
    ("waiting", |row| row.snapshot.gauges.waiting.to_string()),
    ("soundness", |row| row.snapshot.verdict.soundness().name().to_owned()),
];

/// Writes the rows of each second, at once.
pub(crate) struct CsvOutput {
    to: Box<dyn Write + Send>,
    began: Duration,
    series: Vec<SeriesInfo>,
}

impl CsvOutput {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, began: Duration::ZERO, series: Vec::new() }
    }

    fn rows<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = Row<'a>> {
        let whole = |kind, tally| Row { snapshot, began: self.began, kind, scenario: "", name: "", tally };
        let of_all = std::iter::once(whole("all", &snapshot.interval));
        let iterations = snapshot.iterations.iter().map(move |tally| whole("all iterations", tally));
        let each = busy(&self.series, &snapshot.series).map(move |(info, tally)| Row {
            kind: info.kind.name(),
            scenario: &info.scenario,
            name: &info.name,
            ..whole("", tally)
        });
        of_all.chain(iterations).chain(each)
    }
}

impl Output for CsvOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => {
                (self.began, self.series) = (info.started_at, info.series.clone());
                self.to.write_all(line(COLUMNS.iter().map(|column| column.0.to_owned())).as_bytes())?;
            }
            Event::Tick(snapshot) => {
                let text: String =
                    self.rows(snapshot).map(|row| line(COLUMNS.iter().map(|column| (column.1)(&row)))).collect();
                self.to.write_all(text.as_bytes())?;
            }
            Event::Stopping(_) | Event::Finished(_) => {}
        }
        // Somebody may be reading along.
        self.to.flush()
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

fn pairs(pairs: impl Iterator<Item = (String, u64)>) -> String {
    pairs.map(|(name, count)| format!("{name}:{count}")).collect::<Vec<_>>().join(";")
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn millis(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

fn known(times: &Histogram, figure: fn(&Histogram) -> Duration) -> String {
    if times.is_empty() { String::new() } else { millis(figure(times)) }
}

/// Nothing where the sample does not support it.
fn quantile(times: &Histogram, q: f64) -> String {
    if supports(times, q) { millis(times.quantile(q)) } else { String::new() }
}
