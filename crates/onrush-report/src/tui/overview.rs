//! The first page: the figures of the last second and of the whole run, and how rate and times went.

use std::time::Duration;

use onrush_metrics::{Snapshot, Tally};
use ratatui_core::layout::Rect;

use super::chart::{self, Chart, Curve, Scale};
use super::history::{Point, Times};
use super::observed;
use super::pen::{Ink, Pen, split_left, split_top};
use super::state::State;
use super::table::{Column, Line, Row, put_lines, table};
use crate::findings::nearness;
use crate::style::Style;
use crate::units::{count, percent, rate, supports, time};

/// From this width on, response and service times are shown side by side.
pub(super) const SIDE_BY_SIDE: u16 = 90;
/// The whole time of a run as short as this is on the axis from the beginning.
const SHORT: f64 = 120.0;
/// The time axis is at least as long as this.
const LEAST_AXIS: f64 = 30.0;
/// Points below which a chart says nothing of the course.
const FEW: u64 = 8;
/// Values that a point needs for its p99, and for its p95.
const FOR_P99: u64 = 1000;
const FOR_P95: u64 = 200;

/// Draws the page; it cannot be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, state: &State, service: bool) {
    let room = usize::from(area.width);
    let mut lines = figures(state, room, pen);
    lines.push(gauges(state));
    lines.extend(near(state, pen.style));
    let (top, rest) = split_top(area, lines.len() as u16);
    put_lines(pen, top, &lines);
    let (_, rest) = split_top(rest, u16::from(rest.height > 12));
    // What the service says has a fifth of the room.
    let strip = (rest.height / 5).min(u16::try_from(observed::wanted(state)).unwrap_or(u16::MAX));
    let (rest, below) = split_top(rest, rest.height - strip);
    if strip > 0 {
        observed::strip(pen, below, state);
    }
    let until = until(state);
    let for_rate = if rest.height < 10 { 0 } else { (rest.height * 2 / 5).max(5) };
    let (above, below) = split_top(rest, for_rate);
    rates(pen, above, state, until);
    if area.width >= SIDE_BY_SIDE {
        let (left, right) = split_left(below, below.width / 2);
        let both =
            [curves(state, left.width, |point| &point.response), curves(state, left.width, |point| &point.service)];
        let scale = Scale::log(both.iter().flatten());
        let [response, service] = &both;
        times(pen, Rect { width: left.width - 1, ..left }, "response time", response, scale, until);
        times(pen, right, "service time", service, scale, until);
    } else {
        let of: fn(&Point) -> &Times = if service { |point| &point.service } else { |point| &point.response };
        let curves = curves(state, below.width, of);
        let title = if service { "service time" } else { "response time" };
        times(pen, below, title, &curves, Scale::log(curves.iter()), until);
    }
}

const COLUMNS: &[Column] =
    &[("rate", 0), ("intended", 5), ("p50", 2), ("p95", 3), ("p99", 1), ("max", 4), ("failed", 0), ("dropped", 6)];

/// The last second and the whole run in two rows.
fn figures(state: &State, room: usize, pen: &Pen) -> Vec<Line> {
    let last = state.last.as_ref();
    let nothing = Tally::default();
    let total = last.map_or(&nothing, |last| &last.total);
    let arrivals = state.arrivals().unwrap_or(&nothing);
    let interval = last.map_or(&nothing, |last| &last.interval);
    let now = last.map_or(&nothing, |last| last.arrivals());
    let lasted = last.map_or(Duration::ZERO, Snapshot::lasted);
    let rows =
        [row("last second", state, now, interval, lasted), row("so far", state, arrivals, total, state.measured())];
    // What nothing is said of needs no column.
    let is_open = state.info.open;
    let has_dropped = arrivals.counters.dropped > 0;
    let is_kept = |name: &str| (name != "intended" || is_open) && (name != "dropped" || has_dropped);
    let (columns, at): (Vec<_>, Vec<_>) =
        COLUMNS.iter().zip(0..).filter(|(column, _)| is_kept(column.0)).map(|(column, at)| (*column, at)).unzip();
    let rows = rows.map(|row: Row| Row { cells: at.iter().map(|at: &usize| row.cells[*at].clone()).collect(), ..row });
    table("", &columns, &rows, room, pen.style)
}

fn row(name: &str, state: &State, arrivals: &Tally, requests: &Tally, over: Duration) -> Row {
    let per_second = |number: u64| {
        if over < Duration::from_millis(250) { none() } else { rate(number as f64 / over.as_secs_f64()) }
    };
    let quantile = |q: f64| {
        if supports(&requests.response, q) { time(requests.response.quantile(q)) } else { none() }
    };
    let counters = &arrivals.counters;
    let done = if state.info.open { counters.started } else { counters.ended() };
    let failed = requests.counters.failed;
    let max = if requests.response.is_empty() { none() } else { time(requests.response.max()) };
    let failed_ink = if failed > 0 { Ink::Bad } else { Ink::Plain };
    let dropped_ink = if counters.dropped > 0 { Ink::Warn } else { Ink::Plain };
    let failed = match failed {
        0 => "0".to_owned(),
        some => format!("{} ({})", count(some), percent(some, requests.counters.ended())),
    };
    Row {
        name: name.to_owned(),
        cells: vec![
            (per_second(done), Ink::Strong),
            (per_second(counters.intended), Ink::Plain),
            (quantile(0.5), Ink::First),
            (quantile(0.95), Ink::Second),
            (quantile(0.99), Ink::Third),
            (max, Ink::Plain),
            (failed, failed_ink),
            (count(counters.dropped), dropped_ink),
        ],
    }
}

