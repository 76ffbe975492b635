//! The generator's own condition: what the verdict was reached from.

use onrush_metrics::Outcome;

use crate::layout::parts;
use crate::style::Style;
use crate::units::{allows_rates, bytes, several, share, supports, time};

/// Steal below this is noise.
const LEAST_STEAL: f64 = 0.005;

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let info = &outcome.info;
    let mut text = String::new();
    let mut used = vec![several(info.threads as u64, "thread", "threads")];
    used.extend(condition(outcome));
    let how = own_lag(outcome).into_iter().chain([format!("seed {}", info.seed)]).collect();
    parts(&mut text, "generator", &[used, how], style);
    text
}

fn condition(outcome: &Outcome) -> Vec<String> {
    let health = &outcome.health;
    let mut parts = Vec::new();
    let cpu = health.workers.iter().filter_map(|worker| worker.cpu).reduce(f64::max);
    if let Some(cpu) = cpu.filter(|_| allows_rates(outcome.elapsed)) {
        let busiest = if health.workers.len() > 1 { "busiest at " } else { "" };
        parts.push(format!("{busiest}{} CPU", share(cpu)));
    }
    if let Some(memory) = health.peak_memory {
        parts.push(format!("memory {}", bytes(memory)));
    }
    if let Some(steal) = health.steal.filter(|steal| *steal >= LEAST_STEAL) {
        parts.push(format!("steal {}", share(steal)));
    }
    parts
}

/// How late it began requests, waits for a place not counted.
fn own_lag(outcome: &Outcome) -> Option<String> {
    let lag = &outcome.arrivals().release_lag;
    let (name, tail) = if supports(lag, 0.99) { ("p99", lag.quantile(0.99)) } else { ("max", lag.max()) };
    (!lag.is_empty()).then(|| format!("own start lag p50 {}, {name} {}", time(lag.quantile(0.5)), time(tail)))
}
