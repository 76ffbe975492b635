//! Runs there and back, whole, cut off and damaged.

use std::time::Duration;

use onrush_metrics::{
    Band, Drift, ErrorKind, Event, Findings, Gauges, Health, Known, Outcome, Reached, RunInfo, SeriesInfo, SeriesKind,
    Slow, Slowest, Snapshot, StopReason, Tally, ThresholdResult, Verdict, WorkerHealth,
};
use proptest::prelude::*;

use super::{Reader, replay};
use crate::{RecordError, Writer};

const SECONDS: u64 = 5;

fn info() -> RunInfo {
    let series = |name: &str| SeriesInfo {
        kind: SeriesKind::Requests,
        scenario: "buy".into(),
        name: name.into(),
        tags: vec![("team".into(), "shop".into())],
        checks: vec!["status == 200".into()],
    };
    RunInfo {
        targets: vec!["http://shop.example.com/".into()],
        load: "100/s for 5s".into(),
        duration: Some(Duration::from_secs(SECONDS)),
        threads: 2,
        seed: 7,
        series: vec![series("search"), series("pay")],
        thresholds: vec!["p99 < 1s".into()],
        observed: vec!["rate(a_total)".into(), "b".into()],
        ..RunInfo::default()
    }
}

fn counted(requests: u64) -> Tally {
    let mut tally = Tally::default();
    tally.counters.intended = requests + 2;
    tally.counters.started = requests + 1;
    tally.counters.completed = requests - 1;
    tally.counters.failed = 1;
    (0..requests).for_each(|number| tally.response.record(Duration::from_micros(100 + 7 * number)));
    tally.statuses.add(200, requests - 1);
    tally.errors.record(ErrorKind::Reset, || "gone".into());
    tally.checks.fail(0, || "found 503".into());
    tally
}

/// The events of a run of some seconds.
fn events() -> Vec<Event> {
    let (mut total, mut iterations, mut series) = (Tally::default(), Tally::default(), vec![Tally::default(); 2]);
    let mut slowest = Slowest::default();
    let health = Health {
        workers: vec![WorkerHealth { cpu: Some(0.25), run_queue: None }],
        process_cpu: Some(Duration::from_millis(1500)),
        steal: Some(0.0),
        peak_memory: Some(1 << 24),
    };
    let mut events = vec![Event::Started(Box::new(info()))];
    for second in 0..SECONDS {
        let [search, pay] = [counted(10 + second), counted(20)];
        let mut interval = search.clone();
        interval.merge(&pay);
        total.merge(&interval);
        iterations.merge(&pay);
        slowest.merge(&slow(second));
        series[0].merge(&search);
        series[1].merge(&pay);
        events.push(Event::Tick(Box::new(Snapshot {
            since: Duration::from_secs(second),
            at: Duration::from_secs(second + 1),
            interval,
            iterations: Some(pay.clone()),
            series: vec![search, pay],
            total: total.clone(),
            gauges: Gauges { users: 3, in_flight: 2, waiting: 1 },
            warming_up: false,
            health: health.clone(),
            verdict: Verdict::default(),
            observed: vec![Some(0.25 * second as f64), None],
            slowest: slow(second),
            ..Snapshot::default()
        })));
    }
    let mut outcome = Outcome {
        info: info(),
        stopped: StopReason::Completed,
        total,
        iterations: Some(iterations),
        series,
        slowest,
        thresholds: vec![ThresholdResult { text: "p99 < 1s".into(), passed: true, found: "3 ms".into() }],
        observed: Vec::new(),
        measured: Duration::from_secs(SECONDS),
        elapsed: Duration::from_secs(SECONDS),
        oldest_cut_off: None,
        health,
        verdict: Verdict::default(),
        findings: Some(findings()),
    };
    for event in &events {
        if let Event::Tick(second) = event {
            second.observe(&mut outcome.observed);
        }
    }
    events.extend([Event::Stopping(StopReason::Completed), Event::Finished(Box::new(outcome))]);
    events
}

/// One slow request in every other second: of a step, with a trace, or of nothing that is known.
fn slow(second: u64) -> Slowest {
    let mut slowest = Slowest::default();
    let known = Slow {
        response_ns: 3_000_000 * (second + 1),
        service_ns: Some(2_000_000),
        due_ns: second * 1_000_000_000,
        series: 1,
        status: 503,
        error: Some(ErrorKind::Status),
        trace: u128::MAX - u128::from(second),
        sampled: true,
    };
    let unknown =
        Slow { service_ns: None, status: 0, error: Some(ErrorKind::Timeout), trace: 0, sampled: false, ..known };
    if second.is_multiple_of(2) {
        slowest.add(if second.is_multiple_of(4) { known } else { unknown });
    }
    slowest
}

