//! The picture of a run that fills a terminal: folded from events, turned over by keys, drawn as text.
//!
//! It knows no terminal: bytes that were typed come in as [`Key`]s, what is to be written goes out as text, and whoever
//! has the terminal says how large it is.

mod chart;
mod errors;
mod frame;
mod generator;
mod history;
mod key;
mod observed;
mod overview;
mod paint;
mod pen;
mod state;
mod steps;
mod table;

use onrush_metrics::{Event, RunInfo};
use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;

pub use self::key::Key;
use self::paint::Painter;
use self::pen::Pen;
use self::state::State;
use crate::style::Style;

/// What a key asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing that shows.
    Nothing,
    /// The picture is another one now.
    Draw,
    /// The run is to stop, as after Ctrl-C.
    Stop,
}

/// A page of the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    #[default]
    Overview,
    Steps,
    Errors,
    Generator,
    Service,
}

impl View {
    const ALL: [Self; 5] = [Self::Overview, Self::Steps, Self::Errors, Self::Generator, Self::Service];

    /// Those that a run has: the last one only where something is observed.
    fn of(info: &RunInfo) -> &'static [Self] {
        if info.observed.is_empty() { &Self::ALL[..4] } else { &Self::ALL }
    }

    /// The next one in a ring, or the one before.
    fn turned(self, views: &[Self], is_back: bool) -> Self {
        let at = views.iter().position(|view| *view == self).unwrap_or_default();
        views[(at + if is_back { views.len() - 1 } else { 1 }) % views.len()]
    }
}

/// What the reader has chosen to see.
#[derive(Clone, Copy, Debug, Default)]
struct Chosen {
    view: View,
    /// Lines of the page that are above the picture.
    scroll: usize,
    help: bool,
    /// Service times instead of response times, where there is room for one of them.
    service: bool,
    /// How often the run was asked to stop.
    stops: u32,
}

/// The picture of a run.
pub struct Dashboard {
    style: Style,
    state: State,
    /// What is shown while the picture stands still.
    still: Option<Box<State>>,
    chosen: Chosen,
    notes: Vec<String>,
    painter: Painter,
}

impl Dashboard {
    /// Columns and lines below which there is no room for it.
    pub const LEAST: (u16, u16) = (40, 12);

    /// A picture without a run yet. The width of `style` does not matter.
    pub fn new(style: Style) -> Self {
        Self {
            style,
            state: State::default(),
            still: None,
            chosen: Chosen::default(),
            notes: Vec::new(),
            painter: Painter::default(),
        }
    }

    /// Takes what has happened.
    pub fn on_event(&mut self, event: &Event) {
        self.state.on_event(event);
    }

    /// What is to be told to the reader beside the run: notes and warnings.
    pub fn set_notes(&mut self, notes: Vec<String>) {
        self.notes = notes;
    }

    /// Takes a key.
    pub fn on_key(&mut self, key: Key) -> Asked {
        let views = View::of(&self.state.info);
        let chosen = &mut self.chosen;
        match key {
            Key::Char('q') => {
                chosen.stops += 1;
                return Asked::Stop;
            }
            Key::Char('?' | 'h') => chosen.help = !chosen.help,
            Key::Escape if chosen.help => chosen.help = false,
            Key::Char('p' | ' ') => {
                self.still = match self.still {
                    Some(_) => None,
                    None => Some(Box::new(self.state.clone())),
                };
            }
            Key::Char('s') => chosen.service = !chosen.service,
            Key::Char(digit @ '1'..='9') => match views.get(digit as usize - '1' as usize) {
                Some(view) => chosen.show(*view),
                None => return Asked::Nothing,
            },
            Key::Tab | Key::Right => chosen.show(chosen.view.turned(views, false)),
            Key::BackTab | Key::Left => chosen.show(chosen.view.turned(views, true)),
            Key::Down | Key::Char('j') => chosen.scroll = chosen.scroll.saturating_add(1),
            Key::Up | Key::Char('k') => chosen.scroll = chosen.scroll.saturating_sub(1),
            Key::PageDown => chosen.scroll = chosen.scroll.saturating_add(PAGE),
            Key::PageUp => chosen.scroll = chosen.scroll.saturating_sub(PAGE),
            Key::Home | Key::Char('g') => chosen.scroll = 0,
            Key::End | Key::Char('G') => chosen.scroll = usize::MAX,
            _ => return Asked::Nothing,
        }
        Asked::Draw
    }

    /// What a terminal of this size is to be sent so that it shows how things stand; after [`Self::forget`] and when the
    /// size is another one, all of it, otherwise what is new.
    pub fn draw(&mut self, width: u16, height: u16) -> String {
        let picture = self.picture(width, height);
        self.painter.paint(picture)
    }

    /// The terminal shows something else now.
    pub fn forget(&mut self) {
        self.painter = Painter::default();
    }

    /// The picture as lines of text, without its colours.
    pub fn text(&mut self, width: u16, height: u16) -> String {
        let picture = self.picture(width, height);
        let rows = picture.content().chunks(usize::from(width.max(1)));
        let line = |row: &[_]| paint::symbols(row).trim_end().to_owned() + "\n";
        rows.map(line).collect()
    }

    fn picture(&mut self, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let mut pen = Pen::new(&mut buffer, self.style);
        let shown = self.still.as_deref().unwrap_or(&self.state);
        let looks = frame::Looks { shown, now: &self.state, is_still: self.still.is_some(), notes: &self.notes };
        let scrolled = frame::draw(&mut pen, area, &looks, self.chosen);
        // Whoever has gone past the end need not come back from there.
        self.chosen.scroll = self.chosen.scroll.min(scrolled);
        buffer
    }
}

/// Lines that a page key goes.
const PAGE: usize = 10;

impl Chosen {
    fn show(&mut self, view: View) {
        (self.view, self.scroll, self.help) = (view, 0, false);
    }
}

#[cfg(test)]
mod tests;
