//! The timed client of one worker: takes a prepared request and a user's session, returns what it came to.
//!
//! One client serves all users of its worker. It owns the scratch buffer that every connection reads into,
//! so an idle connection has no buffer of its own.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use onrush_metrics::ErrorKind;
use onrush_plan::{ClientSettings, Pooling, Protocol};

use crate::clock::Instant;
use crate::deadline::{Deadline, Elapsed};
use crate::dial::{Dialed, Dialer, Origin, Setup, SetupError, Share};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http1::{Answer, Broken, Connection, Expect, Flight, Limits};
use crate::http2::Shared2;
use crate::prepared::Prepared;
use crate::session::{Held, Place, Pool, Session};

/// Bytes read from the system at a time.
const SCRATCH: usize = 64 * 1024;

/// A worker's client.
#[derive(Debug)]
pub struct Client {
    settings: ClientSettings,
    limits: Limits,
    dialer: Dialer,
    scratch: RefCell<Box<[u8]>>,
    pool: Option<Pool>,
    /// HTTP/2 connections of the shared pool, handed to lanes in turn.
    shared2: Vec<Rc<Shared2>>,
}

/// What one answer said, apart from its times, which are in the exchange.
struct Reply {
    status: u16,
    location: Option<Box<str>>,
}

impl Client {
    /// A client for the `share` of the run that one worker plays.
    pub fn new(settings: &ClientSettings, setup: &Setup, share: Share) -> Result<Self, SetupError> {
        let max = match settings.pooling {
            Pooling::PerUser => None,
            Pooling::Shared { max } => Some(share.of_total(max).max(1) as usize),
        };
        let is_http2 = matches!(settings.protocol, Protocol::Http2 { .. });
        Ok(Self {
            limits: Limits { head: settings.max_head, body: settings.max_body },
            dialer: Dialer::new(settings, setup, share)?,
            scratch: RefCell::new(vec![0; SCRATCH].into()),
            pool: max.filter(|_| !is_http2).map(Pool::new),
            shared2: (0..max.filter(|_| is_http2).unwrap_or(0)).map(|_| Rc::default()).collect(),
            settings: settings.clone(),
        })
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
    pub async fn send(&self, session: &mut Session, request: &Prepared, deadline: &mut Deadline) -> Exchange {
        let started = Instant::now();
        deadline.set(started, self.settings.timeout);
        let mut exchange = Exchange::begun(started);
        exchange.result = match self.send_hop(session, request, deadline, &mut exchange).await {
            Ok(Reply { location: Some(location), status }) if self.settings.redirects > 0 => {
                let first = (status, location);
                Box::pin(self.follow(session, request, first, deadline, &mut exchange)).await
            }
            Ok(reply) => Ok(reply.status),
            Err(failure) => {
                exchange.ended = Instant::now();
                Err(failure)
            }
        };
        exchange
    }

    /// Sends the requests of a batch, which have one origin, at once on one connection and reads their
    /// answers in order.
    pub async fn send_pipelined(
        &self,
        session: &mut Session,
        requests: &[Rc<Prepared>],
        deadline: &mut Deadline,
    ) -> Vec<Exchange> {
        let started = Instant::now();
        deadline.set(started, self.settings.timeout);
        let mut exchanges: Vec<_> = requests.iter().map(|_| Exchange::begun(started)).collect();
        let mut done = 0;
        while done < requests.len() {
            let before = done;
            let sent = self.send_flight(session, &requests[done..], deadline, &mut exchanges[done..], &mut done).await;
            let again = match sent {
                Ok(()) => continue,
                Err(Broken::Stale(failure)) if requests[done..].iter().all(|request| request.is_idempotent()) => {
                    failure
                }
                Err(Broken::Stale(failure) | Broken::Failed(failure)) => {
                    fail_rest(&mut exchanges[done..], &failure);
                    break;
                }
            };
            // Progress was made, or the connection was an old one: a fresh one carries the rest.
            if done == before && exchanges[done].stale > 0 {
                fail_rest(&mut exchanges[done..], &again);
                break;
            }
            exchanges[done..].iter_mut().for_each(|exchange| exchange.stale += 1);
        }
        exchanges
    }

    async fn send_flight(
        &self,
        session: &mut Session,
        requests: &[Rc<Prepared>],
        deadline: &mut Deadline,
        exchanges: &mut [Exchange],
        done: &mut usize,
    ) -> Result<(), Broken> {
        let first = &mut exchanges[0];
        let place = self.place(deadline, first).await.map_err(Broken::Failed)?;
        let mut held = match take(session, place.as_ref(), requests[0].origin()) {
            Some(held) => held,
            None => self.connect(requests[0].origin(), deadline, first).await.map_err(Broken::Failed)?,
        };
        let now = Instant::now();
        let is_used = held.connection.served() > 0;
        let mut wire = Vec::new();
        for (number, (request, exchange)) in requests.iter().zip(exchanges.iter_mut()).enumerate() {
            let bytes = request.http1(&held.peer);
            wire.extend_from_slice(bytes);
            exchange.first_write.get_or_insert(now);
            exchange.bytes_sent += bytes.len() as u64;
            exchange.sent += 1;
            exchange.reused += u32::from(is_used || number > 0);
        }
        let expects: Vec<_> = requests.iter().map(|request| request.expect()).collect();
        let mut keep_alive = false;
        let flown = self
            .fly(&mut held.connection, &wire, &expects, deadline, &mut |number, answer| {
                keep_alive = answer.head.keep_alive;
                *done += 1;
                let exchange = &mut exchanges[number];
                exchange.result = Ok(exchange.accept(answer).status);
            })
            .await
            .map(drop)
            .map_err(|(broken, _)| broken);
        if flown.is_ok() && keep_alive && self.settings.keep_alive {
            put(session, place.as_ref(), held);
        }
        flown
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
            let shared = session.http2();
            // On the heap, or every idle HTTP/1.1 user would carry the room for it.
            return Box::pin(self.send_http2(&shared, request, deadline, exchange)).await;
        }
        let place = self.place(deadline, exchange).await?;
        let mut idle = take(session, place.as_ref(), request.origin());
        loop {
            let mut held = match idle.take() {
                Some(held) => {
                    exchange.reused += 1;
                    exchange.first_write.get_or_insert(exchange.started);
                    held
                }
                None => {
                    let held = self.connect(request.origin(), deadline, exchange).await?;
                    exchange.first_write.get_or_insert_with(Instant::now);
                    held
                }
            };
            let wire = request.http1(&held.peer);
            let mut answer = None;
            let expects = [request.expect()];
            let flown =
                self.fly(&mut held.connection, wire, &expects, deadline, &mut |_, whole| answer = Some(whole)).await;
            let written = match &flown {
                Ok(written) | Err((_, written)) => *written,
            };
            exchange.bytes_sent += written as u64;
            exchange.sent += u32::from(written > 0);
            match (flown, answer) {
                (Ok(_), Some(answer)) => {
                    if answer.head.keep_alive && self.settings.keep_alive {
                        put(session, place.as_ref(), held);
                    }
                    return Ok(exchange.accept(answer));
                }
                (Err((Broken::Stale(_), written)), _) if written == 0 || request.is_idempotent() => exchange.stale += 1,
                (Err((Broken::Stale(failure) | Broken::Failed(failure), _)), _) => return Err(failure),
                (Ok(_), None) => return Err(Failure::new(ErrorKind::Protocol, "the exchange ended without an answer")),
            }
        }
    }

