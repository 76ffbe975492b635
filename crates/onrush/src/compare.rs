//! `onrush compare`: recorded runs against each other.

use std::fs;
use std::path::PathBuf;

use onrush_report::{Comparison, Recorded, Style, Terms, VIEWS, View};

use crate::args::CompareArgs;
use crate::exit::{Exit, Wrong};
use crate::outputs::refuse_input;
use crate::report::{read, wrong};
use crate::terminal::{print, say, stdout_style};

/// Compares, shows, and says by the exit code whether something became worse.
pub(crate) fn compare(args: &CompareArgs) -> Result<Exit, Wrong> {
    let views = views(args)?;
    let (base, new) = sides(args)?;
    let inputs: Vec<_> = base.iter().chain(new).map(PathBuf::as_path).collect();
    refuse_input(views.iter().map(|(_, target)| target.as_str()), &inputs)?;
    let terms = Terms { effect: args.effect, level: args.confidence };
    let (base, new) = (recorded(base)?, recorded(new)?);
    refuse_twins(base.iter().chain(&new))?;
    let comparison = Comparison::new(base, new, terms);
    if !comparison.refusals.is_empty() && !args.force {
        let why = comparison.refusals.join("\nerror: ");
        return Err(Wrong(format!("{why}\nThese runs are not to be compared; --force compares them all the same")));
    }
    let mut failed = false;
    for (view, target) in views {
        let is_terminal = target == "-";
        let style = if is_terminal { stdout_style() } else { Style { colour: false, ..stdout_style() } };
        let text = (view.make)(&comparison, style);
        if is_terminal {
            print(&text);
        } else if let Err(error) = fs::write(&target, text) {
            say(&format!("warning: cannot write {target}: {error}"));
            failed = true;
        }
    }
    Ok(match (comparison.is_regression(), failed) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::OutputFailed,
        (false, false) => Exit::Ok,
    })
}

/// The files of the base and those of the new side.
fn sides(args: &CompareArgs) -> Result<(&[PathBuf], &[PathBuf]), Wrong> {
    if !args.base.is_empty() {
        return Ok((&args.base, &args.files));
    }
    match args.files.split_first() {
        Some((_, [])) | None => Err(Wrong(
            "one run alone has nothing to be compared with: write the base first, then the new run".to_owned(),
        )),
        Some((_, new)) => Ok((&args.files[..1], new)),
    }
}

/// The same run twice would be taken for two that agree.
fn refuse_twins<'a>(runs: impl Iterator<Item = &'a Recorded>) -> Result<(), Wrong> {
    let mut known: Vec<&Recorded> = Vec::new();
    for run in runs {
        let same = |other: &&&Recorded| {
            let (one, other) = (&run.outcome.info, &other.outcome.info);
            // Those that were not made by a run have no time.
            !one.started_at.is_zero() && (one.started_at, one.seed) == (other.started_at, other.seed)
        };
        if let Some(other) = known.iter().find(same) {
            return Err(Wrong(format!("{} and {} are the same run", other.name, run.name)));
        }
        known.push(run);
    }
    Ok(())
}

fn recorded(paths: &[PathBuf]) -> Result<Vec<Recorded>, Wrong> {
    let one =
        |path: &PathBuf| Recorded::read(path.display().to_string(), read(path)?).map_err(|error| wrong(path, &error));
    paths.iter().map(one).collect()
}

/// What is to be shown where. Standard output gets the text, unless it gets something else.
fn views(args: &CompareArgs) -> Result<Vec<(&'static View, String)>, Wrong> {
    let names = || VIEWS.iter().map(|view| view.name).collect::<Vec<_>>().join(", ");
    let find = |name: &str| VIEWS.iter().find(|view| view.name == name);
    let mut views = Vec::new();
    for asked in &args.outputs {
        let Some((name, target)) = asked.split_once('=').filter(|(_, target)| !target.is_empty()) else {
            return Err(Wrong(format!("`{asked}` is not an output: write KIND=FILE; kinds are {}", names())));
        };
        let view = find(name)
            .ok_or_else(|| Wrong(format!("`{name}` is not a kind of output of comparisons; kinds are {}", names())))?;
        if views.iter().any(|(_, other)| other == target) {
            return Err(Wrong(format!("{target} is to get two results; only one of them can be read there")));
        }
        views.push((view, target.to_owned()));
    }
    let is_taken = views.iter().any(|(_, target)| target == "-");
    match (args.format, is_taken) {
        (Some(format), true) => Err(Wrong(format!(
            "standard output is to get two results: --format {} and one of -o; only one of them can be read there",
            format.name()
        ))),
        (None, true) => Ok(views),
        (format, false) => {
            let name = format.map_or("text", crate::args::View::name);
            views.insert(0, (find(name).expect("formats are kinds"), "-".to_owned()));
            Ok(views)
        }
    }
}
