//! What the tests of the wire stand on: a user with a client, and peers that do what a list says.

#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, unused_imports, reason = "for tests that need Linux's loopback")
)]

mod nameserver;
mod peer;
mod user;

pub(crate) use nameserver::{Known, NameServer};
pub(crate) use peer::{Act, Peer, answer, loopback};
pub(crate) use user::{User, get, kind, play, post, secure};
