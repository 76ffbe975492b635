//! Text that keeps to a width: how wide it is, how it is cut, broken and lined up, and what is taken out
//! of text that came from elsewhere. It knows nothing of what the text says.

use std::fmt::Write;

use crate::style::{Style, Tone};
use crate::width::char_width;

/// Width of the labels on the left.
pub(crate) const LABEL: usize = 14;
/// Left of everything.
pub(crate) const MARGIN: &str = "  ";
/// Narrower than this nothing can be laid out; the terminal breaks the lines.
const NARROWEST: usize = 40;

/// Columns that `text` takes, colours not counted. Characters that a terminal may draw as one are counted
/// one by one, as most terminals do and none needs more.
pub(crate) fn width(text: &str) -> usize {
    if text.contains('\u{1b}') { width(&without_colour(text)) } else { text.chars().map(char_width).sum() }
}

fn without_colour(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or("", |(_, after)| after))
}

/// Text from elsewhere as something that can be shown on one line: a service's answer must not be able
/// to move the cursor or to hide what follows.
pub(crate) fn clean(text: &str) -> String {
    let visible: String = text.chars().map(|char| if is_harmful(char) { ' ' } else { char }).collect();
    visible.split_whitespace().filter(|word| width(word) > 0).collect::<Vec<_>>().join(" ")
}

/// Control characters, those that turn the direction of writing, and those that cannot be seen.
fn is_harmful(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// As much of `text`, which has no colours, as fits.
pub(crate) fn clipped(text: &str, room: usize, style: Style) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let more = style.pick("…", "...");
    if width(more) > room {
        return ".".repeat(room);
    }
    head(text, room - width(more)).trim_end().to_owned() + more
}

/// The longest beginning of `text` that is at most `room` wide, colours not counted.
fn head(text: &str, room: usize) -> &str {
    let (mut used, mut is_colour) = (0, false);
    let end = text.char_indices().find(|(_, char)| {
        match (is_colour, char) {
            (false, '\u{1b}') => is_colour = true,
            (true, 'm') => is_colour = false,
            (true, _) => {}
            (false, char) => used += char_width(*char),
        }
        used > room
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// Columns that a value beside a label may take.
pub(crate) fn room(style: Style) -> usize {
    columns(style) - MARGIN.len() - LABEL
}

/// Columns to lay out in.
pub(crate) fn columns(style: Style) -> usize {
    style.width.max(NARROWEST)
}

/// A label and a value, on as many lines as it needs.
pub(crate) fn row(text: &mut String, label: &str, value: &str, style: Style) {
    rows(text, label, &wrap(value, room(style)));
}

/// A label and the lines beside it.
pub(crate) fn rows(text: &mut String, label: &str, lines: &[String]) {
    for (number, line) in lines.iter().enumerate() {
        let label = if number == 0 { label } else { "" };
        let _ = writeln!(text, "{MARGIN}{label:LABEL$}{line}");
    }
}

/// A label and parts beside it. Parts of one group are kept on one line where all do not fit on one.
pub(crate) fn parts(text: &mut String, label: &str, groups: &[Vec<String>], style: Style) {
    let all = joined(&groups.concat(), style);
    if all.len() <= 1 {
        return rows(text, label, &all);
    }
    let lines: Vec<_> = groups.iter().flat_map(|group| joined(group, style)).collect();
    rows(text, label, &lines);
}

/// Parts one after the other, on as many lines as they need.
fn joined(parts: &[String], style: Style) -> Vec<String> {
    let (room, between) = (room(style), style.pick(" · ", ", "));
    let mut lines: Vec<String> = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + width(between) + width(part) <= room => {
                line.push_str(between);
                line.push_str(part);
            }
            _ => lines.extend(wrap(part, room)),
        }
    }
    lines
}

/// A sentence below what it belongs to, broken at the width.
pub(crate) fn bullet(text: &mut String, sentence: &str, tone: Option<Tone>, style: Style) {
    let mut mark = style.pick("→", "-");
    let sentence = clean(sentence).replace('±', style.pick("±", "+-"));
    for line in wrap(&sentence, columns(style) - MARGIN.len() - 4) {
        let shown = tone.map_or_else(|| line.clone(), |tone| style.paint(tone, &line));
        let _ = writeln!(text, "{MARGIN}  {mark} {shown}");
        mark = " ";
    }
}

/// `text` in lines that are at most `room` wide, broken between words where that is possible.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in keep_units_together(text) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.extend(broken(&word, room)),
        }
    }
    lines
}

