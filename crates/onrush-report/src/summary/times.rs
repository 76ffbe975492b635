//! Response and service time side by side, the parts of them below, and what the difference means.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Histogram, Outcome};

use super::sentences::about_times;
use crate::layout::{LABEL, MARGIN, bullet, room};
use crate::style::{Style, Tone};
use crate::units::{QUANTILES, supports, time};

/// Columns go in this order where there is not room for all.
const LEAST_NEEDED: &[&str] = &["p99.99", "p75", "p95", "p99.9", "p90", "mean", "p99"];
/// Between columns.
const GAP: usize = 2;

/// What a column shows of a row.
#[derive(Clone, Copy)]
enum Figure {
    Quantile(f64),
    Max,
    Mean,
}

struct Row<'a> {
    label: String,
    is_part: bool,
    times: &'a Histogram,
}

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    if outcome.total.response.is_empty() {
        return String::new();
    }
    let rows = rows(outcome);
    let columns = columns(&outcome.total.response).into_iter();
    let mut columns: Vec<_> = columns.map(|(name, figure)| lay_out(name, figure, &rows)).collect();
    for name in LEAST_NEEDED {
        if columns.iter().map(|cells| width_of(cells)).sum::<usize>() <= room(style) {
            break;
        }
        columns.retain(|cells| cells[0] != *name);
    }
    let mut text = line("", false, &columns, 0, style);
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&line(&row.label, row.is_part, &columns, number + 1, style));
    }
    for sentence in about_times(outcome) {
        bullet(&mut text, &sentence, None, style);
    }
    text
}

/// What happened, in the order in which it happens to a request.
fn rows(outcome: &Outcome) -> Vec<Row<'_>> {
    let total = &outcome.total;
    let before = [("start lag", &total.start_lag)].into_iter();
    let parts = total.breakdown.parts();
    let is_service = |name: &str| matches!(name, "wait" | "receive");
    let (during, before_service): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(name, _)| is_service(name));
    let row = |is_part: bool| move |(label, times): (&str, _)| Row { label: label.to_owned(), is_part, times };
    [("response time", &total.response)]
        .into_iter()
        .map(row(false))
        .chain(before.chain(before_service).map(row(true)))
        .chain([("service time", &total.service)].into_iter().map(row(false)))
        .chain(during.into_iter().map(row(true)))
        .filter(|row| !row.times.is_empty())
        .collect()
}

/// As many percentiles as the sample supports.
fn columns(response: &Histogram) -> Vec<(&'static str, Figure)> {
    let quantiles = QUANTILES.iter().filter(|(name, q)| *name != "p75" && supports(response, *q));
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

fn line(label: &str, is_part: bool, columns: &[Vec<String>], number: usize, style: Style) -> String {
    let label = if is_part { format!("  {label}") } else { label.to_owned() };
    let mut text = format!("{label:LABEL$}");
    for cells in columns {
        let _ = write!(text, "{:>1$}", cells[number], width_of(cells));
    }
    let quiet = is_part || number == 0;
    format!("{MARGIN}{}\n", if quiet { style.paint(Tone::Dim, &text) } else { text })
}
