//! Waiting with the aim that latencies of less than a millisecond need. On Linux each thread has one timerfd, armed for the
//! earliest of its sleepers (measured: some tens of microseconds late); elsewhere tokio's timer, which counts whole milliseconds.

use std::time::Duration;

use tokio::time::Instant;

#[cfg(target_os = "linux")]
mod timerfd;

/// The timer of one thread.
#[derive(Clone, Debug)]
pub(crate) enum Sleeper {
    /// One timerfd for all who sleep on this thread.
    #[cfg(target_os = "linux")]
    Fine(timerfd::TimerFd),
    /// tokio's wheel of milliseconds.
    Coarse,
}

impl Sleeper {
    /// The best that this system has. Must be called inside the runtime of the thread, which then drives it.
    pub(crate) fn new() -> Self {
        #[cfg(target_os = "linux")]
        if let Ok(timer) = timerfd::TimerFd::new() {
            return Self::Fine(timer);
        }
        Self::Coarse
    }

    /// Waits for `duration`; not at all if it is zero.
    pub(crate) async fn sleep(&self, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        let due = Instant::now() + duration;
        match self {
            #[cfg(target_os = "linux")]
            Self::Fine(timer) => timer.until(due).await,
            Self::Coarse => tokio::time::sleep_until(due).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    async fn check_order(sleeper: Sleeper) {
        let order = std::sync::Mutex::new(Vec::new());
        let nap = async |millis: u64| {
            let begun = Instant::now();
            sleeper.sleep(Duration::from_micros(millis * 1000)).await;
            assert!(begun.elapsed() >= Duration::from_millis(millis), "woken too early");
            order.lock().unwrap().push(millis);
        };
        tokio::join!(nap(60), nap(0), nap(30), nap(1));
        assert_eq!(*order.lock().unwrap(), [0, 1, 30, 60]);
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_times() {
        runtime().block_on(async { check_order(Sleeper::new()).await });
        runtime().block_on(check_order(Sleeper::Coarse));
    }

    #[test]
    fn a_dropped_sleeper_is_forgotten() {
        runtime().block_on(async {
            let sleeper = Sleeper::new();
            let short = tokio::time::timeout(Duration::from_millis(5), sleeper.sleep(Duration::from_secs(600))).await;
            assert!(short.is_err());
            #[cfg(target_os = "linux")]
            if let Sleeper::Fine(timer) = &sleeper {
                assert_eq!(timer.sleeping(), 0);
            }
        });
    }
}
