//! What is wrong with a text, where, and how to mend it.

use std::fmt::Write;
use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Help is broken here: it is longer than most terminals are wide.
const COLUMNS: usize = 80;
/// The most of a line that is shown: a file of one long line would fill the screen with it.
const LINE: usize = 100;
/// What is shown before the place in a line that is longer.
const BEFORE: usize = 40;

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
        let Excerpt { line, indent, carets } = Excerpt::of(line, from..until);
        let mut text = format!("{}\n{gutter}--> {name}:{number}:{column}\n{gutter} |\n", self.message);
        let _ =
            write!(text, "{number} | {line}\n{gutter} | {}{} {}\n", " ".repeat(indent), "^".repeat(carets), self.label);
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

/// A line as it is shown, and where the carets stand below it, in columns.
struct Excerpt {
    line: String,
    indent: usize,
    carets: usize,
}

impl Excerpt {
    /// What is around a range of bytes of `line`.
    fn of(line: &str, range: Range<usize>) -> Self {
        // Tabs are shown as one blank, so that the caret stands where it should.
        let line = line.replace('\t', " ");
        let (before, after) = (&line[..range.start], &line[range.start..]);
        let meant = line[range.clone()].width().max(1);
        if line.width() <= LINE {
            return Self { indent: before.width(), carets: meant, line };
        }
        let cut = before.width().saturating_sub(BEFORE.max(LINE.saturating_sub(after.width() + 1)));
        let (_, shown) = at_column(before, cut);
        let lead = if cut > 0 { "…" } else { "" };
        let indent = lead.width() + shown.width();
        let (shown_after, rest) = at_column(after, LINE - indent.min(LINE - 1));
        let tail = if rest.is_empty() { "" } else { "…" };
        Self {
            indent,
            carets: meant.min((shown_after.width() + tail.width()).max(1)),
            line: format!("{lead}{shown}{shown_after}{tail}"),
        }
    }
}

/// A text in two parts, the first as many columns wide, or one less where a wide character stands in the way.
fn at_column(text: &str, columns: usize) -> (&str, &str) {
    let mut wide = 0;
    let end = text.char_indices().find(|(_, char)| {
        wide += char.width().unwrap_or(0);
        wide > columns
    });
    text.split_at(end.map_or(text.len(), |(at, _)| at))
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
pub fn suggest(got: &str, known: &[&str], expected: &str) -> String {
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(&got.to_lowercase(), word), *word)).min();
    match near {
        Some((distance, word)) if distance <= 1 + word.len() / 6 && distance < word.len() => {
            format!("did you mean `{word}`?")
        }
        _ => format!("expected {expected}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line, and under it what is marked.
    fn excerpt(line: &str, meant: &str) -> String {
        let from = line.find(meant).unwrap();
        let Excerpt { line, indent, carets } = Excerpt::of(line, from..from + meant.len());
        assert!(line.width() <= LINE + 2, "{}: {line}", line.width());
        format!("{line}\n{}{}", " ".repeat(indent), "^".repeat(carets))
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let (far, wide) = ("x".repeat(300), "宽".repeat(150));
        insta::assert_snapshot!(
            [
                excerpt("short: line", "line"),
                excerpt(&format!("first: {far}"), "first"),
                excerpt(&format!("{far} middle {far}"), "middle"),
                excerpt(&format!("{far} last"), "last"),
                excerpt(&format!("{wide} middle {wide}"), "middle"),
                excerpt(&format!("a{wide} middle {wide}"), "middle"),
                excerpt(&format!("a\t{far}\tmiddle\t{far}"), "middle"),
                excerpt(&format!("begins {far}"), &far),
                excerpt(&format!("all {wide}"), &wide),
            ]
            .join("\n")
        );
    }
}
