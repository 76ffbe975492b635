//! Users who wait until an instant: thousands of them behind one alarm with microsecond aim.
//!
//! tokio's timers count milliseconds, which would be a part of the response time of every request after a think time.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use onrush_net::clock::Instant;
use tokio::sync::Notify;
use tokio::task::spawn_local;

use crate::alarm::Alarm;

/// All users of a worker who wait for a time.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    state: RefCell<State>,
    /// Somebody wants to be woken before all others.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct State {
    beds: BinaryHeap<Reverse<Bed>>,
    next: u64,
    is_watched: bool,
}

/// When somebody is to be woken. Whoever has given up waiting is woken in vain, which does no harm.
#[derive(Debug)]
struct Bed {
    at: Instant,
    number: u64,
    waker: Waker,
}

impl Sleepers {
    /// Returns at `at`, or as soon after it as the event loop allows.
    pub(super) async fn until(self: &Rc<Self>, at: Instant) {
        let mut is_abed = false;
        poll_fn(|cx| {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            // A task that is polled for another reason keeps its place.
            if !is_abed {
                is_abed = true;
                self.lie_down(at, cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn lie_down(self: &Rc<Self>, at: Instant, waker: Waker) {
        let mut state = self.state.borrow_mut();
        let is_first = state.beds.peek().is_none_or(|Reverse(bed)| at < bed.at);
        let number = state.next;
        state.next += 1;
        state.beds.push(Reverse(Bed { at, number, waker }));
        if !std::mem::replace(&mut state.is_watched, true) {
            spawn_local(Rc::clone(self).watch());
        } else if is_first {
            self.earlier.notify_one();
        }
    }

    /// Wakes everybody in time, as long as the worker lives.
    async fn watch(self: Rc<Self>) {
        let mut alarm = Alarm::new();
        loop {
            let first = self.state.borrow().beds.peek().map(|Reverse(bed)| bed.at);
            match first {
                None => self.earlier.notified().await,
                Some(at) => tokio::select! {
                    () = alarm.until_roughly(at) => self.wake(Instant::now()),
                    () = self.earlier.notified() => {}
                },
            }
        }
    }

    fn wake(&self, now: Instant) {
        let mut state = self.state.borrow_mut();
        while state.beds.peek().is_some_and(|Reverse(bed)| bed.at <= now) {
            if let Some(Reverse(bed)) = state.beds.pop() {
                bed.waker.wake();
            }
        }
    }
}

impl PartialEq for Bed {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Bed {}

impl PartialOrd for Bed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::{Builder, LocalOptions};

    use super::*;

    #[test]
    fn everybody_is_woken_in_the_order_of_their_times_and_nobody_early() {
        let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
        runtime.block_on(async {
            // All are asleep before the first is due, also on a machine that is slow to begin.
            let (sleepers, begin) = (Rc::new(Sleepers::default()), Instant::now() + Duration::from_millis(200));
            let woken = Rc::new(RefCell::new(Vec::new()));
            let users: Vec<_> = [9_000, 300, 4_000, 0, 300, 6_500]
                .into_iter()
                .map(|micros| {
                    let (sleepers, woken) = (Rc::clone(&sleepers), Rc::clone(&woken));
                    spawn_local(async move {
                        let at = begin + Duration::from_micros(micros);
                        sleepers.until(at).await;
                        assert!(Instant::now() >= at);
                        woken.borrow_mut().push(micros);
                    })
                })
                .collect();
            for user in users {
                user.await.unwrap();
            }
            assert_eq!(*woken.borrow(), [0, 300, 300, 4_000, 6_500, 9_000]);
        });
    }
}
