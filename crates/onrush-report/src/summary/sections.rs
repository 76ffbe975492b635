//! The parts of the summary, one function each.

use std::fmt::Write;

use onrush_metrics::{Histogram, Outcome, Soundness, StopReason};

use super::sentences::about_times;
use crate::style::{Style, Tone};
use crate::units::{bytes, clock, count, duration, percent, rate, share};

/// The percentiles that are shown as far as the sample supports them.
const QUANTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];
/// Width of the labels on the left.
const LABEL: usize = 14;

pub(super) fn verdict(outcome: &Outcome, style: Style) -> String {
    let soundness = outcome.verdict.soundness();
    let (tone, mark, meaning) = match soundness {
        Soundness::Valid => (Tone::Good, style.pick("✔", "ok"), "the load was made as asked, and timed well"),
        Soundness::Degraded => (Tone::Warn, style.pick("▲", "!"), "read the numbers with this in mind"),
        Soundness::Invalid => (Tone::Bad, style.pick("✘", "x"), "do not trust these numbers"),
    };
    let head = style.paint(tone, &format!("{mark} {}", soundness.name().to_uppercase()));
    let mut text = format!("  {head}: {meaning}\n");
    for reason in &outcome.verdict.reasons {
        bullet(&mut text, &reason.text, style);
    }
    text
}

pub(super) fn requests(outcome: &Outcome, style: Style) -> String {
    let counters = &outcome.total.counters;
    let mut text = String::new();
    let mut parts = vec![
        format!("{} intended", count(counters.intended)),
        format!("{} started", count(counters.started)),
        format!("{} completed", count(counters.completed)),
    ];
    let failed = format!("{} failed ({})", count(counters.failed), percent(counters.failed, counters.ended()));
    parts.push(if counters.failed > 0 { style.paint(Tone::Bad, &failed) } else { "0 failed".to_owned() });
    parts.push(format!("{} dropped", count(counters.dropped)));
    for (number, name) in [(counters.cut_off, "cut off"), (counters.unstarted, "never begun")] {
        if number > 0 {
            parts.push(style.paint(Tone::Warn, &format!("{} {name}", count(number))));
        }
    }
    row(&mut text, "requests", &joined(&parts, style));
    row(&mut text, "rate", &rates(outcome, style));
    let stopped = if outcome.stopped == StopReason::Interrupted { ", interrupted" } else { "" };
    let warmup = outcome.info.warmup;
    let left_out = if warmup.is_zero() { String::new() } else { format!(" after {} of warm-up", clock(warmup)) };
    let head = format!("{} over {}, {}", outcome.info.load, outcome.info.protocol, outcome.info.targets.join(", "));
    row(&mut text, "load", &clipped(&head, style.width.saturating_sub(LABEL + 3)));
    row(&mut text, "measured", &format!("{}{left_out}{stopped}", duration(outcome.measured)));
    text
}

fn rates(outcome: &Outcome, style: Style) -> String {
    let achieved = style.paint(Tone::Strong, &rate(outcome.achieved_rate()));
    if outcome.info.open {
        format!("{achieved} achieved of {} intended", rate(outcome.intended_rate()))
    } else {
        format!("{achieved} (closed: each user waits for its answer before it asks again)")
    }
}

pub(super) fn times(outcome: &Outcome, style: Style) -> String {
    let (response, service) = (&outcome.total.response, &outcome.total.service);
    let columns: Vec<_> = QUANTILES.iter().filter(|(_, q)| response.supports(*q)).collect();
    let mut text = format!("  {:LABEL$}", "");
    for name in columns.iter().map(|(name, _)| *name).chain(["max", "mean"]) {
        let _ = write!(text, "{}", style.paint(Tone::Dim, &format!("{name:>9}")));
    }
    text.push('\n');
    for (label, times) in [("response time", response), ("service time", service)] {
        let _ = write!(text, "  {label:LABEL$}");
        for (_, q) in &columns {
            cell(&mut text, times, times.quantile(*q));
        }
        cell(&mut text, times, times.max());
        cell(&mut text, times, times.mean());
        text.push('\n');
    }
    for sentence in about_times(outcome) {
        bullet(&mut text, &sentence, style);
    }
    text
}

fn cell(text: &mut String, times: &Histogram, value: std::time::Duration) {
    let shown = if times.is_empty() { "-".to_owned() } else { duration(value) };
    let _ = write!(text, "{shown:>9}");
}

