//! The outcome of a run as JSON, for machines. `docs/json.md` says what every field means; a test holds the
//! two together.

mod confidence;
mod observed;
mod played;

use std::collections::BTreeMap;
use std::time::Duration;

use onrush_metrics::{
    Breakdown, CheckRow, Counters, ErrorKind, Histogram, Outcome, SeriesInfo, Statuses, Tally, ThresholdResult,
    WorkerHealth,
};
use onrush_stats::STRICT;
use serde::{Serialize, Serializer};

use self::confidence::Confidence;
use self::observed::{Observed, observed};
pub(crate) use self::played::Played;
use crate::units::supports;

/// The version of the shape: it grows when a field goes or changes its meaning.
const VERSION: u32 = 1;
/// How the histogram begins; quotation marks are escaped where they are a part of a text.
const PAIRS: &str = "\"upper_edge_ns_and_count\": [";

/// Everything that was measured, as an indented document that ends its last line.
///
/// Every field is always there, in the order of `docs/json.md`. What is not known, or what the sample does not
/// support, is `null`; numbers are finite.
pub fn json(outcome: &Outcome) -> String {
    let text = serde_json::to_string_pretty(&Document::of(outcome));
    on_one_line(&text.expect("keys are strings, and nothing here refuses to be written")) + "\n"
}

/// Puts the pairs of the histogram on one line, where they would take thousands. They are the only pairs that stand in
/// a list, and they are numbers.
fn on_one_line(text: &str) -> String {
    let Some((before, slots)) = text.split_once(PAIRS) else { return text.to_owned() };
    let Some((pairs, after)) = slots.split_once("\n    ]") else { return text.to_owned() };
    let pairs: String = pairs.split_whitespace().collect();
    format!("{before}{PAIRS}{}]{after}", pairs.replace("],[", "], ["))
}

#[derive(Serialize)]
pub(crate) struct Document<'a> {
    version: u32,
    onrush: &'a str,
    verdict: Verdict<'a>,
    run: Run<'a>,
    thresholds: Vec<Threshold<'a>>,
    iterations: Counts,
    requests: Counts,
    rate_per_second: Rates,
    response_time_ns: Times,
    service_time_ns: Times,
    breakdown_ns: Parts,
    #[serde(serialize_with = "by_status")]
    statuses: &'a Statuses,
    errors: Vec<Failure<'a>>,
    checks: Checks,
    retries: Retries,
    bytes: Bytes,
    connections: Connections,
    series: Vec<Series<'a>>,
    confidence: Confidence<'a>,
    observed: Vec<Observed<'a>>,
    generator: Generator,
    response_time_histogram: Slots,
}

#[derive(Serialize)]
struct Verdict<'a> {
    soundness: &'static str,
    reasons: Vec<Reason<'a>>,
}

#[derive(Serialize)]
struct Threshold<'a> {
    text: &'a str,
    passed: bool,
    found: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Checks {
    passed: u64,
    failed: u64,
}

#[derive(Serialize)]
struct Retries {
    attempts: u64,
    failed_at_first: u64,
    hedges: u64,
    records: u64,
}

#[derive(Serialize)]
struct Series<'a> {
    kind: &'static str,
    scenario: &'a str,
    name: &'a str,
    tags: BTreeMap<&'a str, &'a str>,
    counts: Counts,
    response_time_ns: Times,
    service_time_ns: Times,
    #[serde(serialize_with = "by_status")]
    statuses: &'a Statuses,
    errors: Vec<Failure<'a>>,
    checks: Vec<Check<'a>>,
}

#[derive(Serialize)]
struct Check<'a> {
    name: &'a str,
    passed: u64,
    failed: u64,
    example: Option<&'a str>,
}

#[derive(Serialize)]
struct Reason<'a> {
    rule: &'a str,
    soundness: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct Run<'a> {
    #[serde(flatten)]
    played: Played<'a>,
    until: Until<'a>,
    stopped: &'static str,
    measured_ns: u64,
    elapsed_ns: u64,
    oldest_cut_off_ns: Option<u64>,
}

/// What ends a run before its load does; without it everything but the level is not there.
#[derive(Serialize)]
struct Until<'a> {
    text: Option<&'a str>,
    asked_share: Option<f64>,
    reached: Option<bool>,
    known_share: Option<f64>,
    value_ns: Option<f64>,
    low_ns: Option<f64>,
    high_ns: Option<f64>,
    level: f64,
}

