//! Single blocks of the summary, in the cases that whole outcomes do not show side by side.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{ErrorKind, Histogram, Outcome, Tally};
use onrush_report::{Style, summary};

use crate::fixtures::{self, good, micros, same, secs, spread};

/// What a case is about, and what makes it out of a plain closed run of 12,000 requests.
type Case = (&'static str, fn(&mut Outcome));

/// The lines from the one that begins with `label` to the next label.
fn block(text: &str, label: &str) -> String {
    let begins = |line: &str| line.strip_prefix("  ").is_some_and(|line| line.starts_with(label));
    let mut lines = text.lines().skip_while(|line| !begins(line));
    let first = lines.next().unwrap_or("  (nothing)");
    let more = lines.take_while(|line| line.starts_with("   "));
    std::iter::once(first).chain(more).collect::<Vec<_>>().join("\n")
}

/// The lines between two empty ones that tell of times and what they mean.
fn paragraph_of_times(text: &str, _: &str) -> String {
    text.split("\n\n").find(|lines| lines.contains("  service time ")).unwrap_or("  (nothing)").to_owned()
}

fn check(label: &str, cases: &[Case]) {
    check_part(label, block, cases);
}

/// As a snapshot that is called `label`: what `part` takes from the summary of each case.
fn check_part(label: &str, part: fn(&str, &str) -> String, cases: &[Case]) {
    let mut page = String::new();
    for (about, make) in cases {
        let mut outcome = fixtures::closed();
        make(&mut outcome);
        let _ = writeln!(page, "-- {about}\n{}", part(&summary(&outcome, Style::default()), label));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(label, page) });
}

fn open(outcome: &mut Outcome) {
    outcome.info = fixtures::open_info("1200/s for 10s", 10, 12_000);
    outcome.total.start_lag = spread(12_000, 10, 100);
    outcome.total.release_lag = spread(12_000, 8, 90);
}

fn fail(outcome: &mut Outcome, kind: ErrorKind, count: u64, example: &str) {
    outcome.total.counters.failed += count;
    outcome.total.counters.completed -= count;
    (0..count).for_each(|_| outcome.total.errors.record(kind, || example.to_owned()));
}

/// More requests, which waited as long as they may.
fn time_out(outcome: &mut Outcome, kind: ErrorKind, count: u64) {
    outcome.total.counters.completed += count;
    fail(outcome, kind, count, "");
    (0..count).for_each(|_| outcome.total.response.record(micros(40)));
}

/// Requests that took `response`, `service` of it on the wire.
fn times(outcome: &mut Outcome, count: u64, response: u64, service: u64) {
    outcome.total = good(count, 1);
    (outcome.total.response, outcome.total.service) = (same(count, response), same(count, service));
    let parts = &mut outcome.total.breakdown;
    (parts.connect, parts.wait, parts.receive) = (Histogram::new(), same(count, service), Histogram::new());
}

#[test]
fn the_time_that_is_measured() {
    check(
        "measured",
        &[
            ("nothing beside it", |_| {}),
            ("a warm-up", |o| o.info.warmup = secs(5)),
            ("last answers that came soon", |o| o.elapsed = o.measured + Duration::from_millis(400)),
            ("last answers that took long", |o| o.elapsed = o.measured + secs(30)),
            ("both", |o| (o.info.warmup, o.elapsed) = (secs(65), o.measured + secs(70))),
            ("next to nothing", |o| (o.measured, o.elapsed) = (micros(310), micros(400))),
        ],
    );
}

#[test]
fn the_rate() {
    check(
        "rate",
        &[
            ("closed", |_| {}),
            ("open", open),
            ("open, and not reached", |o| {
                open(o);
                o.total.counters.started_in_time = 11_000;
                o.total.counters.ended_in_time = 11_000;
            }),
            ("open, and answers that came after it", |o| {
                open(o);
                o.total.counters.ended_in_time = 11_000;
            }),
            ("with failures", |o| fail(o, ErrorKind::Reset, 3, "")),
            ("open, with failures", |o| {
                open(o);
                fail(o, ErrorKind::Reset, 3, "");
            }),
            ("open and closed stages", |o| o.total.start_lag = spread(100, 10, 100)),
            ("over too short a time", |o| o.measured = Duration::from_millis(99)),
            ("nothing was due", |o| *o = fixtures::nothing()),
        ],
    );
}

