//! What is wrong with a text, where, and how to mend it.

use std::fmt::Write;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// Help is broken here: it is longer than most terminals are wide.
const COLUMNS: usize = 80;

/// One finding in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, in one line.
    pub message: String,
    /// Which bytes of the text are meant. Empty at the end of the text when something is missing there.
    pub span: Range<usize>,
    /// What stands under the caret: what was expected, or the nearest known word.
    pub label: String,
    /// How to mend it, with an example.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(message: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: label.into(), help: None }
    }

    #[must_use]
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same finding in a text in which this one begins at byte `offset`.
    #[must_use]
    pub(crate) fn shifted(mut self, offset: usize) -> Self {
        self.span = self.span.start + offset..self.span.end + offset;
        self
    }

    /// Line and column of the place, from 1; columns count characters.
    pub fn place(&self, source: &str) -> (usize, usize) {
        let before = &source[..self.span.start.min(source.len())];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// The finding as people read it: message, place, the line with a caret, help. `name` says where the
    /// text came from.
    pub fn render(&self, name: &str, source: &str) -> String {
        let (number, column) = self.place(source);
        let start = source[..self.span.start.min(source.len())].rfind('\n').map_or(0, |at| at + 1);
        let line = source[start..].lines().next().unwrap_or_default();
        let gutter = " ".repeat(number.to_string().len());
        let from = (self.span.start - start).min(line.len());
        let until = (self.span.end - start).clamp(from, line.len());
        // Tabs are shown as one blank, so that the caret stands where it should.
        let (line, indent) = (line.replace('\t', " "), line[..from].replace('\t', " ").width());
        let carets = "^".repeat(line[from..until].width().max(1));
        let mut text = format!("{}\n{gutter}--> {name}:{number}:{column}\n{gutter} |\n", self.message);
        let _ = write!(text, "{number} | {line}\n{gutter} | {}{carets} {}\n", " ".repeat(indent), self.label);
        if let Some(help) = &self.help {
            let _ = writeln!(text, "{gutter} |");
            let mut lead = " = help: ";
            for line in wrap(help, COLUMNS - gutter.len() - lead.len()) {
                let _ = writeln!(text, "{gutter}{lead}{line}");
                lead = "         ";
            }
        }
        text
    }
}

/// `text` in lines of at most `room` columns. What is quoted stays together, to be copied.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in text.split(' ').fold(Vec::new(), with_whole_quotes) {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + part.width() <= room => *line = format!("{line} {part}"),
            _ => lines.push(part),
        }
    }
    lines
}

fn with_whole_quotes(mut parts: Vec<String>, word: &str) -> Vec<String> {
    match parts.last_mut() {
        Some(part) if part.matches('`').count() % 2 == 1 => *part = format!("{part} {word}"),
        _ => parts.push(word.to_owned()),
    }
    parts
}

/// `did you mean …?` for the nearest of `known`, or else what was expected.
pub(crate) fn suggest(got: &str, known: &[&str], expected: &str) -> String {
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(&got.to_lowercase(), word), *word)).min();
    match near {
        Some((distance, word)) if distance <= 1 + word.len() / 6 && distance < word.len() => {
            format!("did you mean `{word}`?")
        }
        _ => format!("expected {expected}"),
    }
}
