//! Who gets to see what: summary, JSON, files, progress, colours, exit codes.

use std::process::Command;

use onrush_target::{Running, Service, ServiceSettings};
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Folder, ONRUSH, Run, skip, until};

fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

#[test]
fn the_same_outcome_goes_to_every_output() {
    let service = service();
    let folder = Folder::new();
    let (json, summary) = (folder.path("out.json"), folder.path("out.txt"));
    let outputs = [format!("json={}", json.display()), format!("summary={}", summary.display())];
    let ended = Run::new([&*service.url(), "-q", "-n20", "-o", &outputs[0], "-o", &outputs[1]]).finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    let read = |path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&summary), ended.stdout);
    assert!(ended.stdout.contains("20 intended · 20 started · 20 completed"), "{}", ended.stdout);
    let json: Value = serde_json::from_str(&read(&json)).unwrap();
    assert_eq!((&json["version"], &json["requests"]["completed"]), (&1.into(), &20.into()));
    assert_eq!(json["run"]["targets"], serde_json::json!([service.url() + "/"]));
}

#[test]
fn an_output_to_standard_output_is_the_only_one_there() {
    let service = service();
    Run::new([&*service.url(), "-q", "-n20", "-o", "json=-"]).finish().report().all_well(20);
    let ended = Run::new([&*service.url(), "-q", "-n20", "-o", "summary=-"]).finish();
    assert_eq!(ended.stdout.matches("20 completed").count(), 1, "{}", ended.stdout);
}

#[test]
fn two_results_do_not_go_to_one_file() {
    let folder = Folder::new();
    let path = folder.path("out");
    let (first, second) = (format!("json={}", path.display()), format!("summary={}/./out", folder.path("").display()));
    let ended = Run::new(["http://127.0.0.1:1/", "-n1", "-o", &first, "-o", &second]).finish();
    assert!(ended.code == 104 && ended.stderr.contains("is to get two results"), "{ended:?}");
    let ended =
        Run::new(["http://127.0.0.1:1/", "-n1", "-q", "-o", "json=/dev/null", "-o", "summary=/dev/null"]).finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
}

#[test]
fn results_replace_those_of_a_run_before_only_when_there_are_some() {
    let service = service();
    let folder = Folder::new();
    let path = folder.write("out.json", " ".repeat(1 << 20) + "those of before");
    let output = format!("json={}", path.display());
    let bad = ["--cert", "/dev/null", "--key", "/dev/null", "-k", "https://127.0.0.1:1/"];
    let ended = Run::new(["-q", "-n20", "-o", &output]).args(bad).finish();
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(ended.code == 104 && kept.ends_with("those of before"), "{ended:?}");
    assert_eq!(Run::new([&*service.url(), "-q", "-n20", "-o", &output]).finish().code, 0);
    let json: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(json["requests"]["completed"], 20);
}

#[test]
fn a_run_that_is_killed_leaves_no_result_of_the_one_before() {
    let service = service();
    let folder = Folder::new();
    let [junit, csv] = ["junit", "csv"].map(|kind| (kind, folder.write(kind, "those of before")));
    let output = |(kind, path): &(&str, std::path::PathBuf)| format!("{kind}={}", path.display());
    let run = Run::new([&*service.url(), "-q", "-d1h", "-c1", "-o", &output(&junit), "-o", &output(&csv)]);
    let playing = run.start();
    until(|| !junit.1.exists(), || "it is still there".to_owned());
    until(
        || std::fs::read_to_string(&csv.1).is_ok_and(|text| text.starts_with("time,")),
        || "nothing is written".to_owned(),
    );
    playing.signal(Signal::KILL);
    drop(playing.end());
    assert_eq!(names(&folder), ["csv"]);
}

