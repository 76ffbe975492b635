//! Outputs that have one text to write, at the end.

use std::io::{self, Write};

use onrush_metrics::{Event, Outcome};

use crate::output::Output;

/// Writes what an outcome reads as.
pub(crate) struct AtEnd {
    to: Box<dyn Write + Send>,
    text: fn(&Outcome) -> String,
}

impl AtEnd {
    pub(crate) fn new(to: Box<dyn Write + Send>, text: fn(&Outcome) -> String) -> Self {
        Self { to, text }
    }
}

impl Output for AtEnd {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Finished(outcome) = event {
            self.to.write_all((self.text)(outcome).as_bytes())?;
            self.to.flush()?;
        }
        Ok(())
    }
}
