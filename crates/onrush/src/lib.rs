//! Onrush: truthful, realistic, massive load for microservices.
//!
//! This crate joins the others: arguments become a plan, the engine plays it, outputs show it, and the
//! process ends with an exit code. It is the only one that knows the command line, the terminal and exit
//! codes.

mod args;
mod asked;
mod check;
mod compare;
mod demo;
#[cfg(test)]
mod documents;
mod exit;
mod gate;
mod lower;
mod machine;
mod observing;
mod outputs;
mod printed;
mod report;
mod run;
mod serve;
mod signals;
mod starter;
mod terminal;
mod trace;
mod ui;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::exit::Exit;

/// Runs the program with the given arguments, the first of which is its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args::with_default_command(arguments)) {
        Ok(cli) => cli,
        Err(error) => return exit::from_clap(&error),
    };
    let ended = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::check(&args),
        Command::New(args) => starter::write(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => demo::demo(&args),
        Command::Report(args) => report::report(&args),
        Command::Compare(args) => compare::compare(&args),
    };
    let exit = ended.unwrap_or_else(|wrong| wrong.tell());
    // Whatever went wrong: the terminal is left as it was, and nothing stays unsaid.
    ui::leave_at_once();
    terminal::release();
    exit.into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
