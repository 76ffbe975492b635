//! The timed client of one worker: takes a prepared request and a user's session, returns what it came to.
//!
//! One client serves all users of its worker. It owns the scratch buffer that every connection reads into,
//! so an idle connection has no buffer of its own.

mod http2;
mod pipeline;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::slice;
use std::task::{Context, Poll, ready};

use onrush_metrics::ErrorKind;
use onrush_plan::{ClientSettings, Pooling, Protocol};

use crate::clock::Instant;
use crate::deadline::{Deadline, Elapsed};
use crate::dial::{Dialed, Dialer, Setup, Share};
use crate::error::SetupError;
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http1::{Answer, Broken, Connection, Flight, Limits, ReadContext};
use crate::http2::{Scratch, Shared2};
use crate::origin::Origin;
use crate::prepared::Prepared;
use crate::session::{Held, Place, Pool, Session};

/// Bytes read from the system at a time.
const SCRATCH: usize = 64 * 1024;

/// A worker's client.
#[derive(Debug)]
pub struct Client {
    settings: ClientSettings,
    limits: Limits,
    context: RefCell<ReadContext>,
    dialer: Dialer,
    /// Shared with the HTTP/2 connections, which read by themselves.
    scratch: Scratch,
    pool: Option<Pool>,
    /// HTTP/2 connections of the shared pool, handed to lanes in turn.
    shared2: Vec<Rc<Shared2>>,
}

/// What one answer said, apart from its times, which are in the exchange.
struct Reply {
    status: u16,
    location: Option<Box<str>>,
}

/// One request over one connection: its answer, or what went wrong.
struct Flown {
    result: Result<Answer, Broken>,
    /// Bytes of the request that were not written.
    unwritten: usize,
    /// Bytes of a failed answer.
    received: u64,
}

/// What the first attempt came to, as [`land`] says it.
type Landed = (Exchange, Result<Option<Reply>, Failure>);

/// What is left to do after the first attempt.
enum Next {
    Nothing(Exchange),
    /// A redirect to follow, or another attempt.
    More(Exchange, Option<Reply>),
}

impl Client {
    /// A client for the `share` of the run that one worker plays.
    pub fn new(settings: &ClientSettings, setup: &Setup, share: Share) -> Result<Self, SetupError> {
        let max = match settings.pooling {
            Pooling::PerUser => None,
            Pooling::Shared { max } => Some(share.of_total(max).max(1) as usize),
        };
        let is_http2 = matches!(settings.protocol, Protocol::Http2 { .. });
        let limits = Limits { head: settings.max_head, body: settings.max_body };
        Ok(Self {
            limits,
            context: RefCell::new(ReadContext::new(limits)),
            dialer: Dialer::new(settings, setup, share)?,
            scratch: Rc::new(RefCell::new(vec![0; SCRATCH].into())),
            pool: max.filter(|_| !is_http2).map(Pool::new),
            shared2: (0..max.filter(|_| is_http2).unwrap_or(0)).map(|_| Rc::default()).collect(),
            settings: settings.clone(),
        })
    }

    /// What it was made with.
    pub fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// Whether requests go to the wire as bytes of HTTP/1.1 that nobody on the way has to understand; else they are
    /// prepared from what they say ([`Prepared::new`]).
    pub fn takes_bytes(&self) -> bool {
        let is_direct = self.settings.proxy.http.is_none() && self.settings.proxy.https.is_none();
        is_direct && matches!(self.settings.protocol, Protocol::Http1 { .. })
    }

    /// Whether a request could be sent, as far as that is known before it is tried.
    pub fn check(&self, request: &Prepared) -> Result<(), SetupError> {
        self.dialer.check(request.origin())
    }

    /// The session of the `number`th virtual user, with the lanes of one user in a row: HTTP/2 lanes of a
    /// user share its connection, or one of the pool's.
    pub fn session(&self, shared: Option<&Rc<Shared2>>, number: usize) -> Session {
        match (shared, self.shared2.len()) {
            (_, pooled @ 1..) => Session::with_http2(Rc::clone(&self.shared2[number % pooled])),
            (Some(shared), 0) => Session::with_http2(Rc::clone(shared)),
            (None, 0) => Session::default(),
        }
    }

