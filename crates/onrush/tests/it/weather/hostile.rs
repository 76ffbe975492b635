//! Every mode of the hostile server: one request after the other, on a schedule, pipelined, and over HTTP/2.

use std::time::Duration;

use onrush_target::{Hostile, HostileServer};

use crate::harness::{Report, Run};

const MS: Duration = Duration::from_millis(1);

/// Requests of each run.
const FOUR: u64 = 4;

/// What comes out of the requests to one mode. Several outcomes may occur, and at least one does.
struct Row {
    mode: Hostile,
    expected: &'static [&'static str],
    /// What may come out in addition when requests share a connection without waiting for each other.
    pipelined: &'static [&'static str],
}

fn row(mode: Hostile, expected: &'static [&'static str]) -> Row {
    let pipelined: &[&str] = match mode {
        // The first answer is whole before the nonsense begins.
        Hostile::TooLong => &["200"],
        Hostile::Status204WithBody => &["204"],
        _ => &[],
    };
    Row { mode, expected, pipelined }
}

fn table() -> Vec<Row> {
    vec![
        row(Hostile::AcceptAndSayNothing, &["timeout"]),
        row(Hostile::Refuse, &["connect refused"]),
        row(Hostile::SlowFirstByte(20 * MS), &["200"]),
        row(Hostile::SlowFirstByte(20_000 * MS), &["timeout"]),
        row(Hostile::Drip(MS), &["200"]),
        row(Hostile::Drip(10_000 * MS), &["timeout"]),
        // Whether the reset overtakes the end of connecting is the system's business.
        row(Hostile::ResetOnAccept, &["reset", "connect reset"]),
        row(Hostile::ResetMidResponse, &["reset"]),
        row(Hostile::Truncate, &["closed early"]),
        row(Hostile::TooLong, &["protocol"]),
        row(Hostile::BadChunk, &["protocol"]),
        row(Hostile::BadChunkSize, &["protocol"]),
        row(Hostile::EndlessHeader, &["protocol"]),
        row(Hostile::EndlessChunks, &["timeout"]),
        row(Hostile::HugeContentLength, &["closed early"]),
        row(Hostile::CloseBetweenIdle, &["200"]),
        row(Hostile::CloseMid, &["200"]),
        row(Hostile::Http10, &["200"]),
        row(Hostile::Http10KeepAlive, &["200"]),
        // The answer that nobody asked for is taken for that of the first request, or found to be one too many.
        row(Hostile::Unasked, &["200", "protocol"]),
        row(Hostile::Garbage, &["protocol"]),
        row(Hostile::HalfClose, &["200"]),
        row(Hostile::Continue100, &["200"]),
        row(Hostile::Many1xx, &["200"]),
        row(Hostile::BareLf, &["200"]),
        row(Hostile::NoReason, &["200"]),
        row(Hostile::LowerCaseHeaders, &["200"]),
        row(Hostile::ConflictingContentLengths, &["protocol"]),
        row(Hostile::ContentLengthAndChunked, &["200"]),
        row(Hostile::CloseDelimited, &["200"]),
        row(Hostile::Status204WithBody, &["protocol"]),
        row(Hostile::Trailers, &["200"]),
        row(Hostile::Upgrade101, &["protocol"]),
    ]
}

/// Plays [`FOUR`] requests; those that are to time out soon do, the others have all the time they need.
fn play(row: &Row, more: &[&str]) -> Report {
    let server = HostileServer::start(row.mode).unwrap();
    let url = server.url();
    let timeout = if row.expected == ["timeout"] { "100ms" } else { "15s" };
    let fixed = [&*url, "-q", "-n4", "-t1", "--timeout", timeout];
    Run::new(fixed.iter().chain(more).copied()).report()
}

fn check(row: &Row, report: &Report, expected: &[&str]) {
    let outcomes = report.outcomes();
    let total: u64 = outcomes.iter().map(|(_, count)| count).sum();
    let unexpected: Vec<_> = outcomes.iter().filter(|(name, _)| !expected.contains(&name.as_str())).collect();
    assert!(unexpected.is_empty(), "{}: {unexpected:?} {:#}", row.mode, report.json["errors"]);
    assert_eq!((report.code, total), (0, FOUR), "{}: {outcomes:?}", row.mode);
    let is_local = report.json["errors"].as_array().unwrap().iter().any(|error| error["local"] == true);
    assert!(!is_local, "{}: that is the server's fault", row.mode);
}

#[test]
fn the_table_has_every_mode() {
    let listed: Vec<_> = table().into_iter().map(|row| row.mode.name()).collect();
    let missing: Vec<_> = Hostile::ALL.into_iter().filter(|mode| !listed.contains(&mode.name())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn one_request_after_the_other() {
    for row in table() {
        check(&row, &play(&row, &["-c1"]), row.expected);
    }
}

#[test]
fn on_a_schedule() {
    for row in table() {
        check(&row, &play(&row, &["-r", "200/s"]), row.expected);
    }
}

#[test]
fn pipelined() {
    for row in table() {
        let report = play(&row, &["-c1", "--pipeline", "4"]);
        check(&row, &report, &[row.expected, row.pipelined].concat());
    }
}

#[test]
fn who_does_not_speak_http2_is_not_understood() {
    let errors = ["protocol", "reset", "closed early", "timeout", "connect refused", "connect reset"];
    for row in table() {
        check(&row, &play(&row, &["-c1", "--http2"]), &errors);
    }
}

#[test]
fn an_idle_connection_that_was_closed_is_no_failure_and_is_counted() {
    for mode in [Hostile::CloseMid, Hostile::HalfClose, Hostile::CloseBetweenIdle] {
        let report = play(&row(mode, &["200"]), &["-c1"]);
        let of = |name: &str| report.number(&format!("/connections/{name}"));
        let repeats = of("stale_retries") + of("unanswered_repeats");
        assert_eq!((repeats, of("opened"), report.requests("completed")), (3, 4, 4), "{mode}");
        assert!(mode != Hostile::CloseMid || of("stale_retries") == 0, "{mode}: it read what it did not answer");
        assert_eq!(of("requests_on_reused"), 0, "{mode}: each connection was closed after its first answer");
    }
}

#[test]
fn a_service_that_drops_requests_is_not_told_to_be_perfect() {
    let server = HostileServer::start(Hostile::CloseMid).unwrap();
    let url = server.url();
    for more in [&["-c2"][..], &["-c2", "--pipeline", "4"]] {
        let played = Run::new([&[&*url, "-q", "-n100"], more].concat()).finish();
        let told = "requests repeated: the connection was closed";
        assert!(played.stdout.contains("SOME SENT TWICE") && played.stdout.contains(told), "{}", played.stdout);
    }
}

#[test]
fn what_may_have_been_done_is_not_done_again() {
    let row = row(Hostile::CloseMid, &["200", "closed early"]);
    let report = play(&row, &["-c1", "-m", "POST"]);
    let (closed, answered) = (("closed early".to_owned(), 2), ("200".to_owned(), 2));
    assert_eq!((report.outcomes(), report.requests("sent_with_repeats")), (vec![answered, closed], 4));
}

#[test]
fn bodies_may_be_limited() {
    let row = row(Hostile::EndlessChunks, &["protocol"]);
    let report = play(&row, &["-c1", "--max-body", "100000"]);
    check(&row, &report, row.expected);
    assert_eq!(report.example("protocol"), "the response body is longer than 100000 bytes");
}
