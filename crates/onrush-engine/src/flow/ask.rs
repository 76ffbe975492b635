//! A request of a step: filled, sent, looked at, tried again, counted.

use std::cell::RefMut;
use std::time::Duration;

use onrush_metrics::{ErrorKind, Traced};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure};
use onrush_plan::{Retry, SeriesId};
use onrush_user::{Answer, Call, FailedCheck, Filled, Looked, Trouble, User, retries_on, retry_wait};

use super::board::Asked;
use super::conns::Conn;
use super::send::{Body, Sent, decoded};
use super::walk::{Halt, Walk};
use crate::wall;

/// An attempt that has ended, and what was found in its answer.
struct Tried {
    exchange: Exchange,
    /// Why it is a failure although it was answered.
    fault: Option<Failure>,
    /// What had to be saved and was not there.
    trouble: Option<Trouble>,
    /// How it failed, as a retry sees it. `None`: it did not, or in a way that no client tries again.
    failed: Option<onrush_user::Failure>,
    /// How long the service asks to be left alone.
    retry_after: Option<Duration>,
    /// Sent beside those that took long.
    hedges: u64,
}

/// When a request is due, and which of its iteration it is.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) intended: Instant,
    /// Counted from the beginning of the iteration.
    pub(super) place: u32,
    /// Others are in flight beside it, and the service says which of them is next.
    pub(super) is_batched: bool,
}

impl Turn {
    /// Where luck comes from that must not be the user's own.
    fn luck(self, purpose: Purpose) -> [u64; 2] {
        [self.place.into(), purpose as u64]
    }
}

/// What luck is for.
#[derive(Clone, Copy)]
enum Purpose {
    Filling,
    Looking,
    Waiting,
}

impl Tried {
    fn is_failure(&self) -> bool {
        self.fault.is_some() || self.exchange.result.is_err()
    }
}

