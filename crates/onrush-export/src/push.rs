//! Messages on their way to a server, on a thread of its own: tried again while that may help, with a bound on what
//! waits, and lost ones counted.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::post::{Answer, Endpoint};

/// So many messages wait: at one in five seconds, of the last five minutes.
const MOST: usize = 60;
/// And no more bytes than this.
const MOST_BYTES: usize = 16 << 20;
/// A server that takes longer for a message does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what is left is tried after the run.
const GRACE: Duration = Duration::from_secs(4);
/// The first wait after a failure; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A run that is over and told again gives up after so many failures in a row.
const TRIES_OF_REPLAY: u32 = 6;

/// Takes messages, and never makes the caller wait unless it has time.
#[derive(Debug)]
pub(crate) struct Pusher {
    shared: Arc<Shared>,
    ended: Receiver<()>,
}

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    /// Whether a full queue is waited for.
    is_replay: bool,
    state: Mutex<State>,
    /// Something waits, or nothing more will come.
    changed: Notify,
    /// The run is over.
    closing: Notify,
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Bytes>,
    bytes: usize,
    pushed: u64,
    lost: u64,
    /// Why the last one was lost or had to wait.
    why: Option<String>,
    news: VecDeque<String>,
    told: Told,
    is_closing: bool,
    is_given_up: bool,
}

/// What was told already; nothing is told twice.
#[derive(Debug, Default)]
struct Told {
    later: bool,
    never: bool,
    in_part: bool,
}

