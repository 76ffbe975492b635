//! The generator's own condition: what the verdict was reached from.

use onrush_metrics::Outcome;

use crate::layout::parts;
use crate::style::Style;
use crate::units::{bytes, share, supports, time};

/// Steal below this is noise.
const LEAST_STEAL: f64 = 0.005;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    parts(&mut text, "generator", &[own(outcome)], style);
    text
}

fn own(outcome: &Outcome) -> Vec<String> {
    let (own, health) = (&outcome.total.release_lag, &outcome.health);
    let mut parts = Vec::new();
    if !own.is_empty() {
        let (name, tail) = if supports(own, 0.99) { ("p99", own.quantile(0.99)) } else { ("max", own.max()) };
        parts.push(format!("own lag p50 {}, {name} {}", time(own.quantile(0.5)), time(tail)));
    }
    let cpu = || health.workers.iter().filter_map(|worker| worker.cpu);
    match cpu().count() {
        0 => {}
        1 => parts.push(format!("CPU {} of a core", share(cpu().fold(0.0, f64::max)))),
        _ => parts.push(format!("CPU of the busiest thread {}", share(cpu().fold(0.0, f64::max)))),
    }
    if let Some(memory) = health.peak_memory {
        parts.push(format!("memory {}", bytes(memory)));
    }
    if let Some(steal) = health.steal.filter(|steal| *steal >= LEAST_STEAL) {
        parts.push(format!("steal {}", share(steal)));
    }
    parts
}
