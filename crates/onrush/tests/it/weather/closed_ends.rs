//! Nobody listens to what is printed: the run goes on, or ends, without a word too many.

use std::fs::File;
use std::io::{PipeWriter, pipe};

use onrush_target::{Service, ServiceSettings};

use crate::harness::{Folder, Run, skip};

/// A pipe whose other end is gone.
fn nobody() -> PipeWriter {
    pipe().unwrap().1
}

#[test]
fn standard_output_that_was_closed() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    for format in ["text", "json"] {
        let ended = Run::new([&*service.url(), "-q", "-n10", "--format", format]).stdout(nobody()).finish();
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{format}");
    }
    assert_eq!(service.stats().requests, 20);
    for arguments in [&["--help"][..], &["run", "--help"], &["--version"]] {
        let ended = Run::new(arguments.iter().copied()).stdout(nobody()).finish();
        assert_eq!((ended.code, &*ended.stderr), (0, ""), "{arguments:?}");
    }
}

#[test]
fn standard_error_that_was_closed() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let run = Run::new([&*service.url(), "-n10", "--format", "json", "--proxy", &service.url()]);
    let report = run.stderr(nobody()).finish().report();
    report.all_well(10);
    for arguments in [&["http://"][..], &["--bogus"], &["-n1", "ftp://example.com/"]] {
        let ended = Run::new(arguments.iter().copied()).stderr(nobody()).finish();
        assert_eq!(ended.code, 104, "{arguments:?}");
    }
}

#[test]
fn both_that_were_closed() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let folder = Folder::new();
    let file = folder.path("out.json");
    let output = format!("json={}", file.display());
    let run = Run::new([&*service.url(), "-n10", "-o", &output]).stdout(nobody()).stderr(nobody());
    assert_eq!(run.finish().code, 0);
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(json["requests"]["completed"], 10);
}

#[test]
fn results_that_do_not_fit_on_the_disk_are_missed() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        skip("no /dev/full here");
        return;
    };
    let service = Service::start(ServiceSettings::default()).unwrap();
    let ended = Run::new([&*service.url(), "-q", "-n10"]).stdout(full.try_clone().unwrap()).finish();
    assert_eq!((ended.code, ended.stderr.lines().count()), (1, 1), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("warning: output summary=- failed: "), "{}", ended.stderr);
    let ended = Run::new([&*service.url(), "-q", "-n10", "-o", "json=/dev/full"]).finish();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(ended.stdout.contains("requests"), "the other output is not touched by it: {}", ended.stdout);
}