/// A word in pieces that fit.
fn broken(word: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while width(rest) > room {
        let piece = head(rest, room);
        if piece.is_empty() {
            break;
        }
        // A number and its unit may come apart here, at their blank.
        pieces.push(piece.trim_end().to_owned());
        rest = rest[piece.len()..].trim_start();
    }
    pieces.push(rest.to_owned());
    pieces
}

/// Words, where a number and its unit are one.
fn keep_units_together(sentence: &str) -> Vec<String> {
    const UNITS: &[&str] = &["ns", "µs", "ms", "s", "m", "h", "d", "%", "B", "kB", "MB", "GB", "TB"];
    let mut words: Vec<String> = Vec::new();
    for word in sentence.split(' ').filter(|word| !word.is_empty()) {
        let plain = without_colour(word);
        let unit = plain.trim_end_matches(|char: char| char.is_ascii_punctuation() && char != '%');
        let unit = unit.strip_suffix("/s").unwrap_or(unit);
        let is_number = |word: &String| without_colour(word).ends_with(|char: char| char.is_ascii_digit());
        match words.last_mut() {
            Some(last) if UNITS.contains(&unit) && is_number(last) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_have_no_width() {
        assert_eq!(width("\u{1b}[31mabc\u{1b}[0m é"), 5);
        assert_eq!(width("字"), 2);
    }

    #[test]
    fn foreign_text_cannot_command_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\n\tc\u{202e}d\u{7}\u{9b}e\u{200b}"), "a [2Jb c d e");
    }

    #[test]
    fn text_is_cut_where_the_room_ends() {
        let style = Style::default();
        for (text, room, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab cd", 4, "ab…"), ("字字字", 5, "字字…"), ("字字字", 4, "字…")]
        {
            assert_eq!(clipped(text, room, style), expected);
        }
        let ascii = Style { unicode: false, ..style };
        assert_eq!([clipped("abcdef", 5, ascii), clipped("abcdef", 2, ascii)], ["ab...", ".."]);
    }

    #[test]
    fn a_number_stays_with_its_unit() {
        assert_eq!(
            keep_units_together("it took 12 ms (3 %), as m goes, for 5 MB (24 kB/s)"),
            ["it", "took", "12 ms", "(3 %),", "as", "m", "goes,", "for", "5 MB", "(24 kB/s)"]
        );
    }

    #[test]
    fn words_longer_than_a_line_are_broken() {
        for (text, room, expected) in [
            ("one two three", 7, &["one two", "three"][..]),
            ("see http://example.com/a/b now", 12, &["see", "http://examp", "le.com/a/b", "now"]),
            ("", 5, &[]),
        ] {
            assert_eq!(wrap(text, room), expected);
        }
    }

    #[test]
    fn groups_come_apart_only_where_they_must() {
        let groups = [vec!["a".repeat(10), "b".repeat(10)], vec!["c".repeat(10)]];
        for (columns, expected) in [(52, 1), (51, 2)] {
            let mut text = String::new();
            parts(&mut text, "label", &groups, Style { width: columns, ..Style::default() });
            assert_eq!(text.lines().count(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked_for(text in "\\PC{0,60}", room in 2..40_usize) {
            let clean = clean(&text);
            prop_assert!(width(&clipped(&clean, room, Style::default())) <= room);
            let lines = wrap(&clean, room);
            prop_assert!(lines.iter().all(|line| width(line) <= room), "{:?}", lines);
        }

        #[test]
        fn lines_end_in_no_blank(digits in 1..60_usize, room in 2..40_usize) {
            let text = format!("{} % of it", "7".repeat(digits));
            prop_assert!(wrap(&text, room).iter().all(|line| line.trim() == line), "{:?}", wrap(&text, room));
        }

        #[test]
        fn wrapping_loses_no_word(text in "[a-z ]{0,80}", room in 2..40_usize) {
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&wrap(&text, room).concat()), letters(&text));
        }

        #[test]
        fn what_is_clean_stays_so(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(char::is_control));
            prop_assert_eq!(clean(&once), once);
        }
    }
}
