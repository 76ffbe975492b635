//! What the tests of the wire stand on: a user with a client, and peers that do what a list says.

mod nameserver;
mod peer;
mod user;

pub(crate) use nameserver::{Known, NameServer};
pub(crate) use peer::{Act, Peer, answer, loopback};
pub(crate) use user::{User, get, kind, play, post, secure};
