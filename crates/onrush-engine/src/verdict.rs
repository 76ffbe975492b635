//! Was the generator itself good enough for the numbers to mean something? A pure function of the
//! outcome; every rule is a row of one table.

use std::time::Duration;

use onrush_metrics::{ErrorKind, Outcome, Reason, Soundness, Verdict, WorkerHealth};

use crate::words::{percent, shown, thousands};

/// A rule looks at the outcome and says how bad it is and why, or nothing.
type Rule = fn(&Outcome) -> Option<(Soundness, String)>;

/// A rule, the name that machines know it by, and what it looks for.
struct Row {
    name: &'static str,
    about: &'static str,
    look: Rule,
}

const fn row(name: &'static str, about: &'static str, look: Rule) -> Row {
    Row { name, about, look }
}

/// In a shorter run threads that start and end are most of what was measured.
const LEAST_FOR_SHARES: Duration = Duration::from_millis(100);

const RULES: &[Row] = &[
    row("nothing", "nothing was measured", nothing_measured),
    row("local", "the generator's machine ran out of descriptors, ports or memory", local_limits),
    row("dropped", "arrivals were dropped at the in-flight limit, as asked", dropped),
    row("unstarted", "arrivals still waited for a place at the end", unstarted),
    row("rate", "fewer requests were begun within the time of an open load than were intended", rate),
    row("in-flight-limit", "arrivals waited for a place under the in-flight limit", waited_for_a_place),
    row("release-lag", "the generator released arrivals late", release_lag),
    row("cpu", "a worker used its core to the full", cpu),
    row("run-queue", "a worker waited for a core that something else used", run_queue),
    row("loop-delay", "a worker's event loop ran late", loop_delay),
    row("steal", "the hypervisor gave the machine's time to others", steal),
    row("cut-off", "requests were still unanswered at the end", cut_off),
];

/// Every rule of the verdict: the name that outputs use, and what it looks for.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    RULES.iter().map(|row| (row.name, row.about))
}

/// Judges a run. `outcome.verdict` is not looked at.
pub fn judge(outcome: &Outcome) -> Verdict {
    let found = RULES.iter().filter_map(|rule| {
        let (soundness, text) = (rule.look)(outcome)?;
        Some(Reason { rule: rule.name.into(), soundness, text })
    });
    Verdict::new(found.collect())
}

fn nothing_measured(outcome: &Outcome) -> Option<(Soundness, String)> {
    let counters = &outcome.arrivals().counters;
    if counters.started > 0 {
        return None;
    }
    let why = if counters.intended > 0 { "none of the requests that were due was begun" } else { "no request was due" };
    Some((Soundness::Invalid, format!("nothing was measured: {why}")))
}

fn local_limits(outcome: &Outcome) -> Option<(Soundness, String)> {
    let errors = &outcome.total.errors;
    let local: Vec<_> = errors.rows().filter(|row| row.kind.is_local()).collect();
    let count: u64 = local.iter().map(|row| row.count).sum();
    let first = local.first()?;
    let mend = match first.kind {
        ErrorKind::LocalDescriptors => "raise `ulimit -n` or use fewer connections",
        ErrorKind::LocalPorts => "keep connections alive, or spread them over more addresses with --source-ips",
        _ => "use more memory or fewer connections",
    };
    let share = share(count, outcome.total.counters.started);
    let text = format!(
        "{} ({}) failed because this machine ran out of {}: {mend}",
        requests("", count),
        percent(share),
        match first.kind {
            ErrorKind::LocalDescriptors => "file descriptors",
            ErrorKind::LocalPorts => "local ports",
            _ => "memory or buffers",
        }
    );
    Some((if share > 0.01 { Soundness::Invalid } else { Soundness::Degraded }, text))
}

fn dropped(outcome: &Outcome) -> Option<(Soundness, String)> {
    not_begun(outcome, outcome.arrivals().counters.dropped, "dropped, as asked: the in-flight limit was reached")
}

fn unstarted(outcome: &Outcome) -> Option<(Soundness, String)> {
    not_begun(
        outcome,
        outcome.arrivals().counters.unstarted,
        "never begun: at the end no place was free under the in-flight limit",
    )
}

fn not_begun(outcome: &Outcome, count: u64, what: &str) -> Option<(Soundness, String)> {
    let intended = outcome.arrivals().counters.intended;
    let share = share(count, intended);
    (count > 0).then(|| {
        let soundness = if share > 0.05 { Soundness::Invalid } else { Soundness::Degraded };
        let (of, were) = (arrivals(outcome, "due ", intended), were(count));
        let why = if outcome.info.limited_by_files { format!("; {BY_FILES}") } else { String::new() };
        (soundness, format!("{} of {of} ({}) {were} {what}{why}", thousands(count), percent(share)))
    })
}

/// Below these shares of the intended rate the load was not quite, and was not at all, the one asked for.
const NEARLY: f64 = 0.95;
const HARDLY: f64 = 0.8;

/// Arrivals that were begun after the load, or never, whyever: the service has not seen the rate that was asked for.
fn rate(outcome: &Outcome) -> Option<(Soundness, String)> {
    let counters = &outcome.arrivals().counters;
    // The last arrival may be due just before the end; a run of a few requests is not to be judged by that.
    let begun = share(counters.started_in_time + 1, counters.intended);
    (outcome.info.open && counters.started > 0 && begun < NEARLY).then(|| {
        let soundness = if begun < HARDLY { Soundness::Invalid } else { Soundness::Degraded };
        let text = format!(
            "{} of {} were begun within the time of the load: it was not the one that was asked for",
            percent(share(counters.started_in_time, counters.intended)),
            arrivals(outcome, "intended ", counters.intended)
        );
        (soundness, text)
    })
}

