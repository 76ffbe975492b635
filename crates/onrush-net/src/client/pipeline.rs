//! Several requests written at once on one HTTP/1.1 connection.

use std::future::poll_fn;
use std::rc::Rc;

use super::Client;
use crate::clock::Instant;
use crate::deadline::Deadline;
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::http1::{Answer, Broken, Flight};
use crate::prepared::Prepared;
use crate::session::{Held, Session};

impl Client {
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
        self.dialer.refresh_names(started);
        let mut exchanges: Vec<_> = requests.iter().map(|_| Exchange::begun(started)).collect();
        let mut done = 0;
        while done < requests.len() {
            let before = done;
            let sent = self.send_flight(session, &requests[done..], deadline, &mut exchanges[done..], &mut done).await;
            let again = match sent {
                Ok(()) => continue,
                Err(Broken::Stale(failure)) if may_go_again(&requests[done..], &exchanges[done..]) => failure,
                Err(Broken::Stale(failure) | Broken::Failed(failure)) => {
                    fail_rest(&mut exchanges[done..], &failure);
                    break;
                }
            };
            // Progress was made, or the connection was an old one: a fresh one carries the rest.
            if done == before && exchanges[done].repeats() > 0 {
                fail_rest(&mut exchanges[done..], &again);
                break;
            }
            exchanges[done..].iter_mut().for_each(go_again);
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
        let mut held = match self.take(session, place.as_ref(), requests[0].origin()) {
            Some(held) => held,
            None => self.connect(requests[0].origin(), deadline, first).await.map_err(Broken::Failed)?,
        };
        let now = Instant::now();
        let is_used = held.connection.served() > 0;
        let mut wire = Vec::new();
        for (request, exchange) in requests.iter().zip(exchanges.iter_mut()) {
            wire.extend_from_slice(request.http1(&held.peer));
            exchange.first_write.get_or_insert(now);
        }
        let expects: Vec<_> = requests.iter().map(|request| *request.expect()).collect();
        let mut on_answer = |number: usize, answer: Answer| {
            *done += 1;
            let exchange: &mut Exchange = &mut exchanges[number];
            exchange.reused += u32::from(is_used || number > 0);
            exchange.result = Ok(exchange.accept(answer).status);
        };
        let mut flight = Flight::new(&wire, &expects);
        let flown = poll_fn(|cx| {
            self.poll_bounded(cx, deadline, |cx, scratch, context| {
                held.connection.poll_flight(cx, scratch, &mut flight, context, &mut on_answer)
            })
        })
        .await;
        let written = wire.len() - flight.unwritten();
        count_written(requests, &held, written, exchanges);
        if let Some(unanswered) = exchanges.get_mut(flight.answered()) {
            unanswered.bytes_received += flight.received();
        }
        self.put(session, place.as_ref(), held);
        flown
    }
}

/// Counts a repeat by whether the request was written this time: of those that were before, each is a repeat by now.
fn go_again(exchange: &mut Exchange) {
    let sent = exchange.sent;
    let extras = exchange.extras_mut();
    if sent > extras.repeated {
        extras.repeated += 1;
    } else {
        extras.stale += 1;
    }
}

/// Whether none of the requests can have been carried out, or all of them may be twice.
fn may_go_again(requests: &[Rc<Prepared>], exchanges: &[Exchange]) -> bool {
    requests.iter().zip(exchanges).all(|(request, exchange)| request.is_idempotent() || exchange.sent == 0)
}

/// Shares the bytes written among the requests of a flight, first come first served.
fn count_written(requests: &[Rc<Prepared>], held: &Held, mut written: usize, exchanges: &mut [Exchange]) {
    for (request, exchange) in requests.iter().zip(exchanges) {
        let length = request.http1(&held.peer).len().min(written);
        written -= length;
        exchange.bytes_sent += length as u64;
        exchange.sent += u32::from(length > 0);
    }
}

fn fail_rest(exchanges: &mut [Exchange], failure: &Failure) {
    let now = Instant::now();
    for exchange in exchanges {
        exchange.ended = now;
        exchange.result = Err(failure.clone());
    }
}
