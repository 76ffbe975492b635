//! The series of a run with scenarios: what each step, group and scenario came to, in a table.

use std::fmt::Write;

use onrush_metrics::{Outcome, SeriesInfo, SeriesKind, Tally};

use crate::layout::{MARGIN, clean, clipped, columns, width};
use crate::style::{Style, Tone};
use crate::units::{count, percent, several, supports, time};

/// Series that are shown; a file could name thousands.
const MOST_SERIES: usize = 40;
/// The name takes at least this much, or a third of a narrow terminal.
const LEAST_NAME: usize = 24;
/// What the times are.
const TITLE: &str = "response time by step";
/// The same where there is little room.
const SHORT_TITLE: &str = "by step";
/// Between columns.
const GAP: usize = 2;

/// A column: its title, and what it says of a series.
type Column = (&'static str, fn(&Tally) -> String);

/// In the order in which they are shown.
const COLUMNS: &[Column] = &[
    ("count", |tally| count(tally.counters.started)),
    ("failed", |tally| failed(tally)),
    ("p50", |tally| quantile(tally, 0.5)),
    ("p95", |tally| quantile(tally, 0.95)),
    ("p99", |tally| quantile(tally, 0.99)),
    ("max", |tally| if tally.response.is_empty() { none() } else { time(tally.response.max()) }),
];
/// Columns go in this order where there is not room for all.
const LEAST_NEEDED: &[&str] = &["p99", "max", "count", "p50"];

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let rows = rows(outcome);
    if rows.is_empty() {
        return String::new();
    }
    let names: Vec<_> = rows.iter().map(|(info, _)| name(info)).collect();
    let mut cells: Vec<_> = COLUMNS.iter().map(|column| lay_out(column, &rows)).collect();
    // A percentile that no series supports.
    cells.retain(|column| column[1..].iter().any(|cell| *cell != none()));
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0).max(width(TITLE));
    let room = columns(style) - MARGIN.len();
    for least in LEAST_NEEDED {
        if longest.min(LEAST_NAME).min(room / 3) + taken(&cells) <= room {
            break;
        }
        cells.retain(|column| column[0] != *least);
    }
    let room_for_names = longest.min(room.saturating_sub(taken(&cells)));
    let mut text = String::new();
    for number in 0..=rows.len() {
        let name = match number {
            0 if room_for_names < width(TITLE) => SHORT_TITLE,
            0 => TITLE,
            _ => &*names[number - 1],
        };
        let name = clipped(name, room_for_names, style);
        let mut line = format!("{name}{}", " ".repeat(room_for_names - width(&name)));
        for column in &cells {
            let _ = write!(line, "{:>1$}", column[number], width_of(column));
        }
        let has_failed = number > 0 && rows[number - 1].1.counters.failed > 0;
        let shown = match number {
            0 => style.paint(Tone::Dim, &line),
            _ if has_failed => style.paint(Tone::Warn, &line),
            _ => line,
        };
        let _ = writeln!(text, "{MARGIN}{shown}");
    }
    if let Some(rest) = left_out(outcome, rows.len()) {
        let _ = writeln!(text, "{MARGIN}{}", style.paint(Tone::Dim, &rest));
    }
    text
}

/// Scenarios, each followed by its steps in the order of the file.
fn rows(outcome: &Outcome) -> Vec<(&SeriesInfo, &Tally)> {
    let all: Vec<_> = outcome.info.series.iter().zip(&outcome.series).collect();
    let scenarios = all.iter().filter(|(info, _)| info.kind == SeriesKind::Iterations);
    let with_steps = scenarios.flat_map(|scenario| {
        let own =
            all.iter().filter(|(info, _)| info.kind != SeriesKind::Iterations && info.scenario == scenario.0.scenario);
        std::iter::once(scenario).chain(own)
    });
    with_steps.filter(|(_, tally)| tally.counters.started > 0).take(MOST_SERIES).copied().collect()
}

fn name(info: &SeriesInfo) -> String {
    match info.kind {
        SeriesKind::Iterations => format!("{}, whole", clean(&info.name)),
        SeriesKind::Requests => format!("  {}", clean(&info.name)),
        SeriesKind::Group => format!("  [{}]", clean(&info.name)),
    }
}

/// Set-up and tear-down are no part of the load, and are not counted.
fn left_out(outcome: &Outcome, shown: usize) -> Option<String> {
    let of_load = |info: &SeriesInfo| {
        let of_same = outcome.info.series.iter().filter(|other| other.scenario == info.scenario);
        of_same.into_iter().any(|other| other.kind == SeriesKind::Iterations)
    };
    let all: Vec<_> = outcome.info.series.iter().zip(&outcome.series).filter(|(info, _)| of_load(info)).collect();
    let idle = all.iter().filter(|(_, tally)| tally.counters.started == 0).count();
    let rest = all.len() - shown;
    (rest > 0).then(|| match rest - idle {
        0 => format!("not reached: {}", several(idle as u64, "step", "steps")),
        more => format!("and {} more", count((more + idle) as u64)),
    })
}

fn lay_out(column: &Column, rows: &[(&SeriesInfo, &Tally)]) -> Vec<String> {
    std::iter::once(column.0.to_owned()).chain(rows.iter().map(|(_, tally)| (column.1)(tally))).collect()
}

fn taken(cells: &[Vec<String>]) -> usize {
    cells.iter().map(|column| width_of(column)).sum()
}

fn width_of(cells: &[String]) -> usize {
    GAP + cells.iter().map(|cell| width(cell)).max().unwrap_or(0)
}

fn failed(tally: &Tally) -> String {
    match tally.counters.failed {
        0 => "0".to_owned(),
        failed => percent(failed, tally.counters.ended()),
    }
}

fn quantile(tally: &Tally, q: f64) -> String {
    if supports(&tally.response, q) { time(tally.response.quantile(q)) } else { none() }
}

fn none() -> String {
    "–".to_owned()
}
