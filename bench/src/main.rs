//! Onrush beside its peers and beside the least that the system allows, in one run.
//!
//! Servers run in this process on core 0 and count what they answer; clients run one after the other as
//! processes of their own on core 1, and what they cost is what the operating system accounts for the
//! finished process. Rounds alternate between the tools, so that a machine whose speed drifts drifts for
//! all of them. Budgets are medians of the ratios within each round.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program for people who read its table")]

mod canned;
mod clock;
mod contest;
mod cpu;
mod floor;
mod freeze;
mod measure;
mod memory;
mod pacing;
mod scenario;
mod snapshot;
mod stats;
mod table;
mod tools;

use std::process::ExitCode;

use lexopt::prelude::*;

/// What was asked for.
#[derive(Debug)]
struct Options {
    /// Alternating rounds of each contest.
    rounds: usize,
    /// Seconds of load in each round.
    seconds: u64,
    /// Names of contests; all of them when empty.
    only: Vec<String>,
    /// The onrush binary.
    onrush: String,
}

const HELP: &str = "onrush-bench [--rounds N] [--seconds N] [--only NAME]… [--onrush PATH]
    compares Onrush with its peers; contests: h1-50 h1-1000 scenario h2 tls pacing memory thinking freeze start
onrush-bench canned SECONDS
    the canned server alone, for profiling a client";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    let rest: Vec<&str> = arguments.iter().skip(2).map(String::as_str).collect();
    match arguments.get(1).map(String::as_str) {
        // What the contests start as processes of their own:
        Some("measure") => measure::run_measured(&rest),
        Some("canned") => canned::main(&rest),
        Some("floor") => floor::main(&rest),
        Some("pacer") => pacing::main(&rest),
        _ => match options() {
            Ok(Some(options)) => contest::run_all(&options),
            Ok(None) => {
                println!("{HELP}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}\n{HELP}");
                ExitCode::from(104)
            }
        },
    }
}

/// `None`: help was asked for.
fn options() -> Result<Option<Options>, lexopt::Error> {
    let onrush = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("onrush")));
    let onrush = onrush.map_or_else(|| "onrush".to_owned(), |path| path.display().to_string());
    let mut options = Options { rounds: 5, seconds: 4, only: Vec::new(), onrush };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("rounds") => options.rounds = parser.value()?.parse()?,
            Long("seconds") => options.seconds = parser.value()?.parse()?,
            Long("only") => options.only.push(parser.value()?.string()?),
            Long("onrush") => options.onrush = parser.value()?.string()?,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}
