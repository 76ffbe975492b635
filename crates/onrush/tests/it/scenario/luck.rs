//! Draws come out as written, and the same seed gives the same requests.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use onrush_target::{Service, ServiceSettings};

use super::kit::{self, file, sorted, targets};
use crate::harness::Folder;
use crate::plain::{Plain, answer};

/// Four standard deviations of `n` draws of which a share of `p` hit, and the mean.
fn binomial(n: u32, p: f64) -> std::ops::RangeInclusive<f64> {
    let (n, mean) = (f64::from(n), f64::from(n) * p);
    let four = 4.0 * (n * p * (1.0 - p)).sqrt();
    mean - four..=mean + four
}

#[test]
fn chances_and_choices() {
    let plain = Plain::start();
    let steps = "- when: chance(30%)\n  steps: [{ get: /chance }]\n\
                 - choose:\n  - weight: 3\n    steps: [{ get: /three }]\n  - steps: [{ get: /one }]\n\
                 - when: int(1, 6) == 6\n  steps: [{ get: /six }]\n\
                 - get: /word/{{ pick(['a', 'b', 'c', 'd']) }}";
    kit::play(&file(&plain.url(), "load: 100 iterations each by 8 users", steps), &[]);
    let all = targets(&plain);
    for (target, share) in
        [("/chance", 0.3), ("/three", 0.75), ("/one", 0.25), ("/six", 1.0 / 6.0), ("/word/a", 0.25), ("/word/d", 0.25)]
    {
        let count = all.iter().filter(|other| *other == target).count();
        assert!(binomial(800, share).contains(&(count as f64)), "{target}: {count} of 800");
    }
}

#[test]
fn think_times() {
    let plain = Plain::start();
    for (think, mean, deviation) in [
        ("2ms to 6ms", 4.0, 1.155),
        ("normal 5ms ± 1ms", 5.0, 1.0),
        ("lognormal 4ms sigma 0.5", 4.0 * 0.125_f64.exp(), 2.42),
        ("exponential 4ms", 4.0, 4.0),
        // Alpha is 3: the mean is 3/2 of the shortest, the deviation √3/2.
        ("pareto 3ms alpha 3", 4.5, 2.6),
        ("quantiles 0% 1ms, 50% 3ms, 100% 9ms", 4.0, 2.17),
        ("4ms, jitter 50%", 4.0, 1.155),
        // Nine of ten are between the two.
        ("2ms to 6ms, normal", 4.0, 1.216),
    ] {
        let steps = format!("- group: pause\n  steps: [{{ think: '{think}' }}]");
        let report = kit::play(&file(&plain.url(), "load: 8 iterations each by 100 users", &steps), &[]);
        let times = &report.series("group", "pause")["response_time_ns"];
        assert_eq!(times["samples"], 800, "{think}");
        // Groups begin when their users are ready, not when somebody notices: these are the times as drawn.
        let got = times["mean"].as_f64().unwrap() / 1e6;
        let four = 4.0 * deviation / 800_f64.sqrt();
        assert!((mean - four..=mean + four).contains(&got), "{think}: {got} ms instead of {mean} ± {four}");
    }
    assert!(plain.requests().is_empty());
}

#[test]
fn retries_come_out_as_the_failures_are() {
    let service = Service::start(ServiceSettings { errors: 0.3, ..ServiceSettings::default() }).unwrap();
    let steps = "- get: /x\n  retry: { attempts: 3, backoff: 1us to 1us }";
    let report = kit::play(&file(&service.url(), "load: 800 iterations by 4 users", steps), &[]);
    let attempts = report.number("/retries/attempts");
    assert_eq!(attempts, service.stats().requests);
    assert!(binomial(800, 0.3).contains(&(report.number("/retries/failed_at_first") as f64)));
    assert!(binomial(800, 0.027).contains(&(report.requests("failed") as f64)), "{}", report.requests("failed"));
    // One, another for each that failed, and a third for each of these that did.
    let amplification = attempts as f64 / 800.0;
    assert!((1.39 - 0.09..=1.39 + 0.09).contains(&amplification), "{amplification}");
}

