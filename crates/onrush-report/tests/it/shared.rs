//! Somewhere to write that can be read afterwards.

use std::io;
use std::sync::{Arc, Mutex};

/// What was written, in memory; clones are the same place.
#[derive(Clone, Default)]
pub(crate) struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    /// Everything so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("nobody panicked").clone()
    }

    /// The same, as a text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("text")
    }
}

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
