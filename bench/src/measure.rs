//! What a finished process cost, as the operating system accounts for it.

use std::process::{Command, ExitCode, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use serde_json::{Value, json};

use crate::clock::settle;
use crate::cpu;

/// A client. Runs are saved, as they are by default, but not where somebody happens to be.
pub(crate) fn client(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("ONRUSH_RESULTS", std::env::temp_dir().join("onrush-bench"));
    command
}

/// A finished client.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// User and system time, in microseconds.
    pub(crate) cpu_us: f64,
    /// The largest resident size, in bytes.
    pub(crate) peak_bytes: f64,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
}

/// `measure COMMAND …`: runs the command, and tells on standard error what its process cost. The
/// accounting of children is of this process alone, so it is of just that command.
pub(crate) fn run_measured(command: &[&str]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else { return ExitCode::from(104) };
    let status = client(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).status();
    if let Err(error) = status {
        eprintln!("{program}: {error}");
        return ExitCode::FAILURE;
    }
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return ExitCode::FAILURE };
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let cpu = micros(usage.user_time()) + micros(usage.system_time());
    eprintln!("{}", json!({ "cpu_us": cpu, "peak_bytes": usage.max_rss() * 1024 }));
    ExitCode::SUCCESS
}

/// Runs a command on the clients' core to its end.
pub(crate) fn measure(command: &[String]) -> Option<Finished> {
    let own = std::env::current_exe().ok()?;
    let output = Command::new("taskset")
        .args(["-c", &cpu::CLIENT.to_string()])
        .arg(own)
        .arg("measure")
        .args(command)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let told: Value = serde_json::from_str(told.lines().last()?).ok()?;
    Some(Finished {
        cpu_us: told["cpu_us"].as_f64()?,
        peak_bytes: told["peak_bytes"].as_f64()?,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}

/// The resident size, in bytes, of a command on the clients' core at the moment when `is_time`; `None` when that
/// does not come before its end.
pub(crate) fn while_running(command: &[String], is_time: impl Fn() -> bool) -> Option<f64> {
    let mut child = client("taskset")
        .args(["-c", &cpu::CLIENT.to_string()])
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut resident = None;
    while resident.is_none() && matches!(child.try_wait(), Ok(None)) {
        settle();
        resident = is_time().then(|| resident_bytes(child.id())).flatten();
    }
    child.wait().ok()?;
    resident
}

/// taskset becomes the command it starts, so its number is the command's.
fn resident_bytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0)
}
