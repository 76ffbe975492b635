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
mod slowest;
pub(crate) mod steps;
pub(crate) mod times;
pub(crate) mod verdict;

use std::io::{self, Write};

use onrush_metrics::{Event, Outcome};

use crate::findings::{Finder, Findings};
use crate::output::Output;
use crate::style::Style;

/// Writes the summary at the end of a run.
pub struct SummaryOutput {
    to: Box<dyn Write + Send>,
    style: Style,
    finder: Finder,
}

impl SummaryOutput {
    /// A summary into `to`.
    pub fn new(to: Box<dyn Write + Send>, style: Style) -> Self {
        Self { to, style, finder: Finder::default() }
    }
}

impl Output for SummaryOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        self.finder.on_event(event);
        if let Event::Finished(outcome) = event {
            let findings = self.finder.findings(outcome);
            self.to.write_all(summary_with(outcome, &findings, self.style).as_bytes())?;
            self.to.flush()?;
        }
        Ok(())
    }
}

/// A part of the summary: text of whole lines, empty where there is nothing to say.
type Section = fn(&Outcome, &Findings, Style) -> String;

/// The parts in the order in which they are shown.
const SECTIONS: &[Section] = &[
    |outcome, _, style| verdict::section(outcome, style),
    |outcome, _, style| requests::section(outcome, style),
    |outcome, findings, style| times::section(outcome, style) + &confidence::section(outcome, findings, style),
    |outcome, _, style| slowest::section(outcome, style),
    |outcome, _, style| steps::section(outcome, style),
    |outcome, _, style| bars::section(outcome, style),
    |outcome, _, style| answers::section(outcome, style),
    |outcome, _, style| checks::section(outcome, style),
    |outcome, _, style| generator::section(outcome, style),
    |outcome, _, style| observed::section(outcome, style),
];

/// The summary of an outcome: lines of at most `style.width` columns (of 40, where it is less), sections
/// after empty lines. Text that came from elsewhere cannot command the terminal.
pub fn summary(outcome: &Outcome, style: Style) -> String {
    summary_with(outcome, &Findings::default(), style)
}

/// The same with what the seconds of the run say about its figures.
pub fn summary_with(outcome: &Outcome, findings: &Findings, style: Style) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        let section = section(outcome, findings, style);
        if !section.is_empty() {
            text.push('\n');
            text.push_str(&section);
        }
    }
    style.spell(text)
}
