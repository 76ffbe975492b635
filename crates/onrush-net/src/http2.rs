//! HTTP/2 from the client's side: a connection as a state machine that knows no I/O, a task that drives it
//! over a stream, and the connections that the lanes of a virtual user share.

mod answer;
mod connection;
mod fault;
mod frame;
mod hpack;
mod huffman;
mod link;
mod out;
mod outcome;
mod splitter;
mod streams;
mod wire;

use std::cell::RefCell;
use std::rc::Rc;

use tokio::sync::Mutex;

pub use connection::Connection;
pub use fault::Fault;
pub use outcome::{Again, Answer, Broken, Outcome, Traffic};
pub use streams::Key;
pub use wire::{Target, Wire};

pub(crate) use link::{Link, Scratch};

use crate::dial::Dialed;
use crate::http1::Limits;
use crate::origin::Origin;
use crate::session::MOST_IDLE;

/// The HTTP/2 connections of a user, one an origin.
#[derive(Debug, Default)]
pub struct Shared2 {
    links: RefCell<Vec<Rc<Link>>>,
    /// Held by the lane that opens a connection.
    pub(crate) connecting: Mutex<()>,
}

impl Shared2 {
    /// A connection that takes requests to an origin.
    pub(crate) fn link(&self, origin: &Rc<Origin>) -> Option<Rc<Link>> {
        let links = self.links.borrow();
        links.iter().find(|link| link.leads_to(origin) && link.takes_streams()).cloned()
    }

    /// Lets nobody find a connection any more.
    pub(crate) fn leave(&self, left: &Rc<Link>) {
        self.links.borrow_mut().retain(|link| !Rc::ptr_eq(link, left));
    }

    /// Makes a stream to an origin a connection that others find.
    pub(crate) fn open(&self, origin: &Rc<Origin>, dialed: Dialed, limits: Limits, scratch: &Scratch) -> Rc<Link> {
        let link = Rc::new(Link::new(origin, dialed, limits, scratch));
        let mut links = self.links.borrow_mut();
        links.retain(|link| link.takes_streams());
        // The oldest gives way; what is in flight on it is finished.
        if links.len() >= MOST_IDLE {
            links.remove(0);
        }
        links.push(Rc::clone(&link));
        link
    }
}
