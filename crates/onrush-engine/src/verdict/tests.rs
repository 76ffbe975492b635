//! One outcome with which nothing is wrong, and for every rule what makes it speak.

use std::time::Duration;

use onrush_metrics::{
    ErrorKind, Health, Histogram, Outcome, RunInfo, Soundness, StopReason, Tally, Verdict, WorkerHealth,
};

use super::{judge, rules};

const MS: Duration = Duration::from_millis(1);

fn all(of: Duration) -> Histogram {
    let mut histogram = Histogram::default();
    (0..1000).for_each(|_| histogram.record(of));
    histogram
}

/// A thousand requests of 20 ms each, begun on time by an idle generator.
fn sound() -> Outcome {
    let mut total = Tally { response: all(20 * MS), service: all(20 * MS), ..Tally::default() };
    total.counters.intended = 1000;
    total.counters.started = 1000;
    total.counters.completed = 1000;
    total.counters.started_in_time = 1000;
    total.counters.ended_in_time = 1000;
    let lag = all(MS / 50);
    (total.start_lag, total.release_lag, total.loop_delay) = (lag.clone(), lag.clone(), lag);
    Outcome {
        info: RunInfo {
            targets: vec!["http://example.com/".to_owned()],
            load: "100/s for 10s".to_owned(),
            protocol: "HTTP/1.1".to_owned(),
            lanes: 1,
            duration: Some(Duration::from_secs(10)),
            requests: Some(1000),
            warmup: Duration::ZERO,
            open: true,
            limited_by_files: false,
            threads: 1,
            seed: 1,
            version: "0".to_owned(),
            series: Vec::new(),
            ..RunInfo::default()
        },
        stopped: StopReason::Completed,
        total,
        iterations: None,
        series: Vec::new(),
        thresholds: Vec::new(),
        observed: Vec::new(),
        measured: Duration::from_secs(10),
        elapsed: Duration::from_secs(10),
        oldest_cut_off: None,
        health: Health {
            workers: vec![WorkerHealth { cpu: Some(0.3), run_queue: Some(0.01) }],
            process_cpu: Some(Duration::from_secs(3)),
            steal: Some(0.0),
            peak_memory: Some(10_000_000),
        },
        verdict: Verdict::default(),
        findings: None,
    }
}

#[test]
fn a_sound_run_is_valid() {
    let verdict = judge(&sound());
    assert_eq!((verdict.soundness(), verdict.reasons.len()), (Soundness::Valid, 0), "{verdict:?}");
}

#[test]
fn failures_of_the_service_are_no_fault_of_the_generator() {
    let mut outcome = sound();
    outcome.total.counters.completed = 0;
    outcome.total.counters.failed = 1000;
    (0..1000).for_each(|_| outcome.total.errors.record(ErrorKind::ConnectRefused, || "refused".to_owned()));
    assert_eq!(judge(&outcome).soundness(), Soundness::Valid);
}

/// What is done to a sound outcome, which rule must speak, how bad it finds that, and words it must say.
type Row = (fn(&mut Outcome), &'static str, Soundness, &'static str);

const ROWS: &[Row] = &[
    (|o| o.total = Tally::default(), "nothing", Soundness::Invalid, "no request was due"),
    (
        |o| {
            o.total = Tally::default();
            o.total.counters.intended = 5;
            o.total.counters.unstarted = 5;
        },
        "nothing",
        Soundness::Invalid,
        "none of the requests that were due was begun",
    ),
    (|o| out_of(o, ErrorKind::LocalDescriptors, 1), "local", Soundness::Degraded, "1 request (0.1 %) failed"),
    (|o| out_of(o, ErrorKind::LocalDescriptors, 5), "local", Soundness::Degraded, "5 requests (0.5 %)"),
    (|o| out_of(o, ErrorKind::LocalDescriptors, 500), "local", Soundness::Invalid, "ulimit -n"),
    (|o| out_of(o, ErrorKind::LocalPorts, 500), "local", Soundness::Invalid, "--source-ips"),
    (|o| out_of(o, ErrorKind::LocalOther, 500), "local", Soundness::Invalid, "memory"),
    (|o| o.total.counters.dropped = 10, "dropped", Soundness::Degraded, "10 of 1,000 due requests (1.0 %) were"),
    (|o| o.total.counters.dropped = 100, "dropped", Soundness::Invalid, "(10 %) were dropped, as asked:"),
    (|o| o.total.counters.unstarted = 10, "unstarted", Soundness::Degraded, "10 of 1,000 due requests"),
    (|o| o.total.counters.unstarted = 100, "unstarted", Soundness::Invalid, "never begun"),
    (|o| o.total.counters.started_in_time = 948, "rate", Soundness::Degraded, "95 % of 1,000 intended requests"),
    (|o| o.total.counters.started_in_time = 799, "rate", Soundness::Degraded, "80 %"),
    (|o| o.total.counters.started_in_time = 798, "rate", Soundness::Invalid, "not the one that was asked for"),
    (
        |o| {
            o.total.start_lag = all(80 * MS);
            o.total.response = all(100 * MS);
        },
        "in-flight-limit",
        Soundness::Degraded,
        "(p99 80 ms)",
    ),
    (
        |o| {
            o.total.start_lag = all(30_340 * MS);
            o.total.response = all(30_400 * MS);
        },
        "in-flight-limit",
        Soundness::Degraded,
        "(p99 30.3 s)",
    ),
    (|o| late(o, 6 * MS), "release-lag", Soundness::Degraded, "began requests late (p50 6.0 ms, p99 6.0 ms)"),
    (|o| late(o, 15 * MS), "release-lag", Soundness::Invalid, "use more cores or machines"),
    (|o| o.health.workers[0].cpu = Some(0.97), "cpu", Soundness::Degraded, "97 % of a core"),
    (|o| o.health.workers[0].run_queue = Some(0.2), "run-queue", Soundness::Degraded, "waited 20 % of the time"),
    (|o| o.total.loop_delay = all(12 * MS), "loop-delay", Soundness::Degraded, "12 ms (p99)"),
    (|o| o.health.steal = Some(0.08), "steal", Soundness::Degraded, "8.0 %"),
    (|o| o.total.counters.cut_off = 20, "cut-off", Soundness::Degraded, "20 requests (2.0 %)"),
];

