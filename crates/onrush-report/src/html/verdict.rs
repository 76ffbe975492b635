//! What must be known before any number is read, then the thresholds and the key figures.

use std::time::Duration;

use onrush_metrics::{Histogram, Outcome, Soundness, StopReason, percentile_name};

use super::escape::text;
use super::table::{Cell, Column, Row, concat, table};
use super::view::{Phase, View, is_scheduled};
use crate::findings::{between, in_words, missed, plus_minus};
use crate::summary::answers::received_rate;
use crate::summary::failures::Failures;
use crate::summary::requests::measured;
use crate::summary::verdict::{interrupted, repeats, sentence};
use crate::units::{allows_rates, bytes, clock, count, percent, rate, several, supports, time};

/// Failures, thresholds, soundness, each with a mark and a word; then the reasons.
pub(super) fn verdict(view: &View) -> String {
    let outcome = &view.outcome;
    let mut heads = Vec::new();
    if view.phase == Phase::Running && outcome.elapsed.is_zero() {
        return "<h2 class=\"unseen\">Verdict</h2><div class=\"heads\"><div class=\"head\"><p><strong>Nothing is measured \
                yet</strong> <span>this page follows the run as soon as it begins</span></p></div></div>"
            .to_owned();
    }
    match Failures::of(&outcome.total, outcome.iterations.as_ref()) {
        None => {}
        Some(Failures::All(how)) => heads.push(head("bad", "Nothing succeeded", &how)),
        Some(Failures::Part(how)) => heads.push(head("warn", "Some failed", &how)),
    }
    let (all, broken) = (outcome.thresholds.len(), outcome.thresholds.iter().filter(|one| !one.passed).count());
    let of_all = several(all as u64, "threshold", "thresholds");
    match (all, broken) {
        (0, _) => {}
        (_, 0) => heads.push(head("good", "Passed", &format!("{of_all} held"))),
        _ => heads.push(head("bad", "Failed", &format!("{broken} of {of_all} broken"))),
    }
    if let Some(how) = repeats(&outcome.total.counters) {
        heads.push(head("warn", "Some sent twice", &how));
    }
    heads.push(soundness(view));
    let reasons = outcome.verdict.reasons.iter().map(|reason| (class(reason.soundness), sentence(&reason.text)));
    let reasons = reasons.chain(endings(view));
    let reasons = concat(
        reasons.map(|(class, reason)| format!("<li class=\"{class}\">{}</li>", text(&reason).replace("± ", "±&nbsp;"))),
    );
    let reasons = if reasons.is_empty() { reasons } else { format!("<ul class=\"reasons\">{reasons}</ul>") };
    format!("<h2 class=\"unseen\">Verdict</h2><div class=\"heads\">{}</div>{reasons}", heads.concat())
}

/// What there is to say when the run is over: why it ended before its load did, and whether it held still.
fn endings(view: &View) -> Vec<(&'static str, String)> {
    if view.phase != Phase::Over {
        return Vec::new();
    }
    let outcome = &view.outcome;
    let stopped = interrupted(outcome).map(|text| match outcome.stopped {
        StopReason::Precise => ("good", text),
        _ => ("warn", text),
    });
    let missed = missed(outcome).map(|text| ("warn", text));
    let drifts = outcome.drifts().iter().map(|drift| ("warn", sentence(&in_words(drift, outcome).1)));
    stopped.into_iter().chain(missed).chain(drifts).collect()
}

fn soundness(view: &View) -> String {
    let soundness = view.outcome.verdict.soundness();
    let meaning = match soundness {
        Soundness::Valid => "the generator made the load as asked, and timed it well",
        Soundness::Degraded => "read the numbers with this in mind",
        Soundness::Invalid => "do not trust these numbers",
    };
    let name = soundness.name();
    let so_far = if view.phase == Phase::Over { "" } else { " so far" };
    head(class(soundness), &format!("{}{}{so_far}", name[..1].to_uppercase(), &name[1..]), meaning)
}

fn head(class: &str, word: &str, meaning: &str) -> String {
    let mark = match class {
        "bad" => "✘",
        "warn" => "▲",
        _ => "✔",
    };
    let (word, meaning) = (text(word), text(meaning));
    format!(
        "<div class=\"head {class}\"><span class=\"mark\" aria-hidden=\"true\">{mark}</span><p><strong>{word}</strong> \
         <span>{meaning}</span></p></div>"
    )
}

fn class(soundness: Soundness) -> &'static str {
    match soundness {
        Soundness::Valid => "good",
        Soundness::Degraded => "warn",
        Soundness::Invalid => "bad",
    }
}

