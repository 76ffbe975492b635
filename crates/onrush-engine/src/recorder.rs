//! Turns exchanges into counts. One recorder a worker; nothing here locks or crosses threads.

use std::time::Duration;

use onrush_metrics::{Counters, ErrorKind, Tally};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Extras, Failure};

use crate::done::Done;
use crate::gathering::Gatherer;

/// Gathers the tally of the current second.
#[derive(Debug)]
pub(crate) struct Recorder {
    tally: Tally,
    /// What was due before this is warm-up and is left out altogether.
    measured_from: Instant,
    /// When the load is over, as far as that is known: what is begun or ends from then on is late.
    measured_until: Option<Instant>,
    oldest_cut_off: Option<Duration>,
    /// Where single requests are seen.
    gatherer: Option<Gatherer>,
}

/// Who says whether an answer is a failure.
#[derive(Clone, Copy)]
enum Judge<'a> {
    /// Its status: from 400 on it is.
    Status,
    /// The scenario, and why.
    Told(Option<&'a Failure>),
}

impl Judge<'_> {
    /// Why it failed, if it did.
    fn error(self, exchange: &Exchange) -> Option<ErrorKind> {
        match (&exchange.result, self) {
            (Err(failure), _) => Some(failure.kind()),
            (Ok(_), Self::Told(fault)) => fault.map(Failure::kind),
            (Ok(status), Self::Status) => (*status >= 400).then_some(ErrorKind::Status),
        }
    }
}

impl Recorder {
    /// A recorder of what is due from `measured_from` on, in a load that ends at `measured_until` if nobody stops it.
    pub(crate) fn new(measured_from: Instant, measured_until: Option<Instant>) -> Self {
        Self { tally: Tally::default(), measured_from, measured_until, oldest_cut_off: None, gatherer: None }
    }

    /// Single requests are seen from now on, too.
    pub(crate) fn gather(mut self, gatherer: Option<Gatherer>) -> Self {
        self.gatherer = gatherer;
        self
    }

