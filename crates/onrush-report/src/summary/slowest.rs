//! The slowest requests, where their traces can be looked up.

use onrush_metrics::Outcome;

use crate::layout::{clean, clipped, room, rows, width};
use crate::slowest::{self, Row};
use crate::style::Style;
use crate::units::{clock, time};

/// The others are in the report.
const MOST: usize = 3;

/// A line or two for each; nothing where the service was told of no trace: the largest response time stands above.
pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let all = slowest::rows(outcome).filter(|row| row.slow.trace != 0).take(MOST);
    let lines: Vec<_> = all.flat_map(|row| lines(&row, style)).collect();
    let mut text = String::new();
    if !lines.is_empty() {
        rows(&mut text, "slowest", &lines);
    }
    text
}

fn lines(row: &Row<'_>, style: Style) -> Vec<String> {
    let step = clean(row.step());
    let when = format!("{} at {}", time(row.response()), clock(row.due()));
    let words = [when, step, row.came()].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let words = words.join(style.pick(" · ", ", "));
    let sampled = if row.slow.sampled { "" } else { " (not sampled)" };
    let trace = format!("trace {}{sampled}", row.trace().unwrap_or_default());
    let room = room(style);
    match format!("{words}  {trace}") {
        both if width(&both) <= room => vec![both],
        _ => vec![clipped(&words, room, style), clipped(&format!("  {trace}"), room, style)],
    }
}
