//! What a watcher gets: what has changed each second, or everything where it has missed a second.
//!
//! A watcher has no queue. It is told that there is something newer, and takes the newest when it is ready for it, so
//! one that is slow costs no memory, and nobody waits for it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::sse::Event;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::html::{View, page, update};

/// The last change, and its number.
#[derive(Clone, Debug)]
pub(super) struct Latest {
    pub(super) number: u64,
    /// `None` where nobody was there to see it.
    pub(super) change: Option<Arc<str>>,
    pub(super) is_last: bool,
}

/// The run as the page shows it, with the number of its last change.
pub(super) struct State {
    pub(super) view: View,
    pub(super) number: u64,
    /// By which runs are told apart that are played at the same address one after the other.
    pub(super) run: String,
}

/// What the run and its watchers share.
pub(super) type Shared = Arc<Mutex<State>>;

impl State {
    /// The whole page.
    pub(super) fn page(&self) -> String {
        page(&self.view, Some(&self.name(self.number)))
    }

    /// Everything, as a change.
    fn everything(&self) -> (u64, Arc<str>) {
        (self.number, update(&self.view, &self.name(self.number), &self.view.data()).into())
    }

    /// Something has changed. What, since this was last told, is put together only where somebody looks.
    pub(super) fn change(&mut self, is_watched: bool) -> Latest {
        self.number += 1;
        let change = is_watched.then(|| {
            let data = self.view.changes();
            update(&self.view, &self.name(self.number), &data).into()
        });
        Latest { number: self.number, change, is_last: self.view.is_over() }
    }

    fn name(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// The number in a name of this run; 0, which nothing has, in any other.
    pub(super) fn number_in(&self, name: &str) -> u64 {
        let of_run = name.rsplit_once('-').filter(|(run, _)| *run == self.run);
        of_run.and_then(|(_, number)| number.parse().ok()).unwrap_or(0)
    }
}

/// One who looks.
pub(super) struct Watcher {
    shared: Shared,
    latest: watch::Receiver<Latest>,
    /// The number of what was sent last.
    seen: u64,
    is_over: bool,
    /// Sent before anything is awaited again.
    ready: VecDeque<Event>,
    /// Its place among those who may look.
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    /// One who has seen everything up to a number.
    pub(super) fn new(
        shared: Shared,
        mut latest: watch::Receiver<Latest>,
        seen: u64,
        place: OwnedSemaphorePermit,
    ) -> Self {
        // What there is already is compared with what was seen, too.
        latest.mark_changed();
        let ready = VecDeque::from([Event::default().comment("watching")]);
        Self { shared, latest, seen, is_over: false, ready, _place: place }
    }

    /// The next thing to send; `None` after the last one.
    pub(super) async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if let Some(event) = self.ready.pop_front() {
            return Some((Ok(event), self));
        }
        while !self.is_over {
            self.latest.changed().await.ok()?;
            let latest = self.latest.borrow_and_update().clone();
            self.is_over = latest.is_last;
            if latest.number > self.seen {
                let text = self.pick(&latest);
                return Some((Ok(Event::default().data(&*text)), self));
            }
        }
        None
    }

    /// The change, if nothing before it was missed.
    fn pick(&mut self, latest: &Latest) -> Arc<str> {
        let next = latest.change.as_ref().filter(|_| self.seen > 0 && latest.number == self.seen + 1);
        let (seen, text) = match next {
            Some(change) => (latest.number, Arc::clone(change)),
            None => self.shared.lock().unwrap_or_else(PoisonError::into_inner).everything(),
        };
        self.seen = seen;
        text
    }
}
