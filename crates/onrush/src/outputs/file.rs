//! The file of a result.
//!
//! What stands there of a run before is gone when the load begins, and stays where it never does. A result that is
//! written at the end is put beside its place and then moved there: whoever finds a file finds all of it, of this run.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use onrush_metrics::Event;
use onrush_report::Output;

/// Where the streams of this process have names: what is there is written as it is, be it a file or not.
const NAMES_OF_STREAMS: &[&str] = &["/dev/fd", "/dev/stdout", "/dev/stderr", "/proc"];

/// A place that can be written, and what has been done there.
#[derive(Clone, Debug)]
pub(super) struct ResultFile(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    place: Place,
    /// Nothing is written before the run is over.
    at_end: bool,
    state: State,
}

#[derive(Debug)]
enum Place {
    /// A named pipe is opened when there is something to write: opening one waits until somebody reads it, and neither
    /// the run nor other outputs are to wait for that.
    Pipe(PathBuf),
    /// A device or a stream of this process.
    Stream,
    /// A file, with what is allowed to whom if there has been one.
    File(PathBuf, Option<Permissions>),
}

#[derive(Debug)]
enum State {
    /// Nothing is written yet.
    Waiting,
    /// Nothing is written yet, and what comes gets a file of its own until it is whole.
    ToBeMoved,
    /// It is written where it belongs.
    Open(File),
    /// It is written beside its place.
    Beside(File, PathBuf),
}

impl ResultFile {
    /// Finds out whether it can be written. Nothing is changed by that: no file is emptied, and none stays that was not there.
    pub(super) fn open(path: impl AsRef<Path>, at_end: bool) -> io::Result<Self> {
        let path = path.as_ref();
        let known = path.metadata().ok();
        let kind = known.as_ref().map(fs::Metadata::file_type);
        let is_stream = NAMES_OF_STREAMS.iter().any(|name| path.starts_with(name));
        let (place, state) = if kind.is_some_and(|kind| kind.is_fifo()) {
            (Place::Pipe(path.to_owned()), State::Waiting)
        } else if is_stream || kind.is_some_and(|kind| !kind.is_file()) {
            (Place::Stream, State::Open(opened(path)?))
        } else {
            drop(opened(path)?);
            // Behind links is the file that they mean.
            let path = path.canonicalize()?;
            if known.is_none() {
                fs::remove_file(&path)?;
            }
            (Place::File(path, known.map(|known| known.permissions())), State::Waiting)
        };
        Ok(Self(Arc::new(Mutex::new(Inner { place, at_end, state }))))
    }

    /// The one name of a file, whatever it was called. What is no file may get several results.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match &self.lock().place {
            Place::File(path, _) => Some(path.clone()),
            Place::Pipe(_) | Place::Stream => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever died holding it has left a file that can be written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The load begins: what is there is not its result.
    fn begin(&mut self) -> io::Result<()> {
        match &self.place {
            Place::File(path, _) => {
                let is_gone = self.at_end && is_removed(path);
                self.state = if is_gone { State::ToBeMoved } else { State::Open(emptied(path)?) };
            }
            Place::Stream => {
                if let State::Open(file) = &self.state
                    && file.metadata()?.is_file()
                {
                    file.set_len(0)?;
                }
            }
            Place::Pipe(_) => {}
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<&mut File> {
        match (&self.state, &self.place) {
            (State::Open(_) | State::Beside(..), _) => {}
            (State::ToBeMoved, Place::File(path, permissions)) => self.state = beside(path, permissions.as_ref())?,
            (_, Place::File(path, _) | Place::Pipe(path)) => self.state = State::Open(opened(path)?),
            (_, Place::Stream) => unreachable!("streams are open from the beginning"),
        }
        match &mut self.state {
            State::Open(file) | State::Beside(file, _) => Ok(file),
            State::Waiting | State::ToBeMoved => unreachable!("it has just been opened"),
        }
    }

    /// The run is over and everything is written.
    fn end(&mut self) -> io::Result<()> {
        if let (State::Beside(_, beside), Place::File(path, _)) = (&self.state, &self.place) {
            fs::rename(beside, path)?;
            self.state = State::Waiting;
        }
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A part of a result helps nobody; where it cannot be removed there is nobody to tell.
        if let State::Beside(_, beside) = &self.state {
            let _ = fs::remove_file(beside);
        }
    }
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        // A file of the system has nothing to flush.
        Ok(())
    }
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

fn emptied(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).open(path)
}

/// Whether there is no file now. In a folder that is read-only, or where it is mounted, it has to stay.
fn is_removed(path: &Path) -> bool {
    fs::remove_file(path).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true)
}

