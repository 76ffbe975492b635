//! Checks that did not always hold, each with what it expected and found; and how much retries added.

use onrush_metrics::{CheckRow, Outcome};

use crate::layout::{clean, clipped, parts, room, rows, width};
use crate::style::{Style, Tone};
use crate::units::{count, percent};

/// Failing checks that are shown.
const MOST_CHECKS: usize = 10;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    let counters = &outcome.total.counters;
    let made = counters.checks_passed + counters.checks_failed;
    if made > 0 {
        let share = percent(counters.checks_passed, made);
        let all = vec![format!("{} passed of {} ({share})", count(counters.checks_passed), count(made))];
        parts(&mut text, "checks", &[all], style);
        rows(&mut text, "", &failing(outcome, style));
    }
    if counters.attempts > counters.started {
        let ratio = counters.attempts as f64 / counters.started.max(1) as f64;
        let mut words = vec![
            format!("{} attempts for {} requests (× {ratio:.2})", count(counters.attempts), count(counters.started)),
            format!("{} failed at first", count(counters.failed_at_first)),
        ];
        if counters.hedges > 0 {
            words.push(format!("{} hedged", count(counters.hedges)));
        }
        parts(&mut text, "retries", &[words], style);
    }
    if counters.records > 0 {
        let per_second = counters.records as f64 / outcome.measured.as_secs_f64().max(f64::MIN_POSITIVE);
        parts(&mut text, "records", &[vec![format!("{} in bulk ({per_second:.1}/s)", count(counters.records))]], style);
    }
    text
}

fn failing(outcome: &Outcome, style: Style) -> Vec<String> {
    let all = outcome.info.series.iter().zip(&outcome.series);
    let checks = all.flat_map(|(info, tally)| {
        info.checks.iter().zip(tally.checks.rows()).map(move |(name, row)| (&info.name, name, row))
    });
    let failing: Vec<_> = checks.filter(|(.., row)| row.failed > 0).collect();
    let mut lines: Vec<_> =
        failing.iter().take(MOST_CHECKS).flat_map(|(step, check, row)| lines(step, check, row, style)).collect();
    if failing.len() > MOST_CHECKS {
        lines.push(format!("and {} more", failing.len() - MOST_CHECKS));
    }
    lines
}

fn lines(step: &str, check: &str, row: &CheckRow, style: Style) -> Vec<String> {
    let room = room(style);
    let name = format!("{}: {}", clean(step), clean(check));
    let failed = format!("failed {} {}", style.pick("×", "x"), count(row.failed));
    // What the check says stands in the line above already, unless it has a name of its own.
    let example = row
        .example
        .as_deref()
        .map(|example| clean(example.strip_prefix(check).map_or(example, |rest| rest.trim_start_matches([',', ' ']))));
    let head = format!("{name} {failed}");
    // How often is worth more than the end of a long name.
    let (head, below) = match example {
        _ if width(&head) <= room => (head, example),
        Some(example) => (clipped(&name, room, style), Some(format!("{failed}, {example}"))),
        None => (clipped(&name, room, style), Some(failed)),
    };
    let below = below.map(|below| format!("  {}", clipped(&below, room - 2, style)));
    std::iter::once(style.paint(Tone::Bad, &head)).chain(below).collect()
}
