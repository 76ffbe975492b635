//! The file of a result.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A file that is open from the beginning of a run and is emptied when there is something to write: a run that never
/// starts leaves the results of the one before.
#[derive(Debug)]
pub(super) struct ResultFile {
    file: File,
    is_begun: bool,
}

impl ResultFile {
    /// Opens a file for writing, or makes it.
    pub(super) fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        Ok(Self { file, is_begun: false })
    }
}

impl Write for ResultFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Pipes and devices have no length.
        if !self.is_begun && self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.is_begun = true;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
