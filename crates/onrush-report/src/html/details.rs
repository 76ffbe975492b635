//! What came back and where the time went: checks, errors, statuses, the breakdown, the generator.

use onrush_metrics::{ErrorRow, Outcome, percentile_name};

use super::escape::text;
use super::table::{Cell, Column, Row, bar, concat, pairs, table};
use super::view::View;
use crate::findings::plus_minus;
use crate::summary::sentences::about_times;
use crate::summary::times;
use crate::units::{bytes, count, percent, share, supports, time};

/// Checks that are listed; those that failed come first.
const MOST_CHECKS: usize = 200;
/// Steps whose errors are listed.
const MOST_STEPS: usize = 100;

pub(super) fn checks(view: &View) -> String {
    let outcome = &view.outcome;
    let series = outcome.info.series.iter().zip(&outcome.series);
    let all = series.flat_map(|(info, tally)| {
        info.checks.iter().zip(tally.checks.rows()).map(move |(check, row)| (&info.name, check, row))
    });
    let mut all: Vec<_> = all.filter(|(.., row)| row.passed + row.failed > 0).collect();
    if all.is_empty() {
        return String::new();
    }
    all.sort_by_key(|(.., row)| row.failed == 0);
    let rows = all.iter().take(MOST_CHECKS).map(|(step, check, row)| {
        let made = row.passed + row.failed;
        Row {
            class: if row.failed > 0 { "failing" } else { "" },
            head: format!("{} <span class=\"quiet\">{}</span>", text(check), text(step)),
            cells: vec![
                Cell::figure(&percent(row.passed, made), row.passed as f64 / made as f64),
                Cell::figure(&count(row.passed), row.passed as f64),
                Cell::figure(&count(row.failed), row.failed as f64),
                Cell::text(row.example.as_deref().unwrap_or_default()),
            ],
        }
    });
    let columns =
        [Column("held", false), Column("passed", false), Column("failed", false), Column("first failure", true)];
    let more = all.len().saturating_sub(MOST_CHECKS) as u64;
    let more = if more > 0 { format!("<p class=\"quiet\">and {} more</p>", count(more)) } else { String::new() };
    format!("<h2>Checks</h2>{}{more}", table("Checks", "check", &columns, &rows.collect::<Vec<_>>(), true))
}

pub(super) fn errors(view: &View) -> String {
    let outcome = &view.outcome;
    let mut rows = Vec::new();
    let mut add = |place: &str, errors: Vec<ErrorRow<'_>>, ended: u64| {
        for row in errors {
            let local =
                if row.kind.is_local() { " <small>this machine’s limit, not the service’s</small>" } else { "" };
            let place =
                if place.is_empty() { String::new() } else { format!(" <span class=\"quiet\">{}</span>", text(place)) };
            rows.push(Row {
                class: "failing",
                head: format!("<span title=\"{}\">{}</span>{local}{place}", text(row.kind.about()), row.kind.name()),
                cells: vec![
                    Cell::figure(&count(row.count), row.count as f64),
                    Cell::figure(&percent(row.count, ended), row.count as f64 / ended.max(1) as f64),
                    Cell::text(row.example.unwrap_or_default()),
                ],
            });
        }
    };
    if outcome.info.series.is_empty() {
        add("", outcome.total.errors.rows().collect(), outcome.total.counters.ended());
    }
    let series = outcome.info.series.iter().zip(&outcome.series);
    for (info, tally) in series.filter(|(_, tally)| tally.errors.total() > 0).take(MOST_STEPS) {
        add(&info.name, tally.errors.rows().collect(), tally.counters.ended());
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = [Column("count", false), Column("share", false), Column("example", true)];
    format!("<h2>Errors</h2>{}", table("Errors", "kind", &columns, &rows, true))
}