pub(super) fn breakdown(outcome: &Outcome, style: Style) -> String {
    let parts = outcome.total.breakdown.parts();
    let used = parts.iter().filter(|(_, times)| !times.is_empty());
    let mut shown = Vec::new();
    for (name, times) in used {
        let tail = if times.supports(0.99) { ("p99", times.quantile(0.99)) } else { ("max", times.max()) };
        let name = style.paint(Tone::Dim, name);
        shown.push(format!(
            "{name} {} {} {}",
            duration(times.quantile(0.5)),
            style.paint(Tone::Dim, tail.0),
            duration(tail.1)
        ));
    }
    let mut text = String::new();
    for (number, pair) in shown.chunks(3).enumerate() {
        row(&mut text, if number == 0 { "of which (p50)" } else { "" }, &joined(pair, style));
    }
    text
}

pub(super) fn answers(outcome: &Outcome, style: Style) -> String {
    let counters = &outcome.total.counters;
    let mut text = String::new();
    let statuses: Vec<_> =
        outcome.total.statuses.rows().iter().map(|(status, number)| status_text(*status, *number, style)).collect();
    if !statuses.is_empty() {
        row(&mut text, "status", &joined(&statuses, style));
    }
    for (number, error) in outcome.total.errors.rows().enumerate() {
        let example = error.example.unwrap_or_default();
        let line = format!("{} {}", count(error.count), error.kind);
        let room = style.width.saturating_sub(LABEL + 5 + line.chars().count());
        let shown = format!("{}: {}", style.paint(Tone::Bad, &line), clipped(example, room));
        row(&mut text, if number == 0 { "errors" } else { "" }, &shown);
    }
    let received =
        format!("{} received ({})", bytes(counters.bytes_received), data_rate(counters.bytes_received, outcome));
    row(&mut text, "data", &joined(&[received, format!("{} sent", bytes(counters.bytes_sent))], style));
    row(&mut text, "connections", &joined(&connections(outcome), style));
    text
}

fn status_text(status: u16, number: u64, style: Style) -> String {
    let tone = match status {
        200..=299 => Tone::Good,
        100..=399 => Tone::Dim,
        _ => Tone::Bad,
    };
    format!("{} {}", style.paint(tone, &status.to_string()), style.pick("×", "x")) + " " + &count(number)
}

fn connections(outcome: &Outcome) -> Vec<String> {
    let counters = &outcome.total.counters;
    let mut parts = vec![
        format!("{} opened", count(counters.connections_opened)),
        format!("{} requests on a reused one", count(counters.connections_reused)),
    ];
    for (number, what) in [
        (counters.stale_retries, "repeated after the service closed an idle one"),
        (counters.address_fallbacks, "attempts went on to another address"),
        (counters.redirects, "redirects followed"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", count(number)));
        }
    }
    parts
}

pub(super) fn generator(outcome: &Outcome, style: Style) -> String {
    let total = &outcome.total;
    let mut parts = Vec::new();
    if !total.start_lag.is_empty() {
        let tail = if total.start_lag.supports(0.99) {
            ("p99", total.start_lag.quantile(0.99))
        } else {
            ("max", total.start_lag.max())
        };
        parts.push(format!(
            "start lag p50 {}, {} {}",
            duration(total.start_lag.quantile(0.5)),
            tail.0,
            duration(tail.1)
        ));
    }
    let cpu: Vec<_> = outcome.health.workers.iter().filter_map(|worker| worker.cpu).map(share).collect();
    if !cpu.is_empty() {
        parts.push(format!("CPU {}", clipped(&cpu.join(" "), 40)));
    }
    if let Some(memory) = outcome.health.peak_memory {
        parts.push(format!("memory {}", bytes(memory)));
    }
    if let Some(steal) = outcome.health.steal.filter(|steal| *steal >= 0.005) {
        parts.push(format!("steal {}", share(steal)));
    }
    let mut text = String::new();
    if !parts.is_empty() {
        row(&mut text, "generator", &joined(&parts, style));
    }
    text
}

fn data_rate(amount: u64, outcome: &Outcome) -> String {
    let seconds = outcome.measured.as_secs_f64();
    if seconds > 0.0 { format!("{}/s", bytes((amount as f64 / seconds) as u64)) } else { "-".to_owned() }
}

fn row(text: &mut String, label: &str, value: &str) {
    let _ = writeln!(text, "  {label:LABEL$} {value}");
}

fn joined(parts: &[String], style: Style) -> String {
    parts.join(style.pick(" · ", ", "))
}

/// A sentence below what it belongs to, broken at the width.
fn bullet(text: &mut String, sentence: &str, style: Style) {
    let room = style.width.saturating_sub(6).max(20);
    let mut line = String::new();
    let mut mark = style.pick("→", "-");
    for word in sentence.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            let _ = writeln!(text, "    {mark} {line}");
            mark = " ";
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "    {mark} {line}");
}

/// As much of `text` as fits.
fn clipped(text: &str, room: usize) -> String {
    let room = room.max(10);
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room - 1).collect();
    format!("{kept}…")
}
