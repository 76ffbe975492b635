//! Outputs that are no file: systems that watch.

use std::io;
use std::time::Duration;

use onrush_export::{Link, LinkError, OtlpLink, OtlpSpans, RemoteWrite, Scrape, Settings};
use onrush_metrics::Event;

use crate::output::Output;

/// A kind of output that goes to an address.
pub struct LinkKind {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// What may be written after the address, each with a comma before it: `name`, or `name=VALUE`.
    pub options: &'static [&'static str],
    /// Opens one.
    pub make: fn(&Link, &Settings<'_>) -> Result<Linked, LinkError>,
}

/// An output that has been opened.
pub struct Linked {
    /// Where the events go.
    pub output: Box<dyn Output>,
    /// What to print about it: without secrets.
    pub shown: String,
    /// What those who run the test may want to know beforehand.
    pub notice: Option<String>,
}

pub(crate) fn prometheus(link: &Link, settings: &Settings<'_>) -> Result<Linked, LinkError> {
    let scrape = Scrape::new(link, settings)?;
    let (shown, notice) = (link.target().to_owned(), Some(format!("metrics: {}", scrape.url())));
    Ok(Linked { output: Box::new(scrape), shown, notice })
}

pub(crate) fn remote_write(link: &Link, settings: &Settings<'_>) -> Result<Linked, LinkError> {
    let output = Box::new(RemoteWrite::new(link, settings)?);
    Ok(Linked { output, shown: link.shown(), notice: None })
}

pub(crate) fn otlp(link: &Link, settings: &Settings<'_>) -> Result<Linked, LinkError> {
    let output = Box::new(OtlpLink::new(link, settings)?);
    Ok(Linked { output, shown: link.shown(), notice: None })
}

pub(crate) fn traces(link: &Link, settings: &Settings<'_>) -> Result<Linked, LinkError> {
    let output = Box::new(OtlpSpans::new(link, settings)?);
    Ok(Linked { output, shown: link.shown(), notice: None })
}

impl Output for Scrape {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        Self::on_event(self, event);
        Ok(())
    }

    fn lingers(&self) -> Duration {
        self.linger()
    }
}

impl Output for RemoteWrite {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        Self::on_event(self, event)
    }

    fn news(&mut self) -> Option<String> {
        Self::news(self)
    }
}

impl Output for OtlpLink {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        Self::on_event(self, event)
    }

    fn news(&mut self) -> Option<String> {
        Self::news(self)
    }
}

impl Output for OtlpSpans {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        Self::on_event(self, event)
    }

    fn news(&mut self) -> Option<String> {
        Self::news(self)
    }
}
