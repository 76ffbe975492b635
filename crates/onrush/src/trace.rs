//! `onrush check --trace`: one user, once through a scenario file, shown step by step.

use clap::Parser;
use onrush_lang::Document;

use crate::args::{CheckArgs, Cli, Command, RunArgs};
use crate::asked::Asked;
use crate::exit::{Exit, Wrong};
use crate::run::surroundings;
use crate::terminal::{print, say, stdout_style};

/// Walks through the document and shows it.
pub(crate) fn trace(document: Document, args: &CheckArgs) -> Result<Exit, Wrong> {
    let name = args.path.display().to_string();
    let Asked { plan, notes, .. } = Asked::in_a_file(&name, document, &run_args(args)?, &surroundings())?;
    notes.iter().for_each(|note| say(note));
    let style = stdout_style();
    let mut show = |traced| print(&onrush_report::traced(&traced, style));
    let is_well = onrush_engine::trace(&plan, args.file.scenario.as_deref(), &mut show);
    Ok(if is_well.map_err(|error| Wrong(error.to_string()))? { Exit::Ok } else { Exit::Failed })
}

/// What a run of the file without any flags would have.
fn run_args(args: &CheckArgs) -> Result<RunArgs, Wrong> {
    let words = ["onrush".as_ref(), "run".as_ref(), "--".as_ref(), args.path.as_os_str()];
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Command::Run(args)) => Ok(*args),
        Ok(_) => Err(Wrong("a trace is no run; this is a bug in Onrush".to_owned())),
        Err(error) => Err(Wrong(error.to_string())),
    }
}
