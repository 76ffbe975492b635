//! Which connections a virtual user may use: its own, or those of a pool that all users of the worker share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::dial::Peer;
use crate::http1::Connection;
use crate::http2::Shared2;
use crate::origin::Origin;
use crate::stream::Stream;

/// Connections that a user keeps beside the one used last, as many as a browser does: redirects may lead to ever new
/// hosts, and who asks for many targets wants to find the connections again.
pub(crate) const MOST_IDLE: usize = 256;

/// An HTTP/1.1 connection to an origin.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) origin: Rc<Origin>,
    pub(crate) connection: Connection<Stream>,
    pub(crate) peer: Peer,
    /// The generation of names when the peer was last known to be one that its name leads to.
    pub(crate) generation: Cell<u64>,
}

/// A virtual user's connections, kept from one request to the next.
#[derive(Debug, Default)]
pub struct Session {
    /// HTTP/1.1: the connection used last, in place: what a request touches lies together. Most users have no other.
    latest: Option<Held>,
    /// HTTP/1.1: the other idle connections, at most one an origin, the one used last at the end.
    others: Option<Box<Others>>,
    /// HTTP/2: one connection an origin, used by all lanes of the user.
    http2: Option<Rc<Shared2>>,
}

#[derive(Debug, Default)]
struct Others {
    idle: Vec<Held>,
}

impl Session {
    /// A session whose HTTP/2 connections are shared with the other lanes that hold `shared`.
    pub fn with_http2(shared: Rc<Shared2>) -> Self {
        Self { http2: Some(shared), ..Self::default() }
    }

    pub(crate) fn http2(&mut self) -> Rc<Shared2> {
        Rc::clone(self.http2.get_or_insert_default())
    }

    /// The HTTP/2 connections, if there have been any.
    pub(crate) fn shared2(&self) -> Option<&Rc<Shared2>> {
        self.http2.as_ref()
    }

    /// A connection to `origin` that `is_current`, to be used where it is; another one is let go. If that is given up
    /// half-way, the connection is no longer idle and will not be found again.
    #[inline]
    pub(crate) fn find(&mut self, origin: &Rc<Origin>, is_current: impl FnOnce(&Held) -> bool) -> Option<&mut Held> {
        if !self.latest.as_ref().is_some_and(|held| leads_to(held, origin)) {
            self.turn_to(origin);
        }
        self.latest.take_if(|held| !held.connection.is_idle() || !is_current(held));
        self.latest.as_mut()
    }

    /// Closes the connection used last unless it is one that `keeps`.
    #[inline]
    pub(crate) fn close_unless(&mut self, keeps: impl FnOnce(&Held) -> bool) {
        self.latest.take_if(|held| !keeps(held));
    }

    pub(crate) fn take(&mut self, origin: &Rc<Origin>, is_current: impl FnOnce(&Held) -> bool) -> Option<Held> {
        self.find(origin, is_current)?;
        self.latest.take()
    }

    pub(crate) fn put(&mut self, held: Held) -> &mut Held {
        let before = self.latest.take();
        self.keep(before);
        self.trim();
        self.latest.insert(held)
    }

    #[cold]
    fn turn_to(&mut self, origin: &Rc<Origin>) {
        let before = self.latest.take();
        self.keep(before);
        self.latest = self.others.as_mut().and_then(|others| take(&mut others.idle, origin));
        self.trim();
    }

    fn keep(&mut self, other: Option<Held>) {
        if let Some(other) = other {
            self.others.get_or_insert_default().idle.push(other);
        }
    }

    /// Where there is one too many, the one that was not used for longest gives way.
    fn trim(&mut self) {
        if let Some(others) = self.others.as_mut().filter(|others| others.idle.len() > MOST_IDLE) {
            others.idle.remove(0);
        }
    }
}

/// The connections that the users of one worker share.
#[derive(Debug)]
pub(crate) struct Pool {
    /// One permit for each connection that may be in use.
    permits: Semaphore,
    max: usize,
    busy: Cell<usize>,
    idle: RefCell<Vec<Held>>,
}

/// The right to use one connection of the pool.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pool: &'a Pool,
    _permit: SemaphorePermit<'a>,
}

