//! `onrush check`: a scenario file, read and told in plain words; nothing is sent unless a trace is asked for.

use crate::args::CheckArgs;
use crate::exit::{Exit, Wrong};
use crate::lower::scenario::{self, Disk, Given};
use crate::observing::Observing;
use crate::terminal::{print, say};
use crate::trace::trace;

/// Reads the file and says what it would do.
pub(crate) fn check(args: &CheckArgs) -> Result<Exit, Wrong> {
    let given = Given { load: args.load.as_deref(), ..Given::default() };
    let document = scenario::read(&args.path, &args.file, given, &Disk::beside(&args.path))?;
    if args.trace {
        return trace(document, args);
    }
    Observing::check("observe", &document.settings.observe)?;
    print(&onrush_lang::describe(&document));
    document.warnings.iter().for_each(|warning| say(&format!("warning: {warning}")));
    Ok(Exit::Ok)
}
