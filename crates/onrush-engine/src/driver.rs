//! Plays a profile: one function for each kind of phase. What to do when is the profile's business,
//! how it is done the caller's; a driver only brings the two together.

use std::cell::Cell;
use std::rc::Rc;

use onrush_net::clock::Instant;
use onrush_pace::{Closed, Counted, Open, Phase, Profile, Quota, Segment};
use onrush_plan::InFlight;
use tokio::task::{JoinSet, spawn_local, yield_now};

use crate::alarm::Alarm;
use crate::caller::Caller;
use crate::crowd::Crowd;
use crate::worker::Worker;

/// Late arrivals that are released in a row.
const CATCH_UP: u32 = 64;

/// Plays one worker's segment of a profile.
pub(crate) struct Driver<C: Caller> {
    worker: Rc<Worker<C>>,
    crowd: Rc<Crowd<C>>,
    segment: Segment,
    seed: u64,
    alarm: Alarm,
}

impl<C: Caller> Driver<C> {
    pub(crate) fn new(worker: &Rc<Worker<C>>, in_flight: InFlight, segment: Segment, seed: u64, alarm: Alarm) -> Self {
        let share = share_of(in_flight.max, segment) as usize;
        let crowd = Crowd::new(Rc::clone(worker), share.div_ceil(worker.caller.batch()), in_flight.when_full);
        Self { worker: Rc::clone(worker), crowd, segment, seed, alarm }
    }

    /// Plays the phases one after the other. Returns when nothing more is to be begun; requests may
    /// still be in flight then, and due arrivals may wait.
    pub(crate) async fn play(&mut self, profile: &Profile) {
        let mut begin = self.worker.start;
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
            self.crowd.admit(intended, now);
        }
        let end = begin + open.duration();
        self.alarm.until(end).await;
        end
    }

    async fn play_closed(&mut self, closed: &Closed, begin: Instant) -> Instant {
        let mut spans: Vec<_> = closed.users(self.segment).flat_map(|user| user.spans).collect();
        spans.sort_by_key(|span| span.from);
        for span in spans {
            self.alarm.until(begin + span.from).await;
            spawn_local(user(Rc::clone(&self.worker), Stock::Unlimited, Some(begin + span.until)));
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
        let mut users = JoinSet::new();
        for _ in 0..share.users {
            let stock = match share.quota {
                Quota::Shared(_) => shared.clone(),
                Quota::Each(each) => Stock::of(each),
            };
            users.spawn_local(user(Rc::clone(&self.worker), stock, until));
        }
        while users.join_next().await.is_some() {}
        Instant::now()
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

/// A user of a closed profile: its lanes loop until the stock is used up or the time is over.
async fn user<C: Caller>(worker: Rc<Worker<C>>, stock: Stock, until: Option<Instant>) {
    let present = Present::new(&worker);
    let mut lanes = worker.caller.user();
    let Some(mut own) = lanes.pop() else { return };
    if lanes.is_empty() {
        return work(&worker, &mut own, &stock, until).await;
    }
    let mut others = JoinSet::new();
    for mut lane in lanes {
        let (worker, stock) = (Rc::clone(&worker), stock.clone());
        others.spawn_local(async move { work(&worker, &mut lane, &stock, until).await });
    }
    work(&worker, &mut own, &stock, until).await;
    while others.join_next().await.is_some() {}
    drop(present);
}

async fn work<C: Caller>(worker: &Worker<C>, lane: &mut C::Lane, stock: &Stock, until: Option<Instant>) {
    let batch = worker.caller.batch() as u64;
    let mut now = Instant::now();
    while !worker.is_stopping() && until.is_none_or(|until| now < until) {
        let count = stock.take(batch);
        if count == 0 {
            return;
        }
        let (ended, well) = worker.call_closed(lane, now, count as usize).await;
        now = ended;
        if !well {
            // A failure may come without waiting for anything; the others want their turn too.
            yield_now().await;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::HttpCaller;

    /// Users wait for answers by the thousand, and what the cache does not hold is waited for in turn.
    #[test]
    fn a_user_needs_little_room() {
        fn room<C, F>(_: fn(Rc<Worker<C>>, Stock, Option<Instant>) -> F) -> usize {
            size_of::<F>()
        }
        let bytes = room(user::<HttpCaller>);
        assert!(bytes <= 800, "{bytes} bytes");
    }
}
