//! Everything that one worker counted in one interval, or all of them in the whole run: the same type,
//! so that workers, seconds and machines add up in any order to the same result.

use crate::{Checks, Counters, Errors, Histogram, Statuses};

/// What happened to one series of requests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Counts.
    pub counters: Counters,
    /// From the intended start to the last byte. Timeouts are in it with the time until they were
    /// given up, which is a lower bound; other failures without an answer are not.
    pub response: Histogram,
    /// From the first byte written to the last byte read, for the same requests as `response` as far
    /// as they were written.
    pub service: Histogram,
    /// Where the time went.
    pub breakdown: Breakdown,
    /// Actual start minus intended start (open profiles).
    pub start_lag: Histogram,
    /// How late arrivals were released by the pacer, before any wait for a place under the in-flight
    /// limit: the part of the start lag that is the generator's own fault.
    pub release_lag: Histogram,
    /// How late the workers' event loops ran a timer that was due.
    pub loop_delay: Histogram,
    /// Answers by status.
    pub statuses: Statuses,
    /// Failures by kind.
    pub errors: Errors,
    /// Checks of a series.
    pub checks: Checks,
}

/// The parts of a response time. Parts that a request did not have (a reused connection neither
/// resolves nor connects) are not counted for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Breakdown {
    /// Waiting for a connection of a shared pool.
    pub pool: Histogram,
    /// Resolving the name.
    pub dns: Histogram,
    /// Connecting, a proxy's tunnel included.
    pub connect: Histogram,
    /// The TLS handshake.
    pub tls: Histogram,
    /// From the first byte written to the first byte of the answer.
    pub wait: Histogram,
    /// From the first to the last byte of the answer.
    pub receive: Histogram,
}

/// Applies to every histogram of a tally, by name.
macro_rules! times {
    ($self:ident $($mut:tt)?) => {
        [
            ("response", &$($mut)? $self.response),
            ("service", &$($mut)? $self.service),
            ("pool", &$($mut)? $self.breakdown.pool),
            ("dns", &$($mut)? $self.breakdown.dns),
            ("connect", &$($mut)? $self.breakdown.connect),
            ("tls", &$($mut)? $self.breakdown.tls),
            ("wait", &$($mut)? $self.breakdown.wait),
            ("receive", &$($mut)? $self.breakdown.receive),
            ("start_lag", &$($mut)? $self.start_lag),
            ("release_lag", &$($mut)? $self.release_lag),
            ("loop_delay", &$($mut)? $self.loop_delay),
        ]
    };
}

impl Tally {
    /// Every histogram with its name, in an order to which new ones are only added at the end.
    pub fn times(&self) -> [(&'static str, &Histogram); 11] {
        times!(self)
    }

    /// The same, to be filled.
    pub fn times_mut(&mut self) -> [(&'static str, &mut Histogram); 11] {
        times!(self mut)
    }

    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.merge_apart(other);
        self.checks.merge(&other.checks);
    }

    /// Adds everything but the checks, for a series that has others.
    pub fn merge_apart(&mut self, other: &Self) {
        self.counters.merge(&other.counters);
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.breakdown.merge(&other.breakdown);
        self.start_lag.merge(&other.start_lag);
        self.release_lag.merge(&other.release_lag);
        self.loop_delay.merge(&other.loop_delay);
        self.statuses.merge(&other.statuses);
        self.errors.merge(&other.errors);
    }
}

impl Breakdown {
    /// The parts by name, in the order in which they happen.
    pub fn parts(&self) -> [(&'static str, &Histogram); 6] {
        [
            ("pool", &self.pool),
            ("dns", &self.dns),
            ("connect", &self.connect),
            ("tls", &self.tls),
            ("wait", &self.wait),
            ("receive", &self.receive),
        ]
    }

    fn merge(&mut self, other: &Self) {
        self.pool.merge(&other.pool);
        self.dns.merge(&other.dns);
        self.connect.merge(&other.connect);
        self.tls.merge(&other.tls);
        self.wait.merge(&other.wait);
        self.receive.merge(&other.receive);
    }
}
