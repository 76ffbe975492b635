//! Every run is saved, unless somebody does not want it: where, what is said of it, and what is left of a run that never
//! began.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Finished, Folder, ONRUSH, Run, skip};

fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

/// What is in a folder; nothing where there is no folder.
fn runs(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect())
}

/// The line that says where it was saved, after everything else.
fn told(ended: &Finished) -> Option<PathBuf> {
    ended.stderr.lines().last()?.strip_prefix("saved: ").map(PathBuf::from)
}

/// `onrush` as somebody runs it in a folder, with nothing said in the environment.
fn in_folder(folder: &Folder, arguments: &[&str]) -> Run {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cd \"$1\" && shift && unset ONRUSH_RESULTS && exec \"$0\" \"$@\"", ONRUSH]);
    Run::of(shell).args([folder.path("").to_str().unwrap()]).args(arguments.iter().copied())
}

#[test]
fn runs_are_saved_where_it_is_said_and_said_where_they_are() {
    let service = service();
    let url = service.url();
    let folder = Folder::new();
    let [own, of_environment] = ["own", "of/environment"].map(|name| folder.path(name));
    let own_text = own.to_str().unwrap();
    let ended = in_folder(&folder, &[&url, "-n10"]).finish();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let here = folder.path("onrush-results");
    assert_eq!(runs(&here), [folder.path(told(&ended).unwrap().to_str().unwrap())], "{}", ended.stderr);
    let ended = Run::new([&*url, "-n10"]).env("ONRUSH_RESULTS", &of_environment).finish();
    assert_eq!(runs(&of_environment), [told(&ended).unwrap()], "{}", ended.stderr);
    let ended = Run::new([&*url, "-n10", "--results", own_text]).env("ONRUSH_RESULTS", &of_environment).finish();
    assert_eq!((runs(&own), runs(&of_environment).len()), (vec![told(&ended).unwrap()], 1), "{}", ended.stderr);
    // It is the run that was played.
    let report = Run::new(["report", told(&ended).unwrap().to_str().unwrap(), "--format", "json"]).finish().report();
    report.all_well(10);
}

#[test]
fn the_line_is_left_out_where_nothing_is_to_be_said() {
    let service = service();
    let folder = Folder::new();
    let ended = Run::new([&*service.url(), "-q", "-n10"]).env("ONRUSH_RESULTS", folder.path("runs")).finish();
    assert_eq!((ended.code, &*ended.stderr, runs(&folder.path("runs")).len()), (0, "", 1));
}

#[test]
fn runs_are_not_saved_where_it_is_said() {
    let service = service();
    let folder = Folder::new();
    let results = folder.path("runs");
    let no_save = Run::new([&*service.url(), "-n10", "--no-save"]).env("ONRUSH_RESULTS", &results);
    let empty = Run::new([&*service.url(), "-n10"]).env("ONRUSH_RESULTS", "");
    for run in [no_save, empty] {
        let ended = run.finish();
        assert_eq!((ended.code, told(&ended)), (0, None), "{}", ended.stderr);
    }
    assert_eq!(runs(&folder.path("")), [""; 0].map(PathBuf::from));
    let ended = Run::new([&*service.url(), "--no-save", "--results", "x"]).finish();
    assert_eq!(ended.code, 104, "one of the two cannot be meant: {}", ended.stderr);
}

#[test]
fn runs_of_the_same_second_do_not_overwrite_each_other() {
    let service = service();
    let folder = Folder::new();
    let start = |_| Run::new([&*service.url(), "-q", "-n10"]).env("ONRUSH_RESULTS", folder.path("runs")).start();
    let playing: Vec<_> = (0..5).map(start).collect();
    assert!(playing.into_iter().all(|playing| playing.finish().code == 0));
    assert_eq!(runs(&folder.path("runs")).len(), 5);
}

#[test]
fn nothing_is_left_by_a_run_that_never_began() {
    let folder = Folder::new();
    let results = folder.path("runs");
    let setup = "target: http://127.0.0.1:1\nload: 1 user for 1s\nsetup: [{ get: / }]\nsteps: [{ get: / }]\n";
    let scene = folder.write("scene.yaml", setup);
    let certificate = ["--cert", "/dev/null", "--key", "/dev/null", "-k", "https://127.0.0.1:1/"];
    for arguments in
        [&certificate[..], &["--load", "nonsense", "http://127.0.0.1:1/"], &["run", scene.to_str().unwrap()]]
    {
        let ended = Run::new(arguments.iter().copied()).env("ONRUSH_RESULTS", &results).finish();
        assert!(ended.code != 0 && told(&ended).is_none(), "{arguments:?}: {ended:?}");
        assert!(!results.exists(), "{arguments:?}: {:?}", runs(&results));
    }
}

#[test]
fn a_place_that_cannot_be_written_is_a_note_and_no_failure() {
    let service = service();
    let folder = Folder::new();
    let file = folder.write("file", "this is no folder");
    let ended = Run::new([&*service.url(), "-n10"]).env("ONRUSH_RESULTS", file.join("runs")).finish();
    assert_eq!((ended.code, told(&ended)), (0, None), "{}", ended.stderr);
    let note = ended.stderr.lines().find(|line| line.starts_with("note: the run is not saved: ")).unwrap();
    assert!(note.contains("file/runs: Not a directory") && note.ends_with("(--no-save)"), "{note}");
}

/// Becomes `onrush` where a folder is a small disk of its own; whoever may not do that skips.
pub(crate) fn on_a_disk(options: &str, at: &Path) -> Option<Run> {
    fs::create_dir_all(at).unwrap();
    let script = format!("mount -t tmpfs -o {options} none \"$1\" && shift && exec \"$0\" \"$@\"");
    let shell = |program: &str| {
        let mut shell = Command::new("unshare");
        shell.args(["-rm", "sh", "-c", &script, program, at.to_str().unwrap()]);
        shell
    };
    if !shell("true").output().is_ok_and(|output| output.status.success()) {
        skip("no file systems of their own for everybody here");
        return None;
    }
    Some(Run::of(shell(ONRUSH)))
}

#[test]
fn a_folder_that_is_read_only_is_a_note_and_no_failure() {
    let service = service();
    let folder = Folder::new();
    let disk = folder.path("disk");
    let Some(run) = on_a_disk("ro", &disk) else { return };
    let ended = run.args([&*service.url(), "-n10"]).env("ONRUSH_RESULTS", disk.join("runs")).finish();
    assert_eq!((ended.code, told(&ended)), (0, None), "{}", ended.stderr);
    assert!(ended.stderr.contains("disk/runs: Read-only file system"), "{}", ended.stderr);
    assert!(ended.stdout.contains("10 completed"), "{}", ended.stdout);
}

#[test]
fn a_disk_that_fills_up_is_a_note_and_no_failure() {
    let service = service();
    let folder = Folder::new();
    let disk = folder.path("disk");
    let Some(run) = on_a_disk("size=4k", &disk) else { return };
    let ended = run.args([&*service.url(), "-r", "500/s", "-d", "6s"]).env("ONRUSH_RESULTS", &disk).finish();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("note: the run is saved no further, in "), "{}", ended.stderr);
    assert!(ended.stderr.contains(".run: No space left") && told(&ended).is_none(), "{}", ended.stderr);
    assert!(ended.stdout.contains("3,000 completed"), "{}", ended.stdout);
}
