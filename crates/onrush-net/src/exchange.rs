//! What one request came to: its result, its instants, its share of the counters.

use std::time::Duration;

use onrush_metrics::TraceContext;

use crate::clock::Instant;
use crate::failure::Failure;

/// A request from its start to its end, retries on stale connections and redirects included.
#[derive(Debug)]
pub struct Exchange {
    /// When the virtual user began it.
    pub started: Instant,
    /// When the first byte was about to be written; `None` if it never came to that.
    pub first_write: Option<Instant>,
    /// When the first byte of the (last) answer was read.
    pub first_byte: Option<Instant>,
    /// When it ended, well or not.
    pub ended: Instant,
    /// The final status, or why there is none.
    pub result: Result<u16, Failure>,
    /// Bytes written.
    pub bytes_sent: u64,
    /// Bytes read.
    pub bytes_received: u64,
    /// Requests written: more than one with redirects and repeats.
    pub sent: u32,
    /// Requests answered over a connection that had carried one before.
    pub reused: u32,
    /// What most exchanges do without.
    extras: Option<Box<Extras>>,
}

/// What opening a connection took, the ways round that a request went, its trace. Rare beside the requests that go over a
/// connection that is there, so it is kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// Waiting for a connection of a shared pool.
    pub pool: Option<Duration>,
    /// Resolving the name, if a connection was opened to one.
    pub dns: Option<Duration>,
    /// Connecting, if a connection was opened.
    pub connect: Option<Duration>,
    /// The TLS handshake, if there was one.
    pub tls: Option<Duration>,
    /// Connections opened.
    pub opened: u32,
    /// Repeats of what nobody had looked at: the connection had been closed before the request was written, or
    /// the peer refused the stream (HTTP/2).
    pub stale: u32,
    /// Repeats of requests that had been written when the connection was closed without an answer to them.
    pub repeated: u32,
    /// Redirects followed.
    pub redirects: u32,
    /// Addresses that failed before another one of the name answered.
    pub fallbacks: u32,
    /// What the service was told of its trace.
    pub trace: Option<TraceContext>,
}

impl Extras {
    const NONE: Self = Self {
        pool: None,
        dns: None,
        connect: None,
        tls: None,
        opened: 0,
        stale: 0,
        repeated: 0,
        redirects: 0,
        fallbacks: 0,
        trace: None,
    };

    /// Of two exchanges that are one: waits are those of the later one, where it had any.
    fn add(&mut self, earlier: &Self) {
        self.pool = self.pool.or(earlier.pool);
        self.dns = self.dns.or(earlier.dns);
        self.connect = self.connect.or(earlier.connect);
        self.tls = self.tls.or(earlier.tls);
        self.opened += earlier.opened;
        self.stale += earlier.stale;
        self.repeated += earlier.repeated;
        self.redirects += earlier.redirects;
        self.fallbacks += earlier.fallbacks;
        self.trace = self.trace.or(earlier.trace);
    }
}

impl Exchange {
    /// An exchange that begins now; its result is filled in at the end.
    pub fn begun(started: Instant) -> Self {
        Self {
            started,
            first_write: None,
            first_byte: None,
            ended: started,
            result: Ok(0),
            bytes_sent: 0,
            bytes_received: 0,
            sent: 0,
            reused: 0,
            extras: None,
        }
    }

    /// An exchange that came to nothing at once.
    pub fn failed(failure: Failure) -> Self {
        Self { result: Err(failure), ..Self::begun(Instant::now()) }
    }

    /// The same, ended by a failure now.
    #[must_use]
    pub fn ending(self, failure: Failure) -> Self {
        Self { ended: Instant::now(), result: Err(failure), ..self }
    }

    /// The exchange that `earlier` redirected to, and `earlier` together.
    #[must_use]
    pub fn redirected_from(self, earlier: Self) -> Self {
        let first_write = earlier.first_write.or(self.first_write);
        let mut whole = self.after(earlier);
        whole.first_write = first_write;
        whole.extras_mut().redirects += 1;
        whole
    }

    /// The same request once more, and `earlier` together. Times of the wire are those of the last attempt.
    #[must_use]
    pub fn repeated_after(self, earlier: Self) -> Self {
        let first_write = self.first_write;
        let mut whole = self.after(earlier);
        whole.first_write = first_write;
        whole
    }

    /// Counts the bytes and connections of another one that was made for it and is no request of its own.
    pub fn add_traffic_of(&mut self, other: &Self) {
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        let Extras { opened, fallbacks, .. } = *other.extras();
        if opened + fallbacks > 0 {
            self.extras_mut().add(&Extras { opened, fallbacks, ..Extras::NONE });
        }
    }

    /// Notes what the service was told of its trace.
    pub fn told(&mut self, trace: TraceContext) {
        self.extras_mut().trace = Some(trace);
    }

    fn after(mut self, earlier: Self) -> Self {
        self.started = earlier.started;
        self.bytes_sent += earlier.bytes_sent;
        self.bytes_received += earlier.bytes_received;
        self.sent += earlier.sent;
        self.reused += earlier.reused;
        if let Some(earlier) = earlier.extras {
            self.extras_mut().add(&earlier);
        }
        self
    }

    /// From the first byte written to the last byte read, as far as it came to that.
    pub fn service_time(&self) -> Duration {
        self.first_write.map_or(Duration::ZERO, |written| self.ended.saturating_duration_since(written))
    }

    /// It had no extras.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.extras.is_none()
    }

    /// Its extras: all of them nothing if it is plain.
    pub fn extras(&self) -> &Extras {
        self.extras.as_deref().unwrap_or(const { &Extras::NONE })
    }

    pub(crate) fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// How often it was sent again over another connection.
    pub(crate) fn repeats(&self) -> u32 {
        self.extras().stale + self.extras().repeated
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_needs_little_room() {
        let bytes = size_of::<Exchange>();
        assert!(bytes <= 88, "{bytes} bytes");
    }
}
