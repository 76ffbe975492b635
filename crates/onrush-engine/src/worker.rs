//! The state that the tasks of one worker thread share: the recorder, the gauges, whether it is stopping.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use onrush_metrics::{Gauges, Tallies};
use onrush_net::clock::Instant;
use onrush_plan::Plan;
use tokio::sync::Notify;

use crate::caller::{Caller, Due};
use crate::done::{Done, Went};
use crate::gathering::{Gathered, Gathering};
use crate::recorder::Recorder;

/// One worker. It lives on its own thread, and so do all who hold it.
pub(crate) struct Worker<C> {
    pub(crate) caller: C,
    /// When the run began, the same for all workers.
    pub(crate) start: Instant,
    recorder: RefCell<Recorder>,
    gathering: Rc<Gathering>,
    turn: Cell<u64>,
    users: Cell<u64>,
    in_flight: Cell<u64>,
    queued: Cell<u64>,
    waiting: Cell<u64>,
    stopping: Cell<bool>,
    /// A task has panicked in the middle of a request.
    broken: Cell<bool>,
    quiet: Notify,
}

/// A request that is in flight. If it is dropped before its end, the run has ended around it.
struct Begun<'a, C> {
    worker: &'a Worker<C>,
    due: Batch<'a>,
}

/// When the iterations of a batch were due.
#[derive(Clone, Copy)]
enum Batch<'a> {
    /// All when their user was free, while the load was going on; they are counted as due when they end.
    Closed { begin: Instant, count: u32 },
    /// Each at its time; they have been counted as due. Those that waited may begin when the load is over.
    Open { arrivals: &'a [Due], in_time: bool },
}

impl<C: Caller> Worker<C> {
    pub(crate) fn new(caller: C, start: Instant, plan: &Plan, first_turn: u64) -> Rc<Self> {
        let (from, until) = (start + plan.warmup, plan.work.duration().map(|lasts| start + lasts));
        let gathering = Gathering::new(start, plan.samples, plan.tracing.spans, plan.threads);
        caller.begin(from, until, &gathering);
        // Without series a request is an iteration.
        let gatherer = plan.work.series().is_empty().then(|| gathering.of(0));
        Rc::new(Self {
            caller,
            start,
            recorder: RefCell::new(Recorder::new(from, until).gather(gatherer)),
            gathering,
            turn: Cell::new(first_turn),
            users: Cell::new(0),
            in_flight: Cell::new(0),
            queued: Cell::new(0),
            waiting: Cell::new(0),
            stopping: Cell::new(false),
            broken: Cell::new(false),
            quiet: Notify::new(),
        })
    }

    /// Sends `count` requests of a closed profile and records them; returns when they ended and how
    /// it went.
    ///
    /// Not an async fn: every user would carry its arguments twice.
    pub(crate) fn call_closed(
        &self,
        lane: &mut C::Lane,
        begin: Instant,
        count: u32,
    ) -> impl Future<Output = (Instant, Went)> {
        let begun = self.begin(Batch::Closed { begin, count });
        async move {
            // Taken from where they are already held: a user would carry them twice.
            let Batch::Closed { begin, count } = begun.due else { unreachable!("it was begun as such") };
            if count == 1 {
                let due = Due { at: begin, number: 0 };
                let done = begun.worker.caller.call(lane, begun.worker.turns(1), due).await;
                begun.end().recorder.borrow_mut().closed(&done);
                return (done.next(), done.went());
            }
            // On the heap, or every user would carry the room for it.
            Box::pin(begun.call_batch(lane, count)).await
        }
    }

    /// Sends one request for each of `arrivals` and records them.
    pub(crate) async fn call_open(&self, lane: &mut C::Lane, arrivals: &[Due]) {
        let Some(first) = arrivals.first() else { return };
        let begun = self.begin(Batch::Open { arrivals, in_time: !self.is_stopping() });
        if arrivals.len() == 1 {
            let done = self.caller.call(lane, self.turns(1), *first).await;
            begun.end().recorder.borrow_mut().open(first.at, &done);
            return;
        }
        let all = Box::pin(self.caller.call_batch(lane, self.turns(arrivals.len()), arrivals.len())).await;
        begun.end();
        let mut recorder = self.recorder.borrow_mut();
        for (due, done) in arrivals.iter().zip(&all) {
            recorder.open(due.at, done);
        }
    }

