//! The virtual users of open profiles: they come into being as arrivals need them, up to a limit, and
//! whoever is free takes the next arrival. Work is never left lying while a user is free.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use onrush_net::clock::Instant;
use onrush_plan::WhenFull;
use tokio::task::spawn_local;

use crate::caller::{Caller, Due, Who};
use crate::worker::Worker;

/// Arrivals that wait, users that are free.
pub(crate) struct Crowd<C: Caller> {
    worker: Rc<Worker<C>>,
    /// The load that brings them.
    track: usize,
    queue: RefCell<VecDeque<Due>>,
    /// Free lanes, the one used last on top: few connections are kept busy instead of many warm.
    free: RefCell<Vec<Rc<Seat>>>,
    /// Lanes of a user that has come into being and that have not been needed yet.
    spare: RefCell<Vec<C::Lane>>,
    lanes: Cell<usize>,
    /// Requests that are in flight.
    busy: Cell<usize>,
    /// The most of them, and so of lanes.
    max: usize,
    when_full: WhenFull,
}

/// Where a free lane sits until it is called.
#[derive(Default)]
struct Seat {
    called: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl<C: Caller> Crowd<C> {
    /// A crowd that has at most `max` requests in flight.
    pub(crate) fn new(worker: Rc<Worker<C>>, track: usize, max: usize, when_full: WhenFull) -> Rc<Self> {
        Rc::new(Self {
            worker,
            track,
            queue: RefCell::default(),
            free: RefCell::default(),
            spare: RefCell::default(),
            lanes: Cell::new(0),
            busy: Cell::new(0),
            max: max.max(1),
            when_full,
        })
    }

    /// An arrival is due: a free user takes it, a new one does, or it waits or is dropped.
    pub(crate) fn admit(self: &Rc<Self>, due: Due, now: Instant) {
        self.worker.record(|recorder| recorder.due(due.at, now));
        if self.when_full == WhenFull::Drop && self.queue.borrow().len() >= self.places() {
            self.worker.record(|recorder| recorder.dropped(due.at));
            return;
        }
        self.queue.borrow_mut().push_back(due);
        self.tell_waiting();
        if let Some(seat) = self.free.borrow_mut().pop() {
            seat.call();
        } else if self.lanes.get() < self.max {
            self.lanes.set(self.lanes.get() + 1);
            spawn_local(Rc::clone(self).serve(self.new_lane()));
        }
    }

    /// Gives up what still waits: the run is over, or nothing more is to be begun.
    pub(crate) fn give_up(&self) {
        for due in self.queue.borrow_mut().drain(..) {
            self.worker.record(|recorder| recorder.unstarted(due.at));
        }
        self.tell_waiting();
    }

    fn new_lane(&self) -> C::Lane {
        let mut spare = self.spare.borrow_mut();
        if spare.is_empty() {
            self.worker.user_came();
            spare.extend(self.worker.caller.user(Who { track: self.track, number: None }));
        }
        spare.pop().expect("a user has at least one lane")
    }

    #[expect(clippy::manual_async_fn, reason = "an async fn would hold the lane twice")]
    fn serve(self: Rc<Self>, mut lane: C::Lane) -> impl Future<Output = ()> {
        async move {
            let batch = self.worker.caller.batch();
            let mut arrivals = Vec::new();
            loop {
                self.next(&mut arrivals, batch);
                if arrivals.is_empty() {
                    self.sit().await;
                    continue;
                }
                self.busy.set(self.busy.get() + arrivals.len());
                self.tell_waiting();
                self.worker.call_open(&mut lane, &arrivals).await;
                self.busy.set(self.busy.get() - arrivals.len());
            }
        }
    }

    fn next(&self, arrivals: &mut Vec<Due>, batch: usize) {
        let mut queue = self.queue.borrow_mut();
        let count = batch.min(queue.len()).min(self.places());
        arrivals.clear();
        arrivals.extend(queue.drain(..count));
    }

    async fn sit(&self) {
        let seat = Rc::new(Seat::default());
        self.free.borrow_mut().push(Rc::clone(&seat));
        seat.wait().await;
    }

    /// How many more requests may be in flight.
    fn places(&self) -> usize {
        self.max - self.busy.get()
    }

    /// Arrivals that a lane is already on its way to are not waiting for a place.
    fn tell_waiting(&self) {
        let (queued, on_their_way) = (self.queue.borrow().len(), self.places());
        self.worker.set_queue(queued, queued.saturating_sub(on_their_way));
    }
}

impl Seat {
    fn call(&self) {
        self.called.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    async fn wait(&self) {
        poll_fn(|cx| {
            if self.called.get() {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
