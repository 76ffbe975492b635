//! Turns exchanges into counts. One recorder a worker; nothing here locks or crosses threads.

use std::time::Duration;

use onrush_metrics::{ErrorKind, Tally};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Extras, Failure};

/// Gathers the tally of the current second.
#[derive(Debug)]
pub(crate) struct Recorder {
    tally: Tally,
    /// What was due before this is warm-up and is left out altogether.
    measured_from: Instant,
    /// When the load is over, as far as that is known: what is begun or ends from then on is late.
    measured_until: Option<Instant>,
    oldest_cut_off: Option<Duration>,
}

impl Recorder {
    /// A recorder of what is due from `measured_from` on, in a load that ends at `measured_until` if nobody stops it.
    pub(crate) fn new(measured_from: Instant, measured_until: Option<Instant>) -> Self {
        Self { tally: Tally::default(), measured_from, measured_until, oldest_cut_off: None }
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

    /// A request of a closed profile has ended. It was due when its user was free to begin it.
    pub(crate) fn closed(&mut self, exchange: &Exchange) {
        self.in_time(exchange);
        if self.counts(exchange.started) {
            self.tally.counters.intended += 1;
            self.ended(exchange.started, exchange);
        }
    }

    /// A request of an open profile has ended.
    pub(crate) fn open(&mut self, intended: Instant, exchange: &Exchange) {
        self.in_time(exchange);
        if self.counts(intended) {
            self.tally.start_lag.record_ns(exchange.started.nanos_since(intended));
            self.ended(intended, exchange);
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
    fn in_time(&mut self, exchange: &Exchange) {
        let is_in_time = self.counts(exchange.ended) && self.is_in_time(exchange.ended);
        self.tally.counters.ended_in_time += u64::from(is_in_time);
    }

    fn ended(&mut self, intended: Instant, exchange: &Exchange) {
        let started_in_time = self.is_in_time(exchange.started);
        let counters = &mut self.tally.counters;
        counters.started += 1;
        counters.started_in_time += u64::from(started_in_time);
        counters.sent += u64::from(exchange.sent);
        counters.bytes_sent += exchange.bytes_sent;
        counters.bytes_received += exchange.bytes_received;
        counters.connections_reused += u64::from(exchange.reused);
        match &exchange.result {
            Ok(status) => self.answered(intended, exchange, *status),
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

    fn answered(&mut self, intended: Instant, exchange: &Exchange, status: u16) {
        self.times(intended, exchange);
        if let (Some(written), Some(first)) = (exchange.first_write, exchange.first_byte) {
            self.tally.breakdown.wait.record_ns(first.nanos_since(written));
            self.tally.breakdown.receive.record_ns(exchange.ended.nanos_since(first));
        }
        self.tally.statuses.record(status);
        if status >= 400 {
            self.tally.counters.failed += 1;
            self.tally.errors.record(ErrorKind::Status, || format!("status {status}"));
        } else {
            self.tally.counters.completed += 1;
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
