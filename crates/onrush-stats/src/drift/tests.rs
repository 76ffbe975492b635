//! Runs that hold still and runs that do not, simulated.

use super::*;
use crate::simulated::Service;

const SERVICE: Service = Service { memory: 0.5, wander: 0.05, spread: 0.5, rate: 40 };
const RUNS: u64 = 200;

/// How many of the runs are told to have done what.
fn told(service: Service, seconds: usize, shape: impl Fn(usize) -> f64) -> (usize, usize) {
    let runs = (0..RUNS).map(|seed| drift(&service.run(seed, seconds, &shape).0));
    runs.fold((0, 0), |(warm_ups, trends), drift| match drift {
        Some(Drift::WarmUp { .. }) => (warm_ups + 1, trends),
        Some(Drift::Trend { .. }) => (warm_ups, trends + 1),
        None => (warm_ups, trends),
    })
}

#[test]
fn of_runs_that_hold_still_nothing_is_said() {
    let mut most = 0;
    for (memory, wander, seconds) in
        [(0.0, 0.05, 60), (0.5, 0.05, 60), (0.5, 0.2, 60), (0.8, 0.1, 120), (0.8, 0.2, 30), (0.9, 0.1, 300)]
    {
        let (warm_ups, trends) = told(Service { memory, wander, ..SERVICE }, seconds, |_| 0.0);
        println!("memory {memory} wander {wander} {seconds} s: {warm_ups} warm-ups, {trends} trends of {RUNS}");
        most = most.max(warm_ups + trends);
    }
    assert!(most <= 8, "{most}");
}

#[test]
fn a_warm_up_is_found_with_its_length() {
    let slow_start = |second: usize| 0.5 * (-(second as f64) / 4.0).exp();
    let (warm_ups, trends) = told(SERVICE, 60, slow_start);
    println!("a slow start: {warm_ups} warm-ups, {trends} trends of {RUNS}");
    assert!(warm_ups >= 160 && trends <= 10, "{warm_ups} {trends}");
    let step = |second: usize| if second < 8 { 0.3 } else { 0.0 };
    let calm = Service { rate: 400, wander: 0.02, ..SERVICE };
    let Some(Drift::WarmUp { lasted, change }) = drift(&calm.run(1, 60, step).0) else { panic!("it was not found") };
    // It rather leaves out a few seconds too many.
    assert!((8..=12).contains(&lasted.as_secs()), "{lasted:?}");
    assert!((0.15..0.4).contains(&change), "{change}");
}

#[test]
fn a_trend_is_found() {
    for (rise, least) in [(0.3, 175), (-0.3, 175)] {
        let (warm_ups, trends) = told(SERVICE, 120, |second| rise * second as f64 / 120.0);
        println!("a change of {rise}: {warm_ups} warm-ups, {trends} trends of {RUNS}");
        assert!(trends >= least, "{rise}: {warm_ups} {trends}");
    }
}

#[test]
fn short_runs_say_nothing() {
    assert_eq!(drift(&SERVICE.run(1, 19, |second| second as f64).0), None);
}
