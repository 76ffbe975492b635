//! The service and the hostile servers over real sockets of the loopback.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod client;
mod hostile;
mod http2;
mod routes;
mod service;
mod shop;
mod tls;
