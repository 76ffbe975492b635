//! What can be typed. Meaning is given to it in [`crate::lower`].

mod compare;
mod demo;
mod file;
mod output;
mod run;
mod serve;
mod traces;
mod web;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub(crate) use self::compare::{CompareArgs, View};
pub(crate) use self::demo::DemoArgs;
pub(crate) use self::file::{CheckArgs, FileArgs, NewArgs};
pub(crate) use self::output::{Format, OutputArgs, ReportArgs};
pub(crate) use self::run::{RunArgs, TlsVersionArg, WhenFullArg};
pub(crate) use self::serve::{FlawArg, HttpArg, ServeArgs};
pub(crate) use self::traces::{Share, TraceLink};
pub(crate) use self::web::WebAddress;

/// Commands; a first argument that is none of them belongs to `run`.
const COMMANDS: &[&str] = &["run", "check", "new", "serve", "demo", "report", "compare", "help"];

/// Truthful, realistic, massive load for microservices.
#[derive(Debug, Parser)]
#[command(name = "onrush", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What Onrush does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put load on a service and report how it fared. `onrush URL` is short for `onrush run URL`, and a scenario file may stand for the URL
    Run(Box<RunArgs>),
    /// Read a scenario file without sending anything, and say in plain words what it would do; or, with --trace, do it once
    Check(CheckArgs),
    /// Write a scenario file to begin with, and the schema for editors beside it
    New(NewArgs),
    /// Start a service to put load on: latency, errors, limits and misbehaviour to order
    Serve(Box<ServeArgs>),
    /// See it work with nothing to set up: a small shop and the people who come to it, for a quarter of a minute
    Demo(DemoArgs),
    /// Show a run that was saved, in any form that a run itself can be shown in
    Report(ReportArgs),
    /// Say whether a service became slower: what changed between runs that were saved, by how much, and whether it is more than
    /// chance
    Compare(CompareArgs),
}

/// `onrush URL …` means `onrush run URL …`.
pub(crate) fn with_default_command(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    let is_general = |text: &str| ["-h", "--help", "-V", "--version"].contains(&text);
    match arguments.get(1).and_then(|first| first.to_str()) {
        Some(first) if COMMANDS.contains(&first) || is_general(first) => {}
        Some(_) => arguments.insert(1, "run".into()),
        None => {}
    }
    arguments
}
