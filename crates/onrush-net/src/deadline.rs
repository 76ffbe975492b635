//! One deadline for each lane of a virtual user, moved at every request and checked only when the lane is
//! woken: a request that ends in time costs the timer wheel nothing.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::clock::Instant;

/// A deadline that can be moved cheaply. It belongs to one task: the one that polls it.
#[derive(Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    /// When the timer fires: at or before `at`. `None` before it was first needed, and once it has fired.
    armed: Option<Instant>,
    /// The timer was known to be ahead when the deadline was last moved, and it has not been asked since.
    is_ahead: bool,
    /// What it was last set to, in milliseconds, to be told.
    limit_ms: u32,
    sleep: Option<Pin<Box<Sleep>>>,
    /// It has passed, too, where work is given up.
    is_revocable: bool,
}

thread_local! {
    /// Work is being polled for the last time. Not in the deadlines: there are very many of them.
    static IS_GIVEN_UP: Cell<bool> = const { Cell::new(false) };
}

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

impl Deadline {
    /// Moves the deadline to `timeout` after `now`.
    #[inline]
    pub fn set(&mut self, now: Instant, timeout: Duration) {
        self.set_since(now, now, timeout);
    }

    /// The same, `timeout` after `since`: some of the time may be used up by `now`.
    #[inline]
    pub fn set_since(&mut self, since: Instant, now: Instant, timeout: Duration) {
        let at = since + timeout;
        self.at = Some(at);
        self.limit_ms = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX).max(1);
        self.is_ahead = self.armed.is_some_and(|armed| now < armed && armed <= at);
    }

    /// Whether it passes where work is given up ([`Deadline::give_up`]).
    pub fn set_revocable(&mut self, is_revocable: bool) {
        self.is_revocable = is_revocable;
    }

    /// Polls work before its time for the last time: its revocable deadlines have passed, so that it tells what it came
    /// to.
    pub fn give_up<T>(poll: impl FnOnce() -> T) -> T {
        IS_GIVEN_UP.set(true);
        let done = poll();
        IS_GIVEN_UP.set(false);
        done
    }

    /// How long it gave when it was last moved, to the millisecond.
    pub fn limit(&self) -> Duration {
        Duration::from_millis(self.limit_ms.into())
    }

    /// Ready once the deadline has passed; otherwise the task is woken at it.
    ///
    /// A timer that was armed by an earlier poll of the same task and is still ahead when the deadline is moved wakes
    /// the task, too: the first poll after that relies on it. By the next one it may have fired.
    #[inline]
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_revocable && IS_GIVEN_UP.get() {
            return Poll::Ready(());
        }
        if mem::take(&mut self.is_ahead) { Poll::Pending } else { self.poll_timer(cx) }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at.map(Into::into) else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        // A peer that floods us uses up the task's budget, and a timer that asked for some would never fire.
        while pin!(unconstrained(sleep.as_mut())).poll(cx).is_ready() {
            // The timer was set for an earlier request; this one has more time.
            if sleep.deadline() >= at {
                self.armed = None;
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        self.armed = Some(sleep.deadline().into());
        Poll::Pending
    }

    /// Runs `work` until it is done or the deadline has passed.
    pub async fn bound<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => self.poll(cx).map(|()| Err(Elapsed)),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_can_move_either_way() {
        let begin = Instant::now();
        let mut deadline = Deadline::default();
        for (millis, expected) in [(50, 50), (100, 150), (10, 160), (1000, 1160)] {
            deadline.set(Instant::now(), Duration::from_millis(millis));
            assert_eq!(deadline.bound(std::future::pending::<()>()).await, Err(Elapsed));
            assert_eq!(begin.elapsed().as_millis(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_was_used_before_counts() {
        let begin = Instant::now();
        let mut deadline = Deadline::default();
        for expected in [100, 100] {
            deadline.set_since(begin, Instant::now(), Duration::from_millis(100));
            assert_eq!(deadline.bound(std::future::pending::<()>()).await, Err(Elapsed));
            assert_eq!((begin.elapsed().as_millis(), deadline.limit().as_millis()), (expected, 100));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_done_in_time_is_not_disturbed_by_older_deadlines() {
        let mut deadline = Deadline::default();
        for _ in 0..100 {
            deadline.set(Instant::now(), Duration::from_millis(30));
            assert_eq!(deadline.bound(tokio::time::sleep(Duration::from_millis(20))).await, Ok(()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_armed_timer_is_relied_on_once() {
        let mut deadline = Deadline::default();
        deadline.set(Instant::now(), Duration::from_millis(30));
        assert!(!deadline.is_ahead);
        assert_eq!(deadline.bound(tokio::time::sleep(Duration::from_millis(20))).await, Ok(()));
        deadline.set(Instant::now(), Duration::from_millis(30));
        assert!(deadline.is_ahead);
        assert_eq!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await, Poll::Pending);
        assert!(!deadline.is_ahead, "the next one must look for itself");
    }

    #[tokio::test(start_paused = true)]
    async fn work_may_be_given_up_before_its_time() {
        for (is_revocable, expected) in [(true, Poll::Ready(())), (false, Poll::Pending)] {
            let mut deadline = Deadline::default();
            deadline.set_revocable(is_revocable);
            deadline.set(Instant::now(), Duration::from_secs(60));
            assert_eq!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await, Poll::Pending);
            assert_eq!(poll_fn(|cx| Poll::Ready(Deadline::give_up(|| deadline.poll(cx)))).await, expected);
            assert_eq!(poll_fn(|cx| Poll::Ready(deadline.poll(cx))).await, Poll::Pending);
        }
    }

    #[tokio::test]
    async fn work_that_never_pauses_for_breath_is_ended_too() {
        let mut deadline = Deadline::default();
        deadline.set(Instant::now(), Duration::from_millis(5));
        let busy = async {
            loop {
                tokio::task::consume_budget().await;
            }
        };
        assert_eq!(deadline.bound(busy).await, Err::<(), _>(Elapsed));
    }
}
