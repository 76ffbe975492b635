//! Each row: a condition, and how it fares over seconds that are written down.

use onrush_metrics::{Health, RunInfo, SeriesKind, StopReason, Verdict};

use super::*;

fn infos() -> Vec<SeriesInfo> {
    let info = |kind, name: &str| SeriesInfo {
        kind,
        scenario: "buy".into(),
        name: name.into(),
        tags: Vec::new(),
        checks: Vec::new(),
    };
    vec![info(SeriesKind::Iterations, "buy"), info(SeriesKind::Requests, "search"), info(SeriesKind::Requests, "cart")]
}

/// A second in which a hundred searches took `millis` each, of which `failed` failed; carts took a millisecond.
fn second(millis: u64, failed: u64) -> Tallies {
    let mut tallies = Tallies { own: Tally::default(), series: vec![Tally::default(); 3] };
    for (place, millis) in [(1, millis), (2, 1)] {
        let tally = &mut tallies.series[place];
        (0..100).for_each(|_| tally.response.record(Duration::from_millis(millis)));
        let counters = &mut tally.counters;
        (counters.started, counters.completed, counters.ended_in_time) = (100, 100, 100);
    }
    let search = &mut tallies.series[1].counters;
    (search.completed, search.failed) = (100 - failed, failed);
    (search.checks_passed, search.checks_failed) = (300 - failed, failed);
    (tallies.own.counters.intended, tallies.own.counters.dropped) = (104, 4);
    tallies
}

fn threshold(of: &[usize], figure: Figure, relation: Relation, bound: f64) -> Threshold {
    let of = if of.is_empty() { Scope::Run } else { Scope::Series(of.to_vec()) };
    Threshold { text: "as written".into(), of, figure, relation, bound, window: None, abort_after: None }
}

fn outcome(measured: Duration, soundness: Soundness) -> Outcome {
    let reasons = vec![onrush_metrics::Reason { rule: "any".into(), soundness, text: String::new() }];
    Outcome {
        info: RunInfo {
            targets: Vec::new(),
            load: String::new(),
            protocol: String::new(),
            lanes: 1,
            duration: None,
            requests: None,
            warmup: Duration::ZERO,
            open: true,
            limited_by_files: false,
            threads: 1,
            seed: 0,
            version: String::new(),
            series: infos(),
            ..RunInfo::default()
        },
        stopped: StopReason::Completed,
        total: Tally::default(),
        iterations: None,
        series: Vec::new(),
        thresholds: Vec::new(),
        observed: Vec::new(),
        measured,
        elapsed: measured,
        oldest_cut_off: None,
        health: Health::default(),
        verdict: Verdict::new(reasons),
        findings: None,
    }
}

/// Plays seconds of `(millis, failed)`; returns the result, and in which second the run was ended, if it was.
fn played(threshold: &Threshold, seconds: &[(u64, u64)]) -> (bool, String, Option<usize>) {
    let infos = infos();
    let mut watch = Watch::new(std::slice::from_ref(threshold), &infos, Duration::ZERO);
    let (mut total, mut ended) = (Tallies::default(), None);
    for (number, (millis, failed)) in seconds.iter().enumerate() {
        let second = second(*millis, *failed);
        total.merge(&second);
        if watch.tick(Duration::from_secs(number as u64 + 1), None, &second) {
            ended = ended.or(Some(number + 1));
        }
    }
    let outcome = outcome(Duration::from_secs(seconds.len() as u64), Soundness::Degraded);
    let result = watch.results(&outcome, &total).remove(0);
    (result.passed, result.found, ended)
}

#[test]
fn figures_of_whole_runs() {
    use Figure::*;
    use Relation::*;
    let seconds = [(10, 0), (20, 2), (30, 4)];
    for (of, figure, relation, bound, passed, found) in [
        (&[][..], Quantile(0.95), Below, 40e6, true, "30 ms"),
        (&[1], Quantile(0.5), AtMost, 19e6, false, "20 ms"),
        (&[2], Max, Below, 2e6, true, "1.0 ms"),
        (&[], Mean, Below, 10e6, false, "10 ms"),
        (&[], Errors, Below, 0.02, true, "1.0 %"),
        (&[1], Errors, Below, 0.02, false, "2.0 %"),
        (&[1], Checks, AtMost, 0.01, true, "99.33 %"),
        (&[2], Checks, AtMost, 0.01, false, "there was nothing to measure"),
        (&[], Rate, Above, 150.0, true, "200/s"),
        (&[1], Rate, AtLeast, 100.5, false, "100/s"),
        (&[], Dropped, Is, 0.0, false, "3.8 %"),
        (&[], Verdict, AtMost, 1.0, true, "degraded"),
        (&[], Verdict, Is, 0.0, false, "degraded"),
    ] {
        let got = played(&threshold(of, figure, relation, bound), &seconds);
        assert_eq!(got, (passed, found.to_owned(), None), "{of:?} {figure:?} {relation:?} {bound}");
    }
}