impl Walk<'_> {
    /// One request, with all its attempts, by a user that is ready now. Ends the walk only where what follows needs
    /// something that is not there.
    pub(super) async fn ask(&self, call: &Call, conn: &mut Conn) -> Result<(), Halt> {
        let turn = Turn { intended: self.free_at.get(), place: self.places(1), is_batched: false };
        let (ended, asked) = self.ask_at(turn, call, conn).await;
        self.free_at.set(ended);
        asked
    }

    /// The places of so many requests: the first of them.
    pub(super) fn places(&self, count: u32) -> u32 {
        self.places.replace(self.places.get().wrapping_add(count))
    }

    /// The same at its turn; tells when it ended.
    pub(super) async fn ask_at(&self, turn: Turn, call: &Call, conn: &mut Conn) -> (Instant, Result<(), Halt>) {
        let intended = turn.intended;
        let pending = self.caller.board().asks(call.series(), intended);
        let mut filled = self.caller.filled();
        if let Err(trouble) = self.fill(turn, call, &mut filled) {
            pending.forget();
            return (intended, Err(Halt::unsent(self.caller.board().name(call.series()), &trouble)));
        }
        self.caller.budgets().earn(self.user().scene());
        let mut tried = self.attempt(turn, call, &mut filled, conn).await;
        self.attempted_alone(call, &filled, &mut tried.exchange);
        let (failed_at_first, mut attempts) = (tried.is_failure(), 1);
        if let (Some(retry), Some(_)) = (call.retry(), tried.failed) {
            // On the heap, since it is rare.
            (tried, attempts) = Box::pin(self.retry(turn, call, retry, &mut filled, conn, tried)).await;
        }
        self.note(call.series(), &tried);
        self.traced(call, pending.intended(), &tried.exchange, tried.fault.as_ref());
        let records = filled.records();
        self.caller.take_back_filled(filled);
        let Tried { exchange, fault, trouble, hedges, .. } = tried;
        let ended = exchange.ended;
        let attempts = attempts + hedges;
        pending.end(&Asked { exchange, fault, attempts, failed_at_first, hedges, records });
        (ended, trouble.map_or(Ok(()), |trouble| Err(trouble.into())))
    }

    fn fill(&self, turn: Turn, call: &Call, filled: &mut Filled) -> Result<(), Trouble> {
        let mut user = self.user();
        if turn.is_batched {
            user.aside(turn.luck(Purpose::Filling), |user| call.fill(user, filled))
        } else {
            call.fill(&mut user, filled)
        }
    }

    /// Looks at what came of an attempt. How many of them there are, and which of several requests ends first, is the
    /// service's doing, which must not change what the user draws after it.
    fn look<T>(&self, turn: Turn, call: &Call, look: impl FnOnce(&mut User) -> T) -> T {
        let mut user = self.user();
        if call.draws_from_answers() { user.aside(turn.luck(Purpose::Looking), look) } else { look(&mut user) }
    }

    /// Remembers of a request that has ended what the rest of the walk wants to know.
    fn note(&self, series: SeriesId, tried: &Tried) {
        self.asked.set(true);
        self.reached.set(self.reached.get() || tried.exchange.sent > 0);
        if let Some(failure) = tried.fault.as_ref().or(tried.exchange.result.as_ref().err()) {
            self.failed.set(self.failed.get() + 1);
            self.first_failure.borrow_mut().get_or_insert_with(|| (series, failure.clone()));
        } else if let Some(trouble) = &tried.trouble {
            let failure = || Failure::new(ErrorKind::Script, trouble.to_string());
            self.first_failure.borrow_mut().get_or_insert_with(|| (series, failure()));
        }
    }

    /// Further attempts, each after its wait, as long as the retry allows.
    async fn retry(
        &self,
        turn: Turn,
        call: &Call,
        retry: &Retry,
        filled: &mut Filled,
        conn: &mut Conn,
        mut last: Tried,
    ) -> (Tried, u64) {
        let (begun, mut attempts) = (last.exchange.started, 1);
        let mut random = self.user().luck_of(turn.luck(Purpose::Waiting));
        while last.failed.is_some_and(|failed| retries_on(retry, failed)) && attempts < retry.attempts {
            let wait = retry_wait(retry, attempts, last.retry_after, &mut random);
            let due = last.exchange.ended + wait;
            let is_late = retry.deadline.is_some_and(|deadline| due > begun + deadline);
            let given_up = if is_late {
                Some("its deadline would pass before the next attempt")
            } else if !self.caller.budgets().spend(self.user().scene()) {
                Some("the scenario's retry budget is spent")
            } else {
                None
            };
            if let Some(tracer) = self.caller.tracer() {
                let (attempt, of) = (attempts + 1, retry.attempts);
                tracer.tell(match given_up {
                    Some(why) => Traced::GivenUp(why.to_owned()),
                    None => Traced::Retried { attempt, of, after: wait },
                });
            }
            if given_up.is_some() {
                break;
            }
            self.caller.sleepers().until(due).await;
            attempts += 1;
            filled.begin_span(0);
            let mut next = self.attempt(turn, call, filled, conn).await;
            self.attempted_alone(call, filled, &mut next.exchange);
            let hedges = next.hedges + last.hedges;
            last = Tried { exchange: next.exchange.repeated_after(last.exchange), hedges, ..next };
        }
        (last, attempts.into())
    }

    /// One attempt, or two beside each other where the first takes long, looked at.
    #[expect(clippy::manual_async_fn, reason = "an async fn would hold each of its arguments twice")]
    fn attempt(&self, turn: Turn, call: &Call, filled: &mut Filled, conn: &mut Conn) -> impl Future<Output = Tried> {
        async move {
            let (sent, hedged) = match call.hedge() {
                None => (self.send(call, filled, conn).await, false),
                Some(after) => Box::pin(self.send_hedged(after, call, filled, conn)).await,
            };
            if let Some(tracer) = self.caller.tracer().filter(|_| hedged) {
                tracer.tell(Traced::Hedged);
            }
            let Sent { exchange, kept, url } = sent;
            let mut tried =
                Tried { exchange, fault: None, trouble: None, failed: None, retry_after: None, hedges: hedged.into() };
            match &tried.exchange.result {
                Err(failure) => {
                    tried.failed = class_of(failure);
                    if let Some(tracer) = self.caller.tracer() {
                        tracer.failed(&failure.to_string());
                    }
                    tried.trouble = self.look(turn, call, |user| call.missed(user, &failure.to_string()));
                }
                Ok(status) => {
                    let status = *status;
                    let Body { bytes, is_cut, size } = decoded(&kept, call.keep());
                    let url = url.as_ref().map_or("", url::Url::as_str);
                    let (head, time) = (kept.head(), tried.exchange.service_time());
                    let answer = Answer { status, head, body: &bytes, truncated: is_cut, size, url, time };
                    let mut looked = self.caller.looked();
                    tried.trouble = self.look(turn, call, |user| call.look(user, &answer, &mut looked)).err();
                    tried.fault = self.judge(turn.intended, call, status, &looked);
                    self.trace(call, &looked, tried.fault.as_ref());
                    tried.failed = class_of_answer(call, status, &looked);
                    tried.retry_after = tried.failed.and_then(|_| answer.retry_after(wall::now()));
                    self.caller.take_back_looked(looked);
                }
            }
            self.caller.take_back_kept(kept);
            tried
        }
    }

    /// Tells what was found, where somebody listens.
    fn trace(&self, call: &Call, looked: &Looked, fault: Option<&Failure>) {
        let Some(tracer) = self.caller.tracer() else { return };
        tracer.looked(call, &self.user(), looked);
        if let Some(fault) = fault.filter(|fault| fault.kind() == ErrorKind::Status) {
            tracer.failed(&fault.to_string());
        }
    }

    /// Counts the checks; the first that failed is why the request has.
    fn judge(&self, intended: Instant, call: &Call, status: u16, looked: &Looked) -> Option<Failure> {
        let (board, series) = (self.caller.board(), call.series());
        let mut fault = (status >= 400 && !call.judges_status())
            .then(|| Failure::new(ErrorKind::Status, format!("status {status}")));
        for (number, name) in call.checks().enumerate() {
            let failed = looked.failed().iter().find(|failed| failed.check == number);
            let told = failed.map(FailedCheck::told);
            board.checked(series, intended, name, told.as_deref());
            if let (None, Some(failed)) = (&fault, failed) {
                fault = Some(Failure::new(ErrorKind::Check, failed.told_of(name)));
            }
        }
        fault
    }

    pub(super) fn user(&self) -> RefMut<'_, User> {
        RefMut::map(self.user.borrow_mut(), |user| &mut **user)
    }
}

/// How a request failed, as a retry sees it.
fn class_of(failure: &Failure) -> Option<onrush_user::Failure> {
    use onrush_user::Failure as Class;
    match failure.kind() {
        ErrorKind::Timeout => Some(Class::Timeout),
        ErrorKind::Reset | ErrorKind::ClosedEarly => Some(Class::Reset),
        ErrorKind::Dns
        | ErrorKind::ConnectRefused
        | ErrorKind::ConnectTimeout
        | ErrorKind::ConnectReset
        | ErrorKind::ConnectFailed => Some(Class::Connect),
        _ => None,
    }
}

/// How an answer is a failure, as a retry sees it. A status that a check allows is none.
fn class_of_answer(call: &Call, status: u16, looked: &Looked) -> Option<onrush_user::Failure> {
    use onrush_user::Failure as Class;
    let is_refused = looked.failed().iter().any(|failed| call.checks_status(failed.check));
    let is_bad = status >= 400 && (is_refused || !call.judges_status());
    match (is_bad, looked.failed().is_empty()) {
        (false, true) => None,
        (false, false) => Some(Class::Check),
        (true, true) => Some(Class::Status(status)),
        (true, false) => Some(Class::StatusAndCheck(status)),
    }
}
