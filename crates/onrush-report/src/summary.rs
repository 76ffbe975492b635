//! The text summary: failures and the verdict first, then what happened, how long it took, where the time went.

pub(crate) mod answers;
mod bars;
mod checks;
mod confidence;
pub(crate) mod failures;
mod generator;
mod observed;
pub(crate) mod requests;
pub(crate) mod sentences;
pub(crate) mod steps;
pub(crate) mod times;
pub(crate) mod verdict;

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

/// A part of the summary: text of whole lines, empty where there is nothing to say.
type Section = fn(&Outcome, Style) -> String;

/// The parts in the order in which they are shown.
const SECTIONS: &[Section] = &[
    verdict::section,
    requests::section,
    |outcome, style| times::section(outcome, style) + &confidence::section(outcome, style),
    steps::section,
    bars::section,
    answers::section,
    checks::section,
    generator::section,
    observed::section,
];

/// The summary of an outcome: lines of at most `style.width` columns (of 40, where it is less), sections
/// after empty lines. Text that came from elsewhere cannot command the terminal.
pub fn summary(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let section = section(outcome, style);
        if !section.is_empty() {
            text.push('\n');
            text.push_str(&section);
        }
    }
    style.spell(text)
}
