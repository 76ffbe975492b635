//! Who gets the events of a run: progress, standard output, further outputs.

mod file;
mod linked;
mod saved;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use onrush_metrics::Event;
use onrush_report::{
    Hub, KINDS, LINKS, Named, Output, Progress, SAMPLES, TRACES, Trouble, WebOutput, find_kind, find_link, several,
};

use self::file::{ResultFile, ToFile};
pub(crate) use self::linked::Links;
use self::saved::{SAVED, SavedAt, saving};
use crate::args::{Format, OutputArgs, WebAddress};
use crate::exit::Wrong;
use crate::terminal::{say, stderr_style, stdout_style};
use crate::ui::Ui;

/// What progress is called.
const PROGRESS: &str = "progress";
/// How long outputs may take to write what they have after the last event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Single requests that are kept of a second, over all workers: some 10 MB until they are written.
const MOST_SAMPLES: usize = 200_000;

/// How many single requests a second the outputs want.
pub(crate) fn samples(args: &OutputArgs) -> usize {
    if args.outputs.iter().any(|asked| is_kind(asked, SAMPLES)) { MOST_SAMPLES } else { 0 }
}

/// Spans that are kept of a second, over all workers.
const MOST_SPANS: usize = 10_000;

/// How many spans a second the outputs want.
pub(crate) fn spans(args: &OutputArgs) -> usize {
    if args.outputs.iter().any(|asked| is_kind(asked, TRACES)) { MOST_SPANS } else { 0 }
}

fn is_kind(asked: &str, kind: &str) -> bool {
    asked.split_once('=').is_some_and(|(asked, _)| asked == kind)
}

/// The outputs of a run and what became of them.
pub(crate) struct Outputs {
    hub: Hub,
    failed: bool,
    /// Where the run is saved, once it is, for those who want to be told.
    saved: Option<SavedAt>,
    /// Spans that no output has got, because there were too many.
    spans_left_out: u64,
}

impl Outputs {
    /// Opens everything that was asked for; files are opened now, so that a wrong path is told at once.
    pub(crate) fn open(args: &OutputArgs, name: &str) -> Result<Self, Wrong> {
        // What goes to the terminal has an order.
        let mut terminal = Vec::new();
        if !args.quiet {
            terminal.push(Named { name: PROGRESS.to_owned(), output: progress(args) });
        }
        let mut groups = Vec::new();
        let mut taken = Vec::new();
        let links = Links::new(&args.labels, &args.outputs, args.quiet, false)?;
        for asked in standard_output(args.format, &args.outputs).into_iter().chain(args.outputs.iter().cloned()) {
            let named = open(&asked, &mut taken, &links)?;
            if asked.ends_with("=-") { terminal.push(named) } else { groups.push(vec![named]) }
        }
        if let Some(address) = &args.web {
            groups.push(vec![page(address)?]);
        }
        groups.insert(0, terminal);
        let mut saved = None;
        if let Some((output, path)) = saving(args, name) {
            groups.push(vec![output]);
            saved = Some(path).filter(|_| !args.quiet);
        }
        let hub = Hub::start(groups).map_err(|error| Wrong(format!("cannot start the outputs: {error}")))?;
        Ok(Self { hub, failed: false, saved, spans_left_out: 0 })
    }

    /// Hands an event to everybody who still takes them.
    pub(crate) fn on_event(&mut self, event: Event) {
        if let Event::Tick(snapshot) = &event {
            self.spans_left_out += snapshot.spans.left_out;
        }
        self.hub.on_event(event);
        self.failed |= self.hub.troubles().filter(complain).count() > 0;
    }

