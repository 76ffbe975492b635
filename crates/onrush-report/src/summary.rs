//! The text summary: the verdict first, then what happened, how long it took, where the time went.

mod bars;
mod sections;
mod sentences;

use std::io::{self, Write};

use onrush_metrics::{Event, Outcome};

use crate::output::Output;
use crate::style::Style;

/// Writes the summary at the end of a run.
pub struct SummaryOutput {
    to: Box<dyn Write + Send>,
    style: Style,
}

impl SummaryOutput {
    /// A summary into `to`.
    pub fn new(to: Box<dyn Write + Send>, style: Style) -> Self {
        Self { to, style }
    }
}

impl Output for SummaryOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Finished(outcome) = event {
            self.to.write_all(summary(outcome, self.style).as_bytes())?;
            self.to.flush()?;
        }
        Ok(())
    }
}

/// The summary of an outcome.
pub fn summary(outcome: &Outcome, style: Style) -> String {
    let mut text = String::from("\n");
    text.push_str(&sections::verdict(outcome, style));
    text.push('\n');
    text.push_str(&sections::requests(outcome, style));
    if !outcome.total.response.is_empty() {
        text.push('\n');
        text.push_str(&sections::times(outcome, style));
        text.push_str(&sections::breakdown(outcome, style));
        text.push('\n');
        text.push_str(&bars::histogram(&outcome.total.response, style));
    }
    text.push('\n');
    text.push_str(&sections::answers(outcome, style));
    text.push_str(&sections::generator(outcome, style));
    text
}
