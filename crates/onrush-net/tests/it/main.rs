//! Tests of the wire from outside: what the crate's users see, against other implementations and real sockets.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod client;
mod differential;
mod dns;
mod proxy;
mod support;
