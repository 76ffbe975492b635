//! `onrush report`: run files in every format, whole, cut off by a kill, damaged, and none at all.

use std::fs;
use std::io::pipe;
use std::path::{Path, PathBuf};

use onrush_metrics::Event;
use onrush_target::{Running, Service, ServiceSettings};
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Finished, Folder, Run, until};

/// Every kind of output that is text, and what its text begins with.
const TEXTS: &[(&str, &str)] = &[
    ("summary", "\n"),
    ("json", "{\n"),
    ("jsonl", "{\"type\":\"start\""),
    ("csv", "time,"),
    ("junit", "<?xml"),
    ("markdown", "<!-- onrush -->"),
    ("hlog", "#["),
];

fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

/// A run that was recorded: two and a half seconds of two steps.
fn recorded(folder: &Folder, service: &Running) -> PathBuf {
    let steps = "  - { get: /, name: home, check: [status == 200] }\n  - { get: /status/503, name: broken }\n";
    let text = format!("target: {}\nload: 40/s for 2500ms\nsteps:\n{steps}", service.url());
    let scene = folder.write("scene.yaml", text);
    let file = folder.path("a.run");
    let output = format!("run={}", file.display());
    let json = format!("json={}", folder.path("a.json").display());
    let ended = Run::new(["run", scene.to_str().unwrap(), "-q", "-o", &output, "-o", &json]).finish();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    file
}

fn report(file: &Path, more: &[&str]) -> Finished {
    Run::new(["report", file.to_str().unwrap()]).args(more.iter().copied()).finish()
}

#[test]
fn a_run_is_rendered_in_every_format() {
    let service = service();
    let folder = Folder::new();
    let file = recorded(&folder, &service);
    for (kind, begin) in TEXTS {
        let ended = report(&file, &["-o", &format!("{kind}=-")]);
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{kind}");
        assert!(ended.stdout.starts_with(begin), "{kind}: {}", ended.stdout);
    }
    let again = folder.path("b.run");
    assert_eq!(report(&file, &["-o", &format!("run={}", again.display())]).code, 0);
    let [first, second] = [&file, &again].map(|file| report(file, &["--format", "json"]).stdout);
    assert_eq!(first, second, "a copy says the same");
    assert_eq!(first, fs::read_to_string(folder.path("a.json")).unwrap(), "so did the run");
}

#[test]
fn several_runs_go_to_standard_output_one_after_the_other() {
    let service = service();
    let folder = Folder::new();
    let file = recorded(&folder, &service);
    let name = file.to_str().unwrap();
    let ended = report(&file, &[name, name]);
    assert_eq!((ended.code, ended.stdout.matches("response time by step").count()), (0, 3), "{}", ended.stdout);
    let ended = report(&file, &[name, "-o", "json=-"]);
    let documents: Vec<Value> =
        serde_json::Deserializer::from_str(&ended.stdout).into_iter().map(Result::unwrap).collect();
    assert_eq!((ended.code, documents.len()), (0, 2));
    let target = folder.path("out.json");
    let ended = report(&file, &[name, "-o", &format!("json={}", target.display())]);
    assert!(ended.code == 104 && ended.stderr.contains("several runs cannot be written into one file"), "{ended:?}");
    assert!(!target.exists());
}

#[test]
fn nobody_reads_the_report() {
    let service = service();
    let folder = Folder::new();
    let file = recorded(&folder, &service);
    let name = file.to_str().unwrap();
    for (kind, _) in TEXTS {
        let nobody = pipe().unwrap().1;
        let ended = Run::new(["report", name, name, "-o", &format!("{kind}=-")]).stdout(nobody).finish();
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{kind}");
    }
}

#[test]
fn what_is_no_run_file_is_told_before_anything_is_written() {
    let service = service();
    let folder = Folder::new();
    let whole = fs::read(recorded(&folder, &service)).unwrap();
    let newer = [&whole[..11], &[9, 0], &whole[13..]].concat();
    let mut damaged = whole.clone();
    damaged[40] ^= 1;
    for (name, bytes, expected) in [
        ("none", &b"just a text\n"[..], "it is not a run file of Onrush"),
        ("empty", b"", "it is not a run file of Onrush"),
        ("head", &whole[..13], "it ends before the run has begun"),
        ("newer", &newer, "it has version 9 of the format, and this Onrush reads version 1: a newer Onrush reads it"),
        ("damaged", &damaged, "it is damaged at byte 13: its checksum is wrong"),
    ] {
        let (file, target) = (folder.write(name, bytes), folder.write("kept.json", "kept"));
        let ended = report(&file, &["-o", &format!("json={}", target.display())]);
        let expected = format!("error: {}: {expected}\n", file.display());
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (104, "", &*expected), "{name}");
        assert_eq!(fs::read_to_string(&target).unwrap(), "kept", "{name}");
    }
    let ended = report(&folder.path("nowhere"), &[]);
    assert!(ended.code == 104 && ended.stderr.contains("nowhere: it cannot be read: No such file"), "{ended:?}");
    let ended = report(&folder.path(""), &[]);
    assert!(ended.code == 104 && ended.stderr.contains("Is a directory"), "{ended:?}");
}