    /// Waits until everything is written. Whether a result could not be.
    pub(crate) fn close(self) -> bool {
        let troubles = self.hub.close(PATIENCE);
        let failed = troubles.iter().filter(|trouble| complain(trouble)).count() > 0;
        if self.spans_left_out > 0 {
            let left_out = several(self.spans_left_out, "span is", "spans are");
            say(&format!(
                "note: {left_out} not among the traces: of a second at most {MOST_SPANS} are kept; sample less, such as --traceparent=1%"
            ));
        }
        if let Some(path) = self.saved.as_ref().and_then(|saved| saved.path().clone()) {
            say(&format!("saved: {}", path.display()));
        }
        failed || self.failed
    }
}

/// A picture where there is a terminal for it, lines elsewhere.
fn progress(args: &OutputArgs) -> Box<dyn Output> {
    let (style, live) = stderr_style();
    let lines = Progress::new(io::stderr(), style, live);
    match args.no_ui || !Ui::is_possible(&args.outputs) {
        true => Box::new(lines),
        false => Box::new(Ui::new(lines, style)),
    }
}

/// The outputs of a run that was recorded. There is time to wait for each of them, so they need no threads.
pub(crate) struct Rendering {
    outputs: Vec<Named>,
    failed: bool,
}

impl Rendering {
    /// Opens what a recorded run is to be rendered as.
    /// What is read, `from`, is not written over.
    pub(crate) fn open(
        format: Option<Format>,
        outputs: &[String],
        labels: &[String],
        from: &Path,
    ) -> Result<Self, Wrong> {
        refuse_input(outputs.iter().filter_map(|asked| asked.split_once('=')).map(|(_, target)| target), &[from])?;
        if let Some(asked) = outputs.iter().find(|asked| is_kind(asked, SAMPLES)) {
            return Err(Wrong(format!(
                "{asked}: a run file has no single requests: ask for them when the run is played"
            )));
        }
        let mut taken = Vec::new();
        let links = Links::new(labels, outputs, false, true)?;
        let asked = standard_output(format, outputs).into_iter().chain(outputs.iter().cloned());
        let mut outputs: Vec<_> = asked.map(|asked| open(&asked, &mut taken, &links)).collect::<Result<_, _>>()?;
        // Who waits for others at the end holds up nobody.
        outputs.sort_by_key(|named| named.output.lingers());
        Ok(Self { outputs, failed: false })
    }