fn findings() -> Findings {
    let band = Band { value: 3e6, low: 2e6, high: 4.5e6 };
    let known = [None, Some(1)].map(|series| Known { series, figure: "p99".into(), band });
    Findings {
        known: known.to_vec(),
        drifts: vec![Drift::WarmUp { lasted: Duration::from_secs(2), change: 0.4 }, Drift::Trend { change: -0.1 }],
        until: Some(Reached { reached: true, band: Some(band) }),
    }
}

fn written(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    events.iter().for_each(|event| writer.write(event).unwrap());
    bytes
}

fn read(bytes: &[u8]) -> Result<Vec<Event>, RecordError> {
    let mut events = Vec::new();
    replay(bytes, |event| events.push(event)).map(|()| events)
}

/// Examples of failures are told once, wherever they are.
fn without_examples(text: &str) -> String {
    text.replace("Some(\"gone\")", "None").replace("Some(\"found 503\")", "None")
}

/// Each row: what a record says of when its run was to end, and the percentile that is known of it.
#[test]
fn a_record_that_says_less_is_read() {
    for (until, expected) in
        [("null", None), ("\"p99 ± 5%\"", None), (r#"{"text":"p99 ± 5%","q":0.99,"share":0.05}"#, Some(0.99))]
    {
        let info: RunInfo = serde_json::from_str(&format!("{{\"until\":{until}}}")).unwrap();
        assert_eq!(info.until.map(|until| until.q), expected, "{until}");
    }
}

#[test]
fn a_run_comes_back() {
    let (before, after) = (events(), read(&written(&events())).unwrap());
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(without_examples(&format!("{before:?}")), without_examples(&format!("{after:?}")));
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_read_up_to_there() {
    let whole = written(&events());
    let mut seconds = Vec::new();
    for length in 0..whole.len() {
        match read(&whole[..length]) {
            Err(RecordError::NotOne | RecordError::Empty) => assert!(seconds.is_empty(), "{length}"),
            Err(error) => panic!("{length}: {error}"),
            Ok(events) => {
                let Some(Event::Finished(outcome)) = events.last() else { panic!("{length}: no outcome") };
                assert_eq!(outcome.stopped, StopReason::Lost, "{length}");
                assert_eq!(outcome.verdict.reasons.last().unwrap().rule, "record");
                let told = events.iter().filter(|event| matches!(event, Event::Tick(_))).count();
                let counters = outcome.total.counters;
                assert_eq!(counters.started, counters.ended() + counters.cut_off, "{length}");
                assert_eq!(counters.intended, counters.started + counters.dropped + counters.unstarted, "{length}");
                // Each second has 20 requests of one series, and 10 or more of the other.
                assert_eq!(outcome.series.get(1).map_or(0, |pay| pay.response.count()), told as u64 * 20);
                seconds.push(told);
            }
        }
    }
    assert!(seconds.is_sorted() && seconds.last() == Some(&(SECONDS as usize)), "{seconds:?}");
}

#[test]
fn what_is_no_run_file() {
    let mut newer = written(&events());
    newer[11] = 99;
    for (bytes, expected) in [
        (&b""[..], "it is not a run file of Onrush"),
        (b"{\"version\": 1}", "it is not a run file of Onrush"),
        (b"onrush run\n\x01\x00", "it ends before the run has begun"),
        (&newer, "it has version 99 of the format, and this Onrush reads version 1: a newer Onrush reads it"),
    ] {
        assert_eq!(read(bytes).unwrap_err().to_string(), expected);
    }
}

#[test]
fn frames_of_a_later_version_are_skipped() {
    let mut bytes = written(&events()[..2]);
    let mut frame = Vec::new();
    crate::frame::write_frame(&mut frame, crate::frame::Kind::Stopping, b"?").unwrap();
    // The checksum covers the kind: a frame of kind 200 is made anew.
    let packed = frame.split_off(9);
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[200]);
    sum.update(&packed);
    bytes.push(200);
    bytes.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&sum.finalize().to_le_bytes());
    bytes.extend_from_slice(&packed);
    assert_eq!(read(&bytes).unwrap().len(), 3);
}

proptest! {
    #[test]
    fn a_changed_byte_is_noticed(place in 13_usize..1000, change in 1..=255_u8) {
        let mut bytes = written(&events());
        let place = 13 + place % (bytes.len() - 13);
        bytes[place] ^= change;
        match read(&bytes) {
            Err(_) => {}
            // A length that became too large reads as the end of the file, and says so.
            Ok(events) => {
                let Some(Event::Finished(outcome)) = events.last() else { panic!("no outcome") };
                prop_assert_eq!(outcome.stopped, StopReason::Lost);
            }
        }
    }

    #[test]
    fn anything_may_be_read(bytes in any::<Vec<u8>>()) {
        let _ = Reader::new(&*bytes);
        let _ = read(&[&b"onrush run\n\x01\x00"[..], &bytes].concat());
    }
}