/// Conditions as they were written, and how they did; while the run goes on, only what they are.
pub(super) fn thresholds(view: &View) -> String {
    let outcome = &view.outcome;
    let row = |passed: Option<bool>, condition: &str, found: &str| {
        let (class, word) = match passed {
            None => ("", "open"),
            Some(true) => ("good", "✔ held"),
            Some(false) => ("bad", "✘ broken"),
        };
        let result = Cell::markup(format!("<span class=\"word\">{word}</span>"));
        Row { class, head: format!("<code>{}</code>", text(condition)), cells: vec![result, Cell::text(found)] }
    };
    let mut rows: Vec<_> = outcome.thresholds.iter().map(|one| row(Some(one.passed), &one.text, &one.found)).collect();
    if view.phase != Phase::Over {
        rows = outcome.info.thresholds.iter().map(|condition| row(None, condition, "")).collect();
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = [Column("result", true), Column("found", true)];
    format!("<h2>Thresholds</h2>{}", table("Thresholds", "condition", &columns, &rows, false))
}

/// The figures that are asked for first.
pub(super) fn figures(view: &View) -> String {
    let outcome = &view.outcome;
    let mut cards = rates(outcome);
    let counters = &outcome.total.counters;
    let failed = percent(counters.failed, counters.ended());
    let how_many = match counters.failed {
        0 => format!("of {}", several(counters.ended(), "request", "requests")),
        number => format!("{} of {}", count(number), several(counters.ended(), "request", "requests")),
    };
    let how_many = [outcome.known(None, "errors").map(between).unwrap_or_default(), how_many];
    cards.push(card(if counters.failed > 0 { "bad" } else { "" }, "failed", &failed, &noted(&how_many)));
    cards.extend(quantiles(outcome).into_iter().filter_map(|q| quantile(outcome, q)));
    if !outcome.total.response.is_empty() {
        cards.push(card(
            "",
            "max",
            &time(outcome.total.response.max()),
            &beside(&outcome.total.service, Histogram::max),
        ));
    }
    let received = counters.bytes_received;
    if received > 0 {
        let note = received_rate(outcome).unwrap_or_default();
        cards.push(card("", "received", &bytes(received), &note));
    }
    cards.push(card("", "measured", &clock(outcome.measured), &rest(&measured(outcome))));
    format!("<h2 class=\"unseen\">Key figures</h2><dl class=\"cards\">{}</dl>", cards.concat())
}

fn rates(outcome: &Outcome) -> Vec<String> {
    if !allows_rates(outcome.measured) {
        return Vec::new();
    }
    let counters = &outcome.arrivals().counters;
    let (name, value, note) = match outcome.info.open {
        true => {
            let share = percent(counters.started_in_time, counters.intended);
            let note = format!("{share} of {} intended", rate(outcome.intended_rate()));
            (if outcome.iterations.is_some() { "iterations" } else { "achieved" }, outcome.started_rate(), note)
        }
        false => {
            let name = if outcome.iterations.is_some() { "iterations" } else { "achieved" };
            let note = if is_scheduled(outcome) { "" } else { "users wait for answers" };
            let known = if outcome.iterations.is_some() { String::new() } else { known(outcome, "rate") };
            (name, outcome.ended_rate(), noted(&[known, note.to_owned()]))
        }
    };
    let mut cards = vec![card("main", name, &rate(value), &note)];
    if outcome.iterations.is_some() {
        let started = several(outcome.total.counters.started, "request", "requests");
        cards.push(card("", "requests", &rate(outcome.requests_rate()), &noted(&[known(outcome, "rate"), started])));
    }
    for (number, name, whole) in [
        (counters.dropped, "dropped", counters.intended),
        (counters.cut_off, "cut off", counters.started),
        (counters.unstarted, "unstarted", counters.intended),
    ] {
        if number > 0 {
            cards.push(card("warn", name, &percent(number, whole), &count(number)));
        }
    }
    cards
}

/// The usual ones, and the one that decides when the run ends.
fn quantiles(outcome: &Outcome) -> Vec<f64> {
    let mut quantiles = vec![0.5, 0.95, 0.99];
    let asked = outcome.info.until.iter().filter(|until| until.series.is_empty()).map(|until| until.q);
    quantiles.extend(asked);
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup_by_key(|q| percentile_name(*q));
    quantiles
}

fn quantile(outcome: &Outcome, q: f64) -> Option<String> {
    let (times, name) = (&outcome.total.response, percentile_name(q));
    let note = noted(&[known(outcome, &name), beside(&outcome.total.service, |times| times.quantile(q))]);
    supports(times, q).then(|| card("", &name, &time(times.quantile(q)), &note))
}

/// How well a figure of all requests is known.
fn known(outcome: &Outcome, figure: &str) -> String {
    outcome.known(None, figure).map(plus_minus).unwrap_or_default()
}

/// What there is to say, a line each.
fn noted(notes: &[String]) -> String {
    notes.iter().filter(|note| !note.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// The service time, beside the response time.
fn beside(service: &Histogram, figure: impl Fn(&Histogram) -> Duration) -> String {
    if service.is_empty() { String::new() } else { format!("service {}", time(figure(service))) }
}

/// What is said after the time itself: the warm-up before it, the wait after it.
fn rest(measured: &str) -> String {
    let after = measured.find(" after ").or_else(|| measured.find(", then "));
    after.map(|at| measured[at..].trim_start_matches([',', ' ']).to_owned()).unwrap_or_default()
}

fn card(class: &str, name: &str, value: &str, note: &str) -> String {
    let (value, note) = (text(value), note.lines().map(text).collect::<Vec<_>>().join("<br>"));
    // The unit is smaller than the number.
    let value = match value.split_once(' ') {
        Some((number, unit)) if !unit.contains(' ') => format!("{number}<small> {unit}</small>"),
        _ => value.strip_suffix("/s").map(|number| format!("{number}<small>/s</small>")).unwrap_or(value),
    };
    format!("<div class=\"card {class}\"><dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd></div>")
}
