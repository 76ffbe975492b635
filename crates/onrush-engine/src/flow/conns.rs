//! The connections of a user.

use std::rc::Rc;

use onrush_net::{Client, Deadline, Session, Shared2};
use onrush_plan::Protocol;

/// What one request at a time goes over.
pub(super) struct Conn {
    pub(super) session: Session,
    pub(super) deadline: Deadline,
}

/// The connections of a user: one, and more while it has several requests in flight.
pub(super) struct Conns {
    pub(super) first: Conn,
    /// Kept for the next batch.
    more: Vec<Conn>,
    /// HTTP/2 connections, which all of them share.
    shared: Option<Rc<Shared2>>,
    number: usize,
}

impl Conns {
    /// Those of the `number`th user of a worker, none open yet.
    pub(super) fn new(client: &Client, protocol: Protocol, number: usize) -> Self {
        let shared: Option<Rc<Shared2>> = matches!(protocol, Protocol::Http2 { .. }).then(Rc::default);
        let session = client.session(shared.as_ref(), number);
        Self { first: Conn { session, deadline: Deadline::default() }, more: Vec::new(), shared, number }
    }

    /// `count` connections to be used beside each other.
    pub(super) fn several(&mut self, client: &Client, count: usize) -> impl Iterator<Item = &mut Conn> {
        let (shared, number) = (self.shared.as_ref(), self.number);
        let missing = count.saturating_sub(1 + self.more.len());
        self.more.extend(
            (0..missing).map(|_| Conn { session: client.session(shared, number), deadline: Deadline::default() }),
        );
        std::iter::once(&mut self.first).chain(&mut self.more).take(count)
    }
}
