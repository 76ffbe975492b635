//! What the tests of the wire stand on: a user with a client, and peers that do what a list says.

mod peer;
mod user;

pub(crate) use peer::{Act, Peer, answer};
pub(crate) use user::{User, get, kind, play, post, secure};
