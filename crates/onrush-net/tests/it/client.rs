//! The client as the engine uses it, against peers on the loopback.

mod addresses;
mod connections;
mod hostile;
mod http2;
mod limits;
mod pipelines;
mod redirects;
mod tls;
