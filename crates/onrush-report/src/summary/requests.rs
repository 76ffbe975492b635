//! What was asked for and how much of it came about.

use onrush_metrics::Outcome;

use crate::layout::{clean, clipped, parts, room, row};
use crate::style::{Style, Tone};
use crate::units::{clock, count, duration, percent, rate};

/// Targets that are named; the others are counted.
const MOST_TARGETS: usize = 3;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    load(&mut text, outcome, style);
    parts(&mut text, "requests", &[begun(outcome), ended(outcome, style)], style);
    if outcome.total.counters.intended > 0 {
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
    parts(text, "load", &[vec![clean(&info.load), clean(&info.protocol)]], style);
    let warmup = match info.warmup {
        warmup if warmup.is_zero() => String::new(),
        warmup => format!(" after {} of warm-up", clock(warmup)),
    };
    row(text, "measured", &format!("{}{warmup}", duration(outcome.measured)), style);
}

fn begun(outcome: &Outcome) -> Vec<String> {
    let counters = &outcome.total.counters;
    vec![
        format!("{} intended", count(counters.intended)),
        format!("{} started", count(counters.started)),
        format!("{} completed", count(counters.completed)),
    ]
}

fn ended(outcome: &Outcome, style: Style) -> Vec<String> {
    let counters = &outcome.total.counters;
    let mut ended = vec![match counters.failed {
        0 => "0 failed".to_owned(),
        failed => style.paint(Tone::Bad, &format!("{} failed ({})", count(failed), percent(failed, counters.ended()))),
    }];
    for (number, name) in
        [(counters.dropped, "dropped"), (counters.cut_off, "cut off"), (counters.unstarted, "never begun")]
    {
        if number > 0 {
            let share = percent(number, counters.intended);
            ended.push(style.paint(Tone::Warn, &format!("{} {name} ({share})", count(number))));
        } else if name == "dropped" && outcome.info.open {
            ended.push("0 dropped".to_owned());
        }
    }
    ended
}

fn rates(outcome: &Outcome, style: Style) -> String {
    let counters = &outcome.total.counters;
    let achieved = style.paint(Tone::Strong, &rate(outcome.achieved_rate()));
    if !outcome.info.open {
        return format!("{achieved} achieved (closed: each user waits for its answer)");
    }
    let share = percent(counters.ended_in_time, counters.intended);
    format!("{achieved} achieved of {} intended ({share})", rate(outcome.intended_rate()))
}
