//! Who gets the events of a run: progress, standard output, further outputs.

mod file;

use std::io::{self, Write};
use std::path::PathBuf;

use onrush_metrics::Event;
use onrush_report::{KINDS, Output, Progress, find_kind};

use self::file::ResultFile;
use crate::args::{Format, OutputArgs};
use crate::exit::Wrong;
use crate::terminal::{say, stderr_style, stdout_style};

/// The outputs of a run and what became of them.
pub(crate) struct Outputs {
    all: Vec<Named>,
    failed: bool,
}

struct Named {
    name: String,
    output: Box<dyn Output>,
    /// Results matter; progress may end without a word when nobody looks any more.
    is_result: bool,
}

impl Outputs {
    /// Opens everything that was asked for; files are opened now, so that a wrong path is told at once.
    pub(crate) fn open(args: &OutputArgs) -> Result<Self, Wrong> {
        let mut all = Vec::new();
        if !args.quiet {
            let (style, live) = stderr_style();
            let output = Box::new(Progress::new(io::stderr(), style, live));
            all.push(Named { name: "progress".to_owned(), output, is_result: false });
        }
        let mut taken = Vec::new();
        for asked in standard_output(args).into_iter().chain(args.outputs.iter().cloned()) {
            all.push(open(&asked, &mut taken)?);
        }
        Ok(Self { all, failed: false })
    }

    /// Hands an event to everybody who still takes them.
    pub(crate) fn on_event(&mut self, event: &Event) {
        let mut failed = false;
        self.all.retain_mut(|named| match named.output.on_event(event) {
            Ok(()) => true,
            Err(error) => {
                // Whoever closed the pipe has seen enough.
                if named.is_result && error.kind() != io::ErrorKind::BrokenPipe {
                    failed = true;
                    complain(&named.name, &error);
                }
                false
            }
        });
        self.failed |= failed;
    }

    /// Whether a result could not be written.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }
}

/// What standard output gets, unless one of the further outputs goes there and nothing else was asked for.
fn standard_output(args: &OutputArgs) -> Option<String> {
    let is_taken = args.outputs.iter().any(|asked| asked.ends_with("=-"));
    match args.format {
        None if is_taken => None,
        None | Some(Format::Text) => Some("summary=-".to_owned()),
        Some(Format::Json) => Some("json=-".to_owned()),
    }
}

/// Opens one output. Two results in one place would be no result: `taken` says which places have one.
fn open(asked: &str, taken: &mut Vec<PathBuf>) -> Result<Named, Wrong> {
    let names = || KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    let Some((name, target)) = asked.split_once('=') else {
        return Err(Wrong(format!("`{asked}` is not an output: write KIND=FILE; kinds are {}", names())));
    };
    let Some(kind) = find_kind(name) else {
        return Err(Wrong(format!("`{name}` is not a kind of output; kinds are {}", names())));
    };
    let (to, style): (Box<dyn Write + Send>, _) = if target == "-" {
        (Box::new(io::stdout()), stdout_style())
    } else {
        let file = ResultFile::open(target).map_err(|error| Wrong(format!("cannot write {target}: {error}")))?;
        (Box::new(io::BufWriter::new(file)), onrush_report::Style { colour: false, ..stdout_style() })
    };
    // The same file may go by many names; what is no file, such as /dev/null, may be named twice.
    let place = if target == "-" { PathBuf::from(target) } else { std::fs::canonicalize(target).unwrap_or_default() };
    if taken.contains(&place) {
        let place = if target == "-" { "standard output" } else { target };
        return Err(Wrong(format!("{place} is to get two results; only one of them can be read there")));
    }
    if target == "-" || place.is_file() {
        taken.push(place);
    }
    Ok(Named { name: asked.to_owned(), output: (kind.make)(to, style), is_result: true })
}

fn complain(name: &str, error: &io::Error) {
    say(&format!("warning: output {name} failed: {error}"));
}
