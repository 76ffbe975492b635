//! Plays a profile: one function for each kind of phase. What to do when is the profile's business,
//! how it is done the caller's; a driver only brings the two together.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use onrush_net::clock::Instant;
use onrush_pace::{Closed, Counted, Open, Phase, Profile, Quota, Segment};
use onrush_plan::InFlight;
use tokio::task::{JoinSet, spawn_local, yield_now};
use tokio::time::{sleep, sleep_until};

use crate::alarm::Alarm;
use crate::caller::{Caller, Due, Who};
use crate::crowd::Crowd;
use crate::done::Went;
use crate::worker::Worker;

/// Users that come in a row. The driver has its turn each time the event loop has run 61 tasks, so half of
/// these turns are left to the users who are there.
const TOGETHER: usize = 8;
/// How long a user of a closed profile waits after a first and after many connections that did not come about.
/// Milliseconds.
const PAUSES: RangeInclusive<u32> = 1..=100;
/// Late arrivals that are released in a row.
const CATCH_UP: u32 = 64;

/// Plays one worker's segment of a profile.
pub(crate) struct Driver<C: Caller> {
    worker: Rc<Worker<C>>,
    /// Which load of the plan it plays.
    track: usize,
    crowd: Rc<Crowd<C>>,
    segment: Segment,
    seed: u64,
    alarm: Alarm,
    /// Of the counted phase. Here, because who gives up playing does not send them away: they finish gracefully.
    users: JoinSet<()>,
}

impl<C: Caller> Driver<C> {
    pub(crate) fn new(
        worker: &Rc<Worker<C>>,
        track: usize,
        in_flight: InFlight,
        segment: Segment,
        seed: u64,
        alarm: Alarm,
    ) -> Self {
        let share = share_of(in_flight.max, segment) as usize;
        let crowd = Crowd::new(Rc::clone(worker), track, share, in_flight.when_full);
        Self { worker: Rc::clone(worker), track, crowd, segment, seed, alarm, users: JoinSet::new() }
    }

    /// Plays the phases one after the other, from `starts` on. Returns when nothing more is to be begun; requests may
    /// still be in flight then, and due arrivals may wait.
    pub(crate) async fn play(&mut self, profile: &Profile, starts: Duration) {
        let mut begin = self.worker.start + starts;
        self.alarm.until(begin).await;
        for (number, phase) in profile.phases().iter().enumerate() {
            // Each phase draws from a seed of its own, or two alike would have the same arrivals.
            let seed = self.seed.wrapping_add(number as u64);
            begin = match phase {
                Phase::Open(open) => self.play_open(open, begin, seed).await,
                Phase::Closed(closed) => self.play_closed(closed, begin).await,
                Phase::Counted(counted) => self.play_counted(counted, begin).await,
            };
        }
    }

    /// What still waits will not be begun any more.
    pub(crate) fn give_up_waiting(&self) {
        self.crowd.give_up();
    }

    async fn play_open(&mut self, open: &Open, begin: Instant, seed: u64) -> Instant {
        let mut late = 0_u32;
        for arrival in open.arrivals(self.segment, seed) {
            let intended = begin + arrival.at;
            let mut now = Instant::now();
            if now < intended {
                late = 0;
                self.alarm.until(intended).await;
                now = Instant::now();
            } else {
                // Who runs after the schedule lets the requests have their turn all the same.
                late = late.wrapping_add(1);
                if late.is_multiple_of(CATCH_UP) {
                    yield_now().await;
                }
            }
            self.crowd.admit(Due { at: intended, number: arrival.number }, now);
        }
        let end = begin + open.duration();
        self.alarm.until(end).await;
        end
    }

    async fn play_closed(&mut self, closed: &Closed, begin: Instant) -> Instant {
        let users = closed.users(self.segment);
        let mut spans: Vec<_> =
            users.flat_map(|user| user.spans.into_iter().map(move |span| (user.number, span))).collect();
        spans.sort_by_key(|(_, span)| span.from);
        for (place, (number, span)) in spans.into_iter().enumerate() {
            self.alarm.until(begin + span.from).await;
            let until = Some(begin + span.until);
            let who = Who { track: self.track, number: Some(number.into()) };
            user(&self.worker, who, &Stock::Unlimited, until).for_each(|lane| drop(spawn_local(lane)));
            let_others_run(place).await;
        }
        let end = begin + closed.duration();
        self.alarm.until(end).await;
        end
    }

    /// Returns when this worker's share is done, or its time is up.
    async fn play_counted(&mut self, counted: &Counted, begin: Instant) -> Instant {
        let share = counted.share(self.segment);
        let until = counted.within().map(|within| begin + within);
        let shared = match share.quota {
            Quota::Shared(iterations) | Quota::Each(iterations) => Stock::of(iterations),
        };
        self.users.detach_all();
        for number in 0..share.users as usize {
            let stock = match share.quota {
                Quota::Shared(_) => shared.clone(),
                Quota::Each(each) => Stock::of(each),
            };
            let place = number as u64 * u64::from(self.segment.of()) + u64::from(self.segment.index());
            let who = Who { track: self.track, number: Some(place) };
            user(&self.worker, who, &stock, until).for_each(|lane| drop(self.users.spawn_local(lane)));
            let_others_run(number).await;
        }
        let done = async { while self.users.join_next().await.is_some() {} };
        let Some(until) = until else {
            done.await;
            return Instant::now();
        };
        tokio::select! {
            () = done => Instant::now(),
            () = self.alarm.until(until) => until,
        }
    }
}

