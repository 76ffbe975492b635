//! The second page: each step, group and scenario; where the time went for a run that has none.

use std::collections::HashSet;

use onrush_metrics::{SeriesKind, Tally};
use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen};
use super::state::State;
use super::table::{Column, Line, Row, line, page, table};
use crate::layout::clean;
use crate::units::{count, percent, rate, supports, time};

/// Series that are shown; a file could name thousands, and nobody scrolls through them.
const MOST_SERIES: usize = 500;

/// Draws the page. How far it can be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, state: &State, scroll: usize) -> usize {
    let room = usize::from(area.width);
    let lines = if state.info.series.is_empty() { parts(state, room, pen) } else { series(state, room, pen) };
    page(pen, area, &lines, 1, scroll)
}

const OF_SERIES: &[Column] =
    &[("count", 3), ("rate", 6), ("failed", 0), ("p50", 2), ("p95", 1), ("p99", 4), ("max", 5)];

fn series(state: &State, room: usize, pen: &Pen) -> Vec<Line> {
    let nothing = Tally::default();
    let lasted = state.last.as_ref().map_or(0.0, |last| last.lasted().as_secs_f64());
    let mut rows = Vec::new();
    // Set-up and tear-down are no part of the load, and are not counted.
    let scenarios: HashSet<_> = state
        .info
        .series
        .iter()
        .filter(|info| info.kind == SeriesKind::Iterations)
        .map(|info| &info.scenario)
        .collect();
    let all: Vec<_> =
        state.info.series.iter().enumerate().filter(|(_, info)| scenarios.contains(&info.scenario)).collect();
    for (at, info) in all.iter().copied().take(MOST_SERIES) {
        let tally = state.series.get(at).unwrap_or(&nothing);
        let now = state.now.get(at).map_or(0, |tally| tally.counters.ended());
        let name = match info.kind {
            SeriesKind::Iterations => format!("{}, whole", clean(&info.name)),
            SeriesKind::Requests => format!("  {}", clean(&info.name)),
            SeriesKind::Group => format!("  [{}]", clean(&info.name)),
        };
        let failed = tally.counters.failed;
        let (share, ink) = match failed {
            0 => ("0".to_owned(), Ink::Plain),
            some => (percent(some, tally.counters.ended()), Ink::Bad),
        };
        let per_second = if lasted >= 0.25 { rate(now as f64 / lasted) } else { none() };
        let mut cells = vec![(count(tally.counters.started), Ink::Plain), (per_second, Ink::Plain), (share, ink)];
        cells.extend(quantiles(&tally.response));
        rows.push(Row { name, cells });
    }
    let mut lines = table("response time by step", OF_SERIES, &rows, room, pen.style);
    if all.len() > MOST_SERIES {
        lines.push(line(format!("and {} more", count((all.len() - MOST_SERIES) as u64)), Ink::Dim));
    }
    lines
}

const OF_PARTS: &[Column] = &[("count", 3), ("p50", 2), ("p95", 1), ("p99", 0), ("max", 0)];

/// One request has no steps, but parts.
fn parts(state: &State, room: usize, pen: &Pen) -> Vec<Line> {
    let nothing = Tally::default();
    let total = state.last.as_ref().map_or(&nothing, |last| &last.total);
    let whole = [("response time", &total.response), ("service time", &total.service)];
    let parts = total.breakdown.parts();
    let all = whole.into_iter().map(|(name, times)| (name.to_owned(), times));
    let all = all.chain(parts.into_iter().map(|(name, times)| (format!("  {name}"), times)));
    let rows = all.filter(|(name, times)| !times.is_empty() || !name.starts_with(' '));
    let rows: Vec<_> = rows
        .map(|(name, times)| {
            let mut cells = vec![(count(times.count()), Ink::Plain)];
            cells.extend(quantiles(times));
            Row { name, cells }
        })
        .collect();
    table("where the time went", OF_PARTS, &rows, room, pen.style)
}

fn quantiles(times: &onrush_metrics::Histogram) -> [(String, Ink); 4] {
    let quantile = |q: f64| if supports(times, q) { time(times.quantile(q)) } else { none() };
    let max = if times.is_empty() { none() } else { time(times.max()) };
    [(quantile(0.5), Ink::First), (quantile(0.95), Ink::Second), (quantile(0.99), Ink::Third), (max, Ink::Plain)]
}

fn none() -> String {
    "–".to_owned()
}
