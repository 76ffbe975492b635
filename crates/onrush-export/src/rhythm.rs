//! When those who push do so: at the beginning, every few seconds, and at the end.

use std::time::Duration;

use onrush_metrics::Event;

use crate::book::Book;
use crate::link::EARLY;

/// Counts the time between two pushes.
#[derive(Debug)]
pub(crate) struct Rhythm {
    every: Duration,
    told: Duration,
}

impl Rhythm {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, told: Duration::ZERO }
    }

    /// Takes an event into the book, and tells whether it is time for a push.
    pub(crate) fn is_due(&mut self, book: &mut Book, event: &Event) -> bool {
        let has_news = book.on_event(event);
        // The zeros of the beginning are told as well: what rises from them can be seen to rise.
        let is_an_end = matches!(event, Event::Started(_) | Event::Finished(_));
        let is_due = is_an_end || has_news && book.at + EARLY >= self.told + self.every;
        if is_due {
            self.told = book.at;
        }
        is_due
    }
}
