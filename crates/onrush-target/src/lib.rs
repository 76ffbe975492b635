//! The service under test that Onrush ships: behind `onrush serve` and `onrush demo`, and in the tests of the other crates.
//!
//! It owns a service with a small shop whose latency, errors, capacity and freezes can be ordered ([`Service`]), and servers that
//! misbehave on purpose ([`HostileServer`]). It measures nothing but its own counters ([`Stats`]), prints nothing and reads no arguments.
//!
//! ```no_run
//! use onrush_target::{Service, ServiceSettings};
//! let service = Service::start(ServiceSettings { latency: "lognormal 20ms 0.5".parse()?, ..ServiceSettings::default() })?;
//! println!("{}", service.url());
//! println!("{:?}", service.stop());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod context;
mod dice;
mod duration;
mod freeze;
mod gate;
mod generic;
mod governor;
mod hostile;
mod latency;
mod metrics;
mod routes;
mod service;
mod settings;
mod shop;
mod sleeper;
mod stats;
mod tls;

pub use freeze::{Freeze, FreezeError};
pub use gate::Capacity;
pub use hostile::{Hostile, HostileError, HostileServer};
pub use latency::{Latency, LatencyError};
pub use service::{Running, Service, StartError};
pub use settings::{Bind, ServiceSettings};
pub use stats::Stats;
pub use tls::{CertificateFlaw, Identity, TlsSettings, TlsVersions};
