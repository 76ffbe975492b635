//! What was asked for and how much of it came about.

use std::time::Duration;

use onrush_metrics::{Outcome, Tally};

use crate::layout::{clean, clipped, parts, room, row};
use crate::protocol::protocol;
use crate::style::{Style, Tone};
use crate::units::{allows_rates, clock, count, duration, percent, rate};

/// A wait for the last answers is worth a word if it took more than this part of the measured time.
const SHORT_AFTER: u32 = 20;
/// Targets that are named; the others are counted.
const MOST_TARGETS: usize = 3;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    load(&mut text, outcome, style);
    if let Some(iterations) = &outcome.iterations {
        parts(&mut text, "iterations", &[begun(iterations), ended(iterations, outcome.info.open, style)], style);
        parts(&mut text, "requests", &[made(&outcome.total), ended(&outcome.total, false, style)], style);
    } else {
        parts(&mut text, "requests", &[begun(&outcome.total), ended(&outcome.total, outcome.info.open, style)], style);
    }
    if outcome.arrivals().counters.intended > 0 {
        row(&mut text, "rate", &rates(outcome, style), style);
    }
    text
}

fn load(text: &mut String, outcome: &Outcome, style: Style) {
    let info = &outcome.info;
    for (number, target) in info.targets.iter().take(MOST_TARGETS).enumerate() {
        let label = match (number, info.targets.len()) {
            (0, 1) => "target",
            (0, _) => "targets",
            _ => "",
        };
        row(text, label, &clipped(&clean(target), room(style), style), style);
    }
    if info.targets.len() > MOST_TARGETS {
        row(text, "", &format!("and {} more", count((info.targets.len() - MOST_TARGETS) as u64)), style);
    }
    parts(text, "load", &[vec![clean(&info.load), protocol(info)]], style);
    row(text, "measured", &measured(outcome), style);
}

/// The time that figures are about, and what came before and after it.
pub(crate) fn measured(outcome: &Outcome) -> String {
    let warmup = match outcome.info.warmup {
        warmup if warmup.is_zero() => String::new(),
        warmup => format!(" after {} of warm-up", clock(warmup)),
    };
    let after = outcome.elapsed.saturating_sub(outcome.info.warmup + outcome.measured);
    let is_long = outcome.total.counters.started > 0
        && after * SHORT_AFTER > outcome.measured
        && after >= Duration::from_millis(100);
    let waited = if is_long { format!(", then {} for the last answers", duration(after)) } else { String::new() };
    format!("{}{warmup}{waited}", duration(outcome.measured))
}

/// What users of scenarios sent, which nobody intends beforehand.
fn made(requests: &Tally) -> Vec<String> {
    let counters = &requests.counters;
    vec![format!("{} started", count(counters.started)), format!("{} completed", count(counters.completed))]
}

fn begun(asked: &Tally) -> Vec<String> {
    let counters = &asked.counters;
    vec![
        format!("{} intended", count(counters.intended)),
        format!("{} started", count(counters.started)),
        format!("{} completed", count(counters.completed)),
    ]
}

fn ended(asked: &Tally, is_open: bool, style: Style) -> Vec<String> {
    let counters = &asked.counters;
    let mut ended = vec![match counters.failed {
        0 => "0 failed".to_owned(),
        failed => style.paint(Tone::Bad, &format!("{} failed ({})", count(failed), percent(failed, counters.ended()))),
    }];
    for (number, name, whole) in [
        (counters.dropped, "dropped", counters.intended),
        (counters.cut_off, "cut off", counters.started),
        (counters.unstarted, "unstarted", counters.intended),
    ] {
        if number > 0 {
            ended.push(style.paint(Tone::Warn, &format!("{} {name} ({})", count(number), percent(number, whole))));
        } else if name == "dropped" && is_open {
            ended.push("0 dropped".to_owned());
        }
    }
    ended
}

fn rates(outcome: &Outcome, style: Style) -> String {
    let counters = &outcome.arrivals().counters;
    if !allows_rates(outcome.measured) {
        return format!("too short to tell ({})", duration(outcome.measured));
    }
    let requests = match outcome.iterations {
        Some(_) => format!("; {} requests", rate(outcome.requests_rate())),
        None => String::new(),
    };
    let with_failures = if counters.failed > 0 { ", with failures" } else { "" };
    let (started, ended) = (rate(outcome.started_rate()), rate(outcome.ended_rate()));
    if outcome.info.open {
        // What the generator is held to is what it begins; when answers come is the service's affair.
        let share = percent(counters.started_in_time, counters.intended);
        let intended = rate(outcome.intended_rate());
        let ended = if ended == started { String::new() } else { format!("; {ended} ended") };
        let achieved = style.paint(Tone::Strong, &started);
        return format!("{achieved} achieved of {intended} intended ({share}){ended}{with_failures}{requests}");
    }
    let achieved = style.paint(Tone::Strong, &ended);
    // A load may have open and closed stages.
    let is_mixed = !outcome.arrivals().start_lag.is_empty();
    let why = if is_mixed { "" } else { " (closed: users wait for answers)" };
    format!("{achieved} achieved{with_failures}{requests}{why}")
}