/// Users, and what is under way.
fn gauges(state: &State) -> Line {
    let gauges = state.last.as_ref().map(|last| last.gauges).unwrap_or_default();
    let waiting_ink = if gauges.waiting > 0 { Ink::Warn } else { Ink::Plain };
    let mut line = Line::new();
    for (name, number, ink) in [
        ("users ", gauges.users, Ink::Plain),
        ("   in flight ", gauges.in_flight, Ink::Plain),
        ("   waiting ", gauges.waiting, waiting_ink),
    ] {
        line.extend([(name.to_owned(), Ink::Dim), (count(number), ink)]);
    }
    if !state.info.series.is_empty() {
        let requests = state.last.as_ref().map_or(0, |last| last.total.counters.ended());
        line.extend([("   requests ".to_owned(), Ink::Dim), (count(requests), Ink::Plain)]);
    }
    line
}

/// How near the run is to the precision that ends it.
fn near(state: &State, style: Style) -> Option<Line> {
    let near = nearness(&state.info, state.last.as_ref()?, style)?;
    Some(vec![("ends at ".to_owned(), Ink::Dim), (near, Ink::Plain)])
}

fn none() -> String {
    "–".to_owned()
}

/// The end of the time axis.
pub(super) fn until(state: &State) -> f64 {
    let at = state.at().as_secs_f64();
    let whole = state.info.duration.map(|duration| duration.as_secs_f64()).filter(|whole| *whole <= SHORT);
    whole.map_or(at.max(LEAST_AXIS), |whole| whole.max(at))
}

fn rates(pen: &mut Pen, area: Rect, state: &State, until: f64) {
    let points = state.history.points(usize::from(area.width));
    let (name, of): (_, fn(&Point) -> u64) =
        if state.info.open { ("achieved", |point| point.started) } else { ("rate", |point| point.ended) };
    let curve = |name, ink, letter, of: fn(&Point) -> u64| Curve {
        name,
        ink,
        letter,
        points: points.iter().map(|point| (point.at.as_secs_f64(), point.rate(of(point)))).collect(),
    };
    let mut curves = vec![curve(name, Ink::First, '*', of)];
    if state.info.open {
        curves.push(curve("intended", Ink::Second, '.', |point| point.intended));
    }
    let what = if state.info.series.is_empty() { "requests" } else { "iterations" };
    let chart = Chart {
        title: what,
        hint: "a second",
        curves: &curves,
        scale: Scale::linear(curves.iter()),
        until,
        label: round_rate,
    };
    chart::draw(pen, area, &chart);
}

fn times(pen: &mut Pen, area: Rect, title: &str, curves: &[Curve], scale: Scale, until: f64) {
    let hint = if curves.iter().all(|curve| curve.points.is_empty()) { "nothing measured yet" } else { "" };
    chart::draw(pen, area, &Chart { title, hint, curves, scale, until, label: round_time });
}

fn round_rate(per_second: f64) -> String {
    if per_second.fract() == 0.0 {
        count(per_second as u64)
    } else {
        rate(per_second).trim_end_matches("/s").to_owned()
    }
}

/// A round number is one: `1 ms` and not `1.00 ms`.
fn round_time(seconds: f64) -> String {
    let text = time(Duration::from_secs_f64(seconds));
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// The percentiles that the points support; the largest value instead of the last where they do not.
fn curves(state: &State, columns: u16, of: fn(&Point) -> &Times) -> Vec<Curve> {
    let all: u64 = state.history.points(usize::MAX).iter().map(|point| of(point).count()).sum();
    let most = usize::from(columns).min((all / FOR_P99).max(FEW) as usize);
    let points = state.history.points(most);
    let each = all / (points.len() as u64).max(1);
    let curve = |name, ink, letter, value: &dyn Fn(&Times) -> Option<f64>| Curve {
        name,
        ink,
        letter,
        points: points.iter().filter_map(|point| Some((point.at.as_secs_f64(), value(of(point))?))).collect(),
    };
    let mut curves = vec![curve("p50", Ink::First, '.', &|times| times.quantile(0.5))];
    if each >= FOR_P95 {
        curves.push(curve("p95", Ink::Second, '+', &|times| times.quantile(0.95)));
    }
    if each >= FOR_P99 {
        curves.push(curve("p99", Ink::Third, '*', &|times| times.quantile(0.99)));
    } else {
        let max = |times: &Times| (times.count() > 0).then(|| times.max().as_secs_f64());
        curves.push(curve("max", Ink::Third, '*', &max));
    }
    curves
}
