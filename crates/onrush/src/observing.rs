//! `--observe`: the service's own figures beside those of the run.

use onrush_metrics::Event;
use onrush_report::Observer;

use crate::exit::Wrong;
use crate::outputs::Links;
use crate::terminal::say;

/// Who reads them; nobody where nothing is asked for.
pub(crate) struct Observing(Option<Observer>);

impl Observing {
    /// Begins to read, once before this returns.
    pub(crate) fn start(asked: &[String]) -> Result<Self, Wrong> {
        if asked.is_empty() {
            return Ok(Self(None));
        }
        let observer = Observer::start(asked, &Links::unlabelled().settings());
        Ok(Self(Some(observer.map_err(|error| Wrong(format!("--observe: {error}")))?)))
    }

    /// What is read.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.as_ref().map(|observer| observer.names().to_vec()).unwrap_or_default()
    }

    /// Puts the latest figures into a second, and tells what is new.
    pub(crate) fn look(&self, event: &mut Event) {
        let Some(observer) = &self.0 else { return };
        if let Event::Tick(snapshot) = event {
            snapshot.observed = observer.values();
        }
        while let Some(news) = observer.news() {
            say(&format!("note: --observe: {news}"));
        }
    }
}