#[derive(Serialize)]
pub(crate) struct Counts {
    intended: u64,
    started: u64,
    completed: u64,
    failed: u64,
    dropped: u64,
    cut_off: u64,
    unstarted: u64,
    started_in_time: u64,
    ended_in_time: u64,
    sent_with_repeats: u64,
    redirects_followed: u64,
}

#[derive(Serialize)]
struct Rates {
    intended: Option<f64>,
    started: f64,
    ended: f64,
    requests: f64,
}

#[derive(Serialize)]
pub(crate) struct Times {
    samples: u64,
    min: Option<u64>,
    mean: Option<u64>,
    p50: Option<u64>,
    p75: Option<u64>,
    p90: Option<u64>,
    p95: Option<u64>,
    p99: Option<u64>,
    p99_9: Option<u64>,
    p99_99: Option<u64>,
    max: Option<u64>,
}

#[derive(Serialize)]
struct Parts {
    pool: Times,
    dns: Times,
    connect: Times,
    tls: Times,
    wait: Times,
    receive: Times,
}

#[derive(Serialize)]
pub(crate) struct Failure<'a> {
    kind: &'static str,
    count: u64,
    local: bool,
    example: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Bytes {
    received: u64,
    sent: u64,
}

#[derive(Serialize)]
struct Connections {
    opened: u64,
    requests_on_reused: u64,
    stale_retries: u64,
    unanswered_repeats: u64,
    address_fallbacks: u64,
}

#[derive(Serialize)]
struct Generator {
    start_lag_ns: Times,
    release_lag_ns: Times,
    loop_delay_ns: Times,
    workers: Vec<Worker>,
    process_cpu_ns: Option<u64>,
    steal_share: Option<f64>,
    peak_memory_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Worker {
    cpu_share: Option<f64>,
    run_queue_share: Option<f64>,
}

#[derive(Serialize)]
struct Slots {
    upper_edge_ns_and_count: Vec<(u64, u64)>,
}

impl<'a> Document<'a> {
    pub(crate) fn of(outcome: &'a Outcome) -> Self {
        let (total, counters) = (&outcome.total, &outcome.total.counters);
        Self {
            version: VERSION,
            onrush: &outcome.info.version,
            verdict: Verdict::of(outcome),
            run: Run::of(outcome),
            thresholds: outcome.thresholds.iter().map(Threshold::of).collect(),
            iterations: Counts::of(&outcome.arrivals().counters),
            requests: Counts::of(counters),
            rate_per_second: Rates {
                intended: finite(outcome.info.open.then(|| outcome.intended_rate())),
                started: outcome.started_rate(),
                ended: outcome.ended_rate(),
                requests: outcome.requests_rate(),
            },
            response_time_ns: Times::of(&total.response),
            service_time_ns: Times::of(&total.service),
            breakdown_ns: Parts::of(&total.breakdown),
            statuses: &total.statuses,
            errors: failures(total),
            checks: Checks::of(counters),
            retries: Retries {
                attempts: counters.attempts,
                failed_at_first: counters.failed_at_first,
                hedges: counters.hedges,
                records: counters.records,
            },
            bytes: Bytes::of(counters),
            connections: Connections {
                opened: counters.connections_opened,
                requests_on_reused: counters.connections_reused,
                stale_retries: counters.stale_retries,
                unanswered_repeats: counters.unanswered_repeats,
                address_fallbacks: counters.address_fallbacks,
            },
            series: outcome.info.series.iter().zip(&outcome.series).map(Series::of).collect(),
            confidence: Confidence::of(outcome),
            observed: observed(outcome),
            generator: Generator::of(outcome),
            response_time_histogram: Slots { upper_edge_ns_and_count: total.response.upper_edges().collect() },
        }
    }
}

impl<'a> Verdict<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let reasons = outcome.verdict.reasons.iter().map(|reason| Reason {
            rule: &reason.rule,
            soundness: reason.soundness.name(),
            text: &reason.text,
        });
        Self { soundness: outcome.verdict.soundness().name(), reasons: reasons.collect() }
    }
}

impl<'a> Run<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        Self {
            played: Played::of(&outcome.info),
            until: Until::of(outcome),
            stopped: outcome.stopped.name(),
            measured_ns: nanos(outcome.measured),
            elapsed_ns: nanos(outcome.elapsed),
            oldest_cut_off_ns: outcome.oldest_cut_off.map(nanos),
        }
    }
}

