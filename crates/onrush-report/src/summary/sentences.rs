//! What the times mean, where they need saying.

use std::time::Duration;

use onrush_metrics::{ErrorKind, Histogram, Outcome};

use crate::units::{percent, several, time};

/// Sentences that belong below the times.
pub(crate) fn about_times(outcome: &Outcome) -> Vec<String> {
    [
        difference(outcome),
        closed_stall(outcome),
        timeouts(outcome),
        error_answers(outcome),
        without_times(outcome),
        cut_off(outcome),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Why response and service time differ, when they do.
fn difference(outcome: &Outcome) -> Option<String> {
    let total = &outcome.total;
    let (at, q) = match total.response.count() {
        1 => ("", 1.0),
        _ if total.response.supports(0.99) => (" at p99", 0.99),
        _ => (" at the median", 0.5),
    };
    let apart = total.response.quantile(q).saturating_sub(total.service.quantile(q));
    // Below a fiftieth, or what a scheduler does anyway, there is nothing to explain.
    if total.service.is_empty() || apart * 50 < total.response.quantile(q) || apart < Duration::from_micros(100) {
        return None;
    }
    let lead = format!("Response and service time differ by {}{at}:", time(apart));
    let reasons: Vec<_> = waits(outcome, q)
        .into_iter()
        .filter(|(wait, _)| *wait * 4 >= apart)
        .map(|(wait, why)| format!("{why} ({})", time(wait)))
        .collect();
    Some(match reasons.is_empty() {
        true if total.counters.attempts > total.counters.started => {
            format!("{lead} failed attempts and the waits before others are in the response times.")
        }
        true => format!("{lead} several waits before sending add up."),
        false => format!("{lead} {}.", reasons.join(", and ")),
    })
}

/// What requests waited for before they were sent, longest first.
fn waits(outcome: &Outcome, q: f64) -> Vec<(Duration, &'static str)> {
    let total = &outcome.total;
    let (own, lag) = (outcome.arrivals().release_lag.quantile(q), total.start_lag.quantile(q));
    let lag = lag.saturating_sub(own);
    let parts = &total.breakdown;
    let mut waits = vec![
        (own, "the generator began requests late, which is its own fault"),
        (lag, why_late(outcome, q, lag)),
        (parts.pool.quantile(q), "requests waited for a connection of the shared pool"),
        (
            [&parts.dns, &parts.connect, &parts.tls].into_iter().map(|part| of_all(part, outcome, q)).sum(),
            "requests waited for their connection",
        ),
    ];
    waits.sort_by_key(|(wait, _)| std::cmp::Reverse(*wait));
    waits
}

/// What is known of requests that were begun so much later than the load let them go.
fn why_late(outcome: &Outcome, q: f64, lag: Duration) -> &'static str {
    let Some(iterations) = &outcome.iterations else {
        return "requests waited for a place under the in-flight limit, as users of a stalled service would";
    };
    // Their first requests are late with them.
    let waited = iterations.start_lag.quantile(q).saturating_sub(iterations.release_lag.quantile(q));
    match (waited * 4 >= lag, outcome.info.batches) {
        (true, false) => "users waited with them for a place under the in-flight limit",
        (true, true) => {
            "users waited with them for a place under the in-flight limit, or they for others of their batch"
        }
        (false, true) => "requests waited for others of their batch",
        (false, false) => "the generator was busy between the steps of its users, which is its own time",
    }
}

/// The quantile of a part over all requests: those that did not have it had none of it.
fn of_all(part: &Histogram, outcome: &Outcome, q: f64) -> Duration {
    let beyond = outcome.total.response.count() as f64 * (1.0 - q);
    let samples = part.count() as f64;
    if samples > beyond { part.quantile(1.0 - beyond / samples) } else { Duration::ZERO }
}

/// A closed load does not see what arrivals would have felt during a stall.
fn closed_stall(outcome: &Outcome) -> Option<String> {
    let response = &outcome.total.response;
    let stalled = response.max() > Duration::from_millis(100) && response.max() > response.quantile(0.5) * 100;
    (!outcome.info.open && stalled).then(|| {
        format!(
            "The slowest answer took {}; users of a closed load wait meanwhile and send nothing, so the \
             percentiles show less of it than arrivals at a steady rate (--rate) would feel.",
            time(response.max())
        )
    })
}

/// Those without an answer that are in the times all the same. A name server that kept silent is among them: its
/// kind is that of names.
fn timeouts(outcome: &Outcome) -> Option<String> {
    match outcome.total.response.count().saturating_sub(answers(outcome)) {
        0 => None,
        1 => Some("1 request timed out; it is in the times with how long it was waited for, a lower bound.".to_owned()),
        more => Some(format!(
            "{} timed out; they are in the times with how long they were waited for, a lower bound.",
            several(more, "request", "requests")
        )),
    }
}

fn answers(outcome: &Outcome) -> u64 {
    outcome.total.statuses.rows().iter().map(|(_, number)| number).sum()
}

/// Errors are often quicker than the work that they stand for.
fn error_answers(outcome: &Outcome) -> Option<String> {
    let errors = outcome.total.errors.count(ErrorKind::Status);
    let answers = answers(outcome);
    (errors * 20 >= answers && errors > 0).then(|| {
        format!(
            "{} of the answers are errors (status 400 and above); the times include them.",
            percent(errors, answers)
        )
    })
}

fn without_times(outcome: &Outcome) -> Option<String> {
    let total = &outcome.total;
    match total.counters.ended().saturating_sub(total.response.count()) {
        0 => None,
        1 => Some("1 request failed without an answer; it is not in the times.".to_owned()),
        more => Some(format!(
            "{} failed without an answer; they are not in the times.",
            several(more, "request", "requests")
        )),
    }
}

fn cut_off(outcome: &Outcome) -> Option<String> {
    let counters = &outcome.total.counters;
    let oldest = time(outcome.oldest_cut_off.filter(|_| counters.cut_off > 0)?);
    // The verdict has said the rest already.
    if outcome.verdict.reasons.iter().any(|reason| reason.rule == "cut-off") {
        return Some(format!("The oldest request without an answer had waited {oldest} when the run ended."));
    }
    let (those, share) =
        (several(counters.cut_off, "request", "requests"), percent(counters.cut_off, counters.started));
    Some(format!("{those} ({share}) had no answer when the run ended, the oldest after {oldest}; not in the times."))
}
