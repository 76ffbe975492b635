//! Retries and hedges, as clients do them.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use onrush_target::{Hostile, HostileServer};

use super::kit::{self, file, targets};
use crate::plain::{Asked, Plain, answer};

/// A server of which every first `bad` of `bad + 1` answers is a failure.
fn moody(bad: u64, status: u16, headers: &'static [&'static str]) -> Plain {
    let count = AtomicU64::new(0);
    Plain::answering(move |_| match count.fetch_add(1, Relaxed) % (bad + 1) {
        turn if turn < bad => answer(status, headers, ""),
        _ => answer(200, &[], "ok"),
    })
}

#[test]
fn attempts_are_counted() {
    let quick = "backoff: 1ms to 1ms";
    for (bad, status, retry, [requests, attempts, at_first, failed]) in [
        (2, 503, format!("{{ attempts: 3, {quick} }}"), [10, 30, 10, 0]),
        (2, 503, format!("{{ attempts: 2, {quick} }}"), [10, 15, 5, 5]),
        (1, 429, format!("{{ attempts: 3, on: [429], {quick} }}"), [10, 20, 10, 0]),
        (1, 429, format!("{{ attempts: 3, {quick} }}"), [10, 10, 5, 5]),
        (1, 404, format!("{{ attempts: 3, on: [5xx, timeout], {quick} }}"), [10, 10, 5, 5]),
        (1, 500, "2".to_owned(), [2, 4, 2, 0]),
    ] {
        let plain = moody(bad, status, &[]);
        let steps = format!("- get: /x\n  name: it\n  retry: {retry}");
        let report = kit::play(&file(&plain.url(), &format!("load: {requests} iterations by 1 user"), &steps), &[]);
        let got = ["attempts", "failed_at_first"].map(|name| report.number(&format!("/retries/{name}")));
        assert_eq!((got, report.requests("failed")), ([attempts, at_first], failed), "{bad}×{status} {retry}");
        assert_eq!((report.requests("started"), plain.requests().len() as u64), (requests, attempts), "{retry}");
        assert_eq!(report.requests("sent_with_repeats"), attempts, "{retry}");
        assert_eq!(report.iterations(), [requests, 0, 0]);
    }
}

#[test]
fn set_up_and_tear_down_have_no_budget() {
    let plain = moody(2, 503, &[]);
    let phase = |name: &str| format!("{name}: [{{ get: /{name}, retry: {{ attempts: 3, backoff: 1ms to 1ms }} }}]\n");
    let scenario = "scenarios: { a: { retry_budget: 0%, steps: [{ set: { x: 1 } }] } }";
    let head = format!("target: {}\nload: 1 iterations by 1 user\n", plain.url());
    kit::play(&format!("{head}{}{}{scenario}\n", phase("setup"), phase("teardown")), &[]);
    assert_eq!(targets(&plain), ["/setup", "/setup", "/setup", "/teardown", "/teardown", "/teardown"]);
}

#[test]
fn failed_checks_are_tried_again_where_the_file_says_so() {
    let count = AtomicU64::new(0);
    let plain = Plain::answering(move |_| {
        let ready = count.fetch_add(1, Relaxed) % 3 == 2;
        answer(200, &[], if ready { "ready" } else { "not yet" })
    });
    let steps =
        "- get: /job\n  check: body contains \"ready\"\n  retry: { attempts: 5, on: [check], backoff: 1ms to 1ms }";
    let report = kit::play(&file(&plain.url(), "load: 4 iterations by 1 user", steps), &[]);
    assert_eq!(report.all_well(4).number("/retries/attempts"), 12);
}

#[test]
fn retry_after_is_honoured() {
    let after = &["Retry-After: 1"];
    for (more, least) in [("", 1_000_000_000), (", retry_after: false", 0)] {
        let plain = moody(1, 503, after);
        let steps = format!("- get: /x\n  name: it\n  retry: {{ attempts: 2, backoff: 1ms to 1ms{more} }}");
        let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", &steps), &[]);
        let max = report.all_well(1).number("/response_time_ns/max");
        assert!(max >= least && (least > 0 || max < 1_000_000_000), "{more}: {max}");
    }
}

#[test]
fn a_retry_after_beyond_all_bounds_is_no_reason_to_wait_where_there_is_a_deadline() {
    for value in ["Retry-After: 18446744073709551615", "Retry-After: 99999999999999999999999", "Retry-After: -1"] {
        let plain = Plain::answering(move |_| answer(503, &[value], ""));
        let steps = "- get: /x\n  retry: { attempts: 3, backoff: 1ms to 1ms, deadline: 300ms }";
        let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", steps), &[]);
        assert_eq!(report.outcomes(), [("503".to_owned(), 1)], "{value}");
    }
}

#[test]
fn a_budget_ends_a_storm() {
    let service = kit::service();
    let steps = "- get: /status/503\n  retry: { attempts: 5, backoff: 1ms to 1ms, jitter: none }";
    let head = |more: &str| format!("load: 100 iterations by 1 user{more}");
    let attempts = |more: &str| {
        let report = kit::play(&file(&service.url(), &head(more), steps), &[]);
        assert_eq!(report.requests("failed"), 100);
        report.number("/retries/attempts")
    };
    assert_eq!(attempts(""), 500);
    let bounded = attempts("\nretry_budget: 10%");
    // Ten are free, and each of the hundred requests earns a tenth of one.
    assert!((118..=120).contains(&bounded), "{bounded}");
    assert_eq!(attempts("\nretry_budget: 0%"), 100, "a budget of nothing allows nothing");
}

