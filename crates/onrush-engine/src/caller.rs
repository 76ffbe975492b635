//! What a virtual user does in one iteration, behind a seam: the drivers are tested on paused time with
//! a caller that only waits.

mod traced;

use std::rc::Rc;

use onrush_metrics::Tally;
use onrush_net::clock::Instant;
use onrush_net::{Client, Deadline, Exchange, Failure, Prepared, Session, Setup, Share, Shared2};
use onrush_plan::{Plan, Protocol, Request};

pub(crate) use self::traced::TracedCaller;
use crate::done::Done;
use crate::error::RunError;
use crate::gathering::Gathering;

/// Does what virtual users do.
pub(crate) trait Caller: 'static {
    /// What a lane of a user keeps between iterations.
    type Lane: 'static;
    /// What an iteration came to.
    type Done: Done;
    /// Whether users may have to wait before their next iteration.
    const PACES: bool = false;

    /// Lanes of one user: requests that it has in flight at a time.
    fn lanes(&self) -> usize {
        1
    }

    /// The most requests that one lane sends at once.
    fn batch(&self) -> usize {
        1
    }

    /// The lanes of a new user.
    fn user(&self, who: Who) -> Vec<Self::Lane>;

    /// One iteration, the worker's `turn`th.
    fn call(&self, lane: &mut Self::Lane, turn: u64, due: Due) -> impl Future<Output = Self::Done>;

    /// `count` iterations from the `turn`th on at once.
    async fn call_batch(&self, lane: &mut Self::Lane, turn: u64, count: usize) -> Vec<Self::Done>;

    /// The run begins; what is due within this time is counted.
    fn begin(&self, _measured_from: Instant, _measured_until: Option<Instant>, _gathering: &Rc<Gathering>) {}

    /// The load is over.
    fn stop(&self, _now: Instant) {}

    /// What was counted apart since this was last called.
    fn take_series(&self) -> Vec<Tally> {
        Vec::new()
    }
}

/// Who a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    /// The load that brings it.
    pub(crate) track: usize,
    /// Its number over all workers; `None` for users who are there for whatever arrives.
    pub(crate) number: Option<u64>,
}

/// When an iteration is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its intended start.
    pub(crate) at: Instant,
    /// The number of the arrival over all workers; 0 in closed loads.
    pub(crate) number: u64,
}

/// The caller that really does: HTTP.
pub(crate) struct HttpCaller {
    client: Client,
    requests: Vec<Rc<Prepared>>,
    protocol: Protocol,
    users: std::cell::Cell<usize>,
}

pub(crate) struct HttpLane {
    session: Session,
    deadline: Deadline,
}

impl HttpCaller {
    pub(crate) fn new(plan: &Plan, requests: &[Request], setup: &Setup, share: Share) -> Result<Self, RunError> {
        let client = Client::new(&plan.client, setup, share).map_err(RunError::Client)?;
        let requests = requests.iter().map(|request| Prepared::new(request, &plan.client).map(Rc::new));
        let requests = requests.collect::<Result<Vec<_>, Failure>>().map_err(RunError::Request)?;
        requests.iter().try_for_each(|request| client.check(request)).map_err(RunError::Client)?;
        Ok(Self { client, requests, protocol: plan.client.protocol, users: std::cell::Cell::default() })
    }

    fn request(&self, turn: u64) -> &Rc<Prepared> {
        &self.requests[(turn % self.requests.len() as u64) as usize]
    }

    /// Writes requests at once; each has an exchange of its own.
    async fn send_batch(&self, lane: &mut HttpLane, requests: &[Rc<Prepared>]) -> Vec<Exchange> {
        let mut exchanges = Vec::with_capacity(requests.len());
        // One flight has one origin; other origins of the batch follow in flights of their own.
        for flight in requests.chunk_by(|a, b| a.origin() == b.origin()) {
            exchanges.extend(self.client.send_pipelined(&mut lane.session, flight, &mut lane.deadline).await);
        }
        exchanges
    }
}

impl Caller for HttpCaller {
    type Lane = HttpLane;
    type Done = Exchange;

    fn lanes(&self) -> usize {
        match self.protocol {
            Protocol::Http1 { .. } => 1,
            Protocol::Http2 { streams } => streams as usize,
        }
    }

    fn batch(&self) -> usize {
        match self.protocol {
            Protocol::Http1 { pipeline } => pipeline as usize,
            Protocol::Http2 { .. } => 1,
        }
    }

    fn user(&self, _: Who) -> Vec<HttpLane> {
        let number = self.users.replace(self.users.get() + 1);
        let shared: Option<Rc<Shared2>> = matches!(self.protocol, Protocol::Http2 { .. }).then(Rc::default);
        let lane =
            |_| HttpLane { session: self.client.session(shared.as_ref(), number), deadline: Deadline::default() };
        (0..self.lanes()).map(lane).collect()
    }

    // Not an async fn: that would be one more future around the client's.
    fn call(&self, lane: &mut HttpLane, turn: u64, _: Due) -> impl Future<Output = Exchange> {
        self.client.send(&mut lane.session, self.request(turn), &mut lane.deadline)
    }

    async fn call_batch(&self, lane: &mut HttpLane, turn: u64, count: usize) -> Vec<Exchange> {
        let requests: Vec<_> = (turn..turn + count as u64).map(|turn| Rc::clone(self.request(turn))).collect();
        self.send_batch(lane, &requests).await
    }
}
