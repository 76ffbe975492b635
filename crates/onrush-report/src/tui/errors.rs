//! The third page: failures by kind with an example each, checks that failed, answers by status.

use onrush_metrics::Tally;
use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen};
use super::state::State;
use super::table::{Line, line, page};
use crate::layout::{clean, wrap};
use crate::units::{count, percent};

/// Columns that a name and a number take before what is said of them.
const INDENT: usize = 4;

/// Draws the page. How far it can be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, state: &State, scroll: usize) -> usize {
    let nothing = Tally::default();
    let total = state.last.as_ref().map_or(&nothing, |last| &last.total);
    let mut lines = failures(total, area.width.into());
    lines.extend(checks(state, area.width.into()));
    lines.extend(statuses(total));
    page(pen, area, &lines, 0, scroll)
}

fn failures(total: &Tally, room: usize) -> Vec<Line> {
    let failed = total.counters.failed;
    if failed == 0 {
        return vec![line("no request has failed", Ink::Good)];
    }
    let ended = total.counters.ended();
    let head = format!("{} of {} requests failed, {}", count(failed), count(ended), percent(failed, ended));
    let mut lines = vec![line(head, Ink::Bad)];
    let mut rows: Vec<_> = total.errors.rows().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    for row in rows {
        let number = format!("  {}  {}", count(row.count), percent(row.count, ended));
        let local = if row.kind.is_local() { "  (this machine, not the service)" } else { "" };
        lines.push(vec![
            (format!("  {}", row.kind.name()), Ink::Strong),
            (number, Ink::Plain),
            (local.to_owned(), Ink::Warn),
        ]);
        lines.extend(said(row.example.unwrap_or_default(), room));
    }
    lines
}

/// What somebody said, below what it belongs to.
fn said(text: &str, room: usize) -> impl Iterator<Item = Line> {
    let indent = " ".repeat(INDENT);
    let lines = wrap(&clean(text), room.saturating_sub(INDENT).max(2));
    lines.into_iter().map(move |text| line(format!("{indent}{text}"), Ink::Dim))
}

fn checks(state: &State, room: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (info, tally) in state.info.series.iter().zip(&state.series) {
        for (name, row) in info.checks.iter().zip(tally.checks.rows()).filter(|(_, row)| row.failed > 0) {
            let of = format!("  failed {} of {}", count(row.failed), count(row.failed + row.passed));
            lines.push(vec![(format!("  {}: {}", clean(&info.name), clean(name)), Ink::Strong), (of, Ink::Plain)]);
            lines.extend(said(row.example.as_deref().unwrap_or_default(), room));
        }
    }
    if !lines.is_empty() {
        lines.splice(0..0, [Line::new(), line("checks that failed", Ink::Bad)]);
    }
    lines
}

fn statuses(total: &Tally) -> Vec<Line> {
    let rows = total.statuses.rows();
    if rows.is_empty() {
        return Vec::new();
    }
    let answers = rows.iter().map(|(_, number)| number).sum();
    let head = [Line::new(), line("answers by status", Ink::Dim)];
    let rows = rows.iter().map(|(status, number)| {
        let ink = if *status >= 400 { Ink::Bad } else { Ink::Plain };
        vec![(format!("  {status}"), ink), (format!("  {}  {}", count(*number), percent(*number, answers)), Ink::Plain)]
    });
    head.into_iter().chain(rows).collect()
}
