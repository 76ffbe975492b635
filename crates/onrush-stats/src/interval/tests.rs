//! How often intervals hold the truth, which is known of simulated services.

use super::*;
use crate::simulated::Service;

const RUNS: u64 = 200;

/// How many of a hundred intervals hold the truth, of those that are given, and how many of a hundred are given.
fn coverage(service: Service, seconds: usize, q: f64, z: f64) -> (f64, f64) {
    let truth = service.truth(z);
    let bands = (0..RUNS).filter_map(|seed| {
        let (seconds, all) = service.run(seed, seconds, |_| 0.0);
        seconds.quantile(&all, q, LEVEL)
    });
    let (mut given, mut held) = (0.0, 0.0);
    for band in bands {
        given += 1.0;
        held += f64::from(band.low <= truth && truth <= band.high);
    }
    (held / given * 100.0, given / RUNS as f64 * 100.0)
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let mut failed = Vec::new();
    for (memory, wander, seconds, rate, least) in [
        (0.0, 0.1, 30, 100, 90.0),
        (0.0, 0.1, 120, 40, 92.0),
        (0.5, 0.1, 60, 40, 90.0),
        (0.5, 0.2, 120, 40, 90.0),
        (0.8, 0.1, 300, 20, 88.0),
        (0.8, 0.2, 120, 40, 86.0),
    ] {
        let service = Service { memory, wander, spread: 0.5, rate };
        for (q, z) in [(0.5, 0.0), (0.95, 1.644_854), (0.99, 2.326_348)] {
            let (held, given) = coverage(service, seconds, q, z);
            println!("| {memory} | {wander} | {seconds} s | {rate}/s | p{} | {held:.0} % | {given:.0} % |", q * 100.0);
            if held < least {
                failed.push((memory, wander, seconds, q, held));
            }
        }
    }
    assert_eq!(failed, []);
}

#[test]
fn too_few_seconds_and_too_small_samples_have_none() {
    let service = Service { memory: 0.0, wander: 0.1, spread: 0.5, rate: 20 };
    let (seconds, all) = service.run(1, 7, |_| 0.0);
    assert_eq!((seconds.quantile(&all, 0.5, LEVEL), seconds.mean(LEVEL), seconds.rate(LEVEL)), (None, None, None));
    let (seconds, all) = service.run(1, 20, |_| 0.0);
    assert!(seconds.quantile(&all, 0.5, LEVEL).is_some());
    assert_eq!(seconds.quantile(&all, 0.99, LEVEL), None, "400 samples support no p99");
    assert_eq!(seconds.errors(LEVEL), None, "nothing failed");
    assert!(seconds.failed().is_some_and(|failed| failed.value == 0.0 && failed.error > 0.0));
}

#[test]
fn a_rate_that_does_not_vary_is_known() {
    let (seconds, _) = Service { memory: 0.0, wander: 0.1, spread: 0.5, rate: 20 }.run(1, 20, |_| 0.0);
    assert_eq!(seconds.rate(LEVEL), Some(Band { value: 20.0, low: 20.0, high: 20.0 }));
}
