//! `onrush report`: recorded runs, played into the outputs again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use onrush_metrics::Event;
use onrush_record::{Reader, RecordError};
use onrush_stats::Filler;

use crate::args::ReportArgs;
use crate::exit::{Exit, Wrong};
use crate::outputs::Rendering;

/// Renders run files, one after the other.
pub(crate) fn report(args: &ReportArgs) -> Result<Exit, Wrong> {
    let to_a_file = args.outputs.iter().any(|asked| !asked.ends_with("=-"));
    if args.files.len() > 1 && to_a_file {
        return Err(Wrong("several runs cannot be written into one file: give one run, or write to `-`".to_owned()));
    }
    // What is no run file is told before anything is opened for writing.
    let recorded: Vec<_> = args.files.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let mut failed = false;
    for (reader, path) in recorded.into_iter().zip(&args.files) {
        failed |= render(reader, path, Rendering::open(args.format, &args.outputs, &args.labels, path)?)?;
    }
    Ok(if failed { Exit::OutputFailed } else { Exit::Ok })
}

/// The beginning of a run file.
pub(crate) fn read(path: &Path) -> Result<Reader<BufReader<File>>, Wrong> {
    let file = File::open(path).map_err(|error| wrong(path, &error.into()))?;
    Reader::new(BufReader::new(file)).map_err(|error| wrong(path, &error))
}

/// What is wrong with a run file.
pub(crate) fn wrong(path: &Path, error: &RecordError) -> Wrong {
    Wrong(format!("{}: {error}", path.display()))
}

/// Whether an output has failed.
fn render(mut reader: Reader<BufReader<File>>, path: &Path, mut outputs: Rendering) -> Result<bool, Wrong> {
    let mut filler = Filler::default();
    let mut next = Some(Event::Started(Box::new(reader.info().clone())));
    while let Some(mut event) = next {
        filler.on_event(&mut event);
        outputs.on_event(&event);
        next = reader.next_event().map_err(|error| wrong(path, &error))?;
    }
    Ok(outputs.failed())
}
