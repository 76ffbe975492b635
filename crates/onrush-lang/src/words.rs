//! Splits a text into words and signs, each with its place.

use std::ops::Range;

/// A word, an arrow or a separator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
}

/// Words are parted by blanks; `->`, commas and line ends stand for themselves. `→` is an arrow, too.
pub(crate) fn split(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("->") {
            2
        } else if matches!(first, ',' | '\n' | '→') {
            first.len_utf8()
        } else if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else {
            word_length(rest)
        };
        words.push(Word { text: &rest[..length], span: at..at + length });
        at += length;
    }
    words
}

fn word_length(rest: &str) -> usize {
    let ends = |(at, letter): &(usize, char)| {
        letter.is_whitespace() || matches!(letter, ',' | '→') || rest[*at..].starts_with("->")
    };
    rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at)
}
