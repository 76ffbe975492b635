//! The slowest requests, one by one, with the numbers of their traces.

use std::time::Duration;

use onrush_metrics::Outcome;

use super::escape::text;
use super::table::{self, Cell, Column, table};
use super::view::View;
use crate::moment::moment;
use crate::slowest::{Row, rows};
use crate::units::{clock, time};

pub(super) fn slowest(view: &View) -> String {
    let outcome = &view.outcome;
    if rows(outcome).len() == 0 {
        return String::new();
    }
    let has_steps = !outcome.info.series.is_empty();
    let has_traces = rows(outcome).any(|row| row.slow.trace != 0);
    let mut columns = vec![Column("response time", false), Column("service time", false)];
    columns.extend(has_steps.then_some(Column("step", true)));
    columns.push(Column("answer", true));
    columns.extend(has_traces.then_some(Column("trace", true)));
    let row = |row: Row<'_>| {
        let mut cells = vec![figure(Some(row.response())), figure(row.service())];
        cells.extend(has_steps.then(|| Cell::text(row.step())));
        cells.push(Cell::text(&row.came()));
        cells.extend(has_traces.then(|| trace(&row, outcome)));
        table::Row { class: if row.slow.error.is_some() { "failing" } else { "" }, head: due(&row, outcome), cells }
    };
    let rows: Vec<_> = rows(outcome).map(row).collect();
    format!("<h2>Slowest requests</h2>{}", table("Slowest requests", "due at", &columns, &rows, true))
}

fn figure(value: Option<Duration>) -> Cell {
    value.map_or_else(Cell::none, |value| Cell::figure(&time(value), value.as_secs_f64()))
}

/// Since the start of the run; the time of day, by which logs are searched, is beside it.
fn due(row: &Row<'_>, outcome: &Outcome) -> String {
    let day = moment(outcome.info.started_at + row.due());
    format!("<time datetime=\"{0}\" title=\"{0}\">{1}</time>", text(&day), text(&clock(row.due())))
}

fn trace(row: &Row<'_>, outcome: &Outcome) -> Cell {
    let Some(id) = row.trace() else { return Cell::none() };
    let code = format!("<code class=\"trace\">{id}</code>");
    Cell::markup(match row.link(outcome) {
        Some(link) => format!("<a href=\"{}\" target=\"_blank\" rel=\"noreferrer\">{code}</a>", text(&link)),
        None if row.slow.sampled => code,
        None => format!("{code} <small class=\"quiet\">not sampled</small>"),
    })
}
