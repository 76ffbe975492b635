//! Plays scenario files that tests write.

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Folder, Report, Run};
use crate::plain::Plain;

/// The embedded service, as it is.
pub(super) fn service() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

/// A run of `scene.yaml` in a folder, by one thread and with a seed, unless the arguments say otherwise.
pub(super) fn run(folder: &Folder, more: &[&str]) -> Run {
    let path = folder.path("scene.yaml");
    let threads: &[&str] = if more.contains(&"-t") { &[] } else { &["-t", "1"] };
    let seed: &[&str] = if more.contains(&"--seed") { &[] } else { &["--seed", "1"] };
    let run = Run::new(["run", path.to_str().unwrap(), "-q"]);
    run.args(threads.iter().chain(seed).chain(more).copied())
}

/// Plays a whole file.
pub(super) fn play(file: &str, more: &[&str]) -> Report {
    let folder = Folder::new();
    folder.write("scene.yaml", file);
    run(&folder, more).report()
}

/// A file of one scenario: its target, further lines, and its steps.
pub(super) fn file(target: &str, head: &str, steps: &str) -> String {
    format!("target: {target}\n{head}\nsteps:\n{steps}\n")
}

/// What a plain server was asked for, in order, without the methods.
pub(super) fn targets(plain: &Plain) -> Vec<String> {
    plain.requests().iter().map(|asked| asked.target().to_owned()).collect()
}

/// The same for each kind of order.
pub(super) fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}