    pub(crate) fn on_event(&mut self, event: &Event) {
        let mut failed = false;
        self.outputs.retain_mut(|Named { name, output }| match output.on_event(event) {
            Ok(()) => {
                while let Some(text) = output.news() {
                    complain(&Trouble::News { name: name.clone(), text });
                }
                true
            }
            Err(error) => {
                failed |= complain(&Trouble::Failed { name: name.clone(), error });
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

/// The page that follows the run, and where it is.
fn page(address: &WebAddress) -> Result<Named, Wrong> {
    let output = address.sockets().and_then(|sockets| WebOutput::bind(&sockets));
    let output = output.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => ": another program listens there; give another port, or none for a free one",
            _ => "",
        };
        Wrong(format!("--web cannot listen at {address}: {error}{hint}"))
    })?;
    say(&format!("watch it at {}", output.url()));
    Ok(Named { name: "web".to_owned(), output: Box::new(output) })
}

/// Tells what went wrong with an output, and whether a result is missing now.
fn complain(trouble: &Trouble) -> bool {
    match trouble {
        // Progress may end without a word when nobody looks any more, and whoever closed the pipe has seen enough.
        Trouble::Failed { name, error } if name == PROGRESS || error.kind() == io::ErrorKind::BrokenPipe => false,
        Trouble::Failed { name, error } if name == SAVED => {
            say(&format!("note: {error}"));
            false
        }
        Trouble::Failed { name, error } => {
            say(&format!("warning: output {name} failed: {error}"));
            true
        }
        Trouble::News { name, text } => {
            let kind = name.split('=').next().unwrap_or_default();
            say(&format!("note: output {kind}: {text}"));
            false
        }
        Trouble::Late { names, seconds } => {
            let names: Vec<_> = names.iter().map(String::as_str).filter(|name| shows_seconds(name)).collect();
            if let names @ [_, ..] = &*names {
                let names = names.join(", ");
                say(&format!(
                    "note: output {names} could not keep up: {seconds} of its seconds were put together with the one before"
                ));
            }
            false
        }
        Trouble::Stuck { names } => {
            let (names, patience) = (names.join(", "), PATIENCE.as_secs());
            say(&format!("warning: output {names} was not ready {patience} s after the end; it may be incomplete"));
            true
        }
    }
}

/// Whether somebody reads there what happened in which second.
fn shows_seconds(name: &str) -> bool {
    let kind = find_kind(name.split('=').next().unwrap_or_default());
    name != PROGRESS && kind.is_none_or(|kind| !kind.at_end)
}

/// What standard output gets, unless one of the further outputs goes there and nothing else was asked for.
fn standard_output(format: Option<Format>, outputs: &[String]) -> Option<String> {
    let is_taken = outputs.iter().any(|asked| asked.ends_with("=-"));
    match format {
        None if is_taken => None,
        None | Some(Format::Text) => Some("summary=-".to_owned()),
        Some(Format::Json) => Some("json=-".to_owned()),
    }
}

/// A result that went where its own figures are read from would destroy them.
pub(crate) fn refuse_input<'a>(mut targets: impl Iterator<Item = &'a str>, inputs: &[&Path]) -> Result<(), Wrong> {
    let place = |path: &Path| std::fs::canonicalize(path).ok();
    let inputs: Vec<_> = inputs.iter().filter_map(|path| place(path)).collect();
    match targets.find(|target| place(Path::new(target)).is_some_and(|place| inputs.contains(&place))) {
        Some(target) => Err(Wrong(format!("{target} is what is read: a result would destroy it"))),
        None => Ok(()),
    }
}

/// Opens one output. Two results in one place would be no result: `taken` says which places have one.
fn open(asked: &str, taken: &mut Vec<PathBuf>, links: &Links) -> Result<Named, Wrong> {
    let all = || KINDS.iter().map(|kind| kind.name).chain(LINKS.iter().map(|kind| kind.name));
    let names = || all().collect::<Vec<_>>().join(", ");
    let Some((name, target)) = asked.split_once('=') else {
        return Err(Wrong(format!("`{asked}` is not an output: write KIND=FILE; kinds are {}", names())));
    };
    if let Some(kind) = find_link(name) {
        return links.open(kind, target);
    }
    let Some(kind) = find_kind(name) else {
        return Err(Wrong(format!("`{name}` is not a kind of output; kinds are {}", names())));
    };
    if target == "-" {
        take(Path::new(target), "standard output", taken)?;
        return Ok(Named { name: asked.to_owned(), output: (kind.make)(Box::new(io::stdout()), stdout_style()) });
    }
    let file = ResultFile::open(target, kind.at_end);
    let file = file.map_err(|error| Wrong(format!("cannot write {target}: {error}")))?;
    // The same file may go by many names; what is no file, such as /dev/null, may be named twice.
    if let Some(path) = file.path() {
        take(&path, target, taken)?;
    }
    let style = onrush_report::Style { colour: false, ..stdout_style() };
    let output = (kind.make)(Box::new(io::BufWriter::new(file.clone())), style);
    Ok(Named { name: asked.to_owned(), output: Box::new(ToFile { file, output }) })
}

fn take(place: &Path, called: &str, taken: &mut Vec<PathBuf>) -> Result<(), Wrong> {
    if taken.iter().any(|other| other == place) {
        return Err(Wrong(format!("{called} is to get two results; only one of them can be read there")));
    }
    taken.push(place.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shows_no_seconds_is_never_late() {
        let shown = [PROGRESS, "summary=-", "json=a", "jsonl=-", "csv=a", "prometheus=9464", "web", SAVED];
        let shown: Vec<_> = shown.into_iter().filter(|name| shows_seconds(name)).collect();
        assert_eq!(shown, ["jsonl=-", "csv=a", "prometheus=9464", "web", SAVED]);
    }
}
