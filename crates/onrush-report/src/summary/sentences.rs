//! What the numbers mean, where they need saying.

use std::time::Duration;

use onrush_metrics::{ErrorKind, Outcome};

use crate::units::{count, duration, percent};

/// Sentences that belong below the times.
pub(super) fn about_times(outcome: &Outcome) -> Vec<String> {
    [difference(outcome), closed_stall(outcome), timeouts(outcome), cut_off(outcome)].into_iter().flatten().collect()
}

/// Why response and service time differ, when they do.
fn difference(outcome: &Outcome) -> Option<String> {
    let total = &outcome.total;
    let (response, service) = (total.response.quantile(0.99), total.service.quantile(0.99));
    let apart = response.saturating_sub(service);
    // Below a fiftieth, or what a scheduler does anyway, there is nothing to explain.
    if total.service.is_empty() || apart * 50 < response || apart < Duration::from_micros(100) {
        return None;
    }
    let own = total.release_lag.quantile(0.99);
    let lag = total.start_lag.quantile(0.99);
    let connect = total.breakdown.connect.quantile(0.99) + total.breakdown.tls.quantile(0.99);
    let pool = total.breakdown.pool.quantile(0.99);
    let (longest, why) = [
        (own, "the generator began requests late, which is its own fault"),
        (
            lag.saturating_sub(own),
            "requests waited for a place under the in-flight limit, as users of a stalled service would",
        ),
        (pool, "requests waited for a connection of the shared pool"),
        (connect, "requests waited for their connection"),
    ]
    .into_iter()
    .max_by_key(|(time, _)| *time)?;
    let lead = format!("Response and service time differ by {} at p99:", duration(apart));
    Some(if longest * 4 < apart {
        format!("{lead} several waits before sending add up.")
    } else {
        format!("{lead} {why} (p99 {}).", duration(longest))
    })
}

/// A closed load does not see what arrivals would have felt during a stall.
fn closed_stall(outcome: &Outcome) -> Option<String> {
    let response = &outcome.total.response;
    let stalled = response.max() > Duration::from_millis(100) && response.max() > response.quantile(0.5) * 100;
    (!outcome.info.open && stalled).then(|| {
        format!(
            "The slowest answer took {}; users of a closed load wait meanwhile and send nothing, so the \
             percentiles show less of it than arrivals at a steady rate (--rate) would feel.",
            duration(response.max())
        )
    })
}

fn timeouts(outcome: &Outcome) -> Option<String> {
    let errors = &outcome.total.errors;
    let timeouts = errors.count(ErrorKind::Timeout) + errors.count(ErrorKind::ConnectTimeout);
    (timeouts > 0).then(|| {
        format!(
            "{} timed out; they are in the times with how long they were waited for, a lower bound.",
            requests(timeouts)
        )
    })
}

fn cut_off(outcome: &Outcome) -> Option<String> {
    let counters = &outcome.total.counters;
    let oldest = outcome.oldest_cut_off.filter(|_| counters.cut_off > 0)?;
    Some(format!(
        "{} ({}) had no answer when the run ended, the oldest after {}; their times are in no figure.",
        requests(counters.cut_off),
        percent(counters.cut_off, counters.started),
        duration(oldest)
    ))
}

fn requests(number: u64) -> String {
    if number == 1 { "1 request".to_owned() } else { format!("{} requests", count(number)) }
}
