//! Every example file is read, told in words, and played.

use std::path::{Path, PathBuf};

use super::kit;
use crate::harness::{Folder, Run};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_example_is_checked_and_played() {
    for path in examples() {
        let path = path.to_str().unwrap();
        let told = Run::new(["check", path]).finish();
        assert_eq!((told.code, &*told.stderr), (0, ""), "{path}");
        assert!(told.stdout.contains("look") && told.stdout.contains("warehouse"), "{}", told.stdout);
        let service = kit::service();
        let more = ["-q", "--target", &service.url(), "--load", "20 iterations by 20 users", "--graceful-stop", "20s"];
        let report = Run::new(["run", path]).args(more).report();
        let why = (&report.json["thresholds"], &report.json["errors"], &report.stderr);
        assert_eq!((report.iterations()[1], report.requests("cut_off")), (0, 0), "{why:?}");
        assert_eq!((report.requests("failed"), report.number("/checks/failed")), (0, 0), "{why:?}");
        assert!(report.requests("completed") > 40, "{why:?}");
    }
}

#[test]
fn what_new_writes_is_checked_and_played() {
    let folder = Folder::new();
    let path = folder.path("mine.yaml");
    let path = path.to_str().unwrap();
    assert_eq!(Run::new(["new", path]).finish().code, 0);
    assert_eq!(Run::new(["check", path]).finish().code, 0);
    let service = kit::service();
    let more = ["-q", "--target", &service.url(), "--load", "4 iterations by 4 users"];
    let report = Run::new(["run", path]).args(more).report();
    assert_eq!((report.iterations(), report.requests("failed")), ([4, 0, 0], 0), "{}", report.json["errors"]);
}