    /// Sends one request and reads its answer, redirects and repeats on stale connections included.
    ///
    /// What nearly always happens, one answer over a connection that is there, needs little room; everything
    /// else does its work on the heap. Thousands of users who wait for answers then fit the processor's cache.
    #[expect(clippy::manual_async_fn, reason = "an async fn would hold each of its arguments twice")]
    pub fn send(
        &self,
        session: &mut Session,
        request: &Prepared,
        deadline: &mut Deadline,
    ) -> impl Future<Output = Exchange> {
        async move {
            let started = Instant::now();
            let since = request.begun().unwrap_or(started);
            deadline.set_since(since, started, request.timeout().unwrap_or(self.settings.timeout));
            self.dialer.refresh_names(started);
            // Built in a block of its own, or the room of `next` would be held while the rest is awaited.
            let rest = {
                let next = if let Some(link) = self.idle_link(session, request) {
                    let outcome = Self::ride(&link, request, started, deadline).await;
                    self.after_first_ride(started, outcome, request)
                } else if self.pool.is_some() || request.http2().is_some() {
                    Next::More(Exchange::begun(started), None)
                } else {
                    let origin = request.origin();
                    let landed = match session.find(origin, |held| self.is_current(held, origin)) {
                        Some(held) => {
                            let flown = self.fly_one(held, request, deadline).await;
                            land_first(flown, held, request, writing(started))
                        }
                        None => Box::pin(self.open_and_fly(session, request, started, deadline)).await,
                    };
                    self.after_first(landed, session)
                };
                match next {
                    Next::Nothing(exchange) => return exchange,
                    Next::More(exchange, reply) => {
                        Box::pin(self.send_at_length(session, request, deadline, exchange, reply))
                    }
                }
            };
            rest.await
        }
    }

    /// The first attempt over a new connection of the user's own.
    async fn open_and_fly(
        &self,
        session: &mut Session,
        request: &Prepared,
        started: Instant,
        deadline: &mut Deadline,
    ) -> Landed {
        let mut exchange = Exchange::begun(started);
        let held = match self.connect(request.origin(), deadline, &mut exchange).await {
            Ok(held) => session.put(held),
            Err(failure) => return (exchange, Err(failure)),
        };
        exchange.first_write = Some(Instant::now());
        let flown = self.fly_one(held, request, deadline).await;
        land_first(flown, held, request, exchange)
    }

    /// What is left to do after the first attempt.
    fn after_first(&self, (exchange, landed): Landed, session: &mut Session) -> Next {
        session.close_unless(|held| self.keeps(held));
        self.next(exchange, landed)
    }

    fn next(&self, mut exchange: Exchange, first: Result<Option<Reply>, Failure>) -> Next {
        match first {
            Ok(Some(reply)) if !self.goes_on(&reply) => exchange.result = Ok(reply.status),
            Ok(reply) => return Next::More(exchange, reply),
            Err(failure) => exchange.fail(failure),
        }
        Next::Nothing(exchange)
    }

    /// Goes on where the first attempt ended: with a redirect in hand, or with no answer yet.
    async fn send_at_length(
        &self,
        session: &mut Session,
        request: &Prepared,
        deadline: &mut Deadline,
        mut exchange: Exchange,
        reply: Option<Reply>,
    ) -> Exchange {
        let first = match reply {
            Some(reply) => Ok(reply),
            None => self.send_hop(session, request, deadline, &mut exchange).await,
        };
        let last = match first {
            Ok(reply) if self.goes_on(&reply) => {
                Box::pin(self.follow(session, request, reply, deadline, &mut exchange)).await
            }
            first => first.map(|reply| reply.status),
        };
        match last {
            Ok(status) => exchange.result = Ok(status),
            Err(failure) => exchange.fail(failure),
        }
        exchange
    }

