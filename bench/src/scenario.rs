//! Scenario files for the contests: what a user of the field would write for the same load.

use std::path::PathBuf;

/// One request with a templated header, a status check and a value saved from JSON.
const ASKS: &str = "
    data:
      shoppers: { as: shopper, rows: [ { name: Ann }, { name: Bob } ] }
    steps:
      - get: /
        headers: { X-Shopper: \"{{ shopper.name }}\" }
        check: status == 200
        save: { id: $.id }
";

/// One request, and a think time that outlasts the run.
const THINKS: &str = "
    steps:
      - get: /
      - think: 1h
";

/// Looping users who ask as fast as they get answers.
pub(crate) fn asking(url: &str, users: u32, seconds: u64) -> Option<String> {
    write("asking", &format!("target: {url}\nload: {users} users for {seconds}s\n{}", flush_left(ASKS)))
}

/// Users who have had an answer and think about it.
pub(crate) fn thinking(url: &str, users: u32, seconds: u64) -> Option<String> {
    let head = format!("target: {url}\nload: {users} users for {seconds}s\ngraceful_stop: 0s\n");
    write("thinking", &(head + &flush_left(THINKS)))
}

/// Looping users who take many steps, each counted apart.
pub(crate) fn of_many_steps(url: &str, steps: usize, seconds: u64) -> Option<String> {
    let steps: Vec<_> = (0..steps).map(|step| format!("  - {{ get: /, name: step {step} }}\n")).collect();
    write("steps", &format!("target: {url}\nload: 50 users for {seconds}s\nsteps:\n{}", steps.concat()))
}

fn flush_left(text: &str) -> String {
    text.lines().map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n").collect()
}

/// The path of a file with this text.
fn write(name: &str, text: &str) -> Option<String> {
    let path: PathBuf = std::env::temp_dir().join(format!("onrush-bench-{}-{name}.yaml", std::process::id()));
    std::fs::write(&path, text).ok()?;
    Some(path.display().to_string())
}
