//! Outputs with troubles of their own: full disks, folders that are read-only, pipes that nobody reads. The load goes on,
//! and what is missing is told.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use onrush_target::{Running, Service, ServiceSettings};

use crate::flow::saved::on_a_disk;
use crate::harness::{Folder, Run, skip, until};

const KINDS: &[&str] = &["summary", "json", "run", "jsonl", "csv", "junit", "markdown", "hlog"];

fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

#[test]
fn a_full_disk_is_told_of_each_output_and_touches_no_other() {
    if File::options().write(true).open("/dev/full").is_err() {
        skip("no /dev/full here");
        return;
    }
    let service = service();
    for kind in KINDS {
        let ended = Run::new([&*service.url(), "-q", "-n10", "-o", &format!("{kind}=/dev/full")]).finish();
        let expected = format!("warning: output {kind}=/dev/full failed: No space left on device (os error 28)\n");
        assert_eq!((ended.code, &*ended.stderr), (1, &*expected));
        assert!(ended.stdout.contains("10 completed"), "{kind}: {}", ended.stdout);
    }
    assert_eq!(service.stats().requests, 10 * KINDS.len() as u64);
}

#[test]
fn a_disk_that_fills_up_during_the_run_ends_that_output_alone() {
    let service = service();
    let folder = Folder::new();
    let disk = folder.path("disk");
    let Some(run) = on_a_disk("size=4k", &disk) else { return };
    let (small, large) = (format!("jsonl={}", disk.join("a").display()), folder.path("b"));
    let outputs = ["-o", &small, "-o", &format!("csv={}", large.display())];
    let ended = run.args([&*service.url(), "-q", "-r", "100/s", "-d", "4s"]).args(outputs).finish();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("warning: output {small} failed: No space left")), "{}", ended.stderr);
    assert!(ended.stdout.contains("400 completed"), "{}", ended.stdout);
    assert!(std::fs::read_to_string(large).unwrap().lines().count() >= 5, "a header and four seconds");
}

#[test]
fn a_folder_that_is_read_only_is_told_before_the_run() {
    let service = service();
    let folder = Folder::new();
    let disk = folder.path("disk");
    let Some(run) = on_a_disk("ro", &disk) else { return };
    let ended = run.args([&*service.url(), "-n10", "-o", &format!("csv={}", disk.join("a.csv").display())]).finish();
    assert_eq!(ended.code, 104, "{}", ended.stderr);
    assert!(ended.stderr.contains("disk/a.csv: Read-only file system"), "{}", ended.stderr);
    assert_eq!(service.stats().requests, 0);
}

/// A named pipe, where those can be made.
fn named_pipe(folder: &Folder) -> Option<std::path::PathBuf> {
    let path = folder.path("pipe");
    let is_made = Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success());
    if !is_made {
        skip("no mkfifo here");
    }
    is_made.then_some(path)
}

fn into(kind: &str, path: &Path) -> String {
    format!("{kind}={}", path.display())
}

#[test]
fn a_pipe_that_nobody_reads_holds_up_neither_the_load_nor_others() {
    let service = service();
    let folder = Folder::new();
    let Some(path) = named_pipe(&folder) else { return };
    let others = folder.path("a.csv");
    let ended =
        Run::new([&*service.url(), "-q", "-n10", "-o", &into("jsonl", &path), "-o", &into("csv", &others)]).finish();
    assert_eq!((ended.code, service.stats().requests), (1, 10), "{}", ended.stderr);
    let expected =
        format!("warning: output {} was not ready 10 s after the end; it may be incomplete\n", into("jsonl", &path));
    assert_eq!(ended.stderr, expected);
    assert!(ended.stdout.contains("10 completed"), "{}", ended.stdout);
    assert!(std::fs::read_to_string(others).unwrap().lines().count() >= 2);
}

#[test]
fn a_pipe_that_is_read_gets_everything() {
    let service = service();
    let folder = Folder::new();
    let Some(path) = named_pipe(&folder) else { return };
    let playing = Run::new([&*service.url(), "-q", "-n10", "-o", &into("jsonl", &path)]).start();
    let text = std::fs::read_to_string(&path).unwrap();
    let ended = playing.finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    assert!(text.starts_with("{\"type\":\"start\"") && text.lines().last().unwrap().starts_with("{\"type\":\"end\""));
}

#[test]
fn a_reader_that_goes_away_has_seen_enough() {
    let service = service();
    let folder = Folder::new();
    let Some(path) = named_pipe(&folder) else { return };
    let playing = Run::new([&*service.url(), "-q", "-r", "100/s", "-d", "3s", "-o", &into("jsonl", &path)]).start();
    let mut reader = File::open(&path).unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    drop(reader);
    let ended = playing.finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    assert!(ended.stdout.contains("300 completed"), "{}", ended.stdout);
}

/// A second of a hundred steps is more than a pipe holds.
#[test]
fn an_output_that_cannot_keep_up_gets_seconds_together_and_all_of_them() {
    let service = service();
    let folder = Folder::new();
    let Some(path) = named_pipe(&folder) else { return };
    let steps: String = (0..100).map(|number| format!("  - {{ get: /, name: step {number} }}\n")).collect();
    let scene = folder.write("scene.yaml", format!("target: {}\nload: 5/s for 8s\nsteps:\n{steps}", service.url()));
    let playing = Run::new(["run", scene.to_str().unwrap(), "-q", "-o", &into("jsonl", &path)]).start();
    let mut reader = File::open(&path).unwrap();
    until(|| service.stats().requests == 4_000, || format!("{:?}", service.stats()));
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    let ended = playing.finish();
    assert_eq!(ended.code, 0, "nothing is missing: {}", ended.stderr);
    let note = format!("note: output {} could not keep up: ", into("jsonl", &path));
    assert!(
        ended.stderr.starts_with(&note) && ended.stderr.contains(" of its seconds were put together"),
        "{}",
        ended.stderr
    );
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let seconds: Vec<_> = lines.filter(|line| line["type"] == "second").collect();
    let started: u64 = seconds.iter().map(|second| second["requests"]["counts"]["started"].as_u64().unwrap()).sum();
    assert_eq!(started, 4_000);
    assert!(seconds.is_sorted_by(|one, next| one["at_ns"] == next["since_ns"]), "no gap: {}", seconds.len());
}

#[test]
fn more_steps_than_can_be_counted_apart_are_counted_together() {
    let service = service();
    let folder = Folder::new();
    let step = |number| format!("  - {{ get: /, name: step {number}, check: [status == 200] }}\n");
    let steps: String = (0..3_000).map(step).collect();
    let scene = folder
        .write("scene.yaml", format!("target: {}\nload: 2 iterations by 2 users\nsteps:\n{steps}", service.url()));
    let report = Run::new(["run", scene.to_str().unwrap()]).report();
    report.all_well(6_000);
    assert_eq!(report.json["series"].as_array().unwrap().len(), 1_001);
    let others = report.series("requests", "(other steps)");
    assert_eq!(others["counts"]["completed"], 2 * (3_000 - 999));
    assert_eq!(
        (&others["checks"][0]["name"], &others["checks"][0]["passed"]),
        (&"status == 200".into(), &4_002.into())
    );
    assert!(report.stderr.contains("warning: this file has more than 1000 names"), "{}", report.stderr);
    assert!(report.number("/generator/peak_memory_bytes") < 300_000_000, "{:#}", report.json["generator"]);
}