#[test]
fn no_result_goes_where_its_run_is() {
    let service = service();
    let folder = Folder::new();
    let file = recorded(&folder, &service);
    let (name, before) = (file.to_str().unwrap(), fs::read(&file).unwrap());
    for arguments in [&["report", name, "-o"][..], &["compare", name, name, "-o"]] {
        let kind = if arguments[0] == "report" { "run" } else { "html" };
        let ended =
            Run::new(arguments.iter().map(|word| (*word).to_owned()).chain([format!("{kind}={name}")])).finish();
        assert!(ended.code == 104 && ended.stderr.contains("is what is read"), "{ended:?}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }
    let twice = Run::new(["compare", name, name]).finish();
    assert!(twice.code == 104 && twice.stderr.contains("are the same run"), "{twice:?}");
}

#[test]
fn a_run_is_read_up_to_where_it_is_damaged() {
    let service = service();
    let folder = Folder::new();
    let mut bytes = fs::read(recorded(&folder, &service)).unwrap();
    let end = bytes.len() - 10;
    bytes[end] ^= 0x10;
    let file = folder.write("damaged", bytes);
    let ended = report(&file, &[]);
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    let told = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("since the file is damaged at byte ") && told.contains("its checksum is wrong"), "{told}");
}

/// So many seconds are in a file that is still being written.
fn seconds(file: &Path) -> usize {
    let mut seconds = 0;
    let Ok(bytes) = fs::read(file) else { return 0 };
    let read = onrush_record::replay(&*bytes, |event| seconds += usize::from(matches!(event, Event::Tick(_))));
    if read.is_ok() { seconds } else { 0 }
}

#[test]
fn a_killed_run_can_be_read_up_to_its_last_second() {
    let service = service();
    let folder = Folder::new();
    let text = format!(
        "target: {}\nload: 50/s for 1h\nthresholds: [p99 < 1h]\nsteps: [{{get: /, check: [status == 200]}}]\n",
        service.url()
    );
    let scene = folder.write("scene.yaml", text);
    let playing = Run::new(["run", scene.to_str().unwrap(), "-q"]).env("ONRUSH_RESULTS", folder.path("runs")).start();
    let file = || Some(fs::read_dir(folder.path("runs")).ok()?.next()?.unwrap().path());
    until(|| file().is_some_and(|file| seconds(&file) >= 2), || format!("{:?}", file()));
    playing.signal(Signal::KILL);
    let _ = playing.end();
    let file = file().unwrap();
    let ended = report(&file, &["--format", "json"]).report();
    assert_eq!((ended.code, ended.text("/run/stopped"), ended.text("/verdict/soundness")), (0, "lost", "degraded"));
    let reason = ended.json["verdict"]["reasons"].as_array().unwrap().iter().find(|reason| reason["rule"] == "record");
    assert!(reason.unwrap()["text"].as_str().unwrap().starts_with("the record ends after "), "{reason:?}");
    // Two seconds of 50 requests, but for those that were in flight.
    assert!(ended.requests("completed") >= 90, "{:#}", ended.json["requests"]);
    assert_eq!(
        (ended.json["thresholds"][0]["passed"].clone(), ended.json["series"].as_array().unwrap().len()),
        (false.into(), 2)
    );
    for (kind, begin) in TEXTS {
        let ended = report(&file, &["-o", &format!("{kind}=-")]);
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{kind}");
        assert!(ended.stdout.starts_with(begin), "{kind}: {}", ended.stdout);
    }
    let says = |kind: &str| report(&file, &["-o", &format!("{kind}=-")]).stdout;
    assert!(says("summary").contains("DEGRADED") && says("markdown").contains("The record ends after"));
    assert!(
        says("junit").contains("<property name=\"stopped\" value=\"lost\"/>") && says("junit").contains("<failure")
    );
}

#[test]
fn single_requests_are_kept_where_they_are_asked_for_and_in_no_run_file() {
    let service = service();
    let folder = Folder::new();
    let [samples, run] = ["a.parquet", "a.run"].map(|name| folder.path(name));
    let outputs = [format!("parquet={}", samples.display()), format!("run={}", run.display())];
    let ended = Run::new([&*service.url(), "-q", "-n500", "-o", &outputs[0], "-o", &outputs[1]]).finish();
    assert_eq!((ended.code, &*ended.stderr), (0, ""));
    let bytes = fs::read(&samples).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1") && bytes.len() > 2_000, "{}", bytes.len());
    let output = format!("parquet={}", folder.path("b.parquet").display());
    let ended = report(&run, &["-o", &output]);
    let expected = format!("error: {output}: a run file has no single requests: ask for them when the run is played\n");
    assert_eq!((ended.code, &*ended.stderr, &*ended.stdout), (104, &*expected, ""));
    assert!(!folder.path("b.parquet").exists());
}

#[test]
fn a_page_of_a_run_that_is_over_needs_somebody_to_wait_for() {
    let service = service();
    let folder = Folder::new();
    let run = folder.path("a.run");
    assert_eq!(Run::new([&*service.url(), "-q", "-n5", "-o", &format!("run={}", run.display())]).finish().code, 0);
    let ended = report(&run, &["-o", "prometheus=0"]);
    assert!(ended.code == 104 && ended.stderr.contains("as in prometheus=0,linger=5m"), "{}", ended.stderr);
    let csv = folder.path("a.csv");
    let outputs = ["-o", "prometheus=0,linger=1m30s", "-o", &format!("csv={}", csv.display())];
    let mut playing = Run::new(["report", run.to_str().unwrap()]).args(outputs).start();
    until(|| fs::read_to_string(&csv).is_ok_and(|text| text.lines().count() >= 2), || "no table".to_owned());
    assert!(!playing.is_over(), "the page is still there");
}