pub(super) fn statuses(view: &View) -> String {
    let all = view.outcome.total.statuses.rows();
    let sum: u64 = all.iter().map(|(_, number)| number).sum();
    if sum == 0 {
        return String::new();
    }
    let rows = all.iter().map(|(status, number)| {
        let class = match status {
            200..=299 => "good",
            100..=399 => "",
            _ => "bad",
        };
        Row {
            class: "",
            head: status.to_string(),
            cells: vec![
                Cell::figure(&count(*number), *number as f64),
                Cell::figure(&percent(*number, sum), *number as f64 / sum as f64),
                Cell::markup(bar(*number as f64 / sum as f64, class)),
            ],
        }
    });
    let columns = [Column("answers", false), Column("share", false), Column("of all", true)];
    format!("<h2>Status codes</h2>{}", table("Status codes", "status", &columns, &rows.collect::<Vec<_>>(), false))
}

/// Response and service time with their parts, and what the difference means.
pub(super) fn breakdown(view: &View) -> String {
    let outcome = &view.outcome;
    let response = &outcome.total.response;
    if response.is_empty() {
        return String::new();
    }
    let whole = response.sum().as_secs_f64().max(f64::MIN_POSITIVE);
    let rows = times::rows(outcome).into_iter().map(|row| {
        let figure =
            |value: Option<_>| value.map_or_else(Cell::none, |value| Cell::figure(&time(value), value.as_secs_f64()));
        // How well they are known is known of response times.
        let known = |figure: &str| outcome.known(None, figure).filter(|_| row.name == times::RESPONSE);
        let known = |figure: &str| known(figure).map(plus_minus).unwrap_or_default();
        let quantile =
            |q| figure(supports(row.times, q).then(|| row.times.quantile(q))).with(&known(&percentile_name(q)));
        let part = row.times.sum().as_secs_f64() / whole;
        Row {
            class: if row.is_part { "part" } else { "whole" },
            head: format!("<span class=\"{}\">{}</span>", if row.is_part { "inner" } else { "" }, row.name),
            cells: vec![
                Cell::figure(&count(row.times.count()), row.times.count() as f64),
                figure(Some(row.times.mean())).with(&known("mean")),
                quantile(0.5),
                quantile(0.9),
                quantile(0.99),
                figure(Some(row.times.max())),
                Cell::markup(bar(part, "")),
            ],
        }
    });
    let columns = [
        Column("samples", false),
        Column("mean", false),
        Column("p50", false),
        Column("p90", false),
        Column("p99", false),
        Column("max", false),
        Column("of all the time", true),
    ];
    let sentences = concat(about_times(outcome).iter().map(|sentence| format!("<li>{}</li>", text(sentence))));
    let sentences = if sentences.is_empty() { sentences } else { format!("<ul class=\"notes\">{sentences}</ul>") };
    let rows: Vec<_> = rows.collect();
    format!("<h2>Where the time went</h2>{}{sentences}", table("Where the time went", "part", &columns, &rows, false))
}

/// How the generator itself fared.
pub(super) fn generator(view: &View) -> String {
    let outcome = &view.outcome;
    let health = &outcome.health;
    let workers: Vec<_> = health.workers.iter().filter_map(|worker| worker.cpu).map(share).collect();
    let busiest = health.workers.iter().filter_map(|worker| worker.run_queue).reduce(f64::max);
    let late = |times: &onrush_metrics::Histogram| {
        let (name, tail) = if supports(times, 0.99) { ("p99", times.quantile(0.99)) } else { ("max", times.max()) };
        let text = format!("p50 {}, {name} {}", time(times.quantile(0.5)), time(tail));
        if times.is_empty() { String::new() } else { super::escape::text(&text) }
    };
    let facts = pairs([
        ("CPU by worker", workers.join(" · ")),
        ("waiting for a core", busiest.map(|queue| format!("up to {}", share(queue))).unwrap_or_default()),
        ("steal", health.steal.map(share).unwrap_or_default()),
        ("memory", health.peak_memory.map(bytes).unwrap_or_default()),
        ("own start lag", late(&outcome.arrivals().release_lag)),
        ("loop delay", late(&outcome.total.loop_delay)),
        ("connections", connections(outcome)),
    ]);
    format!("<h3>In figures</h3>{facts}")
}

fn connections(outcome: &Outcome) -> String {
    let counters = &outcome.total.counters;
    match (counters.connections_opened, counters.connections_reused) {
        (0, 0) => String::new(),
        (opened, reused) => format!("{} opened, reused by {} requests", count(opened), count(reused)),
    }
}
