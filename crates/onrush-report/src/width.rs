//! How wide a character is.

use unicode_width::UnicodeWidthChar;

/// Columns that a character takes.
pub(crate) fn char_width(char: char) -> usize {
    char.width().unwrap_or(0)
}
