//! Response and service time side by side, the parts of them below, and what the difference means.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Histogram, Outcome};

use super::sentences::about_times;
use crate::layout::{LABEL, MARGIN, bullet, columns, width};
use crate::style::{Style, Tone};
use crate::units::{QUANTILES, brief, supports, time};

/// Columns go in this order where there is not room for all.
const LEAST_NEEDED: &[&str] = &["p99.99", "p90", "p99.9", "mean", "p99", "max", "p50"];
/// Between columns.
const GAP: usize = 2;

/// What a column shows of a row.
#[derive(Clone, Copy)]
enum Figure {
    Quantile(f64),
    Max,
    Mean,
}

/// What response times are called.
pub(crate) const RESPONSE: &str = "response time";

pub(crate) struct Row<'a> {
    pub(crate) name: &'static str,
    pub(crate) is_part: bool,
    pub(crate) times: &'a Histogram,
}

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    if outcome.total.response.is_empty() {
        return String::new();
    }
    let rows = rows(outcome);
    let labels: Vec<_> = rows.iter().map(|row| label(row, outcome.total.response.count(), style)).collect();
    let labels = std::iter::once(String::new()).chain(labels).collect::<Vec<_>>();
    let label_width = labels.iter().map(|label| width(label)).max().unwrap_or(0).max(LABEL);
    let cells = fitting(&rows, columns(style) - MARGIN.len() - label_width);
    let mut text = String::new();
    for (number, label) in labels.iter().enumerate() {
        let mut line = format!("{label:label_width$}");
        for column in &cells {
            let _ = write!(line, "{:>1$}", column[number], width_of(column));
        }
        let is_quiet = number == 0 || rows[number - 1].is_part;
        let _ = writeln!(text, "{MARGIN}{}", if is_quiet { style.paint(Tone::Dim, &line) } else { line });
    }
    for sentence in about_times(outcome) {
        bullet(&mut text, &sentence, None, style);
    }
    text
}

/// What happened, in the order in which it happens to a request.
pub(crate) fn rows(outcome: &Outcome) -> Vec<Row<'_>> {
    let total = &outcome.total;
    let parts = &total.breakdown;
    let row = |name, is_part, times| Row { name, is_part, times };
    let rows = [
        row(RESPONSE, false, &total.response),
        row("start lag", true, &total.start_lag),
        row("pool", true, &parts.pool),
        row("dns", true, &parts.dns),
        row("connect", true, &parts.connect),
        row("tls", true, &parts.tls),
        row("service time", false, &total.service),
        row("wait", true, &parts.wait),
        row("receive", true, &parts.receive),
    ];
    rows.into_iter().filter(|row| !row.times.is_empty()).collect()
}

/// The name, and how often it happened where that is seldom: most requests find a connection ready.
fn label(row: &Row, requests: u64, style: Style) -> String {
    let indent = if row.is_part { "  " } else { "" };
    let samples = row.times.count();
    let seldom = samples < requests - requests / 10;
    let often = if seldom { format!(" {}{}", style.pick("×", "x"), brief(samples)) } else { String::new() };
    format!("{indent}{}{often}", row.name)
}

/// The columns, the least needed ones left out where there is not room for all.
fn fitting(rows: &[Row], room: usize) -> Vec<Vec<String>> {
    let columns = figures(rows[0].times).into_iter();
    let mut columns: Vec<_> = columns.map(|(name, figure)| lay_out(name, figure, rows)).collect();
    for name in LEAST_NEEDED {
        if columns.iter().map(|column| width_of(column)).sum::<usize>() <= room {
            break;
        }
        columns.retain(|column| column[0] != *name);
    }
    columns
}

/// As many percentiles as the sample supports; of a single request there is only its time.
fn figures(response: &Histogram) -> Vec<(&'static str, Figure)> {
    if response.count() == 1 {
        return vec![("time", Figure::Max)];
    }
    let quantiles = QUANTILES.iter().filter(|(_, q)| supports(response, *q));
    let ends = [("max", Figure::Max), ("mean", Figure::Mean)];
    quantiles.map(|(name, q)| (*name, Figure::Quantile(*q))).chain(ends).collect()
}

/// The name of a column and its cells.
fn lay_out(name: &str, figure: Figure, rows: &[Row]) -> Vec<String> {
    let cells = rows.iter().map(|row| figure.of(row.times).map_or_else(|| "–".to_owned(), time));
    std::iter::once(name.to_owned()).chain(cells).collect()
}

impl Figure {
    /// `None` where the sample does not support it.
    fn of(self, times: &Histogram) -> Option<Duration> {
        match self {
            Self::Quantile(q) => supports(times, q).then(|| times.quantile(q)),
            Self::Max => Some(times.max()),
            Self::Mean => Some(times.mean()),
        }
    }
}

fn width_of(cells: &[String]) -> usize {
    GAP + cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0)
}
