//! Requests of one user that are in flight beside each other: those of a batch, and a hedge beside a slow first.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use onrush_net::Deadline;
use onrush_net::clock::Instant;
use onrush_user::{Call, Filled};

use super::ask::Turn;
use super::conns::{Conn, Conns};
use super::send::Sent;
use super::walk::{Halt, Walk};

impl Walk<'_> {
    /// Requests that are due together, of which at most so many are in flight; ends when all have ended. Those that wait
    /// for their turn are due all the same.
    pub(super) async fn batch(&self, calls: &[Rc<Call>], at_once: usize, conns: &mut Conns) -> Result<(), Halt> {
        let due = self.free_at.get();
        let first = self.places(calls.len() as u32);
        let (next, ended) = (Cell::new(0), Cell::new(due));
        let lanes = conns.several(self.client, at_once.clamp(1, calls.len().max(1)));
        let mut lanes: Vec<_> = lanes.map(|conn| Box::pin(self.lane(due, first, calls, &next, &ended, conn))).collect();
        let mut outcome = Ok(());
        poll_fn(|cx| {
            lanes.retain_mut(|lane| match lane.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(Ok(())) => false,
                Poll::Ready(Err(halt)) => {
                    outcome = Err(halt);
                    false
                }
            });
            if lanes.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        drop(lanes);
        self.free_at.set(ended.get());
        outcome
    }

    /// One request after the other over one connection.
    async fn lane(
        &self,
        due: Instant,
        first: u32,
        calls: &[Rc<Call>],
        next: &Cell<usize>,
        last: &Cell<Instant>,
        conn: &mut Conn,
    ) -> Result<(), Halt> {
        loop {
            let place = next.replace(next.get() + 1);
            let Some(call) = calls.get(place) else { return Ok(()) };
            let turn = Turn { intended: due, place: first.wrapping_add(place as u32), is_batched: true };
            let (ended, asked) = self.ask_at(turn, call, conn).await;
            last.set(last.get().max(ended));
            asked?;
        }
    }

    /// Sends a request, and once more over another connection if the answer takes longer than `after`. Whichever answer
    /// comes first counts, and the other is given up; a failure counts only if both fail. What was sent and received in
    /// vain is counted with the other.
    pub(super) async fn send_hedged(
        &self,
        after: Duration,
        call: &Call,
        filled: &mut Filled,
        conn: &mut Conn,
    ) -> (Sent, bool) {
        let mut other = self.caller.another_conn(self.client);
        let mut copy = filled.clone();
        copy.begin_span(1);
        conn.deadline.set_revocable(true);
        other.deadline.set_revocable(true);
        let (begun, is_hedged) = (Instant::now(), Cell::new(false));
        let (mut ended, mut are_beaten) = ([None, None], [false; 2]);
        {
            let first = pin!(self.send(call, filled, conn));
            let hedge = pin!(async {
                self.caller.sleepers().until(begun + after).await;
                is_hedged.set(true);
                self.send(call, &mut copy, &mut other).await
            });
            let mut lanes: [Lane<'_>; 2] = [first, hedge];
            poll_fn(|cx| {
                poll_all(&mut lanes, &mut ended, cx);
                let [first, hedge] = &ended;
                let has_won = ended.iter().flatten().any(Sent::is_answered);
                // Nobody sends a second time because the first has failed: that is a retry.
                let is_hopeless = first.is_some() && (hedge.is_some() || !is_hedged.get());
                if has_won || is_hopeless { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            if is_hedged.get() {
                // The other tells what it came to.
                are_beaten = ended.each_ref().map(Option::is_none);
                poll_fn(|cx| {
                    Deadline::give_up(|| poll_all(&mut lanes, &mut ended, cx));
                    Poll::Ready(())
                })
                .await;
            }
        }
        conn.deadline.set_revocable(false);
        for ((sent, filled), is_beaten) in ended.iter_mut().zip([&*filled, &copy]).zip(are_beaten) {
            sent.iter_mut().for_each(|sent| self.attempted(call, filled, &mut sent.exchange, is_beaten));
        }
        let mut sent = match ended {
            [Some(first), Some(hedge)] => self.better_of(first, hedge),
            [first, hedge] => first.or(hedge).unwrap_or_else(Sent::nothing),
        };
        sent.exchange.started = begun;
        (sent, is_hedged.get())
    }

    /// The one that was answered, first if both were, with what the other has sent and received.
    fn better_of(&self, one: Sent, other: Sent) -> Sent {
        let is_one = one.is_answered() && (!other.is_answered() || one.exchange.ended <= other.exchange.ended);
        let (mut better, other) = if is_one { (one, other) } else { (other, one) };
        better.exchange.add_traffic_of(&other.exchange);
        better.exchange.sent += other.exchange.sent;
        self.caller.take_back_kept(other.kept);
        better
    }
}

type Lane<'a> = Pin<&'a mut dyn Future<Output = Sent>>;

/// Polls those that have not ended.
fn poll_all(lanes: &mut [Lane<'_>; 2], ended: &mut [Option<Sent>; 2], cx: &mut Context<'_>) {
    for (lane, ended) in lanes.iter_mut().zip(ended) {
        if ended.is_none()
            && let Poll::Ready(sent) = lane.as_mut().poll(cx)
        {
            *ended = Some(sent);
        }
    }
}
