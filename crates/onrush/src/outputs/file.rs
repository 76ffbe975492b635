//! The file of a result.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// A file that is open from the beginning of a run and is emptied when there is something to write: a run that never
/// starts leaves the results of the one before.
///
/// A named pipe is opened when there is something to write: opening one waits until somebody reads it, and neither the
/// run nor other outputs are to wait for that.
#[derive(Debug)]
pub(super) struct ResultFile {
    place: Place,
    is_begun: bool,
}

#[derive(Debug)]
enum Place {
    Open(File),
    Pipe(PathBuf),
}

impl ResultFile {
    /// Opens a file for writing, or makes it.
    pub(super) fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let is_pipe = path.metadata().is_ok_and(|known| known.file_type().is_fifo());
        let place = if is_pipe { Place::Pipe(path.to_owned()) } else { Place::Open(opened(path)?) };
        Ok(Self { place, is_begun: false })
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if let Place::Pipe(path) = &self.place {
            self.place = Place::Open(opened(path)?);
        }
        match &mut self.place {
            Place::Open(file) => Ok(file),
            Place::Pipe(_) => unreachable!("it has just been opened"),
        }
    }
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_begun = std::mem::replace(&mut self.is_begun, true);
        let file = self.file()?;
        // Pipes and devices have no length.
        if !is_begun && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Open(file) => file.flush(),
            Place::Pipe(_) => Ok(()),
        }
    }
}
