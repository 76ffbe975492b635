//! A machine that runs out of something: that is not the service's fault, and the verdict says so. And more
//! requests than 32 bits can count.

use std::process::Command;

use onrush_target::{Service, ServiceSettings};

use crate::harness::{ONRUSH, Report, Run, skip};

/// Holds a port open, inside of a network of its own that has ten ports to connect from, and becomes onrush.
const FEW_PORTS: &str = r#"
import fcntl, os, socket, struct, sys
control = socket.socket()
fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x49))  # SIOCSIFFLAGS: up, running, loopback
with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
    ports.write("40000 40009")
listener = socket.socket()
listener.bind(("127.0.0.1", 39999))
listener.listen(100)
os.set_inheritable(listener.fileno(), True)
os.execv(sys.argv[1], sys.argv[1:])
"#;

#[track_caller]
fn check(report: &Report, kind: &str, words: &str) {
    let errors = report.json["errors"].as_array().unwrap();
    let found = errors.iter().find(|row| row["kind"] == kind).unwrap_or_else(|| panic!("{errors:?}"));
    assert_eq!(found["local"], true);
    assert!(errors.iter().all(|row| row["local"] == true || row["kind"] == "timeout"), "{errors:?}");
    assert_eq!(report.text("/verdict/soundness"), "invalid");
    let reasons = report.json["verdict"]["reasons"].as_array().unwrap();
    let reason = reasons.iter().find(|reason| reason["rule"] == "local").unwrap_or_else(|| panic!("{reasons:?}"));
    assert!(reason["text"].as_str().unwrap().contains(words), "{reason}");
}

fn with_few_descriptors(limit: u32) -> Run {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\""), ONRUSH]);
    Run::of(shell)
}

#[test]
fn an_in_flight_limit_that_follows_from_open_files_is_told() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let said = |more: &[&str]| {
        let fixed = [&*service.url(), "-r", "100/s", "-d", "50ms"];
        with_few_descriptors(60).args(fixed.iter().chain(more).copied()).finish().stderr
    };
    assert!(said(&[]).contains("for the open-files limit"), "{}", said(&[]));
    assert!(!said(&["--max-in-flight", "5"]).contains("for the open-files limit"));
}

#[test]
fn what_waits_for_that_limit_is_not_the_services_fault() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let url = service.url() + "/delay/300";
    let report = with_few_descriptors(60).args([&*url, "-t2", "-r", "200/s", "-d", "500ms"]).report();
    assert!(report.stderr.contains("at most 30 requests are in flight"), "{}", report.stderr);
    report.all_well(100);
    let reasons = report.json["verdict"]["reasons"].as_array().unwrap();
    let told =
        reasons.iter().find(|reason| reason["rule"] == "in-flight-limit").unwrap_or_else(|| panic!("{reasons:?}"));
    assert!(told["text"].as_str().unwrap().contains("which `ulimit -n` raises"), "{told}");
}

#[test]
fn descriptors_that_run_out() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let url = service.url() + "/delay/300";
    let report = with_few_descriptors(40).args([&*url, "-t2", "-c60", "-n120"]).report();
    assert!(report.stderr.contains("60 connections are asked for"), "{}", report.stderr);
    check(&report, "local descriptors", "ran out of file descriptors: raise `ulimit -n`");
    assert!(report.requests("completed") > 0);
    assert_eq!(report.requests("completed"), service.stats().requests);
    // The same is said to people, and decides the exit code where that is asked for.
    let ended = with_few_descriptors(40).args([&*url, "-q", "-t2", "-c60", "-n120", "--fail-on", "invalid"]).finish();
    assert_eq!(ended.code, 99);
    assert!(ended.stdout.contains("INVALID") && ended.stdout.contains("`ulimit -n`"), "{}", ended.stdout);
}

#[test]
fn too_few_descriptors_to_begin_at_all() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    for limit in 4..=8 {
        let ended = with_few_descriptors(limit).args([&*service.url(), "-q", "-n4", "-c2", "-t2"]).finish();
        assert_eq!((ended.code, &*ended.stdout), (104, ""), "{limit}: {}", ended.stderr);
        assert!(ended.stderr.contains("Too many open files"), "{limit}: {}", ended.stderr);
    }
    assert_eq!(service.stats().accepted, 0, "nothing is half-started");
}

#[test]
fn ports_that_run_out() {
    let mut namespace = Command::new("unshare");
    namespace.args(["-rn", "python3", "-c", "pass"]);
    if !namespace.output().is_ok_and(|output| output.status.success()) {
        skip("no network namespace for everybody here, or no python3");
        return;
    }
    let mut inside = Command::new("unshare");
    inside.args(["-rn", "python3", "-c", FEW_PORTS, ONRUSH]);
    let run = ["http://127.0.0.1:39999/", "-q", "-t2", "-c20", "-n20", "--timeout", "300ms"];
    let report = Run::of(inside).args(run).report();
    check(&report, "local ports", "ran out of local ports: keep connections alive");
    assert_eq!(report.outcomes(), [("timeout".to_owned(), 10), ("local ports".to_owned(), 10)]);
}

#[test]
fn more_requests_than_32_bits_can_count() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let report = Run::new([&*service.url(), "-n", "5_000_000_000", "-d", "200ms", "-c2"]).report();
    assert!(report.stderr.contains("5000000000 iterations by 2 users"), "{}", report.stderr);
    report.all_well(service.stats().requests);
    let report = Run::new([&*service.url(), "-q", "--load", "5000000000 iterations each by 2 users within 200ms"]);
    assert!(report.report().requests("completed") > 0);
}