const SESSION: &str = "- get: /in/{{ user }}/{{ shopper.name }}/{{ int(1, 1000) }}
- think: 0ms to 2ms
- when: chance(50%)
  steps: [{ get: '/when/{{ uuid() }}' }]
- choose:
  - steps: [{ get: /left }]
  - steps: [{ get: '/right/{{ pick([1, 2, 3]) }}' }]
- shuffle: [{ get: /s1 }, { get: /s2 }, { get: /s3 }]";

/// What is asked for with a seed.
fn asked(load: &str, pick: &str, more: &[&str]) -> Vec<String> {
    let (plain, folder) = (Plain::start(), Folder::new());
    let names = (0..40).map(|row| format!("n{row}\n")).collect::<Vec<_>>().concat();
    folder.write("people.csv", format!("name\n{names}"));
    let head = format!("load: {load}\ndata:\n  shopper: {{ file: people.csv, pick: {pick} }}");
    folder.write("scene.yaml", file(&plain.url(), &head, SESSION));
    kit::run(&folder, more).report();
    targets(&plain)
}

/// FNV-1a.
fn fingerprint(all: &[String]) -> u64 {
    let bytes = all.iter().flat_map(|target| target.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_seed_asks_for_the_same() {
    let load = "10 iterations by 1 user";
    let once = asked(load, "shuffled", &["--seed", "7"]);
    assert_eq!(once, asked(load, "shuffled", &["--seed", "7"]));
    assert_ne!(once, asked(load, "shuffled", &["--seed", "8"]));
    assert_eq!((fingerprint(&once), once.len()), (5_940_156_553_563_998_822, 53), "{once:#?}");
}

#[test]
fn the_same_seed_asks_for_the_same_by_any_number_of_threads() {
    for (load, print) in
        [("5 iterations each by 4 users", 17_365_331_856_533_684_639), ("100/s for 200ms", 6_440_691_840_412_530_738)]
    {
        let one = sorted(asked(load, "unique", &["-t", "1", "--seed", "7"]));
        let two = sorted(asked(load, "unique", &["-t", "2", "--seed", "7"]));
        assert_eq!(one, two, "{load}");
        assert_eq!(fingerprint(&one), print, "{load}");
    }
}

/// A server that takes its time for one target, fails so many times at another, and lists numbers.
fn wayward(slow: &'static str, failing: u64) -> Plain {
    let failed = AtomicU64::new(0);
    let list = "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]";
    Plain::answering(move |asked| {
        if asked.target() == slow {
            std::thread::park_timeout(Duration::from_millis(150));
        }
        match asked.target() {
            "/moody" if failed.fetch_add(1, Relaxed) < failing => answer(503, &[], list),
            _ => answer(200, &["Content-Type: application/json"], list),
        }
    })
}

#[test]
fn what_a_service_does_moves_no_draws() {
    let batch = "- batch:\n  - { get: /one, save: { a: '$[*] | any' } }\n  - { get: /two, save: { b: '$[*] | any' } }\n  \
                 - { get: '/three?n={{ int(1, 1000000) }}' }\n  - { get: '/four?n={{ int(1, 1000000) }}' }\n  at_once: 2\n\
                 - get: /after?a={{ a }}&b={{ b }}&n={{ int(1, 1000000) }}";
    let retry = "- get: /moody\n  retry: { attempts: 4, backoff: 1ms }\n  save: { a: '$[*] | any' }\n\
                 - get: /after?a={{ a }}&n={{ int(1, 1000000) }}\n- get: /after?n={{ int(1, 1000000) }}";
    let asked = |steps: &str, slow, failing| {
        let plain = wayward(slow, failing);
        kit::play(&file(&plain.url(), "load: 2 iterations by 1 user", steps), &["--seed", "3"]);
        let mut all = sorted(targets(&plain));
        all.retain(|target| target != "/moody");
        all
    };
    let calm = asked(batch, "", 0);
    for slow in ["/one", "/two"] {
        assert_eq!(asked(batch, slow, 0), calm, "{slow}");
    }
    let calm = asked(retry, "", 0);
    for failing in [1, 2, 3] {
        assert_eq!(asked(retry, "", failing), calm, "{failing}");
    }
}