#[test]
fn connections_that_fail_are_tried_again() {
    for (mode, on) in [(Hostile::Refuse, "connect"), (Hostile::ResetOnAccept, "reset"), (Hostile::Truncate, "reset")] {
        let server = HostileServer::start(mode).unwrap();
        let steps = format!("- get: /x\n  retry: {{ attempts: 3, on: [{on}, connect], backoff: 1ms to 1ms }}");
        let report = kit::play(&file(&server.url(), "load: 4 iterations by 2 users", &steps), &[]);
        assert_eq!((report.requests("failed"), report.number("/retries/attempts")), (4, 12), "{mode:?}");
    }
}

#[test]
fn hedges() {
    let service = kit::service();
    let steps = "- get: /delay/{{ 200 if iteration == 1 else 0 }}\n  name: it\n  hedge: 50ms\n- get: /products/7\n  check: $.id == 7";
    let report = kit::play(&file(&service.url(), "load: 4 iterations by 1 user", steps), &[]);
    report.all_well(8);
    // A busy machine may take 50 ms for the others, too.
    assert!((1..=4).contains(&report.number("/retries/hedges")));
    let attempts = report.number("/retries/attempts");
    assert_eq!(attempts, 8 + report.number("/retries/hedges"));
}

#[test]
fn every_hedge_of_every_attempt_is_counted() {
    let service = kit::service();
    let steps =
        "- get: /delay/200\n  hedge: 20ms\n  check: status == 201\n  retry: { attempts: 2, on: [check], backoff: 1ms }";
    let report = kit::play(&file(&service.url(), "load: 2 iterations by 1 user", steps), &[]);
    // Two attempts, each with another beside it, for each of two requests.
    assert_eq!((report.number("/retries/attempts"), report.number("/retries/hedges")), (8, 4));
}

#[test]
fn a_hedge_is_the_answer_when_the_first_hangs() {
    let count = AtomicU64::new(0);
    // The first is never answered as far as we can wait; the second at once, and the user goes on with whole answers.
    let plain = Plain::answering(move |asked| match (asked.target(), count.fetch_add(1, Relaxed)) {
        ("/slow", 0) => {
            std::thread::park_timeout(std::time::Duration::from_millis(400));
            answer(200, &[], "late")
        }
        ("/slow", _) => answer(200, &[], "hedge"),
        _ => answer(200, &[], "after"),
    });
    let steps =
        "- get: /slow\n  name: it\n  hedge: 20ms\n  check: body == \"hedge\"\n- get: /next\n  check: body == \"after\"";
    let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", steps), &[]);
    report.all_well(2);
    assert_eq!(
        (report.number("/retries/hedges"), targets(&plain)),
        (1, vec!["/slow".into(), "/slow".into(), "/next".into()])
    );
    // The one that was given up was sent, too, over a connection that had to be opened, and a new one was needed after it.
    assert_eq!((report.requests("sent_with_repeats"), report.number("/connections/opened")), (3, 3));
    let bytes: usize = plain.requests().iter().map(Asked::bytes).sum();
    assert_eq!(report.number("/bytes/sent"), bytes as u64);
}

#[test]
fn a_failed_check_is_tried_again_whatever_the_status() {
    let service = kit::service();
    for (status, check, on, attempts) in [
        (503, "status == 200", "check", 3),
        (503, "status == 200", "5xx", 3),
        (404, "[status == 404, body contains 'never']", "check", 3),
        // It is the status that was asked for.
        (404, "[status == 404, body contains 'never']", "4xx", 1),
        (404, "body contains 'never'", "4xx", 3),
        (404, "body contains 'never'", "check", 3),
        (200, "body contains 'never'", "check", 3),
        (404, "status == 404", "check, 4xx", 1),
    ] {
        let retry = format!("{{ attempts: 3, on: [{on}], backoff: 1ms, jitter: none }}");
        let steps = format!("- get: /status/{status}\n  check: {check}\n  retry: {retry}");
        let report = kit::play(&file(&service.url(), "load: 1 iterations by 1 user", &steps), &[]);
        assert_eq!(report.number("/retries/attempts"), attempts, "{status} {check} {on}");
    }
}

#[test]
fn a_retry_after_may_be_a_date() {
    for (date, attempts) in [("Wed, 25 Nov 2235 08:00:00 GMT", 1), ("Sun, 06 Nov 1994 08:49:37 GMT", 3)] {
        let header = format!("Retry-After: {date}");
        let plain = Plain::answering(move |_| answer(503, &[&header], ""));
        let steps = "- get: /x\n  retry: { attempts: 3, on: [5xx], backoff: 1ms, jitter: none, deadline: 20s }";
        let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", steps), &[]);
        assert_eq!(report.number("/retries/attempts"), attempts, "{date}");
    }
}
