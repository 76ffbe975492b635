//! The report as a web page: one file without outside assets, and the same page live.
//!
//! What people must know is markup, made here; the charts are drawn by the page's own script from data beside it.
//! Text from elsewhere is escaped in both.

mod data;
mod details;
mod escape;
mod observed;
mod page;
mod settings;
mod steps;
mod table;
mod verdict;
mod view;

use std::io::{self, Write};

use onrush_metrics::Event;

pub(crate) use self::page::{page, update};
pub(crate) use self::view::View;
use crate::output::Output;

/// Writes the page at the end of a run.
pub struct HtmlOutput {
    to: Box<dyn Write + Send>,
    view: View,
}

impl HtmlOutput {
    /// A page into `to`.
    pub fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, view: View::new(onrush_metrics::RunInfo::default()) }
    }
}

impl Output for HtmlOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        self.view.wait(event);
        if self.view.is_over() {
            self.to.write_all(page(&self.view, None).as_bytes())?;
            self.to.flush()?;
        }
        Ok(())
    }
}
