//! Outcomes of any kind. Their counts contradict each other: the engine's laws are not what makes texts hold.

use std::time::Duration;

use onrush_metrics::{
    Counters, ErrorKind, Health, Histogram, Observed, Outcome, Reason, RunInfo, Soundness, StopReason, Tally, Verdict,
    WorkerHealth,
};
use proptest::prelude::*;

use crate::fixtures;

/// Any outcome.
pub(crate) fn outcomes() -> impl Strategy<Value = Outcome> {
    let times = prop::array::uniform4(prop_oneof![Just(0), any::<u64>()].prop_map(Duration::from_nanos));
    let oldest = prop::option::of(any::<u64>().prop_map(Duration::from_nanos));
    (infos(), tallies(), reasons(), health(), times, oldest, any::<bool>(), observed()).prop_map(
        |(
            info,
            total,
            reasons,
            health,
            [measured, elapsed, warmup, duration],
            oldest_cut_off,
            is_interrupted,
            observed,
        )| {
            Outcome {
                observed: vec![observed; info.observed.len()],
                info: RunInfo { warmup, duration: Some(duration), ..info },
                stopped: if is_interrupted { StopReason::Interrupted } else { StopReason::Completed },
                total,
                iterations: None,
                series: Vec::new(),
                thresholds: Vec::new(),
                measured,
                elapsed,
                oldest_cut_off,
                health,
                verdict: Verdict::new(reasons),
                findings: None,
            }
        },
    )
}

/// A figure that may be no number, and may not have been there.
fn observed() -> impl Strategy<Value = Observed> {
    let second = (any::<f64>(), any::<u32>().prop_map(|ms| Duration::from_millis(ms.into())));
    prop::collection::vec(second, 0..3).prop_map(|seconds| {
        let mut observed = Observed::default();
        seconds.into_iter().for_each(|(figure, lasted)| observed.add(figure, lasted));
        observed
    })
}

fn infos() -> impl Strategy<Value = RunInfo> {
    let names = prop::collection::vec(any::<String>(), 3..6);
    (names, any::<u32>(), any::<bool>()).prop_map(|(names, lanes, open)| RunInfo {
        targets: names[2..].to_vec(),
        load: names[0].clone(),
        protocol: names[1].clone(),
        lanes,
        open,
        limited_by_files: false,
        observed: names[3..].to_vec(),
        ..fixtures::closed_info()
    })
}

/// Numbers that are hard to write.
fn awkward() -> impl Strategy<Value = Option<f64>> {
    prop::option::of(prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        any::<f64>()
    ])
}

fn health() -> impl Strategy<Value = Health> {
    let workers = prop::collection::vec((awkward(), awkward()), 0..3);
    (workers, awkward(), prop::option::of(any::<u64>())).prop_map(|(workers, steal, peak_memory)| Health {
        workers: workers.into_iter().map(|(cpu, run_queue)| WorkerHealth { cpu, run_queue }).collect(),
        process_cpu: peak_memory.map(Duration::from_nanos),
        steal,
        peak_memory,
    })
}

fn histograms() -> impl Strategy<Value = Histogram> {
    let times = (0..55_u32, any::<u64>()).prop_map(|(bits, value)| value & ((2 << bits) - 1));
    prop::collection::vec(times, 0..60).prop_map(|times| {
        let mut histogram = Histogram::new();
        times.into_iter().for_each(|ns| histogram.record_ns(ns));
        histogram
    })
}

fn counters() -> impl Strategy<Value = Counters> {
    prop::array::uniform17(prop_oneof![Just(0), Just(1), 0..10_000_u64, any::<u64>().prop_map(|value| value >> 3)])
        .prop_map(
            |[
                intended,
                started,
                completed,
                failed,
                dropped,
                ended,
                cut,
                unstarted,
                sent,
                redirects,
                stale,
                unanswered,
                out,
                back,
                opened,
                reused,
                fallbacks,
            ]| {
                Counters {
                    intended,
                    started,
                    completed,
                    failed,
                    dropped,
                    started_in_time: started.min(ended),
                    ended_in_time: ended,
                    cut_off: cut,
                    unstarted,
                    sent,
                    redirects,
                    stale_retries: stale,
                    unanswered_repeats: unanswered,
                    bytes_sent: out,
                    bytes_received: back,
                    connections_opened: opened,
                    connections_reused: reused,
                    address_fallbacks: fallbacks,
                    ..Counters::default()
                }
            },
        )
}

fn tallies() -> impl Strategy<Value = Tally> {
    let errors = prop::collection::vec((0..ErrorKind::ALL.len(), any::<String>()), 0..6);
    let statuses = prop::collection::vec(100..600_u16, 0..40);
    (counters(), prop::array::uniform5(histograms()), errors, statuses).prop_map(
        |(counters, [response, service, start_lag, release_lag, connect], errors, statuses)| {
            let mut tally = Tally { counters, response, service, start_lag, release_lag, ..Tally::default() };
            tally.breakdown.connect = connect;
            errors.into_iter().for_each(|(kind, example)| tally.errors.record(ErrorKind::ALL[kind], || example));
            statuses.into_iter().for_each(|status| tally.statuses.record(status));
            tally
        },
    )
}

fn reasons() -> impl Strategy<Value = Vec<Reason>> {
    let soundness = prop_oneof![Just(Soundness::Valid), Just(Soundness::Degraded), Just(Soundness::Invalid)];
    prop::collection::vec((soundness, any::<String>()), 0..3).prop_map(|reasons| {
        reasons.into_iter().map(|(soundness, text)| Reason { rule: "any".into(), soundness, text }).collect()
    })
}