    /// Drives a flight until it is answered, fails or the deadline passes; returns the bytes written.
    async fn fly(
        &self,
        connection: &mut Connection<crate::stream::Stream>,
        wire: &[u8],
        expects: &[Expect],
        deadline: &mut Deadline,
        on_answer: &mut impl FnMut(usize, Answer),
    ) -> Result<usize, (Broken, usize)> {
        let mut flight = Flight::new(wire, expects);
        // A deadline that was armed for an earlier request and is still ahead will wake this one, too.
        let mut is_watched = deadline.is_armed();
        let flown = poll_fn(|cx| {
            let mut scratch = self.scratch.borrow_mut();
            match connection.poll_flight(cx, &mut scratch, &mut flight, &self.limits, on_answer) {
                Poll::Ready(flown) => Poll::Ready(flown),
                Poll::Pending if std::mem::take(&mut is_watched) => Poll::Pending,
                Poll::Pending => deadline.poll(cx).map(|()| Err(Broken::Failed(self.timed_out()))),
            }
        })
        .await;
        match flown {
            Ok(()) => Ok(flight.written()),
            Err(broken) => Err((broken, flight.written())),
        }
    }

    /// A place in the shared pool, where there is one.
    async fn place(&self, deadline: &mut Deadline, exchange: &mut Exchange) -> Result<Option<Place<'_>>, Failure> {
        let Some(pool) = &self.pool else { return Ok(None) };
        let before = Instant::now();
        let place = deadline.bound(pool.place()).await;
        exchange.pool = Some(before.elapsed());
        place.map(Some).map_err(|Elapsed| {
            Failure::new(
                ErrorKind::Timeout,
                format!("no connection of the pool was free within {:?}", self.settings.timeout),
            )
        })
    }

    #[cold]
    async fn connect(
        &self,
        origin: &Rc<Origin>,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<Box<Held>, Failure> {
        let dialed = self.dial(origin, deadline, exchange).await?;
        Ok(Box::new(Held { origin: Rc::clone(origin), connection: Connection::new(dialed.stream), peer: dialed.peer }))
    }

    /// Dialing needs a large future and happens rarely: it lives on the heap only while it lasts.
    async fn dial(&self, origin: &Origin, deadline: &mut Deadline, exchange: &mut Exchange) -> Result<Dialed, Failure> {
        let dialed = Box::pin(deadline.bound(self.dialer.dial(origin))).await;
        let dialed = dialed.map_err(|Elapsed| self.timed_out())??;
        exchange.opened += 1;
        exchange.fallbacks += dialed.fallbacks;
        exchange.dns = dialed.timings.dns;
        exchange.connect = Some(dialed.timings.connect);
        exchange.tls = dialed.timings.tls;
        Ok(dialed)
    }

    async fn send_http2(
        &self,
        shared: &Rc<Shared2>,
        request: &Prepared,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<Reply, Failure> {
        let (Some((head, body)), origin) = (request.http2(), request.origin()) else {
            return Err(Failure::new(ErrorKind::Protocol, "the request was not prepared for HTTP/2"));
        };
        loop {
            let (link, is_new) = match shared.link(origin) {
                Some(link) => (link, false),
                None => self.connect_http2(shared, origin, deadline, exchange).await?,
            };
            exchange.reused += u32::from(!is_new);
            exchange.first_write.get_or_insert_with(Instant::now);
            exchange.sent += 1;
            let done = deadline.bound(link.exchange(head, body, self.limits.body)).await;
            let (sent, received) = link.take_bytes();
            exchange.bytes_sent += sent;
            exchange.bytes_received += received;
            match done {
                Ok(Ok(answer)) => {
                    exchange.first_byte = Some(answer.first_byte);
                    exchange.ended = answer.ended;
                    return Ok(Reply { status: answer.status, location: answer.location });
                }
                Ok(Err(broken)) => {
                    if broken.connection_gone {
                        shared.forget(&link);
                    }
                    let again = broken.unprocessed || (broken.connection_gone && request.is_idempotent());
                    if is_new || exchange.stale > 0 || !again {
                        return Err(broken.failure);
                    }
                    exchange.stale += 1;
                }
                Err(Elapsed) => return Err(self.timed_out()),
            }
        }
    }

    /// Opens the HTTP/2 connection of a user; lanes that come meanwhile wait for it.
    async fn connect_http2(
        &self,
        shared: &Rc<Shared2>,
        origin: &Rc<Origin>,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<(Rc<crate::http2::Link>, bool), Failure> {
        let turn = deadline.bound(shared.connecting.lock()).await.map_err(|Elapsed| self.timed_out())?;
        if let Some(link) = shared.link(origin) {
            return Ok((link, false));
        }
        let dialed = self.dial(origin, deadline, exchange).await?;
        let link = deadline.bound(shared.open(origin, dialed.stream)).await.map_err(|Elapsed| self.timed_out())??;
        drop(turn);
        Ok((link, true))
    }

    /// Follows redirects until an answer is none, or the limit is reached.
    async fn follow(
        &self,
        session: &mut Session,
        request: &Prepared,
        first: (u16, Box<str>),
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<u16, Failure> {
        let (mut status, mut location) = first;
        let mut asked = request.request().clone();
        for _ in 0..self.settings.redirects {
            asked = asked.redirected(status, &location).map_err(|error| {
                exchange.ended = Instant::now();
                Failure::new(ErrorKind::Redirect, format!("the redirect to `{location}` cannot be followed: {error}"))
            })?;
            exchange.redirects += 1;
            let prepared = Prepared::new(&asked, &self.settings)?;
            let reply = self
                .send_hop(session, &prepared, deadline, exchange)
                .await
                .inspect_err(|_| exchange.ended = Instant::now())?;
            match reply.location {
                Some(next) => (status, location) = (reply.status, next),
                None => return Ok(reply.status),
            }
        }
        exchange.ended = Instant::now();
        let limit = self.settings.redirects;
        Err(Failure::new(ErrorKind::Redirect, format!("more than {limit} redirects, the last to `{location}`")))
    }

    #[cold]
    fn timed_out(&self) -> Failure {
        Failure::new(ErrorKind::Timeout, format!("no complete answer within {:?}", self.settings.timeout))
    }
}

impl Exchange {
    fn accept(&mut self, answer: Answer) -> Reply {
        self.first_byte = Some(answer.first_byte);
        self.ended = answer.ended;
        self.bytes_received += answer.received;
        Reply { status: answer.head.status, location: answer.head.location }
    }
}

fn take(session: &mut Session, place: Option<&Place<'_>>, origin: &Rc<Origin>) -> Option<Box<Held>> {
    match place {
        Some(place) => place.take(origin),
        None => session.take(origin),
    }
}

fn put(session: &mut Session, place: Option<&Place<'_>>, held: Box<Held>) {
    match place {
        Some(place) => place.put(held),
        None => session.put(held),
    }
}

fn fail_rest(exchanges: &mut [Exchange], failure: &Failure) {
    let now = Instant::now();
    for exchange in exchanges {
        exchange.ended = now;
        exchange.result = Err(failure.clone());
    }
}
