//! One step of a task: a program that is run, timed, and named when it fails.

use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs a program; says what, how long it took, and whether it went well.
pub(crate) fn step(name: &str, program: &str, arguments: &[&str]) -> bool {
    step_with(name, program, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn step_with(name: &str, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    println!("==> {name}: {program} {}", arguments.join(" "));
    let before = now();
    let status = Command::new(program).args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).status();
    let took = now().saturating_sub(before).as_secs_f64();
    match status {
        Ok(status) if status.success() => {
            println!("    {name}: ok, {took:.1} s");
            true
        }
        Ok(status) => {
            println!("    {name}: FAILED ({status}), {took:.1} s");
            false
        }
        Err(error) => {
            println!("    {name}: FAILED ({program}: {error})");
            false
        }
    }
}

/// Whether a program is there and answers.
pub(crate) fn is_there(program: &str, arguments: &[&str]) -> bool {
    let status =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[expect(clippy::disallowed_types, reason = "a task has no other clock")]
fn now() -> Duration {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}
