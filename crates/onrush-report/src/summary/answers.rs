//! What came back: statuses, errors, bytes, connections.

use onrush_metrics::{ErrorKind, ErrorRow, Outcome};

use crate::layout::{clean, clipped, parts, room, row, rows, width, wrap};
use crate::style::{Style, Tone};
use crate::units::{allows_rates, bytes, count, several};

/// Statuses that are shown one by one; a service could invent hundreds.
const MOST_STATUSES: usize = 12;
/// Lines that an example of an error may take.
const MOST_LINES: usize = 3;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let counters = &outcome.total.counters;
    let mut text = String::new();
    parts(&mut text, "status", &[statuses(outcome, style)], style);
    let broken_off = outcome.iterations.as_ref().map(|iterations| ("broken off", iterations));
    for (title, tally) in std::iter::once(("errors", &outcome.total)).chain(broken_off) {
        for (number, error) in tally.errors.rows().enumerate() {
            rows(&mut text, if number == 0 { title } else { "" }, &error_lines(&error, style));
        }
    }
    if counters.bytes_received + counters.bytes_sent > 0 {
        let rate = received_rate(outcome).map(|rate| format!(" ({rate})")).unwrap_or_default();
        let received = format!("{} received{}", bytes(counters.bytes_received), rate);
        parts(&mut text, "data", &[vec![received, format!("{} sent", bytes(counters.bytes_sent))]], style);
    }
    parts(&mut text, "connections", &[connections(outcome)], style);
    if counters.redirects > 0 {
        row(&mut text, "redirects", &format!("{} followed", count(counters.redirects)), style);
    }
    text
}

/// The most frequent ones, in rising order.
fn statuses(outcome: &Outcome, style: Style) -> Vec<String> {
    let mut all = outcome.total.statuses.rows().to_vec();
    all.sort_by_key(|(status, number)| (std::cmp::Reverse(*number), *status));
    let others = all.split_off(all.len().min(MOST_STATUSES));
    all.sort_unstable();
    let times = style.pick("×", "x");
    let mut shown: Vec<_> = all
        .iter()
        .map(|(status, number)| {
            let status = style.paint(tone_of(*status), &status.to_string());
            format!("{status} {times} {}", count(*number))
        })
        .collect();
    if !others.is_empty() {
        let answers = others.iter().map(|(_, number)| number).sum();
        shown.push(format!("{} more {times} {}", others.len(), count(answers)));
    }
    shown
}

fn tone_of(status: u16) -> Tone {
    match status {
        200..=299 => Tone::Good,
        100..=399 => Tone::Dim,
        _ => Tone::Bad,
    }
}

/// What, how often, and what the first one said: on one line if that fits, below otherwise.
fn error_lines(error: &ErrorRow, style: Style) -> Vec<String> {
    let place = if error.kind.is_local() { " (this machine's limit, not the service's)" } else { "" };
    let head = format!("{} {} {}{place}", error.kind, style.pick("×", "x"), count(error.count));
    let example = clean(error.example.unwrap_or_default());
    let example = example.strip_prefix(error.kind.name()).unwrap_or(&example).trim_start();
    // Statuses are listed above.
    let between = if error.kind == ErrorKind::Status { ", such as" } else { ":" };
    let room = room(style);
    if !example.is_empty() && width(&head) + width(between) + 1 + width(example) <= room {
        return vec![format!("{}{between} {example}", style.paint(Tone::Bad, &head))];
    }
    let end = if example.is_empty() { "" } else { between };
    let lines = wrap(&(head + end), room).into_iter().map(|line| style.paint(Tone::Bad, &line));
    lines.chain(first_lines(example, room - 2, style).iter().map(|line| format!("  {line}"))).collect()
}

/// As much of an example as shows what it is about.
fn first_lines(example: &str, room: usize, style: Style) -> Vec<String> {
    let mut lines = wrap(example, room);
    if lines.len() > MOST_LINES {
        let rest = lines.split_off(MOST_LINES - 1).join(" ");
        lines.push(clipped(&rest, room, style));
    }
    lines
}

/// The rate at which bytes came, the time for the last answers included: they are counted, too.
pub(crate) fn received_rate(outcome: &Outcome) -> Option<String> {
    let over = outcome.elapsed.saturating_sub(outcome.info.warmup).max(outcome.measured);
    let received = outcome.total.counters.bytes_received;
    let is_one = received > 0 && allows_rates(over);
    is_one.then(|| format!("{}/s", bytes((received as f64 / over.as_secs_f64()) as u64)))
}

fn connections(outcome: &Outcome) -> Vec<String> {
    let counters = &outcome.total.counters;
    if counters.connections_opened + counters.connections_reused + counters.address_fallbacks == 0 {
        return Vec::new();
    }
    let mut parts = vec![format!("{} opened", count(counters.connections_opened))];
    match counters.connections_reused {
        0 if counters.connections_opened == 1 => {}
        0 => parts.push("none reused".to_owned()),
        reused => parts.push(format!("reused by {}", several(reused, "request", "requests"))),
    }
    if counters.stale_retries > 0 {
        let requests = several(counters.stale_retries, "request", "requests");
        parts.push(format!("{requests} repeated (idle connection was closed)"));
    }
    if counters.unanswered_repeats > 0 {
        let requests = several(counters.unanswered_repeats, "request", "requests");
        parts.push(format!("{requests} repeated (connection was closed without an answer)"));
    }
    if counters.address_fallbacks > 0 {
        let attempts = several(counters.address_fallbacks, "attempt", "attempts");
        parts.push(format!("{attempts} passed on to another address"));
    }
    parts
}