#[test]
fn times_and_what_they_mean() {
    check_part(
        "times",
        paragraph_of_times,
        &[
            ("one", |o| times(o, 1, 400, 100)),
            ("two", |o| times(o, 2, 40, 30)),
            ("ten", |o| times(o, 10, 40, 30)),
            ("two hundred", |o| times(o, 200, 40, 30)),
            ("a thousand", |o| times(o, 1_000, 40, 30)),
            ("a hundred thousand", |o| times(o, 100_000, 40, 30)),
            ("waiting for connections", |o| {
                times(o, 10, 400, 100);
                o.total.breakdown.dns = same(10, 100);
                o.total.breakdown.connect = same(10, 90);
                o.total.breakdown.tls = same(10, 110);
            }),
            ("slow connections, but few", |o| {
                times(o, 1_000, 4_000, 1_000);
                o.total.breakdown.connect = same(10, 3_000);
                o.total.breakdown.pool = same(1_000, 2_900);
            }),
            ("half by the generator, half by the connection", |o| {
                times(o, 1, 270, 100);
                (o.total.start_lag, o.total.release_lag) = (same(1, 84), same(1, 77));
                o.total.breakdown.connect = same(1, 80);
            }),
            ("a little of everything", |o| {
                times(o, 10, 1_000, 100);
                (o.total.start_lag, o.total.release_lag) = (same(10, 400), same(10, 200));
                o.total.breakdown.connect = same(10, 200);
                o.total.breakdown.pool = same(10, 200);
            }),
            ("late steps", |o| late_steps(o, 0, false)),
            ("late steps of a batch", |o| late_steps(o, 0, true)),
            ("late users", |o| late_steps(o, 300, false)),
            ("late users of a batch", |o| late_steps(o, 300, true)),
            ("one timed out", |o| {
                times(o, 10, 40, 30);
                time_out(o, ErrorKind::Timeout, 1);
            }),
            ("the name server kept silent twice", |o| {
                times(o, 10, 40, 30);
                time_out(o, ErrorKind::Dns, 2);
            }),
            ("some without an answer", |o| {
                times(o, 10, 40, 30);
                o.total.counters.completed = 12;
                fail(o, ErrorKind::Reset, 2, "");
            }),
            ("one was cut off", |o| {
                times(o, 10, 40, 30);
                (o.total.counters.cut_off, o.oldest_cut_off) = (1, Some(secs(3)));
            }),
            ("one slow answer", |o| {
                times(o, 10, 40, 30);
                o.total.response.record(secs(1));
                o.total.statuses.record(200);
            }),
        ],
    );
}

#[test]
fn errors() {
    check(
        "errors",
        &[
            ("short", |o| fail(o, ErrorKind::Timeout, 5, "no whole answer within 2s")),
            ("long", |o| fail(o, ErrorKind::Tls, 1, &"the certificate is not trusted and ".repeat(9))),
            ("without an example", |o| fail(o, ErrorKind::Reset, 5, "")),
            ("a status", |o| fail(o, ErrorKind::Status, 1_000, "status 503")),
            ("of this machine", |o| fail(o, ErrorKind::LocalPorts, 1_000, "no local port is free for 192.0.2.7:80")),
            ("several", |o| {
                fail(o, ErrorKind::Dns, 1, "shop.example.com: no such name");
                fail(o, ErrorKind::ConnectRefused, 2, "connecting to 192.0.2.7:80: connection refused");
            }),
        ],
    );
}

#[test]
fn connections() {
    check(
        "connections",
        &[
            ("reused", |_| {}),
            ("a single one, once", |o| {
                (o.total.counters.connections_opened, o.total.counters.connections_reused) = (1, 0);
            }),
            ("one for each", |o| {
                (o.total.counters.connections_opened, o.total.counters.connections_reused) = (12_000, 0);
            }),
            ("closed while idle, and not reached at once", |o| {
                (o.total.counters.stale_retries, o.total.counters.address_fallbacks) = (1, 1);
            }),
            ("the same more often", |o| {
                (o.total.counters.stale_retries, o.total.counters.address_fallbacks) = (2_000, 2);
            }),
            ("closed without an answer", |o| o.total.counters.unanswered_repeats = 12),
        ],
    );
}

#[test]
fn what_a_service_dropped_is_said_at_the_top_unless_it_is_the_race_of_keep_alive() {
    check_part(
        "repeats",
        |text, _| block(text, "▲"),
        &[
            ("one request in a hundred", |o| o.total.counters.unanswered_repeats = 120),
            ("one more", |o| o.total.counters.unanswered_repeats = 121),
            ("the only one", |o| {
                (o.total.counters.started, o.total.counters.unanswered_repeats) = (1, 1);
            }),
        ],
    );
}

#[test]
fn data() {
    check(
        "data",
        &[
            ("as usual", |_| {}),
            ("last answers took as long as the rest", |o| o.elapsed = o.measured * 2),
            ("over too short a time", |o| (o.measured, o.elapsed) = (micros(310), micros(400))),
            ("no answer", |o| o.total.counters.bytes_received = 0),
        ],
    );
}

#[test]
fn the_generator() {
    check(
        "generator",
        &[
            ("closed", |_| {}),
            ("open", open),
            ("open, few", |o| {
                open(o);
                o.total.release_lag = spread(20, 8, 90);
            }),
            ("one thread", |o| {
                o.info.threads = 1;
                o.health.workers.truncate(1);
            }),
            ("a moment", |o| o.elapsed = Duration::from_millis(99)),
            ("a machine that is shared", |o| o.health.steal = Some(0.12)),
            ("a system that tells nothing", |o| o.health = onrush_metrics::Health::default()),
        ],
    );
}

#[test]
fn what_a_connection_carries() {
    check(
        "load",
        &[
            ("one request at a time", |_| {}),
            ("pipelines", |o| o.info.lanes = 16),
            ("streams", |o| (o.info.protocol, o.info.lanes) = ("HTTP/2".to_owned(), 10)),
            ("one stream", |o| o.info.protocol = "HTTP/2".to_owned()),
        ],
    );
}

/// Requests of scenarios that were begun 300 µs late, after users who had waited for `waited` µs.
fn late_steps(outcome: &mut Outcome, waited: u64, batches: bool) {
    times(outcome, 10, 400, 100);
    outcome.total.start_lag = same(10, 300);
    outcome.info.batches = batches;
    outcome.iterations = Some(Tally { start_lag: same(10, waited), ..Tally::default() });
}
