//! A connection over a stream: one task that does the I/O of all requests on it.
//!
//! Lanes queue their requests and wake the task; it runs after them, so that lanes which were woken together
//! are written together.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use onrush_metrics::ErrorKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::Connection;
use super::outcome::Outcome;
use super::streams::Key;
use super::wire::Wire;
use crate::clock::Instant;
use crate::dial::Dialed;
use crate::failure::Failure;
use crate::http1::Limits;
use crate::origin::Origin;
use crate::stream::Stream;

/// What all connections of a worker read into.
pub(crate) type Scratch = Rc<RefCell<Box<[u8]>>>;

/// The lanes' side of a connection. When the last of them lets go of it, the connection is closed.
#[derive(Debug)]
pub(crate) struct Link {
    origin: Rc<Origin>,
    /// Who it was opened to; `None` for a Unix socket.
    address: Option<IpAddr>,
    generation: Cell<u64>,
    state: Rc<RefCell<State>>,
}

/// A request in flight. Dropped before its end, it is given up.
#[derive(Debug)]
pub(crate) struct Ticket<'a> {
    link: &'a Link,
    key: Option<Key>,
}

/// What lanes and the task share.
#[derive(Debug)]
struct State {
    connection: Connection,
    /// Who waits for the requests, by their places on the connection. They stay after the end of a request:
    /// mostly it is the same lane that takes the place again.
    lanes: Vec<Option<Waker>>,
    task: Option<Waker>,
    /// The task has been woken, and has not run since.
    is_awake: bool,
    /// Nobody holds the link any more.
    is_abandoned: bool,
}

impl Link {
    /// Speaks HTTP/2 over a stream that nothing has passed over.
    pub(crate) fn new(origin: &Rc<Origin>, dialed: Dialed, limits: Limits, scratch: &Scratch) -> Self {
        let Dialed { stream, generation, .. } = dialed;
        let address = stream.address();
        let state = Rc::new(RefCell::new(State {
            connection: Connection::new(limits),
            lanes: Vec::new(),
            task: None,
            is_awake: true,
            is_abandoned: false,
        }));
        let mut task = Task { state: Rc::clone(&state), scratch: Rc::clone(scratch), stream, is_flushed: true };
        tokio::task::spawn_local(async move { poll_fn(|cx| task.poll(cx)).await });
        Self { origin: Rc::clone(origin), address, generation, state }
    }

    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The generation of names when the address was last known to be one that its name leads to.
    pub(crate) fn generation(&self) -> &Cell<u64> {
        &self.generation
    }

    pub(crate) fn leads_to(&self, origin: &Rc<Origin>) -> bool {
        Rc::ptr_eq(&self.origin, origin) || self.origin == *origin
    }

    /// Whether requests may be begun here.
    pub(crate) fn takes_streams(&self) -> bool {
        self.state.borrow().connection.takes_streams()
    }

    /// Begins a request.
    pub(crate) fn send(&self, wire: &Rc<Wire>, now: Instant) -> Ticket<'_> {
        let mut state = self.state.borrow_mut();
        let key = state.connection.open(Rc::clone(wire), now);
        state.wake_task();
        Ticket { link: self, key: Some(key) }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.is_abandoned = true;
        state.wake_task();
    }
}

impl Ticket<'_> {
    /// Ready when the request has ended; not to be polled after that.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(key) = self.key else { return Poll::Pending };
        let mut state = self.link.state.borrow_mut();
        if let Some(outcome) = state.connection.take(key) {
            self.key = None;
            return Poll::Ready(outcome);
        }
        state.wait(key, cx.waker());
        Poll::Pending
    }

    /// Gives the request up, and says what it came to.
    pub(crate) fn give_up(&mut self, why: Failure) -> Option<Outcome> {
        let key = self.key.take()?;
        let mut state = self.link.state.borrow_mut();
        state.connection.cancel(key, why, Instant::now());
        state.wake_ended();
        state.wake_task();
        state.connection.take(key)
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if self.key.is_some() {
            self.give_up(Failure::new(ErrorKind::Timeout, "nobody waits for the answer"));
        }
    }
}

impl State {
    fn wake_task(&mut self) {
        if !self.is_awake {
            self.is_awake = true;
            self.task.iter().for_each(Waker::wake_by_ref);
        }
    }

    fn wait(&mut self, key: Key, waker: &Waker) {
        let place = key.place();
        if self.lanes.len() <= place {
            self.lanes.resize(place + 1, None);
        }
        remember(&mut self.lanes[place], waker);
    }

    fn wake_ended(&mut self) {
        for key in self.connection.drain_ended() {
            self.lanes.get(key.place()).into_iter().flatten().for_each(Waker::wake_by_ref);
        }
    }

    fn end(&mut self, failure: Option<Failure>) {
        self.connection.end(failure, Instant::now());
        self.wake_ended();
    }
}

/// Mostly it is the same waker again, which costs nothing then.
fn remember(place: &mut Option<Waker>, waker: &Waker) {
    match place {
        Some(known) => known.clone_from(waker),
        None => *place = Some(waker.clone()),
    }
}

/// Writes what the lanes queue and reads what the peer says.
struct Task {
    state: Rc<RefCell<State>>,
    scratch: Scratch,
    stream: Stream,
    is_flushed: bool,
}

impl Task {
    /// Ready when the connection is of no further use.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let state = Rc::clone(&self.state);
        let mut state = state.borrow_mut();
        state.is_awake = false;
        if state.is_abandoned {
            state.connection.leave(Instant::now());
        }
        loop {
            let written = self.poll_write(cx, &mut state.connection);
            if state.connection.is_over() {
                return Poll::Ready(());
            }
            let failed = match written {
                Poll::Ready(Err(error)) => Some(Failure::exchange(&error)),
                _ => None,
            };
            // A peer that reads no more may have said why, or answered.
            match self.poll_read(cx, &mut state) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(()),
                Poll::Pending if failed.is_some() => {
                    state.end(failed);
                    return Poll::Ready(());
                }
                Poll::Pending => {
                    remember(&mut state.task, cx.waker());
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, connection: &mut Connection) -> Poll<io::Result<()>> {
        while !connection.waiting().is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, connection.waiting())) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => connection.advance(count),
                Err(error) => return Poll::Ready(Err(error)),
            }
            self.is_flushed = false;
        }
        // TLS buffers what the socket did not take; a plain socket has nothing to flush.
        if !self.is_flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once and wakes the lanes whose requests have ended with that. False when there is no more to read.
    fn poll_read(&mut self, cx: &mut Context<'_>, state: &mut State) -> Poll<bool> {
        let mut scratch = self.scratch.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch);
        if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
            let failure = Failure::exchange(&error);
            let is_close = failure.kind() == ErrorKind::ClosedEarly;
            state.end(Some(failure).filter(|_| !is_close));
            return Poll::Ready(false);
        }
        if buffer.filled().is_empty() {
            state.end(None);
            return Poll::Ready(false);
        }
        state.connection.receive(buffer.filled(), Instant::now());
        state.wake_ended();
        Poll::Ready(true)
    }
}