/// A new file beside a place; the place itself where no other can be made there.
fn beside(path: &Path, permissions: Option<&Permissions>) -> io::Result<State> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let Ok(file) = File::create_new(&beside) else { return Ok(State::Open(emptied(path)?)) };
    if let Some(permissions) = permissions {
        // Where there are none they do not matter.
        let _ = file.set_permissions(permissions.clone());
    }
    Ok(State::Beside(file, beside))
}

/// An output with the file into which it writes.
pub(super) struct ToFile {
    pub(super) file: ResultFile,
    pub(super) output: Box<dyn Output>,
}

impl Output for ToFile {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Started(_) = event {
            self.file.lock().begin()?;
        }
        self.output.on_event(event)?;
        if let Event::Finished(_) = event { self.file.lock().end() } else { Ok(()) }
    }

    fn news(&mut self) -> Option<String> {
        self.output.news()
    }

    fn lingers(&self) -> Duration {
        self.output.lingers()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// An output that writes a word at each event.
    struct Words(ResultFile);

    impl Output for Words {
        fn on_event(&mut self, event: &Event) -> io::Result<()> {
            match event {
                Event::Finished(_) => self.0.write_all(b"end"),
                _ => Ok(()),
            }
        }
    }

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("onrush-file-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn output(path: &Path, at_end: bool) -> ToFile {
        let file = ResultFile::open(path, at_end).unwrap();
        ToFile { output: Box::new(Words(file.clone())), file }
    }

    fn started() -> Event {
        Event::Started(Box::default())
    }

    /// As a run ends of which there is nothing but its beginning.
    fn finished() -> Event {
        let mut file = Vec::new();
        onrush_record::Writer::new(&mut file).write(&started()).unwrap();
        onrush_record::Reader::new(&*file).unwrap().next_event().unwrap().unwrap()
    }

    #[test]
    fn what_never_begins_changes_nothing() {
        let folder = folder("never");
        fs::write(folder.join("old"), "before").unwrap();
        for at_end in [false, true] {
            drop((output(&folder.join("old"), at_end), output(&folder.join("new"), at_end)));
            assert_eq!(names(&folder), ["old"], "{at_end}");
        }
        assert_eq!(fs::read_to_string(folder.join("old")).unwrap(), "before");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_was_there_is_gone_when_the_load_begins() {
        let folder = folder("gone");
        let path = folder.join("a");
        for (at_end, then) in [(true, &[][..]), (false, &["a"])] {
            fs::write(&path, "before").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
            let mut output = output(&path, at_end);
            output.on_event(&started()).unwrap();
            assert_eq!(names(&folder), then, "{at_end}");
            assert_eq!(fs::read_to_string(&path).unwrap_or_default(), "");
            output.on_event(&finished()).unwrap();
            assert_eq!((names(&folder), &*fs::read_to_string(&path).unwrap()), (vec!["a".to_owned()], "end"));
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640, "{at_end}");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_part_of_a_result_is_none() {
        let folder = folder("part");
        let mut output = output(&folder.join("a"), true);
        output.on_event(&started()).unwrap();
        output.file.write_all(b"a part").unwrap();
        assert!(!folder.join("a").exists() && names(&folder).len() == 1);
        drop(output);
        assert_eq!(names(&folder), [""; 0]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn links_stay_what_they_are() {
        let folder = folder("links");
        symlink("real", folder.join("link")).unwrap();
        for before in ["", "before"] {
            let mut output = output(&folder.join("link"), true);
            assert_eq!(output.file.path(), Some(folder.canonicalize().unwrap().join("real")), "{before}");
            output.on_event(&started()).unwrap();
            output.on_event(&finished()).unwrap();
            assert_eq!(names(&folder), ["link", "real"]);
            assert_eq!(fs::read_to_string(folder.join("real")).unwrap(), "end");
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn streams_are_written_as_they_are() {
        let mut output = output(Path::new("/dev/null"), true);
        assert_eq!(output.file.path(), None);
        output.on_event(&started()).unwrap();
        output.on_event(&finished()).unwrap();
    }
}
