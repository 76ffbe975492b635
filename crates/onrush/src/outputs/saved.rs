//! Every run is kept, unless somebody does not want it: what was not asked for beforehand is often wanted afterwards.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onrush_metrics::Event;
use onrush_report::{Named, Output, RunFileOutput, moment};

use crate::args::OutputArgs;

/// What the output is called.
pub(super) const SAVED: &str = "saved run";
/// Where runs are saved, unless something else is said.
const FOLDER: &str = "onrush-results";
const VARIABLE: &str = "ONRUSH_RESULTS";

/// Saves a run in a file that is made when the run begins: one that never does leaves none.
struct Saving {
    folder: PathBuf,
    name: String,
    file: Option<RunFileOutput>,
    path: SavedAt,
}

/// Where a run is saved, while nothing is missing there.
#[derive(Clone, Default)]
pub(super) struct SavedAt(Arc<Mutex<Option<PathBuf>>>);

impl SavedAt {
    /// The file; none before the run begins and after something went wrong.
    pub(super) fn path(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What saves a run called `name`, and where its file is going to be told.
pub(super) fn saving(args: &OutputArgs, name: &str) -> Option<(Named, SavedAt)> {
    let path = SavedAt::default();
    let output = Saving { folder: folder(args)?, name: name.to_owned(), file: None, path: path.clone() };
    Some((Named { name: SAVED.to_owned(), output: Box::new(output) }, path))
}

impl Output for Saving {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Started(info) = event {
            let (path, file) = create(&self.folder, info.started_at, &self.name).map_err(|error| {
                let folder = self.folder.display();
                io::Error::new(error.kind(), format!("the run is not saved: {folder}: {error} (--no-save)"))
            })?;
            self.file = Some(RunFileOutput::new(Box::new(BufWriter::new(file))));
            *self.path.path() = Some(path);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.on_event(event).map_err(|error| {
            let place = self.path.path().take().unwrap_or_default();
            io::Error::new(error.kind(), format!("the run is saved no further, in {}: {error}", place.display()))
        })
    }
}

fn folder(args: &OutputArgs) -> Option<PathBuf> {
    let of_environment = || std::env::var_os(VARIABLE).map(PathBuf::from);
    let folder = args.results.clone().or_else(of_environment).unwrap_or_else(|| FOLDER.into());
    (!args.no_save && !folder.as_os_str().is_empty()).then_some(folder)
}

/// A new file, named by the time and by what is played.
fn create(folder: &Path, now: Duration, name: &str) -> io::Result<(PathBuf, File)> {
    fs::create_dir_all(folder)?;
    for number in 1.. {
        let path = folder.join(file_name(now, name, number));
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {}
            created => return created.map(|file| (path, file)),
        }
    }
    unreachable!("the numbers do not end before the loop does")
}

fn file_name(now: Duration, name: &str, number: u32) -> String {
    let moment = moment(now).replace(':', "-");
    let name: String = name.chars().map(|char| if char.is_alphanumeric() { char } else { '-' }).take(40).collect();
    let name = Some(name.trim_matches('-')).filter(|name| !name.is_empty()).unwrap_or("run").to_owned();
    let again = if number > 1 { format!("-{number}") } else { String::new() };
    format!("{moment}-{name}{again}.run")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_time_and_by_what_is_played() {
        for (name, number, expected) in [
            ("shop.example.com", 1, "1970-01-01T00-00-00Z-shop-example-com.run"),
            ("../../etc/passwd", 2, "1970-01-01T00-00-00Z-etc-passwd-2.run"),
            ("::1", 1, "1970-01-01T00-00-00Z-1.run"),
            ("", 1, "1970-01-01T00-00-00Z-run.run"),
        ] {
            assert_eq!(file_name(Duration::ZERO, name, number), expected);
        }
    }
}
