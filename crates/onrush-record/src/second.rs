//! A second of a run as bytes.

use std::collections::HashSet;
use std::time::Duration;

use onrush_metrics::{Gauges, Health, Samples, Snapshot, Verdict, WorkerHealth};

use crate::bytes::{Bytes, Malformed, put, put_text};
use crate::histogram::Detail;
use crate::tally::{Example, Keep, put_tally, tally};

/// Of all requests of a second: with what explains them, in slots of 0.8 % or more.
const OF_ALL: Keep = Keep {
    detail: Detail { bits: 7, slots: 128 },
    times: &["response", "service", "connect", "wait", "start_lag", "release_lag", "loop_delay"],
};
/// Of each series: 50 of them over an hour are to fit into 10 MB.
const OF_ONE: Keep = Keep { detail: Detail { bits: 7, slots: 40 }, times: &["response"] };
/// Shares are kept to a ten-thousandth; one more than the share stands for it, so that 0 can stand for not knowing.
const SHARES: f64 = 10_000.0;

/// What later seconds need not say again.
#[derive(Debug, Default)]
pub(crate) struct Said {
    examples: HashSet<(usize, Example)>,
    verdict: Verdict,
}

pub(crate) fn put_second(to: &mut Vec<u8>, snapshot: &Snapshot, said: &mut Said) {
    put(to, snapshot.since.as_nanos());
    put(to, snapshot.at.as_nanos());
    put(to, u128::from(snapshot.warming_up));
    let Gauges { users, in_flight, waiting } = snapshot.gauges;
    [users, in_flight, waiting].into_iter().for_each(|gauge| put(to, u128::from(gauge)));
    put_health(to, &snapshot.health);
    let verdict = (snapshot.verdict != said.verdict).then(|| serde_json::to_string(&snapshot.verdict));
    put_text(to, &verdict.and_then(Result::ok).unwrap_or_default());
    said.verdict.clone_from(&snapshot.verdict);
    let mut place = 0;
    let mut put_next = |to: &mut Vec<u8>, tally, keep| {
        put_tally(to, tally, keep, |example| said.examples.insert((place, example)));
        place += 1;
    };
    put_next(to, &snapshot.interval, OF_ALL);
    put(to, u128::from(snapshot.iterations.is_some()));
    snapshot.iterations.iter().for_each(|iterations| put_next(to, iterations, OF_ALL));
    put(to, snapshot.series.len() as u128);
    snapshot.series.iter().for_each(|series| put_next(to, series, OF_ONE));
    put(to, snapshot.observed.len() as u128);
    for figure in &snapshot.observed {
        put_known(to, figure.filter(|figure| figure.is_finite()).map(|figure| u128::from(figure.to_bits())));
    }
}

/// A second, but for what is known from those before it: the total, and a verdict that has not changed.
pub(crate) fn second(from: &mut Bytes) -> Result<(Snapshot, Option<Verdict>), Malformed> {
    let (since, at) = (time(from)?, time(from)?);
    let warming_up = from.number()? != 0;
    let gauges = Gauges { users: from.number()?, in_flight: from.number()?, waiting: from.number()? };
    let health = health(from)?;
    let verdict = match from.text()? {
        "" => None,
        text => Some(serde_json::from_str(text).map_err(|_| Malformed("a verdict makes no sense"))?),
    };
    let interval = tally(from)?;
    let iterations = if from.number()? == 0 { None } else { Some(tally(from)?) };
    let series = (0..from.count()?).map(|_| tally(from)).collect::<Result<_, _>>()?;
    // Older files end here.
    let figures = if from.0.is_empty() { 0 } else { from.count()? };
    let observed = (0..figures).map(|_| Ok(known(from)?.map(f64::from_bits).filter(|figure| figure.is_finite())));
    let observed = observed.collect::<Result<_, Malformed>>()?;
    let verdict_so_far = Verdict::default();
    let total = onrush_metrics::Tally::default();
    let snapshot = Snapshot {
        since,
        at,
        interval,
        iterations,
        series,
        samples: Samples::default(),
        total,
        gauges,
        warming_up,
        health,
        verdict: verdict_so_far,
        observed,
        precision: None,
    };
    Ok((snapshot, verdict))
}

fn put_health(to: &mut Vec<u8>, health: &Health) {
    put_known(to, health.process_cpu.map(|cpu| cpu.as_nanos()));
    put_known(to, health.steal.map(share));
    put_known(to, health.peak_memory.map(u128::from));
    put(to, health.workers.len() as u128);
    for worker in &health.workers {
        put_known(to, worker.cpu.map(share));
        put_known(to, worker.run_queue.map(share));
    }
}

fn health(from: &mut Bytes) -> Result<Health, Malformed> {
    let process_cpu = known(from)?.map(Duration::from_nanos);
    let steal = known(from)?.map(of_share);
    let peak_memory = known(from)?;
    let mut workers = Vec::new();
    for _ in 0..from.count()? {
        workers.push(WorkerHealth { cpu: known(from)?.map(of_share), run_queue: known(from)?.map(of_share) });
    }
    Ok(Health { workers, process_cpu, steal, peak_memory })
}

fn put_known(to: &mut Vec<u8>, number: Option<u128>) {
    put(to, number.map_or(0, |number| number + 1));
}

fn known(from: &mut Bytes) -> Result<Option<u64>, Malformed> {
    Ok(from.number()?.checked_sub(1))
}

fn share(share: f64) -> u128 {
    (share * SHARES).round() as u128
}

fn of_share(share: u64) -> f64 {
    share as f64 / SHARES
}

fn time(from: &mut Bytes) -> Result<Duration, Malformed> {
    from.number().map(Duration::from_nanos)
}