    /// One request and one answer.
    async fn send_hop(
        &self,
        session: &mut Session,
        request: &Prepared,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<Reply, Failure> {
        if request.http2().is_some() {
            // On the heap again, or every HTTP/1.1 connection that is being opened would carry the room for it.
            return Box::pin(self.send_http2(&session.http2(), request, deadline, exchange)).await;
        }
        let place = self.place(deadline, exchange).await?;
        loop {
            let mut held = match self.take(session, place.as_ref(), request.origin()) {
                Some(held) => held,
                None => self.connect(request.origin(), deadline, exchange).await?,
            };
            exchange.first_write.get_or_insert_with(Instant::now);
            let flown = self.fly_one(&mut held, request, deadline).await;
            let landed = land(flown, &held, request, exchange);
            self.put(session, place.as_ref(), held);
            if let Some(reply) = landed? {
                return Ok(reply);
            }
        }
    }

    /// Sends one request over a connection and reads its answer.
    fn fly_one(&self, held: &mut Held, request: &Prepared, deadline: &mut Deadline) -> impl Future<Output = Flown> {
        let flight = Flight::new(request.http1(&held.peer), slice::from_ref(request.expect()));
        let mut flight = flight.keeping(request.keeper());
        poll_fn(move |cx| {
            let mut spoilt = 0;
            let result = ready!(self.poll_bounded(cx, deadline, |cx, scratch, context| {
                let mut answer = None;
                let on_answer = &mut |_, whole| answer = Some(whole);
                let flown = ready!(held.connection.poll_flight(cx, scratch, &mut flight, context, on_answer));
                // An answer with something behind it that nobody asked for has come, too.
                spoilt = answer.as_ref().filter(|_| flown.is_err()).map_or(0, |answer: &Answer| answer.received);
                let missing = || Failure::new(ErrorKind::Protocol, "the exchange ended without an answer");
                Poll::Ready(flown.and_then(|()| answer.ok_or_else(|| Broken::Failed(missing()))))
            }));
            let received = flight.received() + spoilt;
            Poll::Ready(Flown { result, unwritten: flight.unwritten(), received })
        })
    }

    /// Polls work on a connection, with the scratch buffer, unless the deadline has passed.
    fn poll_bounded<T>(
        &self,
        cx: &mut Context<'_>,
        deadline: &mut Deadline,
        work: impl FnOnce(&mut Context<'_>, &mut [u8], &mut ReadContext) -> Poll<Result<T, Broken>>,
    ) -> Poll<Result<T, Broken>> {
        match work(cx, &mut self.scratch.borrow_mut(), &mut self.context.borrow_mut()) {
            Poll::Ready(done) => Poll::Ready(done),
            Poll::Pending => deadline.poll(cx).map(|()| Err(Broken::Failed(timed_out(deadline)))),
        }
    }

    /// Whether the answer is a redirect that is to be followed.
    fn goes_on(&self, reply: &Reply) -> bool {
        self.settings.redirects > 0 && reply.location.is_some()
    }

    /// A place in the shared pool, where there is one.
    async fn place(&self, deadline: &mut Deadline, exchange: &mut Exchange) -> Result<Option<Place<'_>>, Failure> {
        let Some(pool) = &self.pool else { return Ok(None) };
        let before = Instant::now();
        let place = deadline.bound(pool.place()).await;
        exchange.extras_mut().pool = Some(before.elapsed());
        place.map(Some).map_err(|Elapsed| {
            Failure::new(
                ErrorKind::Timeout,
                format!("no connection of the pool was free within {:?}", deadline.limit()),
            )
        })
    }

    /// A kept connection to `origin`; one that leads where its name does not any more is closed.
    fn take(&self, session: &mut Session, place: Option<&Place<'_>>, origin: &Rc<Origin>) -> Option<Held> {
        match place {
            Some(place) => place.take(origin).filter(|held| self.is_current(held, origin)),
            None => session.take(origin, |held| self.is_current(held, origin)),
        }
    }

    /// Keeps a connection for the next request, or closes it.
    fn put(&self, session: &mut Session, place: Option<&Place<'_>>, held: Held) {
        match place {
            _ if !self.keeps(&held) => {}
            Some(place) => place.put(held),
            None => drop(session.put(held)),
        }
    }

    fn keeps(&self, held: &Held) -> bool {
        self.settings.keep_alive && held.connection.is_idle()
    }

    fn is_current(&self, held: &Held, origin: &Origin) -> bool {
        self.dialer.is_current(&held.generation, origin, || held.connection.stream().address())
    }

    #[cold]
    async fn connect(
        &self,
        origin: &Rc<Origin>,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<Held, Failure> {
        let dialed = self.dial(origin, deadline, exchange).await?;
        let Dialed { stream, peer, generation, .. } = dialed;
        Ok(Held { origin: Rc::clone(origin), connection: Connection::new(stream), peer, generation })
    }

    /// Dialing needs a large future and happens rarely: it lives on the heap only while it lasts.
    async fn dial(&self, origin: &Origin, deadline: &mut Deadline, exchange: &mut Exchange) -> Result<Dialed, Failure> {
        let doing = Cell::default();
        let dialed = Box::pin(deadline.bound(self.dialer.dial_telling(origin, &doing))).await;
        let dialed = dialed.map_err(|Elapsed| still_connecting(deadline, origin, doing.get()))??;
        let extras = exchange.extras_mut();
        extras.opened += 1;
        extras.fallbacks += dialed.fallbacks;
        extras.dns = dialed.timings.dns;
        extras.connect = Some(dialed.timings.connect);
        extras.tls = dialed.timings.tls;
        Ok(dialed)
    }

    /// Follows redirects until an answer is none, or the limit is reached.
    async fn follow(
        &self,
        session: &mut Session,
        request: &Prepared,
        first: Reply,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<u16, Failure> {
        let Reply { mut status, location: Some(mut location) } = first else { return Ok(first.status) };
        let Some(mut asked) = request.request().cloned() else { return Ok(status) };
        for _ in 0..self.settings.redirects {
            asked = asked.redirected(status, &location).map_err(|error| {
                Failure::new(ErrorKind::Redirect, format!("the redirect to `{location}` cannot be followed: {error}"))
            })?;
            exchange.extras_mut().redirects += 1;
            let prepared = Prepared::new(&asked, &self.settings)?;
            let reply = self.send_hop(session, &prepared, deadline, exchange).await?;
            match reply.location {
                Some(next) => (status, location) = (reply.status, next),
                None => return Ok(reply.status),
            }
        }
        let limit = self.settings.redirects;
        Err(Failure::new(ErrorKind::Redirect, format!("more than {limit} redirects, the last to `{location}`")))
    }
}

#[cold]
fn timed_out(deadline: &Deadline) -> Failure {
    Failure::new(ErrorKind::Timeout, format!("no complete answer within {:?}", deadline.limit()))
}

/// The time of the whole request is over before there is a connection: a service that nobody reaches is looked
/// for elsewhere than one that does not answer.
#[cold]
fn still_connecting(deadline: &Deadline, origin: &Origin, doing: &str) -> Failure {
    let text = format!("no connection to {origin} within {:?} ({doing})", deadline.limit());
    Failure::new(ErrorKind::Timeout, text)
}

impl Exchange {
    fn fail(&mut self, failure: Failure) {
        self.ended = Instant::now();
        self.result = Err(failure);
    }

    fn accept(&mut self, answer: Answer) -> Reply {
        self.first_byte = Some(answer.first_byte);
        self.ended = answer.ended;
        self.bytes_received += answer.received;
        Reply { status: answer.head.status, location: answer.head.location }
    }
}

/// An exchange over a connection that was there: it writes at once.
fn writing(started: Instant) -> Exchange {
    let mut exchange = Exchange::begun(started);
    exchange.first_write = Some(started);
    exchange
}

fn land_first(flown: Flown, held: &Held, request: &Prepared, mut exchange: Exchange) -> Landed {
    let landed = land(flown, held, request, &mut exchange);
    (exchange, landed)
}

/// Counts what a flight came to. `None`: the connection had been closed before, and the request may be sent again.
fn land(flown: Flown, held: &Held, request: &Prepared, exchange: &mut Exchange) -> Result<Option<Reply>, Failure> {
    let Flown { result, unwritten, received } = flown;
    let written = request.http1(&held.peer).len() - unwritten;
    exchange.bytes_sent += written as u64;
    exchange.bytes_received += received;
    exchange.sent += u32::from(written > 0);
    match result {
        Ok(answer) => {
            exchange.reused += u32::from(held.connection.served() > 1);
            Ok(Some(exchange.accept(answer)))
        }
        Err(Broken::Stale(_)) if written == 0 => {
            exchange.extras_mut().stale += 1;
            Ok(None)
        }
        Err(Broken::Stale(_)) if request.is_idempotent() => {
            exchange.extras_mut().repeated += 1;
            Ok(None)
        }
        Err(Broken::Stale(failure) | Broken::Failed(failure)) => Err(failure),
    }
}
