//! The table of steps, groups and scenarios, each with how its times went along the run.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Outcome, SeriesInfo, SeriesKind, Tally, percentile_name};

use super::escape::text;
use super::table::{Cell, Column, Row, concat, table};
use super::view::View;
use crate::findings::{between, plus_minus};
use crate::timeline::{One, Piece, Track};
use crate::units::{allows_rates, count, percent, rate, several, supports, time};

/// Rows at most; a run may have very many series.
const MOST: usize = 400;
/// Points of a sparkline.
const POINTS: usize = 60;
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 24.0;

pub(super) fn steps(view: &View) -> String {
    let outcome = &view.outcome;
    let is_reached = |place: &usize| outcome.series.get(*place).is_some_and(|tally| tally.counters.started > 0);
    let (all, idle): (Vec<_>, Vec<_>) = of_load(outcome).into_iter().partition(is_reached);
    if all.is_empty() {
        return String::new();
    }
    let columns = [
        Column("count", false),
        Column("rate", false),
        Column("failed", false),
        Column("p50", false),
        Column("p95", false),
        Column("p99", false),
        Column("max", false),
        Column("over time", true),
    ];
    let rows: Vec<_> = all.iter().take(MOST).map(|place| row(view, *place)).collect();
    let mut notes = Vec::new();
    if all.len() > MOST {
        notes.push(format!("and {} more", count((all.len() - MOST) as u64)));
    }
    if !idle.is_empty() {
        notes.push(format!("not reached: {}", several(idle.len() as u64, "step", "steps")));
    }
    let notes = if notes.is_empty() { String::new() } else { format!("<p class=\"quiet\">{}</p>", notes.join(" · ")) };
    format!(
        "<h2>Steps</h2><p class=\"quiet\">Response times. The curve is of their p95, or of the largest where there are few; \
         from zero to its own peak.</p>{}{notes}",
        table("Steps", "step", &columns, &rows, true)
    )
}

/// Scenarios, each followed by what belongs to it. Set-up and tear-down are no part of the load.
fn of_load(outcome: &Outcome) -> Vec<usize> {
    let mut own: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, info) in outcome.info.series.iter().enumerate() {
        let all = own.entry(&info.scenario).or_default();
        if info.kind == SeriesKind::Iterations { all.insert(0, place) } else { all.push(place) }
    }
    let scenarios = outcome.info.series.iter().filter(|info| info.kind == SeriesKind::Iterations);
    scenarios.flat_map(|info| own.remove(&*info.scenario).unwrap_or_default()).collect()
}

fn row(view: &View, place: usize) -> Row {
    let outcome = &view.outcome;
    let (info, tally) = (&outcome.info.series[place], &outcome.series[place]);
    let counters = &tally.counters;
    let per_second = counters.ended_in_time as f64 / outcome.measured.as_secs_f64();
    let figure = |time_of: Option<Duration>| {
        time_of.map_or_else(Cell::none, |value| Cell::figure(&time(value), value.as_secs_f64()))
    };
    let known = |figure: &str| outcome.known(Some(place), figure);
    let quantile = |q| {
        let known = known(&percentile_name(q)).map(plus_minus).unwrap_or_default();
        figure(supports(&tally.response, q).then(|| tally.response.quantile(q))).with(&known)
    };
    let rate_known = known("rate").map(plus_minus).unwrap_or_default();
    let failed = percent(counters.failed, counters.ended());
    let cells = vec![
        Cell::figure(&count(counters.started), counters.started as f64),
        match allows_rates(outcome.measured) {
            true => Cell::figure(&rate(per_second), per_second).with(&rate_known),
            false => Cell::none(),
        },
        Cell::figure(&failed, counters.failed as f64 / counters.ended().max(1) as f64)
            .with(&known("errors").map(between).unwrap_or_default()),
        quantile(0.5),
        quantile(0.95),
        quantile(0.99),
        figure(Some(tally.response.max()).filter(|_| !tally.response.is_empty())),
        Cell::markup(view.timeline.series.get(place).map(sparkline).unwrap_or_default()),
    ];
    let class = match (info.kind, counters.failed) {
        (SeriesKind::Iterations, _) => "whole",
        (_, 0) => "",
        _ => "failing",
    };
    Row { class, head: name(info, tally), cells }
}

fn name(info: &SeriesInfo, tally: &Tally) -> String {
    let tags = concat(info.tags.iter().map(|(name, value)| format!("{name}={value} ")));
    let title = if tags.is_empty() { String::new() } else { format!(" title=\"{}\"", text(&tags)) };
    let mark = if tally.counters.failed > 0 { " <span class=\"dot\" title=\"some failed\">▲</span>" } else { "" };
    let name = text(&info.name);
    match info.kind {
        SeriesKind::Iterations => format!("<span{title}>{name}<small> whole</small></span>{mark}"),
        SeriesKind::Requests => format!("<span class=\"inner\"{title}>{name}</span>{mark}"),
        SeriesKind::Group => format!("<span class=\"inner\"{title}>{name}<small> group</small></span>{mark}"),
    }
}

/// A small curve, from zero to its peak.
fn sparkline(track: &Track<One>) -> String {
    let values = values(track);
    let known = values.iter().flatten();
    let (Some(least), Some(most)) = (known.clone().min(), known.max()) else { return String::new() };
    let (last, peak) = ((values.len() - 1).max(1) as f64, most.as_secs_f64().max(1e-6));
    let (mut line, mut is_down) = (String::new(), false);
    for (place, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_down = false;
            continue;
        };
        let x = 1.0 + place as f64 / last * (WIDTH - 2.0);
        let y = HEIGHT - 2.0 - value.as_secs_f64() / peak * (HEIGHT - 4.0);
        let _ = write!(line, "{}{x:.1} {y:.1}", if is_down { 'L' } else { 'M' });
        // A point of its own is a dot.
        if !is_down {
            line.push_str("h.01");
        }
        is_down = true;
    }
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" \
         aria-label=\"from {} to {}\"><path d=\"{line}\"/></svg>",
        text(&time(*least)),
        text(&time(*most))
    )
}

/// The p95 of each of at most [`POINTS`] parts, or what most of them support instead.
fn values(track: &Track<One>) -> Vec<Option<Duration>> {
    let points = track.points();
    let groups = points.chunks(points.len().div_ceil(POINTS).max(1)).map(|group| {
        let mut sum = One::default();
        group.iter().for_each(|point| sum.merge(&point.piece));
        sum.response
    });
    let groups: Vec<_> = groups.collect();
    let some = groups.iter().filter(|times| times.count() > 0).count();
    let is_supported = |q: &f64| groups.iter().filter(|times| times.quantile(*q).is_some()).count() * 10 >= some * 9;
    match [0.95].into_iter().find(is_supported) {
        Some(q) => groups.iter().map(|times| times.quantile(q)).collect(),
        None => groups.iter().map(crate::timeline::Sparse::max).collect(),
    }
}
