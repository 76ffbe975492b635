//! `onrush demo`: the embedded shop, and a run against it. What is run is an ordinary command line, shown so
//! that it can be typed.

use std::time::Duration;

use clap::Parser;
use onrush_target::{Latency, Running, Service, ServiceSettings};

use crate::args::{Cli, Command, DemoArgs, RunArgs};
use crate::exit::{Exit, Wrong};
use crate::run;
use crate::terminal::say;

/// What the users of the shop look at, one after the other.
const PAGES: &[&str] = &["/shop", "/products", "/products?q=lamp", "/products/7", "/products/7/reviews"];
/// How long the shop takes for an answer: half of the time less than this, and a p99 of 2.5 times as much.
const MEDIAN: Duration = Duration::from_millis(15);
const SIGMA: f64 = 0.4;
/// How often it fails.
const ERRORS: f64 = 0.002;
const ERROR_STATUS: u16 = 503;

/// Starts the shop on a free port and puts load on it.
pub(crate) fn demo(args: &DemoArgs) -> Result<Exit, Wrong> {
    onrush_lang::parse_load(&args.load).map_err(|diagnostic| Wrong(diagnostic.render("--load", &args.load)))?;
    let shop = Service::start(shop()).map_err(|error| Wrong(error.to_string()))?;
    let command = command(&shop, &args.load);
    if !args.output.quiet {
        introduce(&command);
    }
    let mut run_args = understood(&command)?;
    run_args.output = args.output.clone();
    run::run(&run_args)
}

fn shop() -> ServiceSettings {
    ServiceSettings {
        latency: Latency::LogNormal { median: MEDIAN, sigma: SIGMA },
        errors: ERRORS,
        error_status: ERROR_STATUS,
        ..ServiceSettings::default()
    }
}

/// The words of the run's command line.
fn command(shop: &Running, load: &str) -> Vec<String> {
    let mut words = vec!["onrush".to_owned(), "run".to_owned()];
    words.extend(PAGES.iter().map(|page| shop.url() + page));
    // Nothing is between us and the shop, whatever the environment says.
    words.extend(["--no-proxy", "--load", load].map(str::to_owned));
    words
}

fn understood(command: &[String]) -> Result<RunArgs, Wrong> {
    match Cli::try_parse_from(command).map(|cli| cli.command) {
        Ok(Command::Run(args)) => Ok(*args),
        Ok(_) => Err(Wrong("the demonstration is not a run; this is a bug in Onrush".to_owned())),
        Err(error) => Err(Wrong(error.to_string())),
    }
}

fn introduce(command: &[String]) {
    say(&format!(
        "A small shop runs on a port of its own. It answers in about {} ms and fails {} % of the time, on purpose.\n\n$ {}\n",
        MEDIAN.as_millis(),
        ERRORS * 100.0,
        shell_line(command)
    ));
}

/// The words as a shell takes them.
fn shell_line(words: &[String]) -> String {
    let plain = |word: &String| word.chars().all(|char| char.is_ascii_alphanumeric() || "-_./:=".contains(char));
    let quoted = words.iter().map(|word| if plain(word) { word.clone() } else { format!("'{word}'") });
    quoted.collect::<Vec<_>>().join(" ")
}
