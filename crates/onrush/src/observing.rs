//! `--observe`: the service's own figures beside those of the run.

use onrush_metrics::{Event, Observed};
use onrush_report::Observer;

use crate::exit::Wrong;
use crate::outputs::Links;
use crate::terminal::say;

/// Who reads them; nobody where nothing is asked for.
pub(crate) struct Observing {
    observer: Option<Observer>,
    so_far: Vec<Observed>,
}

impl Observing {
    /// Begins to read, once before this returns.
    pub(crate) fn start(asked: &[String]) -> Result<Self, Wrong> {
        if asked.is_empty() {
            return Ok(Self { observer: None, so_far: Vec::new() });
        }
        let observer = Observer::start(asked, &Links::unlabelled().settings());
        let observer = observer.map_err(|error| Wrong(format!("--observe: {error}")))?;
        Ok(Self { observer: Some(observer), so_far: Vec::new() })
    }

    /// Whether what is asked for in `place` makes sense.
    pub(crate) fn check(place: &str, asked: &[String]) -> Result<(), Wrong> {
        let checked = Observer::check(asked, &Links::unlabelled().settings());
        checked.map_err(|error| Wrong(format!("{place}: {error}")))
    }

    /// What is read.
    pub(crate) fn names(&self) -> Vec<String> {
        self.observer.as_ref().map(|observer| observer.names().to_vec()).unwrap_or_default()
    }

    /// Puts the latest figures into a second and those of all seconds into the outcome, and tells what is new.
    pub(crate) fn look(&mut self, event: &mut Event) {
        let Some(observer) = &self.observer else { return };
        match event {
            Event::Tick(snapshot) => {
                snapshot.observed = observer.values();
                snapshot.observe(&mut self.so_far);
            }
            Event::Finished(outcome) => outcome.observed = std::mem::take(&mut self.so_far),
            Event::Started(_) | Event::Stopping(_) => {}
        }
        while let Some(news) = observer.news() {
            say(&format!("note: --observe: {news}"));
        }
    }
}