    /// No request is begun from now on, but for arrivals that were due before.
    pub(crate) fn stop(&self) {
        let now = Instant::now();
        self.stopping.set(true);
        self.recorder.borrow_mut().stop(now);
        self.caller.stop(now);
    }

    /// Single requests since this was last called.
    pub(crate) fn take_gathered(&self) -> Gathered {
        self.gathering.take()
    }

    /// What was counted since this was last called.
    pub(crate) fn take_tallies(&self) -> Tallies {
        Tallies { own: self.recorder.borrow_mut().take(), series: self.caller.take_series() }
    }

    fn begin<'a>(&'a self, due: Batch<'a>) -> Begun<'a, C> {
        self.in_flight.set(self.in_flight.get() + due.count());
        Begun { worker: self, due }
    }

    fn turns(&self, count: usize) -> u64 {
        self.turn.replace(self.turn.get() + count as u64)
    }
}

impl<C> Worker<C> {
    pub(crate) fn record(&self, note: impl FnOnce(&mut Recorder)) {
        note(&mut self.recorder.borrow_mut());
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.get()
    }

    /// Returns when nothing is in flight or queued any more.
    pub(crate) async fn quiet(&self) {
        while self.in_flight.get() + self.queued.get() > 0 {
            self.quiet.notified().await;
        }
    }

    /// Of the arrivals that are due and `queued`, so many are `waiting` for a place; a lane is on its way to
    /// the others.
    pub(crate) fn set_queue(&self, queued: usize, waiting: usize) {
        self.queued.set(queued as u64);
        self.waiting.set(waiting as u64);
        self.tell_if_quiet();
    }

    pub(crate) fn user_came(&self) {
        self.users.set(self.users.get() + 1);
    }

    pub(crate) fn user_left(&self) {
        self.users.set(self.users.get() - 1);
    }

    pub(crate) fn gauges(&self) -> Gauges {
        Gauges { users: self.users.get(), in_flight: self.in_flight.get(), waiting: self.waiting.get() }
    }

    pub(crate) fn oldest_cut_off(&self) -> Option<Duration> {
        self.recorder.borrow().oldest_cut_off()
    }

    fn ended(&self, count: u64) {
        self.in_flight.set(self.in_flight.get() - count);
        self.tell_if_quiet();
    }

    fn tell_if_quiet(&self) {
        if self.stopping.get() && self.in_flight.get() + self.queued.get() == 0 {
            self.quiet.notify_one();
        }
    }
}

impl<C: Caller> Begun<'_, C> {
    async fn call_batch(self, lane: &mut C::Lane, count: u32) -> (Instant, Went) {
        let worker = self.worker;
        let all = worker.caller.call_batch(lane, worker.turns(count as usize), count as usize).await;
        self.end();
        let mut recorder = worker.recorder.borrow_mut();
        let mut went = Went::Well;
        for done in &all {
            recorder.closed(done);
            went = went.max(done.went());
        }
        let next = all.iter().map(Done::next).max();
        (next.expect("a batch has at least one request"), went)
    }
}

impl<'a, C> Begun<'a, C> {
    fn end(self) -> &'a Worker<C> {
        let worker = self.worker;
        worker.ended(self.due.count());
        mem::forget(self);
        worker
    }

    #[cold]
    fn cut_off(&self) {
        let now = Instant::now();
        let mut recorder = self.worker.recorder.borrow_mut();
        match self.due {
            Batch::Closed { begin, count } => (0..count).for_each(|_| recorder.cut_off(begin, now, false, true)),
            Batch::Open { arrivals, in_time } => {
                arrivals.iter().for_each(|due| recorder.cut_off(due.at, now, true, in_time));
            }
        }
    }
}

impl Batch<'_> {
    fn count(&self) -> u64 {
        match self {
            Self::Closed { count, .. } => u64::from(*count),
            Self::Open { arrivals, .. } => arrivals.len() as u64,
        }
    }
}

impl<C> Drop for Begun<'_, C> {
    fn drop(&mut self) {
        self.worker.ended(self.due.count());
        self.worker.broken.set(self.worker.broken.get() || thread::panicking());
        self.cut_off();
    }
}