/// Nobody has asked for such a limit.
const BY_FILES: &str = "the limit follows from this machine's limit on open files, which `ulimit -n` raises";

/// Waiting for a place is in the response times, but the service has seen less than the load asked for.
fn waited_for_a_place(outcome: &Outcome) -> Option<(Soundness, String)> {
    let lag = &outcome.arrivals().start_lag;
    let own = outcome.arrivals().release_lag.quantile(0.99);
    let lag = lag.quantile(0.99);
    (lag > own + Duration::from_millis(5) && lag > own * 4 && lag * 10 > response(outcome)).then(|| {
        // Who has no CPU to read answers with cannot tell how fast they came.
        let is_starved = [cpu, run_queue, release_lag].iter().any(|rule| rule(outcome).is_some());
        let why = if outcome.info.limited_by_files {
            BY_FILES
        } else if is_starved {
            "the service saw the load late, and the generator's want of CPU has a part in it"
        } else {
            "the service was slower than the load, and saw it late"
        };
        let text = format!(
            "requests waited for a place under the in-flight limit (p99 {}): {why}; the wait is in the response times",
            shown(lag)
        );
        (Soundness::Degraded, text)
    })
}

/// The pacer's own lateness matters as far as it shows in the times that are reported.
fn release_lag(outcome: &Outcome) -> Option<(Soundness, String)> {
    let (p50, p99) = (outcome.arrivals().release_lag.quantile(0.5), outcome.arrivals().release_lag.quantile(0.99));
    let median = outcome.total.response.quantile(0.5);
    let soundness = if p50 > Duration::from_millis(10) && p50 * 2 > median {
        Soundness::Invalid
    } else if p99 > Duration::from_millis(5) && p99 * 10 > response(outcome) {
        Soundness::Degraded
    } else {
        return None;
    };
    let text = format!(
        "the generator began requests late (p50 {}, p99 {}): use more cores or machines",
        shown(p50),
        shown(p99)
    );
    Some((soundness, text))
}

fn cpu(outcome: &Outcome) -> Option<(Soundness, String)> {
    let busiest = workers(outcome).iter().filter_map(|worker| worker.cpu).fold(0.0, f64::max);
    (busiest > 0.95).then(|| {
        let text = format!(
            "the generator used {} of a core in one worker: it, and not the service, may have set the pace; \
             use more cores or fewer connections, or ask for a rate",
            percent(busiest)
        );
        (Soundness::Degraded, text)
    })
}

fn run_queue(outcome: &Outcome) -> Option<(Soundness, String)> {
    let longest = workers(outcome).iter().filter_map(|worker| worker.run_queue).fold(0.0, f64::max);
    (longest > 0.1).then(|| {
        let text = format!(
            "a worker waited {} of the time for a core that something else used: give the generator cores of its own",
            percent(longest)
        );
        (Soundness::Degraded, text)
    })
}

/// The condition of the workers, where the run was long enough for shares of time to mean something.
fn workers(outcome: &Outcome) -> &[WorkerHealth] {
    if outcome.elapsed < LEAST_FOR_SHARES { &[] } else { &outcome.health.workers }
}

fn loop_delay(outcome: &Outcome) -> Option<(Soundness, String)> {
    let p99 = outcome.total.loop_delay.quantile(0.99);
    (outcome.total.loop_delay.supports(0.95) && p99 > Duration::from_millis(10) && p99 * 10 > response(outcome)).then(
        || {
            (
                Soundness::Degraded,
                format!("the generator's event loop was late by {} (p99), and times are long by as much", shown(p99)),
            )
        },
    )
}

fn steal(outcome: &Outcome) -> Option<(Soundness, String)> {
    outcome.health.steal.filter(|steal| *steal > 0.05).map(|steal| {
        (Soundness::Degraded, format!("the hypervisor gave {} of this machine's CPU time to others", percent(steal)))
    })
}

fn cut_off(outcome: &Outcome) -> Option<(Soundness, String)> {
    let counters = &outcome.total.counters;
    let share = share(counters.cut_off, counters.started);
    (share > 0.01).then(|| {
        let text = format!(
            "{} ({}) {} still unanswered at the end, and in no figure: the true percentiles are worse",
            requests("", counters.cut_off),
            percent(share),
            were(counters.cut_off)
        );
        (Soundness::Degraded, text)
    })
}

/// What the generator's own lateness is held against.
fn response(outcome: &Outcome) -> Duration {
    outcome.total.response.quantile(0.99)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What the load asks for, in the word for it.
fn arrivals(outcome: &Outcome, which: &str, count: u64) -> String {
    match outcome.iterations {
        None => requests(which, count),
        Some(_) => format!("{} {which}{}", thousands(count), if count == 1 { "iteration" } else { "iterations" }),
    }
}

/// `1 request`, `2,000 requests`.
fn requests(which: &str, count: u64) -> String {
    format!("{} {which}{}", thousands(count), if count == 1 { "request" } else { "requests" })
}

fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

#[cfg(test)]
mod tests;
