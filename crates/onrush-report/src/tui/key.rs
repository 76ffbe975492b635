//! Keys, out of the bytes that a terminal sends for them.

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// The tabulator.
    Tab,
    /// The tabulator with Shift.
    BackTab,
    /// Escape.
    Escape,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Ctrl and a letter.
    Control(char),
}

/// What terminals send after an escape, and for which key.
const SEQUENCES: &[(&str, Key)] = &[
    ("[A", Key::Up),
    ("[B", Key::Down),
    ("[C", Key::Right),
    ("[D", Key::Left),
    ("[Z", Key::BackTab),
    ("[5~", Key::PageUp),
    ("[6~", Key::PageDown),
    ("[H", Key::Home),
    ("[1~", Key::Home),
    ("[F", Key::End),
    ("[4~", Key::End),
    ("OA", Key::Up),
    ("OB", Key::Down),
    ("OC", Key::Right),
    ("OD", Key::Left),
    ("OH", Key::Home),
    ("OF", Key::End),
];

impl Key {
    /// The keys of what was read at once. Sequences of keys that mean nothing here are passed over as a whole, so that
    /// no part of them is taken for a letter.
    pub fn read(bytes: &[u8]) -> Vec<Self> {
        let text = String::from_utf8_lossy(bytes);
        let mut keys = Vec::new();
        let mut rest = &*text;
        while let Some(char) = rest.chars().next() {
            rest = &rest[char.len_utf8()..];
            match char {
                '\u{1b}' => {
                    let (sequence, after) = rest.split_at(sequence_length(rest));
                    rest = after;
                    let known = SEQUENCES.iter().find(|(known, _)| *known == sequence);
                    keys.extend(known.map(|(_, key)| *key).or_else(|| sequence.is_empty().then_some(Self::Escape)));
                }
                '\t' => keys.push(Self::Tab),
                '\u{1}'..='\u{1a}' => keys.push(Self::Control(char::from(b'a' + char as u8 - 1))),
                '\u{1c}' => keys.push(Self::Control('\\')),
                char if char.is_control() => {}
                char => keys.push(Self::Char(char)),
            }
        }
        keys
    }
}

/// Bytes of what belongs to an escape before `rest`.
fn sequence_length(rest: &str) -> usize {
    let is_end = |char: char| matches!(char, '@'..='~');
    match rest.chars().next() {
        Some('[') => rest[1..].find(is_end).map_or(rest.len(), |at| at + 2),
        Some('O') => rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at),
        // Alt and a key.
        Some(other) if other != '\u{1b}' => other.len_utf8(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_keys() {
        for (bytes, expected) in [
            (&b"q"[..], &[Key::Char('q')][..]),
            (b"12\t", &[Key::Char('1'), Key::Char('2'), Key::Tab]),
            (b"\x1b", &[Key::Escape]),
            (b"\x1b\x1b", &[Key::Escape, Key::Escape]),
            (b"\x1b[A\x1b[B\x1bOA", &[Key::Up, Key::Down, Key::Up]),
            (b"\x1b[5~\x1b[6~j", &[Key::PageUp, Key::PageDown, Key::Char('j')]),
            (b"\x1b[Z\x1b[H\x1b[F", &[Key::BackTab, Key::Home, Key::End]),
            // Ctrl-Up, F5, a mouse, Alt-q, a report of the cursor: none of them may stop a run.
            (b"\x1b[1;5A\x1b[15~\x1b[<0;12;3M\x1bq\x1b[24;80R", &[]),
            (b"\x1b[", &[]),
            (b"\x1a\x1c", &[Key::Control('z'), Key::Control('\\')]),
            ("é字".as_bytes(), &[Key::Char('é'), Key::Char('字')]),
            (b"\xff\xfe", &[Key::Char('\u{fffd}'), Key::Char('\u{fffd}')]),
        ] {
            assert_eq!(Key::read(bytes), expected, "{bytes:?}");
        }
    }
}