#[test]
fn a_start_that_is_refused_leaves_no_file() {
    let folder = Folder::new();
    let output = |name: &str| format!("{name}={}", folder.path(name).display());
    let outputs = ["json", "csv", "parquet", "prometheus"].map(output);
    let ended =
        Run::new(["http://127.0.0.1:9/", "-n1"]).args(outputs.iter().flat_map(|output| ["-o", output])).finish();
    assert!(ended.code == 104 && ended.stderr.contains("output prometheus: cannot listen"), "{ended:?}");
    assert_eq!(names(&folder), [""; 0]);
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path("")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn progress_goes_to_standard_error_unless_it_is_quiet() {
    let service = service();
    let arguments = [&*service.url(), "-r", "50/s", "-d", "1200ms", "--seed", "7", "--format", "json"];
    let report = Run::new(arguments).finish().report();
    let lines: Vec<_> = report.stderr.lines().collect();
    let head = format!("{}/: 50/s for 1.2s, HTTP/1.1, ", service.url());
    assert!(lines[0].starts_with(&head) && lines[0].ends_with("seed 7"), "{lines:?}");
    assert!(lines[1].contains("p50") && lines[1].contains("users"), "{lines:?}");
    assert!(!report.stderr.contains(['\u{1b}', '\r']), "nothing is rewritten where it is no terminal: {lines:?}");
    let report = Run::new([&*service.url(), "-n20", "--quiet"]).report();
    assert_eq!(report.stderr, "");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_want_them() {
    let has_script = Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success());
    if !has_script {
        skip("no `script` here to make a terminal");
        return;
    }
    let service = service();
    let line = format!("{ONRUSH} {} -n20", service.url());
    let on_terminal = |variables: &[(&str, &str)]| {
        let mut script = Command::new("script");
        script.args(["-qec", &line, "/dev/null"]);
        let run = variables.iter().fold(Run::of(script), |run, (name, value)| run.env(name, value));
        run.env("LC_ALL", "C.UTF-8").finish().stdout
    };
    let has_colour = |text: &str| text.split("\u{1b}[").skip(1).any(|rest| rest.find('m').is_some_and(|at| at < 8));
    let text = on_terminal(&[("TERM", "xterm")]);
    assert!(has_colour(&text) && text.contains("VALID") | text.contains("DEGRADED"), "{text}");
    for variables in [[("TERM", "xterm"), ("NO_COLOR", "1")], [("TERM", "dumb"), ("NO_COLOR", "")]] {
        let text = on_terminal(&variables);
        assert!(!has_colour(&text) && text.contains("20 completed"), "{variables:?}: {text}");
    }
    let piped = Run::new([&*service.url(), "-n20"]).env("TERM", "xterm").finish();
    assert!(!piped.stdout.contains('\u{1b}') && !piped.stderr.contains('\u{1b}'));
}

#[test]
fn a_bad_verdict_decides_the_exit_code_where_that_is_asked_for() {
    let service = service();
    let url = service.url() + "/delay/200";
    let full = ["-q", "-r", "100/s", "-d", "100ms", "--max-in-flight", "1", "--when-full", "drop"];
    for (fail_on, code) in [(&[][..], 0), (&["--fail-on", "degraded"], 99), (&["--fail-on", "invalid"], 99)] {
        let report = Run::new([&*url]).args(full).args(fail_on.iter().copied()).report();
        assert_eq!((report.code, report.text("/verdict/soundness")), (code, "invalid"), "{fail_on:?}");
    }
    let report = Run::new([&*service.url(), "-q", "-n20", "--fail-on", "invalid"]).report();
    assert_eq!(report.code, 0, "{:#}", report.json["verdict"]);
}

/// URLs, flags, and which conditions are met in what way.
type Gated<'a> = (&'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)]);

#[test]
fn failing_requests_fail_the_run_where_that_is_asked_for() {
    let service = service();
    let (good, bad) = (service.url(), service.url() + "/status/500");
    let none = "not one request was answered well";
    let half = "10 of 20 requests were not answered well";
    let table: &[Gated] = &[
        (&[&bad], &[], &[]),
        (&[&bad], &["--fail-on", "invalid"], &[("invalid", none)]),
        (&[&bad], &["--fail-on", "failures=99%"], &[("failures=99%", none)]),
        (&[&good], &["--fail-on", "failures"], &[]),
        (&[&good, &bad], &["--fail-on", "failures"], &[("failures", half)]),
        (&[&good, &bad], &["--fail-on", "failures=50%"], &[]),
        (&[&good, &bad], &["--fail-on", "invalid,failures=49.9%"], &[("failures=49.9%", half)]),
        (
            &[&good, &bad],
            &["--fail-on", "failures=1%", "--fail-on", "failures"],
            &[("failures=1%", half), ("failures", half)],
        ),
    ];
    for (urls, fail_on, expected) in table {
        let ended = Run::new(urls.iter().chain(*fail_on).copied()).args(["-q", "-n20", "-t1"]).finish();
        let said: Vec<_> =
            expected.iter().map(|(condition, how)| format!("failed by --fail-on {condition}: {how}\n")).collect();
        let code = if expected.is_empty() { 0 } else { 99 };
        assert_eq!((ended.code, ended.stderr), (code, said.concat()), "{urls:?} {fail_on:?}");
    }
}

#[test]
fn a_dead_service_passes_no_gate() {
    let ended = Run::new(["http://127.0.0.1:1/", "-n10", "-q", "--fail-on", "degraded"]).finish();
    let said = "failed by --fail-on degraded: not one request was answered well\n";
    assert_eq!((ended.code, &*ended.stderr), (99, said), "{}", ended.stdout);
}