#[test]
fn windows_find_what_the_whole_run_hides() {
    let within = |secs| Some(Duration::from_secs(secs));
    let seconds = [(10, 0), (10, 0), (50, 0), (50, 0), (10, 0), (10, 0), (10, 0), (10, 0)];
    for (window, bound, passed, found) in [
        (None, 51e6, true, "10 ms"),
        (within(2), 40e6, false, "50 ms in the worst window, from 2.0 s on"),
        (within(5), 40e6, true, "10 ms in the worst window, from 0.0 ms on"),
        (within(60), 40e6, true, "10 ms, of a run that is shorter than the window"),
    ] {
        let median = Threshold { window, ..threshold(&[1], Figure::Quantile(0.5), Relation::Below, bound) };
        assert_eq!(played(&median, &seconds), (passed, found.to_owned(), None), "{window:?}");
    }
}

#[test]
fn a_broken_threshold_may_end_the_run_after_its_grace() {
    let seconds = [(10, 9), (10, 9), (10, 9), (10, 0)];
    let after = |secs| Some(Duration::from_secs(secs));
    for (abort_after, bound, window, ended) in [
        (None, 0.01, None, None),
        (after(0), 0.01, None, Some(1)),
        (after(3), 0.01, None, Some(3)),
        (after(0), 0.5, None, None),
        (after(0), 0.01, after(2), Some(2)),
    ] {
        let errors = Threshold { window, abort_after, ..threshold(&[1], Figure::Errors, Relation::Below, bound) };
        assert_eq!(played(&errors, &seconds).2, ended, "{abort_after:?} {bound} {window:?}");
    }
}

#[test]
fn too_few_samples_end_no_run() {
    let p99 = Threshold {
        abort_after: Some(Duration::ZERO),
        ..threshold(&[1], Figure::Quantile(0.99), Relation::Below, 1e6)
    };
    assert_eq!(played(&p99, &[(10, 0); 9]).2, None, "900 are not enough for a p99");
    assert_eq!(played(&p99, &[(10, 0); 10]).2, Some(10));
}

/// Each row: when the ticks were, when the load was over, and the worst rate of one second that is found.
#[test]
fn a_rate_is_that_of_whole_seconds_of_the_load() {
    let rate = Threshold {
        window: Some(Duration::from_secs(1)),
        abort_after: Some(Duration::ZERO),
        ..threshold(&[1], Figure::Rate, Relation::Above, 80.0)
    };
    let infos = infos();
    for (ticks, over) in [
        // The last is what the workers still had to say.
        (&[1_000, 2_000, 2_003][..], 2_000),
        // Answers come in after the load.
        (&[1_000, 2_000, 3_000, 4_000], 2_000),
        (&[1_000, 2_000, 2_500], 2_500),
    ] {
        let mut watch = Watch::new(std::slice::from_ref(&rate), &infos, Duration::ZERO);
        let (mut total, nothing) =
            (Tallies::default(), Tallies { own: Tally::default(), series: vec![Tally::default(); 3] });
        for at in ticks {
            let interval = if *at <= 2_000 { second(10, 0) } else { nothing.clone() };
            total.merge(&interval);
            let over = (*at >= over).then_some(Duration::from_millis(over));
            assert!(!watch.tick(Duration::from_millis(*at), over, &interval), "{ticks:?} {at}");
        }
        let result = watch.results(&outcome(Duration::from_secs(2), Soundness::Valid), &total).remove(0);
        assert!(result.passed, "{ticks:?}: {}", result.found);
    }
}

#[test]
fn all_checks_passed_when_none_failed() {
    for (failed, shown) in [(0.0, "100 %"), (1e-5, "99.99 %"), (0.007, "99.3 %"), (0.05, "95 %"), (1.0, "0 %")] {
        assert_eq!(passed(failed), shown);
    }
}
