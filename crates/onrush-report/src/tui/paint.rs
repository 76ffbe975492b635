//! From a picture to what a terminal is to be sent: the cells that are not what they were.

use std::fmt::Write;

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier};

/// What terminals that know it take for one change, and others pass over.
const TOGETHER: [&str; 2] = ["\u{1b}[?2026h", "\u{1b}[?2026l"];

/// Remembers what the terminal shows.
pub(super) struct Painter {
    shows: Buffer,
}

impl Default for Painter {
    fn default() -> Self {
        Self { shows: Buffer::empty(Rect::ZERO) }
    }
}

impl Painter {
    /// What makes a terminal show `picture`; nothing if it does.
    pub(super) fn paint(&mut self, picture: Buffer) -> String {
        let mut text = String::new();
        if self.shows.area != picture.area {
            self.shows = Buffer::empty(picture.area);
            text.push_str("\u{1b}[0m\u{1b}[2J");
        }
        let (mut look, mut next) = (None, None);
        for (x, y, cell) in self.shows.diff_iter(&picture) {
            if next != Some((x, y)) {
                let _ = write!(text, "\u{1b}[{};{}H", y + 1, x + 1);
            }
            let wanted = (cell.fg, cell.modifier);
            if look != Some(wanted) {
                text.push_str(&command(wanted));
                look = Some(wanted);
            }
            text.push_str(cell.symbol());
            // After a wide one the cursor may be anywhere.
            next = cell.symbol().is_ascii().then_some((x + 1, y));
        }
        self.shows = picture;
        if text.is_empty() {
            return text;
        }
        format!("{}{text}\u{1b}[0m{}", TOGETHER[0], TOGETHER[1])
    }
}

/// Colour and weight as terminals are told them.
fn command((colour, modifier): (Color, Modifier)) -> String {
    let weights = [(Modifier::BOLD, ";1"), (Modifier::DIM, ";2"), (Modifier::REVERSED, ";7")];
    let weight: String = weights.iter().filter(|(flag, _)| modifier.contains(*flag)).map(|(_, code)| *code).collect();
    let colour = match colour {
        Color::Red => ";31",
        Color::Green => ";32",
        Color::Yellow => ";33",
        Color::Magenta => ";35",
        Color::Cyan => ";36",
        _ => "",
    };
    format!("\u{1b}[0{weight}{colour}m")
}

/// What a row of cells says.
pub(super) fn symbols(cells: &[Cell]) -> String {
    let mut hidden = 0;
    let mut text = String::new();
    for cell in cells {
        // The cell behind a wide character is not seen.
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        text.push_str(cell.symbol());
        hidden = crate::layout::width(cell.symbol()).saturating_sub(1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_is_sent() {
        let mut painter = Painter::default();
        let picture = |text: &str| Buffer::with_lines([text, "same"]);
        let first = painter.paint(picture("one two"));
        assert!(first.contains("\u{1b}[2J") && first.contains("one") && first.contains("same"), "{first:?}");
        assert_eq!(painter.paint(picture("one two")), "");
        let next = painter.paint(picture("one tyo"));
        assert_eq!(next, "\u{1b}[?2026h\u{1b}[1;6H\u{1b}[0my\u{1b}[0m\u{1b}[?2026l");
    }
}
