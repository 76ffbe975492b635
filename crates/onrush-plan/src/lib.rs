//! What to do: the lowered, valid plan that every front end makes and the engine plays.
//!
//! Plain values only. This crate knows nothing of sockets, files, clocks or ambient randomness; after
//! lowering, nobody downstream meets an `Option` that has to be interpreted.

mod client;
mod plan;
mod request;
mod secret;

pub use client::{ClientSettings, Pooling, Protocol, ProxyRules, Resolve, Roots, TlsSettings, TlsVersion};
pub use plan::{InFlight, Plan, PlanError, WhenFull};
pub use request::{Header, Request, RequestError};
pub use secret::Secret;
