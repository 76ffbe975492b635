//! What can be asked of the service. Plain values: nothing is opened or checked before `Service::start`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::freeze::Freeze;
use crate::gate::Capacity;
use crate::latency::Latency;
use crate::tls::TlsSettings;

/// Where the service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// An IPv4 or IPv6 address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// The path of a Unix socket. A socket that nobody listens on any more is replaced; it is removed at the end.
    Unix(PathBuf),
}

/// How the service behaves. The default answers 200 and `hello` on a free port of 127.0.0.1 as fast as it can.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// Where to listen.
    pub bind: Bind,
    /// Threads, each with its own event loop, sharing the port; at least 1.
    pub threads: usize,
    /// How long each answer takes.
    pub latency: Latency,
    /// The share of answers, 0 to 1, that are `error_status`.
    pub errors: f64,
    /// What failing answers are; 500 by default.
    pub error_status: u16,
    /// How much can be done at once; without it, everything.
    pub capacity: Option<Capacity>,
    /// Standstills of the whole service on schedule.
    pub freeze: Option<Freeze>,
    /// Bytes of the body of the generic answer.
    pub size: u64,
    /// Send the generic body in chunks, without a Content-Length.
    pub chunked: bool,
    /// Compress the generic body for clients that accept gzip. For bodies of up to 16 MiB.
    pub gzip: bool,
    /// Where all randomness comes from, the contents of the shop included. The same seed and number of threads give the same
    /// latencies and errors on each thread.
    pub seed: u64,
    /// Speak HTTP/1.0 and HTTP/1.1.
    pub http1: bool,
    /// Speak HTTP/2: by ALPN under TLS, by prior knowledge in clear text.
    pub http2: bool,
    /// Keep connections open between requests; without, each connection is closed after its first answer.
    pub keep_alive: bool,
    /// Speak TLS, with a certificate made at the start.
    pub tls: Option<TlsSettings>,
    /// How long `Running::stop` lets requests in flight finish.
    pub grace: Duration,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self {
            bind: Bind::Tcp((Ipv4Addr::LOCALHOST, 0).into()),
            threads: 1,
            latency: Latency::None,
            errors: 0.0,
            error_status: 500,
            capacity: None,
            freeze: None,
            size: 6,
            chunked: false,
            gzip: false,
            seed: 1,
            http1: true,
            http2: true,
            keep_alive: true,
            tls: None,
            grace: Duration::from_secs(1),
        }
    }
}

/// Bodies larger than this are not compressed: it is done in memory.
pub(crate) const GZIP_LIMIT: u64 = 16 << 20;

impl ServiceSettings {
    /// The first thing that does not make sense, as a sentence.
    pub(crate) fn check(&self) -> Result<(), String> {
        let wrong = [
            (self.threads == 0 || self.threads > 1024, "threads must be from 1 to 1024"),
            (!(0.0..=1.0).contains(&self.errors), "errors is a share: it must be from 0 to 1"),
            (!(200..=999).contains(&self.error_status), "error_status must be from 200 to 999"),
            (self.capacity.is_some_and(|capacity| capacity.workers == 0), "a capacity needs at least one worker"),
            (self.gzip && self.size > GZIP_LIMIT, "gzip is for bodies of up to 16 MiB"),
            (!self.http1 && !self.http2, "at least one of http1 and http2 must be spoken"),
        ];
        if let Some((_, sentence)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(sentence.to_owned());
        }
        self.freeze.map_or(Ok(()), |freeze| freeze.check().map_err(|error| error.to_string()))
    }
}
