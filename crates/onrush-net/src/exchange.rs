//! What one request came to: its result, its instants, its share of the counters.

use std::time::Duration;

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

/// What opening a connection took, and the ways round that a request went. Rare beside the requests that go over a
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
    };
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