fn out_of(outcome: &mut Outcome, kind: ErrorKind, times: u64) {
    outcome.total.counters.failed = times;
    outcome.total.counters.completed -= times;
    (0..times).for_each(|_| outcome.total.errors.record(kind, || "no more".to_owned()));
}

fn late(outcome: &mut Outcome, by: Duration) {
    outcome.total.release_lag = all(by);
    outcome.total.start_lag = all(by);
}

#[test]
fn every_rule_speaks_when_it_should_and_none_else_does() {
    for (row, (spoil, rule, soundness, words)) in ROWS.iter().enumerate() {
        let mut outcome = sound();
        spoil(&mut outcome);
        let verdict = judge(&outcome);
        let [reason] = &verdict.reasons[..] else {
            // A run in which nothing was begun has more than one thing to say.
            assert_eq!(verdict.reasons[0].rule, *rule, "row {row}: {verdict:?}");
            assert_eq!(*rule, "nothing", "row {row}: {verdict:?}");
            continue;
        };
        assert_eq!((&*reason.rule, reason.soundness), (*rule, *soundness), "row {row}: {verdict:?}");
        assert!(reason.text.contains(words), "row {row}: {}", reason.text);
    }
}

#[test]
fn a_rate_that_is_nearly_reached_is_well() {
    let rows: &[fn(&mut Outcome)] = &[
        |o| o.total.counters.started_in_time = 949,
        // The only one was due at the very end.
        |o| (o.total.counters.intended, o.total.counters.started_in_time) = (1, 0),
        // Users that wait for answers have no rate to miss.
        |o| (o.info.open, o.total.counters.started_in_time) = (false, 0),
    ];
    for (row, spoil) in rows.iter().enumerate() {
        let mut outcome = sound();
        spoil(&mut outcome);
        assert_eq!(judge(&outcome).reasons, [], "row {row}");
    }
}

/// What is done to an outcome, and the words that must be said of it.
type Worded = (fn(&mut Outcome), &'static str);

#[test]
fn a_generator_without_cpu_does_not_blame_the_service_alone() {
    let rows: &[Worded] = &[
        (|_| {}, ": the service was slower"),
        (|o| o.health.workers[0].cpu = Some(0.97), "want of CPU has a part in it"),
        (|o| o.health.workers[0].run_queue = Some(0.2), "want of CPU has a part in it"),
        (|o| o.total.release_lag = all(15 * MS), "want of CPU has a part in it"),
    ];
    for (row, (spoil, words)) in rows.iter().enumerate() {
        let mut outcome = sound();
        (outcome.total.start_lag, outcome.total.response) = (all(80 * MS), all(100 * MS));
        spoil(&mut outcome);
        let reasons = judge(&outcome).reasons;
        let found = reasons.iter().find(|reason| reason.rule == "in-flight-limit").expect("it speaks");
        assert!(found.text.contains(words), "row {row}: {}", found.text);
    }
}

/// A change to an outcome, and the rule that speaks then.
type Limited = (fn(&mut Outcome), &'static str);

#[test]
fn a_limit_that_follows_from_open_files_is_not_the_services_fault() {
    let rows: &[Limited] = &[
        (|o| (o.total.start_lag, o.total.response) = (all(80 * MS), all(100 * MS)), "in-flight-limit"),
        (|o| o.total.counters.dropped = 100, "dropped"),
        (|o| o.total.counters.unstarted = 100, "unstarted"),
    ];
    for (spoil, rule) in rows {
        let mut outcome = sound();
        outcome.info.limited_by_files = true;
        spoil(&mut outcome);
        let reasons = judge(&outcome).reasons;
        let found = reasons.iter().find(|reason| reason.rule == *rule).expect("it speaks");
        assert!(found.text.contains("which `ulimit -n` raises"), "{}", found.text);
        assert!(!found.text.contains("the service was slower"), "{}", found.text);
    }
}

#[test]
fn shares_of_a_moment_say_nothing() {
    let mut outcome = sound();
    outcome.health.workers[0] = WorkerHealth { cpu: Some(0.99), run_queue: Some(0.5) };
    for (millis, found) in [(2, 0), (99, 0), (100, 2)] {
        outcome.elapsed = millis * MS;
        assert_eq!(judge(&outcome).reasons.len(), found, "{millis} ms");
    }
}

#[test]
fn no_rule_is_without_a_row() {
    for (rule, _) in rules() {
        assert!(ROWS.iter().any(|row| row.1 == rule), "{rule}");
    }
}

#[test]
fn what_the_system_does_not_tell_is_not_held_against_the_run() {
    let mut outcome = sound();
    outcome.health = Health { workers: vec![WorkerHealth::default()], ..Health::default() };
    assert_eq!(judge(&outcome).reasons, []);
}
