//! What the service counts: atomics for each thread, added up when somebody asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// Counters at one moment, over all threads. `GET /stats` answers them as JSON, and is not counted itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Requests whose heads arrived.
    pub received: u64,
    /// Requests that were answered: the sum over `by_status`. Less than `received` by those in flight and those whose
    /// clients went away.
    pub requests: u64,
    /// Answers by status code.
    pub by_status: BTreeMap<u16, u64>,
    /// Connections accepted since the start.
    pub accepted: u64,
    /// Connections open now.
    pub open: u64,
    /// Bytes written to sockets, as they go over the wire: with heads and, under TLS, its records.
    pub bytes_sent: u64,
}

const FIRST_STATUS: usize = 100;

/// The counters of one thread.
#[derive(Debug)]
pub(crate) struct Counters {
    received: AtomicU64,
    statuses: Box<[AtomicU64]>,
    accepted: AtomicU64,
    closed: AtomicU64,
    bytes_sent: AtomicU64,
    in_flight: AtomicU64,
}

/// A request that is being answered, until this goes: also when the client does.
pub(crate) struct InFlight<'a>(&'a AtomicU64);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            received: AtomicU64::new(0),
            statuses: (FIRST_STATUS..1000).map(|_| AtomicU64::new(0)).collect(),
            accepted: AtomicU64::new(0),
            closed: AtomicU64::new(0),
            bytes_sent: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
        }
    }

    pub(crate) fn received(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    pub(crate) fn begun(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Relaxed);
        InFlight(&self.in_flight)
    }

    pub(crate) fn answered(&self, status: u16) {
        if let Some(counter) = self.statuses.get(usize::from(status).wrapping_sub(FIRST_STATUS)) {
            counter.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.closed.fetch_add(1, Relaxed);
    }
}

/// Requests that are being answered.
pub(crate) fn in_flight(threads: &[Counters]) -> u64 {
    threads.iter().map(|thread| thread.in_flight.load(Relaxed)).sum()
}

/// Adds the threads up. Each number is exact; they are read one after the other while the service goes on.
pub(crate) fn total(threads: &[Counters]) -> Stats {
    let mut stats = Stats::default();
    for thread in threads {
        // What was closed is read before what was accepted, so that the difference is never negative.
        let closed = thread.closed.load(Relaxed);
        let accepted = thread.accepted.load(Relaxed);
        stats.accepted += accepted;
        stats.open += accepted.saturating_sub(closed);
        stats.bytes_sent += thread.bytes_sent.load(Relaxed);
        for (code, counter) in (100..).zip(&thread.statuses) {
            match counter.load(Relaxed) {
                0 => {}
                count => *stats.by_status.entry(code).or_default() += count,
            }
        }
        stats.received += thread.received.load(Relaxed);
    }
    stats.requests = stats.by_status.values().sum();
    stats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let threads = [Counters::new(), Counters::new()];
        for (thread, status) in [(0, 200), (1, 200), (1, 999), (1, 100)] {
            threads[thread].received();
            threads[thread].answered(status);
        }
        threads[0].accepted();
        threads[1].accepted();
        threads[1].closed();
        threads[1].received();
        threads[0].sent(70);
        let expected = Stats {
            received: 5,
            requests: 4,
            by_status: [(100, 1), (200, 2), (999, 1)].into(),
            accepted: 2,
            open: 1,
            bytes_sent: 70,
        };
        assert_eq!(total(&threads), expected);
    }
}
