//! A timerfd that wakes any number of sleepers of one thread: armed for the earliest, re-armed when it fires.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// The timer and its sleepers. A background task of the runtime in which it was made wakes them.
#[derive(Clone, Debug)]
pub(crate) struct TimerFd(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    fd: AsyncFd<OwnedFd>,
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    by_time: BTreeMap<(Instant, u64), Waker>,
}

impl TimerFd {
    #[expect(deprecated, reason = "an OwnedFd keeps the promise that the unsafe replacement asks for")]
    pub(crate) fn new() -> io::Result<Self> {
        let fd =
            rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
        let shared = Arc::new(Shared { fd, sleepers: Mutex::default() });
        tokio::spawn(Arc::clone(&shared).drive());
        Ok(Self(shared))
    }

    /// Waits until `due`.
    pub(crate) fn until(&self, due: Instant) -> Nap<'_> {
        Nap { shared: &self.0, due, place: None }
    }

    /// How many sleep now.
    #[cfg(test)]
    pub(crate) fn sleeping(&self) -> usize {
        self.0.lock().by_time.len()
    }
}

impl Shared {
    async fn drive(self: Arc<Self>) {
        while let Ok(mut ready) = self.fd.readable().await {
            ready.clear_ready();
            // Arming replaces what was to be read, so the counter itself is of no interest.
            self.wake_due();
        }
    }

    fn wake_due(&self) {
        let now = Instant::now();
        let mut sleepers = self.lock();
        while let Some(first) = sleepers.by_time.first_entry() {
            if first.key().0 > now {
                arm(&self.fd, first.key().0 - now);
                return;
            }
            first.remove().wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who sleeps. Leaves no trace when dropped.
pub(crate) struct Nap<'a> {
    shared: &'a Shared,
    due: Instant,
    place: Option<u64>,
}

impl Future for Nap<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if now >= self.due {
            return Poll::Ready(());
        }
        let mut sleepers = self.shared.lock();
        let place = self.place.unwrap_or_else(|| {
            sleepers.next += 1;
            sleepers.next
        });
        let is_first = sleepers.by_time.keys().next().is_none_or(|first| (self.due, place) <= *first);
        sleepers.by_time.insert((self.due, place), context.waker().clone());
        if is_first {
            arm(&self.shared.fd, self.due - now);
        }
        drop(sleepers);
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Nap<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.shared.lock().by_time.remove(&(self.due, place));
        }
    }
}

fn arm(fd: &AsyncFd<OwnedFd>, after: Duration) {
    let it_value = Timespec {
        tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(after.subsec_nanos()).max(i64::from(after.as_secs() == 0)),
    };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
    // The arguments are always valid for an own, open timerfd; the kernel has no other error.
    let _ = rustix::time::timerfd_settime(fd.get_ref(), TimerfdTimerFlags::empty(), &once);
}