impl<'a> Until<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let until = outcome.info.until.as_ref();
        let reached = outcome.until().map(|(_, reached)| reached);
        let band = reached.and_then(|reached| reached.band);
        Self {
            text: until.map(|until| &*until.text),
            asked_share: until.map(|until| until.share),
            reached: reached.map(|reached| reached.reached),
            known_share: finite(band.map(|band| band.relative())),
            value_ns: band.map(|band| band.value),
            low_ns: band.map(|band| band.low),
            high_ns: band.map(|band| band.high),
            level: STRICT,
        }
    }
}

impl<'a> Threshold<'a> {
    fn of(result: &'a ThresholdResult) -> Self {
        Self { text: &result.text, passed: result.passed, found: &result.found }
    }
}

impl<'a> Series<'a> {
    fn of((info, tally): (&'a SeriesInfo, &'a Tally)) -> Self {
        Self {
            kind: info.kind.name(),
            scenario: &info.scenario,
            name: &info.name,
            tags: info.tags.iter().map(|(name, value)| (&**name, &**value)).collect(),
            counts: Counts::of(&tally.counters),
            response_time_ns: Times::of(&tally.response),
            service_time_ns: Times::of(&tally.service),
            statuses: &tally.statuses,
            errors: failures(tally),
            checks: info.checks.iter().zip(tally.checks.rows()).map(Check::of).collect(),
        }
    }
}

impl<'a> Check<'a> {
    fn of((name, row): (&'a String, &'a CheckRow)) -> Self {
        Self { name, passed: row.passed, failed: row.failed, example: row.example.as_deref() }
    }
}

impl Counts {
    pub(crate) fn of(counters: &Counters) -> Self {
        Self {
            intended: counters.intended,
            started: counters.started,
            completed: counters.completed,
            failed: counters.failed,
            dropped: counters.dropped,
            cut_off: counters.cut_off,
            unstarted: counters.unstarted,
            started_in_time: counters.started_in_time,
            ended_in_time: counters.ended_in_time,
            sent_with_repeats: counters.sent,
            redirects_followed: counters.redirects,
        }
    }
}

impl Times {
    pub(crate) fn of(times: &Histogram) -> Self {
        let known = |time: Duration| (!times.is_empty()).then(|| nanos(time));
        let quantile = |q| supports(times, q).then(|| nanos(times.quantile(q)));
        Self {
            samples: times.count(),
            min: known(times.min()),
            mean: known(times.mean()),
            p50: quantile(0.5),
            p75: quantile(0.75),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p99_9: quantile(0.999),
            p99_99: quantile(0.9999),
            max: known(times.max()),
        }
    }
}

impl Checks {
    pub(crate) fn of(counters: &Counters) -> Self {
        Self { passed: counters.checks_passed, failed: counters.checks_failed }
    }
}

impl Bytes {
    pub(crate) fn of(counters: &Counters) -> Self {
        Self { received: counters.bytes_received, sent: counters.bytes_sent }
    }
}

impl Parts {
    fn of(parts: &Breakdown) -> Self {
        Self {
            pool: Times::of(&parts.pool),
            dns: Times::of(&parts.dns),
            connect: Times::of(&parts.connect),
            tls: Times::of(&parts.tls),
            wait: Times::of(&parts.wait),
            receive: Times::of(&parts.receive),
        }
    }
}

impl<'a> Failure<'a> {
    pub(crate) fn of(kind: ErrorKind, count: u64, example: Option<&'a str>) -> Self {
        Self { kind: kind.name(), count, local: kind.is_local(), example: example.unwrap_or_default() }
    }
}

impl Generator {
    fn of(outcome: &Outcome) -> Self {
        let (total, health) = (&outcome.total, &outcome.health);
        let worker =
            |worker: &WorkerHealth| Worker { cpu_share: finite(worker.cpu), run_queue_share: finite(worker.run_queue) };
        Self {
            start_lag_ns: Times::of(&outcome.arrivals().start_lag),
            release_lag_ns: Times::of(&outcome.arrivals().release_lag),
            loop_delay_ns: Times::of(&total.loop_delay),
            workers: health.workers.iter().map(worker).collect(),
            process_cpu_ns: health.process_cpu.map(nanos),
            steal_share: finite(health.steal),
            peak_memory_bytes: health.peak_memory,
        }
    }
}

pub(crate) fn failures(tally: &Tally) -> Vec<Failure<'_>> {
    tally.errors.rows().map(|row| Failure::of(row.kind, row.count, row.example)).collect()
}

pub(crate) fn by_status<S: Serializer>(statuses: &Statuses, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(statuses.rows().iter().copied())
}

/// JSON has no word for what is not a number.
fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