/// Iterations that may still be begun.
#[derive(Clone)]
enum Stock {
    Unlimited,
    /// Shared by the lanes of a user, or by all users of a worker.
    Left(Rc<Cell<u64>>),
}

impl Stock {
    fn of(iterations: u64) -> Self {
        Self::Left(Rc::new(Cell::new(iterations)))
    }

    /// Takes up to `wanted` of what is left.
    fn take(&self, wanted: u64) -> u64 {
        match self {
            Self::Unlimited => wanted,
            Self::Left(left) => {
                let taken = wanted.min(left.get());
                left.set(left.get() - taken);
                taken
            }
        }
    }
}

/// The lanes of a new user of a closed or counted profile, each to be a task of its own.
fn user<C: Caller>(
    worker: &Rc<Worker<C>>,
    who: Who,
    stock: &Stock,
    until: Option<Instant>,
) -> impl Iterator<Item = impl Future<Output = ()> + 'static> {
    let present = Rc::new(Present::new(worker));
    let (worker, stock) = (Rc::clone(worker), stock.clone());
    let lanes = worker.caller.user(who).into_iter();
    lanes.map(move |lane| {
        let (worker, stock) = (Rc::clone(&worker), stock.clone());
        Loop { worker, lane, stock, until, pause_ms: 0, _present: Rc::clone(&present) }.run()
    })
}

/// Users come in groups: the connections of one are being opened before those of the next are begun, or
/// ten thousand would be half open at a time, with all that takes.
async fn let_others_run(number: usize) {
    if number % TOGETHER == TOGETHER - 1 {
        yield_now().await;
    }
}

/// One lane of a user of a closed or counted profile.
struct Loop<C: Caller> {
    worker: Rc<Worker<C>>,
    lane: C::Lane,
    stock: Stock,
    until: Option<Instant>,
    /// How long the last one was, in milliseconds, if no answer has come since.
    pause_ms: u32,
    _present: Rc<Present<C>>,
}

impl<C: Caller> Loop<C> {
    /// One request after the other until the stock is used up or the time is over.
    #[expect(clippy::manual_async_fn, reason = "an async fn would hold itself twice")]
    fn run(mut self) -> impl Future<Output = ()> {
        async move {
            let mut now = Instant::now();
            while !self.worker.is_stopping() && self.until.is_none_or(move |until| now < until) {
                let count = self.stock.take(self.worker.caller.batch() as u64);
                if count == 0 {
                    return;
                }
                let (ended, went) = self.worker.call_closed(&mut self.lane, now, count as u32).await;
                now = ended;
                match (went, &self.stock) {
                    (Went::Well, _) => self.pause_ms = 0,
                    (Went::Nowhere, Stock::Unlimited) => now = now.max(Box::pin(self.wait()).await),
                    // A failure may come without waiting for anything; the others want their turn too.
                    (Went::Badly | Went::Nowhere, _) => yield_now().await,
                    (Went::Gone, _) => return,
                }
                if C::PACES && Instant::now() < now {
                    Box::pin(sleep_until(now.into())).await;
                }
            }
        }
    }

    /// Nobody listens: asking a million times a second measures nothing, and each user waits longer than the
    /// last time. Such a user is not in flight and owes no request.
    async fn wait(&mut self) -> Instant {
        self.pause_ms = (self.pause_ms * 2).clamp(*PAUSES.start(), *PAUSES.end());
        sleep(Duration::from_millis(self.pause_ms.into())).await;
        Instant::now()
    }
}

/// Counts a user as long as it exists, however it ends.
struct Present<C>(Rc<Worker<C>>);

impl<C> Present<C> {
    fn new(worker: &Rc<Worker<C>>) -> Self {
        worker.user_came();
        Self(Rc::clone(worker))
    }
}

impl<C> Drop for Present<C> {
    fn drop(&mut self) {
        self.0.user_left();
    }
}

/// How many of `total` things belong to a segment; every segment has at least one to work with.
fn share_of(total: u32, segment: Segment) -> u32 {
    let (index, of) = (segment.index(), segment.of());
    (total / of + u32::from(index < total % of)).max(1)
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;
    use crate::caller::HttpCaller;

    /// Users wait for answers by the thousand, and what the cache does not hold is waited for in turn. The connection
    /// is part of it.
    #[test]
    fn a_user_needs_little_room() {
        fn room<F: Future>(_: fn(Loop<HttpCaller>) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = room(Loop::run);
        assert!(bytes <= 384, "{bytes} bytes");
    }
}