impl Pool {
    pub(crate) fn new(max: usize) -> Self {
        Self { permits: Semaphore::new(max), max, busy: Cell::new(0), idle: RefCell::default() }
    }

    /// Waits for a place, first come first served.
    pub(crate) async fn place(&self) -> Place<'_> {
        let permit = self.permits.acquire().await.expect("the pool's semaphore is never closed");
        self.busy.set(self.busy.get() + 1);
        Place { pool: self, _permit: permit }
    }
}

impl Place<'_> {
    pub(crate) fn take(&self, origin: &Rc<Origin>) -> Option<Held> {
        let mut idle = self.pool.idle.borrow_mut();
        let held = take(&mut idle, origin);
        // The new connection needs room: idle ones of other origins, oldest first, give way.
        while held.is_none() && !idle.is_empty() && idle.len() + self.pool.busy.get() > self.pool.max {
            idle.remove(0);
        }
        held
    }

    pub(crate) fn put(&self, held: Held) {
        self.pool.idle.borrow_mut().push(held);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pool.busy.set(self.pool.busy.get() - 1);
    }
}

/// The connection used last: it is the least likely to have been closed meanwhile.
fn take(idle: &mut Vec<Held>, origin: &Rc<Origin>) -> Option<Held> {
    let at = idle.iter().rposition(|held| leads_to(held, origin))?;
    Some(idle.remove(at))
}

fn leads_to(held: &Held, origin: &Rc<Origin>) -> bool {
    Rc::ptr_eq(&held.origin, origin) || held.origin == *origin
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::UnixStream;
    use url::Host;

    use super::*;
    use crate::dial::{DialTimings, Dialed};
    use crate::http1::Limits;

    fn origin(port: usize) -> Rc<Origin> {
        Rc::new(Origin { is_tls: false, host: Host::Ipv4(Ipv4Addr::LOCALHOST), port: port as u16 })
    }

    fn stream() -> Stream {
        Stream::Unix(UnixStream::pair().unwrap().0)
    }

    fn held(port: usize) -> Held {
        let connection = Connection::new(stream());
        Held { origin: origin(port), connection, peer: Peer::Service, generation: Cell::default() }
    }

    #[tokio::test]
    async fn who_is_sent_to_ever_new_hosts_keeps_the_latest_connections() {
        let mut session = Session::default();
        for port in 1..=MOST_IDLE + 10 {
            assert!(session.find(&origin(port), |_| true).is_none());
            session.put(held(port));
            // The first is used again and again, and stays, whether it is used in place or put back.
            assert!(session.find(&origin(1), |_| true).is_some());
            let first = session.take(&origin(1), |_| true).unwrap();
            session.put(first);
        }
        assert_eq!(session.others.as_ref().map(|others| others.idle.len()), Some(MOST_IDLE));
        assert!(session.find(&origin(2), |_| true).is_none());
        assert!(session.find(&origin(MOST_IDLE + 10), |_| true).is_some());
    }

    #[tokio::test]
    async fn and_so_it_is_with_http2() {
        let open = async {
            let (shared, scratch) = (Shared2::default(), Rc::default());
            for port in 1..=MOST_IDLE + 10 {
                let (timings, generation) = (DialTimings::default(), Cell::default());
                let dialed = Dialed { stream: stream(), timings, fallbacks: 0, peer: Peer::Service, generation };
                shared.open(&origin(port), dialed, Limits { head: 1024, body: 1024 }, &scratch);
            }
            (1..=MOST_IDLE + 10).filter(|port| shared.link(&origin(*port)).is_some()).collect::<Vec<_>>()
        };
        let kept = tokio::task::LocalSet::new().run_until(open).await;
        assert_eq!(kept, (11..=MOST_IDLE + 10).collect::<Vec<_>>());
    }

    /// A session lies within the future of its user, and is most of what a request touches beside it.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_session_needs_little_room() {
        let bytes = [size_of::<Held>(), size_of::<Session>()];
        assert!(bytes[0] <= 88 && bytes[1] <= 104, "{bytes:?} bytes");
    }
}
