//! The run file as an output.

use std::io::{self, Write};

use onrush_metrics::Event;
use onrush_record::Writer;

use crate::output::Output;

/// Writes the events of a run as a run file.
pub struct RunFileOutput {
    writer: Writer<Box<dyn Write + Send>>,
}

impl RunFileOutput {
    /// A run file into `to`.
    pub fn new(to: Box<dyn Write + Send>) -> Self {
        Self { writer: Writer::new(to) }
    }
}

impl Output for RunFileOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        self.writer.write(event)
    }
}
