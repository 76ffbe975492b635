//! One step of a task: something that is run, timed, and named when it fails.

use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs a program; says what, how long it took, and whether it went well.
pub(crate) fn step(name: &str, program: &str, arguments: &[&str]) -> bool {
    step_with(name, program, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn step_with(name: &str, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let line = [&[program], arguments].concat().join(" ");
    timed(name, &line, || {
        let command =
            Command::new(program).args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).status();
        match command {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(format!("{program}: {error}")),
        }
    })
}

/// Announces a piece of work, does it, and says how it went and how long it took.
pub(crate) fn timed(name: &str, what: &str, work: impl FnOnce() -> Result<(), String>) -> bool {
    println!("==> {name}: {what}");
    let before = now();
    let done = work();
    let took = now().saturating_sub(before).as_secs_f64();
    match &done {
        Ok(()) => println!("    {name}: ok, {took:.1} s"),
        Err(why) => println!("    {name}: FAILED ({why}), {took:.1} s"),
    }
    done.is_ok()
}

/// Whether a program is there and answers.
pub(crate) fn is_there(program: &str, arguments: &[&str]) -> bool {
    let status =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The time since some fixed moment.
#[expect(clippy::disallowed_types, reason = "a task has no other clock")]
pub(crate) fn now() -> Duration {
    let since = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_as_good_as_its_program() {
        assert!(step("fine", "true", &[]));
        assert!(!step("not fine", "false", &[]));
        assert!(!step("not there", "/nonexistent/program", &[]));
        assert!(step_with("sees variables", "sh", &["-c", "test \"$COLOUR\" = red"], &[("COLOUR", "red")]));
    }
}
