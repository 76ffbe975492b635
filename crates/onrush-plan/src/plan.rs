//! The plan of a run.

use std::time::Duration;

use onrush_pace::Profile;

use crate::{ClientSettings, Pooling, Request};

/// Everything that the engine needs to know; valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How much, when.
    pub load: Profile,
    /// What is sent: the requests in turn. Never empty.
    pub requests: Vec<Request>,
    /// How it is sent.
    pub client: ClientSettings,
    /// Worker threads; at least 1.
    pub threads: usize,
    /// From which every random choice flows.
    pub seed: u64,
    /// The beginning of the run whose figures are left out.
    pub warmup: Duration,
    /// How long requests in flight may take to finish after the last was begun.
    pub graceful_stop: Duration,
    /// The bound on an open profile's concurrency.
    pub in_flight: InFlight,
}

/// How many requests of an open profile may be in flight, and what happens to an arrival past that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// Over all workers; at least 1.
    pub max: u32,
    /// What happens to an arrival that finds the limit reached.
    pub when_full: WhenFull,
}

/// What happens to an arrival that finds the in-flight limit reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// It waits its turn, and its response time says so.
    Wait,
    /// It is given up and counted.
    Drop,
}

/// Why a plan cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to send.
    #[error("there is no URL to send requests to")]
    NoRequests,
    /// The warm-up leaves nothing to measure.
    #[error("the warm-up of {warmup:?} leaves nothing of the load's {duration:?} to measure")]
    WarmupTooLong {
        /// The warm-up.
        warmup: Duration,
        /// The profile's duration.
        duration: Duration,
    },
    /// A number must be at least one.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}

impl Plan {
    /// Checks what the types alone cannot say.
    pub fn checked(mut self) -> Result<Self, PlanError> {
        if self.requests.is_empty() {
            return Err(PlanError::NoRequests);
        }
        for (value, name) in [
            (self.threads as u64, "the number of threads"),
            (u64::from(self.in_flight.max), "the in-flight limit"),
            (u64::from(self.client.protocol.lanes()), "the number of requests a connection carries"),
        ] {
            if value == 0 {
                return Err(PlanError::Zero(name));
            }
        }
        if let Some(duration) = self.load.duration().filter(|duration| *duration <= self.warmup) {
            return Err(PlanError::WarmupTooLong { warmup: self.warmup, duration });
        }
        self.threads = self.threads.min(self.most_useful_threads());
        Ok(self)
    }

    /// More workers than users (or shared connections, or places in flight) would have nothing to do.
    fn most_useful_threads(&self) -> usize {
        let in_flight = if self.load.has_arrivals() { self.in_flight.max } else { u32::MAX };
        let users = if self.load.is_open() { in_flight } else { self.load.max_users().min(in_flight) };
        let connections = match self.client.pooling {
            Pooling::PerUser => u32::MAX,
            Pooling::Shared { max } => max,
        };
        users.min(connections).max(1) as usize
    }
}
