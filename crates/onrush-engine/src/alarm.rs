//! Waiting until an instant with microsecond aim.
//!
//! tokio's timer counts milliseconds. On Linux a timerfd wakes the event loop a little before the instant, by as
//! much as the system is usually late, and the moment that is left is spent yielding to the other tasks;
//! elsewhere the last stretch is spent like that, which is as exact and costs CPU.

use std::time::Duration;

use tokio::time::sleep_until;

use onrush_net::clock::Instant;

/// How far ahead the coarse timer hands over to yielding: its resolution and some slack.
const STRETCH: Duration = Duration::from_micros(1500);

/// Wakes its task at given instants.
#[derive(Debug)]
pub(crate) enum Alarm {
    #[cfg(target_os = "linux")]
    Timerfd(timerfd::Timerfd),
    /// The portable way.
    Yielding,
    /// The coarse timer alone: on a paused clock only sleeping moves time.
    #[cfg(test)]
    Coarse,
}

impl Alarm {
    /// The best alarm of this system. Must be called within a runtime.
    pub(crate) fn new() -> Self {
        #[cfg(target_os = "linux")]
        if let Ok(timerfd) = timerfd::Timerfd::new() {
            return Self::Timerfd(timerfd);
        }
        Self::Yielding
    }

    /// The same without spending time on waking just then: some tens of microseconds later.
    pub(crate) async fn until_roughly(&mut self, at: Instant) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Timerfd(timerfd) => timerfd.sleep_until(at).await,
            other => other.until(at).await,
        }
    }

    /// Returns at `at` or as soon after it as the event loop allows; at once if it has passed.
    pub(crate) async fn until(&mut self, at: Instant) {
        match self {
            #[cfg(target_os = "linux")]
            Self::Timerfd(timerfd) => timerfd.until(at).await,
            Self::Yielding => {
                sleep_until((at - STRETCH).into()).await;
                while Instant::now() < at {
                    tokio::task::yield_now().await;
                }
            }
            #[cfg(test)]
            Self::Coarse => sleep_until(at.into()).await,
        }
    }
}

#[cfg(target_os = "linux")]
mod timerfd {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use onrush_net::clock::Instant;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// The most that a timer is set early. A core that was idle is awake again within some tens of microseconds.
    const MAX_LEAD: Duration = Duration::from_micros(100);
    /// The share of each new lateness in what is taken for usual: one wake-up that was late for another reason
    /// changes little.
    const WEIGHT: u32 = 8;

    #[derive(Debug)]
    pub(crate) struct Timerfd {
        timer: AsyncFd<OwnedFd>,
        /// How late the system usually wakes us.
        lead: Duration,
    }

    impl Timerfd {
        #[expect(deprecated, reason = "an OwnedFd keeps the promise that the unsafe replacement asks for")]
        pub(super) fn new() -> io::Result<Self> {
            let fd = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            Ok(Self { timer: AsyncFd::with_interest(fd, Interest::READABLE)?, lead: Duration::ZERO })
        }

        pub(super) async fn sleep_until(&mut self, at: Instant) {
            loop {
                let left = at.saturating_duration_since(Instant::now());
                if left.is_zero() || !self.sleep(left).await {
                    return;
                }
            }
        }

        pub(super) async fn until(&mut self, at: Instant) {
            loop {
                let now = Instant::now();
                let left = at.saturating_duration_since(now);
                if left.is_zero() {
                    return;
                }
                let Some(sleep) = left.checked_sub(self.lead).filter(|sleep| !sleep.is_zero()) else {
                    tokio::task::yield_now().await;
                    continue;
                };
                if !self.sleep(sleep).await {
                    return;
                }
                self.learn(now.elapsed().saturating_sub(sleep));
            }
        }

        /// False if that cannot be done.
        async fn sleep(&mut self, time: Duration) -> bool {
            self.fire_in(time);
            // Errors of a timer that exists and is ours do not happen; looping would be the worst answer.
            let Ok(mut ready) = self.timer.readable_mut().await else { return false };
            let _ = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut [0; 8])?));
            // One read empties a timer; asking again would be a system call for nothing.
            ready.clear_ready();
            true
        }

        fn learn(&mut self, late: Duration) {
            self.lead = (self.lead * (WEIGHT - 1) + late.min(MAX_LEAD)) / WEIGHT;
        }

        /// Arming again also forgets an expiry that nobody has read.
        fn fire_in(&self, left: Duration) {
            let spec = Itimerspec {
                it_interval: Timespec::default(),
                it_value: Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() },
            };
            let _ = timerfd_settime(self.timer.get_ref(), TimerfdTimerFlags::empty(), &spec);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways wait as long as they should; how exactly is measured by the benchmark, not by a test.
    #[tokio::test]
    async fn no_alarm_is_early() {
        for mut alarm in [Alarm::new(), Alarm::Yielding] {
            for micros in [0, 30, 700, 3_000] {
                let at = Instant::now() + Duration::from_micros(micros);
                if micros % 100 == 0 {
                    alarm.until_roughly(at).await;
                } else {
                    alarm.until(at).await;
                }
                assert!(Instant::now() >= at, "{alarm:?} {micros}");
            }
        }
    }

    #[tokio::test]
    async fn an_alarm_given_up_does_not_wake_the_next_one_early() {
        let mut alarm = Alarm::new();
        let long = Instant::now() + Duration::from_secs(3600);
        let short = Duration::from_millis(1);
        assert!(tokio::time::timeout(short, alarm.until(long)).await.is_err());
        let next = Instant::now() + short;
        alarm.until(next).await;
        assert!(Instant::now() >= next);
    }
}
