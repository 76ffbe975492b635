//! Ctrl-C: once lets what is in flight finish, twice ends at once. Both report.

use std::time::Duration;

use onrush_target::{Running, Service, ServiceSettings};
use rustix::process::Signal;

use crate::harness::Run;

/// Waits until the service says so.
fn until(service: &Running, what: impl Fn(&onrush_target::Stats) -> bool) {
    crate::harness::until(|| what(&service.stats()), || format!("{:?}", service.stats()));
}

fn service() -> Running {
    Service::start(ServiceSettings { grace: Duration::ZERO, ..ServiceSettings::default() }).unwrap()
}

#[test]
fn once_and_what_is_in_flight_may_finish() {
    for load in [&["-c4"][..], &["-r", "1000/s", "--max-in-flight", "4"], &["--http2", "-c2", "--streams", "2"]] {
        let service = service();
        let run = Run::new([&*(service.url() + "/delay/200"), "-d", "1h"]).args(load.iter().copied());
        let playing = run.args(["--format", "json"]).start();
        until(&service, |stats| stats.received >= 4);
        playing.signal(Signal::INT);
        let report = playing.finish().report();
        assert_eq!((report.code, report.text("/run/stopped")), (105, "interrupted"), "{load:?}");
        let stats = service.stats();
        assert_eq!((report.requests("completed"), report.requests("cut_off")), (stats.requests, 0), "{load:?}");
        assert_eq!(stats.received, stats.requests, "{load:?}");
    }
}

#[test]
fn twice_and_it_ends_at_once() {
    let service = service();
    let playing = Run::new([&*(service.url() + "/delay/3600000"), "-d1h", "-c4", "--timeout", "1h"])
        .args(["--graceful-stop", "1h", "--format", "json"])
        .start();
    until(&service, |stats| stats.received == 4);
    // Two of the same kind could be taken for one by the system; the other one means the same.
    playing.signal(Signal::INT);
    playing.signal(Signal::TERM);
    let report = playing.finish().report();
    assert_eq!((report.code, report.text("/run/stopped")), (105, "interrupted"));
    assert_eq!((report.requests("started"), report.requests("cut_off")), (4, 4));
    let reasons = report.json["verdict"]["reasons"].to_string();
    assert!(reasons.contains("4 requests (100 %) were still unanswered at the end"), "{reasons}");
}

#[test]
fn once_is_enough_where_the_graceful_period_is_short() {
    let service = service();
    let playing = Run::new([&*(service.url() + "/delay/3600000"), "-d1h", "-c3", "--timeout", "1h"])
        .args(["--graceful-stop", "100ms", "--format", "json"])
        .start();
    until(&service, |stats| stats.received == 3);
    playing.signal(Signal::INT);
    let report = playing.finish().report();
    assert_eq!((report.code, report.requests("cut_off")), (105, 3));
}

#[test]
fn the_summary_is_printed_after_an_interruption() {
    let service = service();
    let playing = Run::new([&*service.url(), "-d1h", "-c2"]).start();
    until(&service, |stats| stats.received > 100);
    playing.signal(Signal::INT);
    let ended = playing.finish();
    assert_eq!(ended.code, 105);
    assert!(ended.stdout.contains("response time") && ended.stdout.contains("requests"), "{}", ended.stdout);
}

#[test]
fn more_arrivals_than_any_generator_can_begin_do_not_deafen_it() {
    let service = service();
    let arguments = ["-r", "1000000000/s", "-d", "1h", "--when-full", "drop", "--max-in-flight", "8"];
    let playing = Run::new([&*service.url()]).args(arguments).args(["--format", "json"]).start();
    until(&service, |stats| stats.requests > 20);
    playing.signal(Signal::INT);
    let report = playing.finish().report();
    assert_eq!((report.code, report.text("/verdict/soundness")), (105, "invalid"));
    assert_eq!(report.requests("completed"), service.stats().requests);
    assert!(report.requests("dropped") > 0);
}
