//! One request over an HTTP/2 connection that the lanes of a user share.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use onrush_metrics::ErrorKind;

use super::{Client, Next, Reply, still_connecting, timed_out};
use crate::clock::Instant;
use crate::deadline::{Deadline, Elapsed};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http2::{Again, Broken, Link, Outcome, Shared2};
use crate::origin::Origin;
use crate::prepared::Prepared;
use crate::session::Session;

impl Client {
    /// What is left to do after the first attempt.
    pub(super) fn after_first_ride(&self, started: Instant, outcome: Option<Outcome>, request: &Prepared) -> Next {
        let mut exchange = Exchange::begun(started);
        let arrived = Self::arrive(outcome, false, request, &mut exchange);
        self.next(exchange, arrived)
    }

    /// One request and one answer.
    pub(super) async fn send_http2(
        &self,
        shared: &Rc<Shared2>,
        request: &Prepared,
        deadline: &mut Deadline,
        exchange: &mut Exchange,
    ) -> Result<Reply, Failure> {
        loop {
            let (link, is_new) = match self.link(shared, request.origin()) {
                Some(link) => (link, false),
                None => self.connect_http2(shared, request.origin(), deadline, exchange).await?,
            };
            let outcome = Self::ride(&link, request, Instant::now(), deadline).await;
            if let Some(reply) = Self::arrive(outcome, is_new, request, exchange)? {
                return Ok(reply);
            }
        }
    }

    /// Sends one request over an HTTP/2 connection and waits until it has ended or the deadline passes.
    ///
    /// Not an async fn: every lane would carry its arguments twice.
    pub(super) fn ride<'a>(
        link: &'a Link,
        request: &Prepared,
        now: Instant,
        deadline: &'a mut Deadline,
    ) -> impl Future<Output = Option<Outcome>> + 'a {
        let mut ticket = request.http2().map(|wire| link.send(wire, now));
        poll_fn(move |cx| {
            let Some(ticket) = &mut ticket else { return Poll::Ready(None) };
            match ticket.poll(cx) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending => deadline.poll(cx).map(|()| ticket.give_up(timed_out(deadline))),
            }
        })
    }

    /// Counts what an HTTP/2 request came to. `None`: it may be sent again.
    fn arrive(
        outcome: Option<Outcome>,
        is_new: bool,
        request: &Prepared,
        exchange: &mut Exchange,
    ) -> Result<Option<Reply>, Failure> {
        let Some(Outcome { result, opened, traffic }) = outcome else {
            return Err(Failure::new(ErrorKind::Protocol, "the request was not prepared for HTTP/2"));
        };
        exchange.first_write = exchange.first_write.or(opened);
        exchange.sent += u32::from(traffic.sent > 0);
        exchange.bytes_sent += traffic.sent;
        exchange.bytes_received += traffic.received;
        match result {
            Ok(answer) => {
                exchange.reused += u32::from(!is_new);
                exchange.first_byte = Some(answer.first_byte);
                exchange.ended = answer.ended;
                Ok(Some(Reply { status: answer.status, location: answer.location }))
            }
            Err(Broken { failure, again }) => {
                let may_go = again == Again::Safely || (again == Again::IfIdempotent && request.is_idempotent());
                if is_new || exchange.repeats() > 0 || !may_go {
                    return Err(failure);
                }
                match again {
                    Again::Safely => exchange.extras_mut().stale += 1,
                    Again::IfIdempotent | Again::Never => exchange.extras_mut().repeated += 1,
                }
                Ok(None)
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
    ) -> Result<(Rc<Link>, bool), Failure> {
        let turn = deadline.bound(shared.connecting.lock()).await;
        let turn = turn.map_err(|Elapsed| still_connecting(deadline, origin, "opened for another stream"))?;
        if let Some(link) = self.link(shared, origin) {
            return Ok((link, false));
        }
        let dialed = self.dial(origin, deadline, exchange).await?;
        let link = shared.open(origin, dialed, self.limits, &self.scratch);
        drop(turn);
        Ok((link, true))
    }

    /// The user's HTTP/2 connection to where the request goes, if there is one to be used.
    pub(super) fn idle_link(&self, session: &Session, request: &Prepared) -> Option<Rc<Link>> {
        request.http2().and(session.shared2()).and_then(|shared| self.link(shared, request.origin()))
    }

    /// A connection that takes requests to an origin; one that leads where its name does not any more ends
    /// with its last request.
    fn link(&self, shared: &Shared2, origin: &Rc<Origin>) -> Option<Rc<Link>> {
        let link = shared.link(origin)?;
        if self.dialer.is_current(link.generation(), origin, || link.address()) {
            return Some(link);
        }
        shared.leave(&link);
        None
    }
}
