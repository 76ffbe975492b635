//! How text may look where it is shown.

use crate::width::char_width;

/// What the place where text is shown can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Block characters and the like; ASCII otherwise.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: false, unicode: true, width: 80 }
    }
}

/// Colours by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Dim,
    Strong,
}

impl Style {
    /// `text` in the colour of `tone`, where there are colours.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Dim => "2",
            Tone::Strong => "1",
        };
        if self.colour && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// The first where blocks and the like can be shown, the second elsewhere.
    pub(crate) fn pick<T>(self, unicode: T, ascii: T) -> T {
        if self.unicode { unicode } else { ascii }
    }

    /// `text` with what the place cannot show replaced by what it can, column for column.
    pub(crate) fn spell(self, text: String) -> String {
        if self.unicode || text.is_ascii() {
            return text;
        }
        text.chars().fold(String::with_capacity(text.len()), |mut spelled, char| {
            match char {
                'µ' => spelled.push('u'),
                '…' | '·' => spelled.push('.'),
                '–' | '—' => spelled.push('-'),
                '“' | '”' => spelled.push('"'),
                '‘' | '’' => spelled.push('\''),
                char if char.is_ascii() => spelled.push(char),
                char => (0..char_width(char)).for_each(|_| spelled.push('?')),
            }
            spelled
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Style;

    #[test]
    fn where_there_is_only_ascii_nothing_else_is_written() {
        let style = Style { unicode: false, ..Style::default() };
        assert_eq!(style.spell("12 µs – é 字 e\u{301}".to_owned()), "12 us - ? ?? e");
        assert_eq!(Style::default().spell("12 µs – é".to_owned()), "12 µs – é");
    }
}