    /// The load is over: it was played or interrupted.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.measured_until = Some(self.measured_until.map_or(now, |until| until.min(now)));
    }

    /// An arrival of an open profile is released, or would be if there were a place for it.
    pub(crate) fn due(&mut self, intended: Instant, now: Instant) {
        if self.counts(intended) {
            self.tally.counters.intended += 1;
            self.tally.release_lag.record_ns(now.nanos_since(intended));
        }
    }

    /// A due arrival is given up for want of a place.
    pub(crate) fn dropped(&mut self, intended: Instant) {
        self.tally.counters.dropped += u64::from(self.counts(intended));
    }

    /// A due arrival had not begun when the run ended.
    pub(crate) fn unstarted(&mut self, intended: Instant) {
        self.tally.counters.unstarted += u64::from(self.counts(intended));
    }

    /// An iteration of a closed profile has ended. It was due when its user was free to begin it.
    pub(crate) fn closed(&mut self, done: &impl Done) {
        self.in_time(done.ended());
        if self.counts(done.started()) {
            self.tally.counters.intended += 1;
            done.record(self, done.started());
        }
    }

    /// An iteration of an open profile has ended.
    pub(crate) fn open(&mut self, intended: Instant, done: &impl Done) {
        self.in_time(done.ended());
        if self.counts(intended) {
            self.tally.start_lag.record_ns(done.started().nanos_since(intended));
            done.record(self, intended);
        }
    }

    /// A request of a scenario has ended. It was due when its user was ready for it; `fault` says why it is a failure
    /// although it was answered.
    pub(crate) fn step(&mut self, intended: Instant, exchange: &Exchange, fault: Option<&Failure>) {
        self.in_time(exchange.ended);
        if self.counts(intended) {
            self.tally.counters.intended += 1;
            self.tally.start_lag.record_ns(exchange.started.nanos_since(intended));
            self.judged(intended, exchange, Judge::Told(fault));
        }
    }

    /// A walk through a scenario or a group has ended; `begun` is when it was, and `failure` why it could not go on.
    pub(crate) fn walked(&mut self, intended: Instant, begun: Instant, ended: Instant, failure: Option<&Failure>) {
        let counters = &mut self.tally.counters;
        counters.started += 1;
        counters.started_in_time += u64::from(self.measured_until.is_none_or(|until| begun < until));
        self.tally.response.record_ns(ended.nanos_since(intended));
        match failure {
            None => counters.completed += 1,
            Some(failure) => {
                counters.failed += 1;
                self.tally.errors.record(failure.kind(), || failure.to_string());
            }
        }
    }

    /// The same, of what nobody else counts as due.
    pub(crate) fn walked_apart(&mut self, intended: Instant, ended: Instant, failure: Option<&Failure>) {
        self.in_time(ended);
        if self.counts(intended) {
            self.tally.counters.intended += 1;
            self.walked(intended, intended, ended, failure);
        }
    }

    /// A check was made; `failed` is what it expected and found.
    pub(crate) fn checked(&mut self, intended: Instant, check: usize, failed: Option<&str>) {
        if self.counts(intended) {
            match failed {
                None => {
                    self.tally.counters.checks_passed += 1;
                    self.tally.checks.pass(check);
                }
                Some(text) => {
                    self.tally.counters.checks_failed += 1;
                    self.tally.checks.fail(check, || text.to_owned());
                }
            }
        }
    }

    /// Counts something about what was due at `intended`.
    pub(crate) fn count(&mut self, intended: Instant, add: impl FnOnce(&mut Counters)) {
        if self.counts(intended) {
            add(&mut self.tally.counters);
        }
    }

    /// A request was still in flight when the run ended. `counted` says that it was counted as due before, `in_time`
    /// that it was begun before the load was over.
    pub(crate) fn cut_off(&mut self, intended: Instant, now: Instant, counted: bool, in_time: bool) {
        if self.counts(intended) {
            let counters = &mut self.tally.counters;
            counters.intended += u64::from(!counted);
            counters.started += 1;
            counters.started_in_time += u64::from(in_time);
            counters.cut_off += 1;
            self.oldest_cut_off = self.oldest_cut_off.max(Some(now.saturating_duration_since(intended)));
        }
    }

    /// The event loop ran a timer this much too late.
    pub(crate) fn beat(&mut self, due: Instant, now: Instant) {
        if self.counts(due) {
            self.tally.loop_delay.record_ns(now.nanos_since(due));
        }
    }

    /// Everything since this was last called.
    pub(crate) fn take(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    pub(crate) fn oldest_cut_off(&self) -> Option<Duration> {
        self.oldest_cut_off
    }

    fn counts(&self, intended: Instant) -> bool {
        intended >= self.measured_from
    }

    fn is_in_time(&self, at: Instant) -> bool {
        self.measured_until.is_none_or(|until| at < until)
    }

    /// A rate is what ends within a time, whenever it began: those of the warm-up that end after it make up for
    /// those that are still in flight at the end.
    fn in_time(&mut self, ended: Instant) {
        let is_in_time = self.counts(ended) && self.is_in_time(ended);
        self.tally.counters.ended_in_time += u64::from(is_in_time);
    }

    /// A request that is an iteration by itself.
    pub(crate) fn exchange(&mut self, intended: Instant, exchange: &Exchange) {
        self.judged(intended, exchange, Judge::Status);
    }

    #[inline]
    fn judged(&mut self, intended: Instant, exchange: &Exchange, judge: Judge<'_>) {
        if let Some(gatherer) = &self.gatherer {
            gatherer.add(intended, exchange, || judge.error(exchange));
        }
        let started_in_time = self.is_in_time(exchange.started);
        let counters = &mut self.tally.counters;
        counters.started += 1;
        counters.started_in_time += u64::from(started_in_time);
        counters.sent += u64::from(exchange.sent);
        counters.bytes_sent += exchange.bytes_sent;
        counters.bytes_received += exchange.bytes_received;
        counters.connections_reused += u64::from(exchange.reused);
        match &exchange.result {
            Ok(status) => self.answered(intended, exchange, *status, judge),
            Err(failure) => self.failed(intended, exchange, failure),
        }
        if !exchange.is_plain() {
            self.extras(exchange.extras());
        }
    }

    #[cold]
    fn extras(&mut self, extras: &Extras) {
        let counters = &mut self.tally.counters;
        counters.redirects += u64::from(extras.redirects);
        counters.stale_retries += u64::from(extras.stale);
        counters.unanswered_repeats += u64::from(extras.repeated);
        counters.connections_opened += u64::from(extras.opened);
        counters.address_fallbacks += u64::from(extras.fallbacks);
        let breakdown = &mut self.tally.breakdown;
        for (time, histogram) in [
            (extras.pool, &mut breakdown.pool),
            (extras.dns, &mut breakdown.dns),
            (extras.connect, &mut breakdown.connect),
            (extras.tls, &mut breakdown.tls),
        ] {
            if let Some(time) = time {
                histogram.record(time);
            }
        }
    }

    #[inline]
    fn answered(&mut self, intended: Instant, exchange: &Exchange, status: u16, judge: Judge<'_>) {
        self.times(intended, exchange);
        if let (Some(written), Some(first)) = (exchange.first_write, exchange.first_byte) {
            self.tally.breakdown.wait.record_ns(first.nanos_since(written));
            self.tally.breakdown.receive.record_ns(exchange.ended.nanos_since(first));
        }
        self.tally.statuses.record(status);
        let counters = &mut self.tally.counters;
        match judge {
            Judge::Status if status >= 400 => {
                counters.failed += 1;
                self.tally.errors.record(ErrorKind::Status, || format!("status {status}"));
            }
            Judge::Told(Some(fault)) => {
                counters.failed += 1;
                self.tally.errors.record(fault.kind(), || fault.to_string());
            }
            Judge::Status | Judge::Told(None) => counters.completed += 1,
        }
    }

    #[cold]
    fn failed(&mut self, intended: Instant, exchange: &Exchange, failure: &Failure) {
        self.tally.counters.failed += 1;
        self.tally.errors.record(failure.kind(), || failure.to_string());
        // Leaving out those who gave up waiting would make a service look the better the more it hangs.
        if failure.is_timeout() {
            self.times(intended, exchange);
        }
    }

    fn times(&mut self, intended: Instant, exchange: &Exchange) {
        self.tally.response.record_ns(exchange.ended.nanos_since(intended));
        if let Some(written) = exchange.first_write {
            self.tally.service.record_ns(exchange.ended.nanos_since(written));
        }
    }
}
