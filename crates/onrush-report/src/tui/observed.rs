//! The service's own figures: a strip below the curves of the first page, and all of them on the fifth.

use onrush_metrics::Observed;
use ratatui_core::layout::Rect;

use super::history::Point;
use super::overview::until;
use super::pen::{Ink, Pen};
use super::state::State;
use super::table::{Line, line, page, put_lines};
use crate::layout::{clean, clipped, width};
use crate::observed::{Unit, unit};
use crate::style::Style;

/// Between columns.
const GAP: usize = 2;
/// A narrower curve is none.
const LEAST_CURVE: usize = 12;
/// Figures of these widths keep their columns where they are.
const LEAST_FIGURE: usize = 7;

/// A series of which there was a figure.
struct Series<'a> {
    place: usize,
    name: &'a str,
    unit: Unit,
    now: Option<f64>,
    so_far: Observed,
}

/// A column of figures.
type Column = (&'static str, fn(&Series) -> Option<f64>);

const NOW: Column = ("now", |series| series.now);
const COLUMNS: &[Column] = &[NOW, ("mean", |series| series.so_far.mean()), ("max", |series| series.so_far.max())];

/// How many lines the strip would like.
pub(super) fn wanted(state: &State) -> usize {
    there(state).len()
}

/// Draws as many series as there is room for, below each other, with the last figure of each.
pub(super) fn strip(pen: &mut Pen, area: Rect, state: &State) {
    let (mut series, lines) = (there(state), usize::from(area.height));
    // A line alone is better spent on a figure.
    let more = if series.len() > lines && lines > 1 { series.len() + 1 - lines } else { 0 };
    series.truncate(lines.min(series.len() - more));
    let mut lines = rows(&series, state, area.width.into(), pen.style, &[NOW]);
    // Its titles are for a page.
    lines.remove(0);
    if more > 0 {
        lines.push(line(format!("and {more} more of the service's own figures on page 5"), Ink::Dim));
    }
    put_lines(pen, area, &lines);
}

/// Draws the page. How far it can be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, state: &State, scroll: usize) -> usize {
    let mut lines = rows(&there(state), state, area.width.into(), pen.style, COLUMNS);
    let missing: Vec<_> =
        missing(state).map(|name| line(format!("{}  no figure so far", clean(name)), Ink::Dim)).collect();
    if !missing.is_empty() {
        lines.push(Line::new());
        lines.extend(missing);
    }
    page(pen, area, &lines, 1, scroll)
}

fn there(state: &State) -> Vec<Series<'_>> {
    let now = state.last.as_ref().map_or(&[][..], |last| &last.observed);
    let names = state.info.observed.iter().enumerate();
    let all = names.map(|(place, name)| Series {
        place,
        name,
        unit: unit(name),
        now: now.get(place).copied().flatten(),
        so_far: state.observed.get(place).copied().unwrap_or_default(),
    });
    all.filter(|series| series.now.is_some() || series.so_far.last().is_some()).collect()
}

fn missing(state: &State) -> impl Iterator<Item = &String> {
    let there: Vec<_> = there(state).iter().map(|series| series.place).collect();
    state.info.observed.iter().enumerate().filter(move |(place, _)| !there.contains(place)).map(|(_, name)| name)
}

/// Titles, and a line for each: its name, its course, its figures.
fn rows(series: &[Series], state: &State, room: usize, style: Style, columns: &[Column]) -> Vec<Line> {
    let shown = |series: &Series, column: &Column| {
        (column.1)(series).map_or(style.pick("–", "-").to_owned(), |figure| series.unit.show(figure))
    };
    let widest = |column: &Column| {
        series.iter().map(|series| width(&shown(series, column))).max().unwrap_or(0).max(LEAST_FIGURE) + GAP
    };
    let widths: Vec<_> = columns.iter().map(widest).collect();
    let figures = widths.iter().sum::<usize>();
    let names: Vec<_> = series.iter().map(|series| clean(series.name)).collect();
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    let rest = room.saturating_sub(figures);
    let mut name = longest.min(rest / 2);
    let curve = rest.saturating_sub(name + GAP);
    let curve = if curve < LEAST_CURVE { 0 } else { curve };
    if curve == 0 {
        name = longest.min(rest);
    }
    let points = state.history.points(usize::MAX);
    let right = |text: &str, at: usize| format!("{}{text}", " ".repeat(widths[at].saturating_sub(width(text))));
    let padded = |text: &str, to: usize| {
        let text = clipped(text, to, style);
        format!("{text}{}", " ".repeat(to.saturating_sub(width(&text))))
    };
    let gap = if curve > 0 { GAP } else { 0 };
    let titles: String = columns.iter().enumerate().map(|(at, column)| right(column.0, at)).collect();
    let mut lines = vec![line(" ".repeat(name + gap + curve) + &titles, Ink::Dim)];
    for (series, text) in series.iter().zip(&names) {
        let course = course(&points, series.place, curve, until(state), style);
        let mut line = vec![(padded(text, name) + &" ".repeat(gap), Ink::Plain), (padded(&course, curve), Ink::First)];
        line.extend(columns.iter().enumerate().map(|(at, column)| (right(&shown(series, column), at), Ink::Strong)));
        lines.push(line);
    }
    lines
}

/// From zero to the largest, along the time of the curves; a dot where there was no figure.
fn course(points: &[Point], place: usize, columns: usize, until: f64, style: Style) -> String {
    let levels =
        style.pick(&['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][..], &['_', '.', '-', '=', '+', '*', '#', '@'][..]);
    let at = |column: usize| until * column as f64 / columns as f64;
    let mean = |column: usize| {
        let (from, to) = (at(column), at(column + 1));
        let within = points.iter().filter(|point| point.at.as_secs_f64() > from && point.since.as_secs_f64() < to);
        let mut sum = None;
        within.for_each(|point| {
            let figures = point.observed.get(place).copied().unwrap_or_default();
            sum.get_or_insert_with(Observed::default).merge(&figures);
        });
        sum.map(|sum: Observed| sum.mean())
    };
    let means: Vec<_> = (0..columns).map(mean).collect();
    let most = means.iter().flatten().flatten().fold(f64::MIN_POSITIVE, |most, figure| figure.max(most));
    let symbol = |mean: &Option<Option<f64>>| match mean {
        None => ' ',
        Some(None) => style.pick('·', ' '),
        Some(Some(figure)) => levels[((figure / most * 8.0).ceil() as usize).clamp(1, 8) - 1],
    };
    means.iter().map(symbol).collect::<String>().trim_end().to_owned()
}