impl Pusher {
    pub(crate) fn start(endpoint: Endpoint, is_replay: bool) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            endpoint,
            is_replay,
            state: Mutex::default(),
            changed: Notify::new(),
            closing: Notify::new(),
            room: Condvar::new(),
        });
        let (end, ended) = channel();
        let mine = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        thread::Builder::new().name("push".to_owned()).spawn(move || {
            runtime.block_on(mine.work());
            mine.lock().is_given_up = true;
            mine.room.notify_all();
            // A name that is still looked up is not waited for.
            runtime.shutdown_background();
            let _ = end.send(());
        })?;
        Ok(Self { shared, ended })
    }

    /// Puts a message on its way. What is too much pushes the oldest out.
    pub(crate) fn push(&self, message: Bytes) -> io::Result<()> {
        let mut state = self.shared.lock();
        if self.shared.is_replay {
            let is_full = |state: &mut State| state.queue.len() >= MOST && !state.is_given_up;
            state = self.shared.room.wait_while(state, is_full).unwrap_or_else(std::sync::PoisonError::into_inner);
            if state.is_given_up {
                return Err(state.gave_up());
            }
        }
        state.pushed += 1;
        state.bytes += message.len();
        state.queue.push_back(message);
        while state.queue.len() > MOST || state.bytes > MOST_BYTES && state.queue.len() > 1 {
            state.take();
            state.lost += 1;
        }
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// What is to be told to whoever runs the test.
    pub(crate) fn news(&self) -> Option<String> {
        self.shared.lock().news.pop_front()
    }

    /// Waits some seconds for what is on its way, and tells what was lost.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.shared.lock().is_closing = true;
        self.shared.changed.notify_one();
        self.shared.closing.notify_one();
        // In a replay everything that waits still has its time.
        let patience = if self.shared.is_replay { PATIENCE * MOST as u32 } else { GRACE + PATIENCE / 5 };
        let _ = self.ended.recv_timeout(patience);
        let mut state = self.shared.lock();
        state.lost += state.queue.len() as u64;
        state.queue.clear();
        if state.lost == 0 { Ok(()) } else { Err(state.gave_up()) }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever died holding it has left nothing half done.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Sends until the queue is empty and nothing more will come, or until the time after the run is over.
    async fn work(&self) {
        let mut deadline = None;
        let mut failures = 0;
        loop {
            let (next, is_closing) = {
                let state = self.lock();
                (state.queue.front().cloned(), state.is_closing)
            };
            if is_closing && deadline.is_none() && !self.is_replay {
                deadline = Some(Instant::now() + GRACE);
            }
            let Some(message) = next else {
                if is_closing {
                    return;
                }
                self.changed.notified().await;
                continue;
            };
            let Some(answer) = self.try_one(&message, &mut deadline).await else { return };
            let pause = self.note(answer, &message, &mut failures);
            if self.is_replay && failures >= TRIES_OF_REPLAY {
                return;
            }
            if let Some(pause) = pause {
                self.pause(pause, deadline).await;
            }
        }
    }

    /// One try; `None` when time is over. A run that ends in the meantime shortens it.
    async fn try_one(&self, message: &Bytes, deadline: &mut Option<Instant>) -> Option<Answer> {
        let mut posting = pin!(timeout(PATIENCE, self.endpoint.post(message.clone())));
        let silent = || Answer::Later(format!("did not answer within {} s", PATIENCE.as_secs()), None);
        if deadline.is_none() {
            let mut closing = pin!(self.closing.notified());
            let answer = poll_fn(|context| match posting.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => closing.as_mut().poll(context).map(|()| None),
            });
            if let Some(answer) = answer.await {
                return Some(answer.unwrap_or_else(|_| silent()));
            }
            *deadline = (!self.is_replay).then(|| Instant::now() + GRACE);
        }
        let answer = match *deadline {
            Some(deadline) => timeout_at(deadline, posting).await,
            None => Ok(posting.await),
        };
        if answer.is_err() {
            self.lock().why.get_or_insert_with(|| "did not answer".to_owned());
        }
        answer.ok().map(|answer| answer.unwrap_or_else(|_| silent()))
    }

    /// What follows from an answer; how long to wait before the next try.
    fn note(&self, answer: Answer, message: &Bytes, failures: &mut u32) -> Option<Duration> {
        let shown = &self.endpoint.shown;
        let mut state = self.lock();
        let pause = match answer {
            Answer::Later(why, after) => {
                if !std::mem::replace(&mut state.told.later, true) {
                    state.news.push_back(format!("{shown} {why}; trying again"));
                }
                state.why = Some(why);
                let pause = after.unwrap_or_else(|| PAUSE * (1 << (*failures).min(5)));
                *failures += 1;
                return Some(pause.min(LONGEST_PAUSE));
            }
            Answer::Never(why) => {
                if !std::mem::replace(&mut state.told.never, true) {
                    state.news.push_back(format!("{shown} {why}; what it refuses is not sent again"));
                }
                state.why = Some(why);
                state.lost += 1;
                None
            }
            Answer::InPart(why) => {
                if !std::mem::replace(&mut state.told.in_part, true) {
                    state.news.push_back(format!("{shown} {why}"));
                }
                None
            }
            Answer::Taken => None,
        };
        *failures = 0;
        // It may have been pushed out meanwhile, and has been counted as lost then.
        if state.queue.front().is_some_and(|first| first.as_ptr() == message.as_ptr()) {
            state.take();
        }
        drop(state);
        self.room.notify_all();
        pause
    }

    /// Waits, but not beyond the end of the run: what is left is tried at once then.
    async fn pause(&self, pause: Duration, deadline: Option<Instant>) {
        if let Some(deadline) = deadline {
            let _ = timeout_at(deadline, sleep(pause.min(PAUSE))).await;
            return;
        }
        let until = Instant::now() + pause;
        while !self.lock().is_closing && timeout_at(until, self.changed.notified()).await.is_ok() {}
    }
}

impl State {
    fn gave_up(&self) -> io::Error {
        let why = self.why.as_deref().unwrap_or("was too slow");
        io::Error::other(format!("{} of {} pushes were lost: it {why}", self.lost, self.pushed))
    }

    fn take(&mut self) {
        if let Some(message) = self.queue.pop_front() {
            self.bytes -= message.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Expected;

    #[test]
    fn what_waits_for_a_server_that_is_down_is_bounded() {
        // Nobody listens at a port that has just been free.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/").parse().unwrap();
        let pusher = Pusher::start(Endpoint::new(&url, Vec::new(), Expected::Http).unwrap(), false).unwrap();
        let megabyte = Bytes::from(vec![0; 1 << 20]);
        (0..40).for_each(|_| pusher.push(Bytes::copy_from_slice(&megabyte)).unwrap());
        assert!(pusher.shared.lock().bytes <= MOST_BYTES, "{} bytes", pusher.shared.lock().bytes);
        (0..200).for_each(|_| pusher.push(Bytes::from_static(b"small")).unwrap());
        assert!(pusher.shared.lock().queue.len() <= MOST);
        let error = pusher.finish().unwrap_err().to_string();
        assert!(error.contains("240 of 240 pushes were lost") && error.contains("refused"), "{error}");
        let told: Vec<_> = std::iter::from_fn(|| pusher.news()).collect();
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
