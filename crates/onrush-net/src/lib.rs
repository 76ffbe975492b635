//! The wire: a timed HTTP client for one worker of a load generator.
//!
//! Owns everything between a prepared request and its [`Exchange`]: names, sockets, proxies, TLS, HTTP/1.1
//! and HTTP/2 (both our own, the former over `httparse`), connection reuse, time stamps, and the classification
//! of what goes wrong. It decides nothing about load, records nothing and prints nothing.
//!
//! Nothing here is `Send`: a [`Client`] and all its connections live on one thread.

pub mod clock;
pub mod http1;
pub mod http2;

mod client;
mod deadline;
mod dial;
mod dns;
mod error;
mod exchange;
mod failure;
mod kept;
mod origin;
mod prepared;
mod proxy;
mod session;
mod source;
mod stream;
mod tls;

pub use client::Client;
pub use deadline::{Deadline, Elapsed};
pub use dial::{DialTimings, Dialed, Dialer, ForwardProxy, Peer, Setup, Share};
pub use error::SetupError;
pub use exchange::{Exchange, Extras};
pub use failure::Failure;
pub use http2::Shared2;
pub use kept::Kept;
pub use origin::Origin;
pub use prepared::Prepared;
pub use proxy::proxy_of;
pub use session::Session;
pub use stream::{News, Stream};
