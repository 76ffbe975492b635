//! HTTP where each request tells the service of a trace of its own. It cannot send the same bytes again, so it is a caller
//! beside the usual one, which pays nothing for it.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use onrush_metrics::{Attempt, ErrorKind, TraceContext};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure, Prepared, Setup, Share};
use onrush_pace::Random;
use onrush_plan::{Header, Plan, Request, Tracing};
use onrush_user::veiled_url;

use super::{Caller, Due, HttpCaller, HttpLane, Who};
use crate::error::RunError;
use crate::gathering::Gathering;

/// Keeps the numbers of traces apart from everything else that is drawn.
const TRACES: u64 = 0x7472_6163_6573;

/// The caller of a one-liner with traces.
pub(crate) struct TracedCaller {
    plain: HttpCaller,
    /// What spans say of each request.
    told: Vec<Told>,
    tracing: Tracing,
    random: RefCell<Random>,
    gathering: OnceCell<Rc<Gathering>>,
}

struct Told {
    method: Arc<str>,
    url: Arc<str>,
}

impl TracedCaller {
    pub(crate) fn new(plan: &Plan, requests: &[Request], setup: &Setup, share: Share) -> Result<Self, RunError> {
        let told = |request: &Request| Told { method: request.method().into(), url: veiled_url(request.url()).into() };
        Ok(Self {
            plain: HttpCaller::new(plan, requests, setup, share)?,
            told: requests.iter().map(told).collect(),
            tracing: plan.tracing,
            random: RefCell::new(Random::derived(plan.seed, &[TRACES, share.index.into()])),
            gathering: OnceCell::new(),
        })
    }

    /// The worker's `turn`th request, with a trace of its own.
    fn prepare(&self, turn: u64) -> Result<(TraceContext, Rc<Prepared>), Failure> {
        let mut random = self.random.borrow_mut();
        let numbers = [random.number(), random.number(), random.number()];
        let trace = TraceContext::of(numbers, self.tracing.sampling);
        let refused = |error: onrush_plan::RequestError| Failure::new(ErrorKind::Script, error.to_string());
        let header = Header::new("traceparent", trace.traceparent()).map_err(refused)?;
        let request = self.plain.request(turn);
        let request = request.request().cloned().map(|request| request.with_header(header));
        let missing = || Failure::new(ErrorKind::Script, "a request that is made of bytes cannot be traced");
        let prepared = Prepared::new(&request.ok_or_else(missing)?, self.plain.client.settings())?;
        Ok((trace, Rc::new(prepared)))
    }

    /// A request has ended that was due at `intended`.
    fn note(&self, turn: u64, trace: TraceContext, intended: Instant, exchange: &mut Exchange) {
        exchange.told(trace);
        let Some(gathering) = self.gathering.get().filter(|_| trace.sampled) else { return };
        let Told { method, url } = &self.told[(turn % self.told.len() as u64) as usize];
        let (method, url) = (Arc::clone(method), Arc::clone(url));
        gathering.attempt(0, exchange, || Attempt { whole: trace.whole(), number: 0, method, url, is_beaten: false });
        let error = match &exchange.result {
            Ok(status) => (*status >= 400).then_some(ErrorKind::Status),
            Err(failure) => Some(failure.kind()),
        };
        gathering.whole(0, intended, exchange, error);
    }
}

impl Caller for TracedCaller {
    type Lane = HttpLane;
    type Done = Exchange;

    fn lanes(&self) -> usize {
        self.plain.lanes()
    }

    fn batch(&self) -> usize {
        self.plain.batch()
    }

    fn user(&self, who: Who) -> Vec<HttpLane> {
        self.plain.user(who)
    }

    fn call(&self, lane: &mut HttpLane, turn: u64, due: Due) -> impl Future<Output = Exchange> {
        // On the heap, or every user that waits for its turn would carry the room of one who sends.
        Box::pin(async move {
            let (trace, prepared) = match self.prepare(turn) {
                Ok(ready) => ready,
                Err(failure) => return Exchange::failed(failure),
            };
            let mut exchange = self.plain.client.send(&mut lane.session, &prepared, &mut lane.deadline).await;
            self.note(turn, trace, due.at, &mut exchange);
            exchange
        })
    }

    async fn call_batch(&self, lane: &mut HttpLane, turn: u64, count: usize) -> Vec<Exchange> {
        let ready: Result<Vec<_>, _> = (turn..turn + count as u64).map(|turn| self.prepare(turn)).collect();
        let (traces, requests): (Vec<_>, Vec<_>) = match ready {
            Ok(ready) => ready.into_iter().unzip(),
            Err(failure) => return (0..count).map(|_| Exchange::failed(failure.clone())).collect(),
        };
        let mut exchanges = self.plain.send_batch(lane, &requests).await;
        for ((turn, trace), exchange) in (turn..).zip(traces).zip(&mut exchanges) {
            // When each was due is not known here; they were sent together.
            self.note(turn, trace, exchange.started, exchange);
        }
        exchanges
    }

    fn begin(&self, _: Instant, _: Option<Instant>, gathering: &Rc<Gathering>) {
        let _ = self.gathering.set(Rc::clone(gathering));
    }
}
