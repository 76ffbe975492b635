//! Memory depends on the numbers of users and series, never on the number of requests.

use std::fs;

use onrush_target::{Service, ServiceSettings};
use rustix::process::Signal;

use crate::harness::{Run, until};

/// Some seconds old: whatever is made once a second has been made.
const EARLY: u64 = 20_000;
const LATE: u64 = 60_000;
/// Pages of histograms for values that had not been seen before, and what the allocator rounds up to. Keeping
/// a duration, sixteen bytes, of each request would need more.
const ROOM: u64 = 512 * 1024;

#[test]
fn of_a_closed_load() {
    more_requests_need_no_more_memory(&["-c8"]);
}

#[test]
fn of_an_open_load() {
    more_requests_need_no_more_memory(&["-r", "20000/s", "--max-in-flight", "8", "--when-full", "drop"]);
}

#[test]
fn of_http2() {
    more_requests_need_no_more_memory(&["-c2", "--http2"]);
}

fn more_requests_need_no_more_memory(load: &[&str]) {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let playing = Run::new([&*service.url(), "-d1h", "--graceful-stop", "0s", "-q"]).args(load.iter().copied()).start();
    let resident_after = |requests| {
        until(|| service.stats().requests >= requests, || format!("{:?}", service.stats()));
        let status = fs::read_to_string(format!("/proc/{}/status", playing.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
    };
    let (early, late) = (resident_after(EARLY), resident_after(LATE));
    playing.signal(Signal::INT);
    assert_eq!(playing.finish().code, 105);
    assert!(late < early + ROOM, "{early} bytes after {EARLY} requests, {late} after {LATE}");
}
