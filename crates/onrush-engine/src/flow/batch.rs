//! Requests of one user that are in flight beside each other: those of a batch, and a hedge beside a slow first.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use onrush_net::clock::Instant;
use onrush_user::{Call, Filled};

use super::conns::{Conn, Conns};
use super::send::Sent;
use super::walk::{Halt, Walk};

impl Walk<'_> {
    /// Requests that are due together, of which at most so many are in flight; ends when all have ended. Those that wait
    /// for their turn are due all the same.
    pub(super) async fn batch(&self, calls: &[Rc<Call>], at_once: usize, conns: &mut Conns) -> Result<(), Halt> {
        let due = self.free_at.get();
        let (next, ended) = (Cell::new(0), Cell::new(due));
        let lanes = conns.several(self.client, at_once.clamp(1, calls.len().max(1)));
        let mut lanes: Vec<_> = lanes.map(|conn| Box::pin(self.lane(due, calls, &next, &ended, conn))).collect();
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
        calls: &[Rc<Call>],
        next: &Cell<usize>,
        last: &Cell<Instant>,
        conn: &mut Conn,
    ) -> Result<(), Halt> {
        while let Some(call) = calls.get(next.replace(next.get() + 1)) {
            let (ended, asked) = self.ask_at(due, call, conn).await;
            last.set(last.get().max(ended));
            asked?;
        }
        Ok(())
    }

    /// Sends a request, and once more over another connection if the answer takes longer than `after`. Whichever answer
    /// comes first counts, and the other is given up; a failure counts only if both fail.
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
        let hedged = Cell::new(false);
        let mut first = pin!(self.send(call, filled, conn));
        let mut hedge = pin!(async {
            self.caller.sleepers().until(Instant::now() + after).await;
            hedged.set(true);
            self.send(call, &mut copy, &mut other).await
        });
        let (mut failed, mut is_over) = (None, [false; 2]);
        let sent = poll_fn(|cx| {
            let polled = [
                if is_over[0] { Poll::Pending } else { first.as_mut().poll(cx) },
                if is_over[1] || (is_over[0] && !hedged.get()) { Poll::Pending } else { hedge.as_mut().poll(cx) },
            ];
            for (which, polled) in polled.into_iter().enumerate() {
                let Poll::Ready(sent) = polled else { continue };
                is_over[which] = true;
                if sent.exchange.result.is_ok() {
                    return Poll::Ready(Some(sent));
                }
                failed = Some(sent);
            }
            // Nobody sends a second time because the first has failed: that is a retry.
            let is_hopeless = is_over[0] && (is_over[1] || !hedged.get());
            if is_hopeless { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        let sent = sent.or(failed).unwrap_or_else(Sent::nothing);
        (sent, hedged.get())
    }
}
