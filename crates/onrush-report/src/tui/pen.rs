//! Writes text into a picture: never outside of it, in what the place can show, in colours by meaning.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style as Look};

use crate::layout::{clipped, width};
use crate::style::Style;

/// Colours by meaning. They are of the 16 that every terminal has and that its owner has chosen, on the background that
/// is there, so that they can be read on a light one as on a dark one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Strong,
    Dim,
    Good,
    Warn,
    Bad,
    /// The first of several lines in a chart, and the next ones.
    First,
    Second,
    Third,
    /// Dark on light where the rest is light on dark.
    Reversed,
}

impl Ink {
    pub(super) fn look(self, style: Style) -> Look {
        let look = Look::default();
        let look = match self {
            Self::Plain => look,
            Self::Strong => look.add_modifier(Modifier::BOLD),
            Self::Dim => look.add_modifier(Modifier::DIM),
            Self::Good | Self::First => look.fg(Color::Green),
            Self::Warn => look.fg(Color::Yellow),
            Self::Bad => look.fg(Color::Red).add_modifier(Modifier::BOLD),
            Self::Second => look.fg(Color::Cyan),
            Self::Third => look.fg(Color::Magenta),
            Self::Reversed => look.add_modifier(Modifier::REVERSED),
        };
        // Bold and reversed are no colours, and help those who want none.
        if style.colour { look } else { Look { fg: None, ..look } }
    }
}

/// Writes into a picture.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    pub(super) style: Style,
}

impl<'a> Pen<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, style: Style) -> Self {
        Self { buffer, style }
    }

    /// As much of `text` as fits into `room` columns from `x` on. Where it ended.
    pub(super) fn put(&mut self, x: u16, y: u16, room: u16, text: &str, ink: Ink) -> u16 {
        let area = self.buffer.area;
        if x >= area.right() || y >= area.bottom() {
            return x;
        }
        let room = usize::from(room.min(area.right() - x));
        let text = self.style.spell(clipped(text, room, self.style));
        self.buffer.set_stringn(x, y, text, room, ink.look(self.style)).0
    }

    /// `text` that ends before the column `right`.
    pub(super) fn put_right(&mut self, right: u16, y: u16, room: u16, text: &str, ink: Ink) {
        let text = clipped(text, room.into(), self.style);
        let wide = wide(&text);
        self.put(right.saturating_sub(wide), y, wide, &text, ink);
    }

    /// Several texts one after the other in a row. Where they ended.
    pub(super) fn run(&mut self, x: u16, y: u16, room: u16, texts: &[(&str, Ink)]) -> u16 {
        let end = x.saturating_add(room);
        texts.iter().fold(x, |x, (text, ink)| self.put(x, y, end.saturating_sub(x), text, *ink))
    }

    /// The same cell everywhere in `area`.
    pub(super) fn fill(&mut self, area: Rect, symbol: &str, ink: Ink) {
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_symbol(symbol).set_style(ink.look(self.style));
                }
            }
        }
    }

    /// What is in a cell, where that is one character.
    pub(super) fn symbol(&self, x: u16, y: u16) -> Option<char> {
        self.buffer.cell((x, y))?.symbol().chars().next()
    }

    pub(super) fn cell(&mut self, x: u16, y: u16, symbol: char, ink: Ink) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_char(symbol).set_style(ink.look(self.style));
        }
    }
}

/// Columns that `text` takes.
pub(super) fn wide(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// The first `lines` of an area, and the rest of it.
pub(super) fn split_top(area: Rect, lines: u16) -> (Rect, Rect) {
    let lines = lines.min(area.height);
    let top = Rect { height: lines, ..area };
    (top, Rect { y: area.y + lines, height: area.height - lines, ..area })
}

/// The first `columns` of an area, and the rest of it.
pub(super) fn split_left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    let left = Rect { width: columns, ..area };
    (left, Rect { x: area.x + columns, width: area.width - columns, ..area })
}
