//! The plan of a run.

use std::sync::Arc;
use std::time::Duration;

use onrush_pace::Profile;
use url::Url;

use crate::{ClientSettings, Play, Pooling, Request, SeriesInfo, Threshold, Tracing, Until};

/// Everything that the engine needs to know; valid by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is done, how much of it and when.
    pub work: Work,
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
    /// When the run may end before its load does.
    pub until: Option<Until>,
    /// The bound on an open profile's concurrency.
    pub in_flight: InFlight,
    /// So many single requests a second are handed to the outputs, over all workers; 0 if nobody asked for any.
    pub samples: usize,
    /// What services are told of traces.
    pub tracing: Tracing,
}

/// What is done, how much of it and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// The same requests in turn; each iteration is one of them.
    Turns {
        /// How much, when.
        load: Profile,
        /// Never empty.
        requests: Vec<Request>,
    },
    /// Users who walk through scenarios.
    Play(Arc<Play>),
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
        if self.work.is_empty() {
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
        if let Some(duration) = self.work.duration().filter(|duration| *duration <= self.warmup) {
            return Err(PlanError::WarmupTooLong { warmup: self.warmup, duration });
        }
        self.threads = self.threads.min(self.most_useful_threads());
        Ok(self)
    }

    /// More workers than users (or shared connections, or places in flight) would have nothing to do.
    fn most_useful_threads(&self) -> usize {
        let users = if self.work.has_arrivals() { self.in_flight.max } else { self.work.max_users() };
        let connections = match self.client.pooling {
            Pooling::PerUser => u32::MAX,
            Pooling::Shared { max } => max,
        };
        users.min(connections).max(1) as usize
    }
}

impl Work {
    /// The load profiles, and how long after the beginning of the run each begins.
    pub fn loads(&self) -> impl Iterator<Item = (&Profile, Duration)> {
        let (one, more) = match self {
            Self::Turns { load, .. } => (Some((load, Duration::ZERO)), &[][..]),
            Self::Play(play) => (None, &*play.tracks),
        };
        one.into_iter().chain(more.iter().map(|track| (&track.load, track.starts)))
    }

    /// How long all of it lasts; `None` when that depends on the service.
    pub fn duration(&self) -> Option<Duration> {
        self.loads()
            .map(|(load, starts)| Some(starts + load.duration()?))
            .try_fold(Duration::ZERO, |longest, ends| ends.map(|ends| longest.max(ends)))
    }

    /// How many arrivals or counted iterations it asks for, if that does not depend on the service.
    pub fn iterations(&self) -> Option<u64> {
        self.loads().map(|(load, _)| load.requests()).sum()
    }

    /// Where requests go.
    pub fn targets(&self) -> Vec<&Url> {
        match self {
            Self::Turns { requests, .. } => requests.iter().map(Request::url).collect(),
            Self::Play(play) => play.targets.iter().collect(),
        }
    }

    /// Whether TLS may be spoken, as far as that is known beforehand.
    pub fn may_need_tls(&self) -> bool {
        let is_plain = |url: &Url| url.scheme() == "http";
        match self {
            Self::Turns { requests, .. } => !requests.iter().all(|request| is_plain(request.url())),
            Self::Play(play) => !play.requests().iter().all(|request| request.base.as_ref().is_some_and(is_plain)),
        }
    }

    /// What is counted apart; nothing where every iteration is a request.
    pub fn series(&self) -> &[SeriesInfo] {
        match self {
            Self::Turns { .. } => &[],
            Self::Play(play) => &play.series,
        }
    }

    /// Conditions on the run.
    pub fn thresholds(&self) -> &[Threshold] {
        match self {
            Self::Turns { .. } => &[],
            Self::Play(play) => &play.thresholds,
        }
    }

    /// The most users of closed and counted stages.
    pub fn max_users(&self) -> u32 {
        self.loads().fold(0, |users, (load, _)| users.saturating_add(load.max_users()))
    }

    /// Whether all of it follows a schedule of arrivals.
    pub fn is_open(&self) -> bool {
        self.loads().all(|(load, _)| load.is_open())
    }

    /// Whether users have several requests of an iteration in flight at a time.
    pub fn has_batches(&self) -> bool {
        match self {
            Self::Turns { .. } => false,
            Self::Play(play) => play.has_batches(),
        }
    }

    /// Whether any of it follows a schedule of arrivals.
    pub fn has_arrivals(&self) -> bool {
        self.loads().any(|(load, _)| load.has_arrivals())
    }

    /// The loads in the words of the grammar.
    pub fn load_text(&self) -> String {
        let text = |(load, starts): (&Profile, Duration)| match starts {
            Duration::ZERO => load.to_string(),
            starts => format!("{load} from {} on", onrush_pace::duration_text(starts)),
        };
        self.loads().map(text).collect::<Vec<_>>().join(" and ")
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Turns { requests, .. } => requests.is_empty(),
            Self::Play(play) => play.tracks.is_empty(),
        }
    }
}
