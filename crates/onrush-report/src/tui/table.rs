//! Lines of a page: tables whose columns go where there is no room for them, and pages that can be scrolled.

use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen};
use crate::layout::{clipped, width};
use crate::style::Style;

/// Between columns.
const GAP: usize = 2;
/// A name is cut to this before a column goes.
const LEAST_NAME: usize = 16;

/// Texts one after the other.
pub(super) type Line = Vec<(String, Ink)>;

/// A column of a table: its title, and when it goes where there is no room: the greatest first, 0 never.
pub(super) type Column = (&'static str, u8);

/// A row of a table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) cells: Vec<(String, Ink)>,
}

/// A line of one text.
pub(super) fn line(text: impl Into<String>, ink: Ink) -> Line {
    vec![(text.into(), ink)]
}

/// A table as lines, the first of which are its titles.
pub(super) fn table(title: &str, columns: &[Column], rows: &[Row], room: usize, style: Style) -> Vec<Line> {
    let widths: Vec<_> = (0..columns.len())
        .map(|at| {
            let cells = rows.iter().map(|row| width(&row.cells[at].0)).max().unwrap_or(0);
            GAP + cells.max(width(columns[at].0))
        })
        .collect();
    let longest = rows.iter().map(|row| width(&row.name)).max().unwrap_or(0).max(width(title));
    let mut kept: Vec<_> = (0..columns.len()).collect();
    let taken = |kept: &[usize]| kept.iter().map(|at| widths[*at]).sum::<usize>();
    while longest.min(LEAST_NAME) + taken(&kept) > room {
        let Some(rank) = kept.iter().map(|at| columns[*at].1).max().filter(|rank| *rank > 0) else { break };
        kept.retain(|at| columns[*at].1 != rank);
    }
    let names = longest.min(room.saturating_sub(taken(&kept)));
    let name = |text: &str| {
        let text = clipped(text, names, style);
        let blanks = " ".repeat(names - width(&text));
        text + &blanks
    };
    let cell = |text: &str, at: usize| " ".repeat(widths[at].saturating_sub(width(text))) + text;
    let head = kept.iter().fold(name(title), |text, at| text + &cell(columns[*at].0, *at));
    let body = rows.iter().map(|row| {
        let cells = kept.iter().map(|at| (cell(&row.cells[*at].0, *at), row.cells[*at].1));
        std::iter::once((name(&row.name), Ink::Plain)).chain(cells).collect()
    });
    std::iter::once(line(head, Ink::Dim)).chain(body).collect()
}

/// Draws lines as they are.
pub(super) fn put_lines(pen: &mut Pen, area: Rect, lines: &[Line]) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        let texts: Vec<_> = line.iter().map(|(text, ink)| (&**text, *ink)).collect();
        pen.run(area.x, y, area.width, &texts);
    }
}

/// Draws a page: the first `fixed` lines stay, the others can be scrolled. How far they can.
pub(super) fn page(pen: &mut Pen, area: Rect, lines: &[Line], fixed: usize, scroll: usize) -> usize {
    let (head, body) = lines.split_at(fixed.min(lines.len()));
    put_lines(pen, area, head);
    let (_, area) = super::pen::split_top(area, u16::try_from(head.len()).unwrap_or(u16::MAX));
    let room = usize::from(area.height);
    if body.len() <= room || room < 2 {
        put_lines(pen, area, body);
        return 0;
    }
    // The last line says that there is more.
    let room = room - 1;
    let most = body.len() - room;
    let scroll = scroll.min(most);
    put_lines(pen, Rect { height: area.height - 1, ..area }, &body[scroll..]);
    let arrows = pen.style.pick("↑↓", "up/down:");
    let more = format!("{arrows} {}–{} of {}", scroll + 1, (scroll + room).min(body.len()), body.len());
    pen.put_right(area.right(), area.bottom() - 1, area.width, &more, Ink::Dim);
    most
}
