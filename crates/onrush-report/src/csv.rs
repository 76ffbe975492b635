//! The run as a table: a row for each second and series, and for what was observed, as RFC 4180 has them. `docs/outputs.md` says what every column
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
    what: What<'a>,
}

/// What a row is of.
enum What<'a> {
    /// What was counted of a series.
    Tally(&'a Tally),
    /// A figure of the service's own, where it was to be had.
    Observed(Option<f64>),
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
    ("intended", |row| row.of(|tally| tally.counters.intended.to_string())),
    ("started", |row| row.of(|tally| tally.counters.started.to_string())),
    ("completed", |row| row.of(|tally| tally.counters.completed.to_string())),
    ("failed", |row| row.of(|tally| tally.counters.failed.to_string())),
    ("dropped", |row| row.of(|tally| tally.counters.dropped.to_string())),
    ("cut_off", |row| row.of(|tally| tally.counters.cut_off.to_string())),
    ("unstarted", |row| row.of(|tally| tally.counters.unstarted.to_string())),
    ("response_samples", |row| row.of(|tally| tally.response.count().to_string())),
    ("response_mean_ms", |row| row.of(|tally| known(&tally.response, Histogram::mean))),
    ("response_p50_ms", |row| row.of(|tally| quantile(&tally.response, 0.5))),
    ("response_p90_ms", |row| row.of(|tally| quantile(&tally.response, 0.9))),
    ("response_p95_ms", |row| row.of(|tally| quantile(&tally.response, 0.95))),
    ("response_p99_ms", |row| row.of(|tally| quantile(&tally.response, 0.99))),
    ("response_p99_9_ms", |row| row.of(|tally| quantile(&tally.response, 0.999))),
    ("response_max_ms", |row| row.of(|tally| known(&tally.response, Histogram::max))),
    ("service_p50_ms", |row| row.of(|tally| quantile(&tally.service, 0.5))),
    ("service_p99_ms", |row| row.of(|tally| quantile(&tally.service, 0.99))),
    ("service_max_ms", |row| row.of(|tally| known(&tally.service, Histogram::max))),
    ("checks_passed", |row| row.of(|tally| tally.counters.checks_passed.to_string())),
    ("checks_failed", |row| row.of(|tally| tally.counters.checks_failed.to_string())),
    ("bytes_sent", |row| row.of(|tally| tally.counters.bytes_sent.to_string())),
    ("bytes_received", |row| row.of(|tally| tally.counters.bytes_received.to_string())),
    ("statuses", |row| {
        row.of(|tally| pairs(tally.statuses.rows().iter().map(|(status, count)| (status.to_string(), *count))))
    }),
    ("errors", |row| row.of(|tally| pairs(tally.errors.rows().map(|row| (row.kind.name().to_owned(), row.count))))),
    ("users", |row| row.snapshot.gauges.users.to_string()),
    ("in_flight", |row| row.snapshot.gauges.in_flight.to_string()),
    ("waiting", |row| row.snapshot.gauges.waiting.to_string()),
    ("soundness", |row| row.snapshot.verdict.soundness().name().to_owned()),
    ("value", |row| row.what.value()),
];

impl Row<'_> {
    /// A figure of what was counted.
    fn of(&self, figure: impl Fn(&Tally) -> String) -> String {
        match self.what {
            What::Tally(tally) => figure(tally),
            What::Observed(_) => String::new(),
        }
    }
}

impl What<'_> {
    fn value(&self) -> String {
        match self {
            Self::Observed(Some(figure)) => figure.to_string(),
            Self::Observed(None) | Self::Tally(_) => String::new(),
        }
    }
}

/// Writes the rows of each second, at once.
pub(crate) struct CsvOutput {
    to: Box<dyn Write + Send>,
    began: Duration,
    series: Vec<SeriesInfo>,
    observed: Vec<String>,
}

impl CsvOutput {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, began: Duration::ZERO, series: Vec::new(), observed: Vec::new() }
    }

    fn rows<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = Row<'a>> {
        let row = |kind, what| Row { snapshot, began: self.began, kind, scenario: "", name: "", what };
        let whole = move |kind, tally| row(kind, What::Tally(tally));
        let of_all = std::iter::once(whole("all", &snapshot.interval));
        let iterations = snapshot.iterations.iter().map(move |tally| whole("all iterations", tally));
        let each = busy(&self.series, &snapshot.series).map(move |(info, tally)| Row {
            kind: info.kind.name(),
            scenario: &info.scenario,
            name: &info.name,
            ..whole("", tally)
        });
        let observed = self.observed.iter().zip(&snapshot.observed);
        let observed = observed.map(move |(name, figure)| Row { name, ..row("observed", What::Observed(*figure)) });
        of_all.chain(iterations).chain(each).chain(observed)
    }
}

impl Output for CsvOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => {
                (self.began, self.series) = (info.started_at, info.series.clone());
                self.observed.clone_from(&info.observed);
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
