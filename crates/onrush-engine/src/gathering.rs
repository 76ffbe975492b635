//! Single requests of a worker: its slowest, and for outputs that asked for them samples and spans.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use onrush_metrics::{Attempt, ErrorKind, Sample, Samples, Singles, Slow, Slowest, Span, Spans};
use onrush_net::Exchange;
use onrush_net::clock::Instant;

/// What a worker gathers of single requests in a second.
#[derive(Debug)]
pub(crate) struct Gathering {
    start: Instant,
    samples: Shelf<Sample, { Samples::MOST }>,
    spans: Shelf<Span, { Spans::MOST }>,
    slowest: RefCell<Slowest>,
    /// Requests with a response time of less are not looked at: this worker has had enough that were slower.
    least_ns: Cell<u64>,
}

/// Room for what is kept of a second.
#[derive(Debug)]
struct Shelf<T, const MOST: usize> {
    /// So many are; 0 if nobody asked for any.
    most: usize,
    kept: RefCell<Singles<T, MOST>>,
}

/// Where a recorder puts what it sees.
#[derive(Clone, Debug)]
pub(crate) struct Gatherer {
    gathering: Rc<Gathering>,
    series: u32,
}

/// What was gathered in an interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gathered {
    pub(crate) samples: Samples,
    pub(crate) spans: Spans,
    pub(crate) slowest: Slowest,
}

impl Gathered {
    /// Adds what another worker gathered, or a later interval.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.samples.merge(&other.samples);
        self.spans.merge(&other.spans);
        self.slowest.merge(&other.slowest);
    }
}

impl<T, const MOST: usize> Shelf<T, MOST> {
    /// For a worker's part of `most` in a second.
    fn new(most: usize, workers: usize) -> Self {
        Self { most: most.div_ceil(workers.max(1)), kept: RefCell::default() }
    }

    fn add(&self, one: impl FnOnce() -> T) {
        let mut kept = self.kept.borrow_mut();
        if kept.rows.len() < self.most {
            kept.rows.push(one());
        } else {
            kept.left_out += 1;
        }
    }
}

impl Gathering {
    /// For a worker's part of so many samples and spans in a second.
    pub(crate) fn new(start: Instant, samples: usize, spans: usize, workers: usize) -> Rc<Self> {
        Rc::new(Self {
            start,
            samples: Shelf::new(samples, workers),
            spans: Shelf::new(spans, workers),
            slowest: RefCell::default(),
            least_ns: Cell::new(0),
        })
    }

    /// For the recorder of a series.
    pub(crate) fn of(self: &Rc<Self>, series: usize) -> Gatherer {
        Gatherer { gathering: Rc::clone(self), series: place(series) }
    }

    /// Everything since this was last called.
    pub(crate) fn take(&self) -> Gathered {
        Gathered {
            samples: self.samples.kept.take(),
            spans: self.spans.kept.take(),
            // How slow is slow enough is still known from those that are taken away.
            slowest: self.slowest.take(),
        }
    }

    /// A request of a series has ended that was due at `intended`: its span, if it is sampled.
    pub(crate) fn whole(&self, series: usize, intended: Instant, exchange: &Exchange, error: Option<ErrorKind>) {
        let Some(trace) = exchange.extras().trace.filter(|trace| trace.sampled && self.spans.most > 0) else { return };
        self.span(trace.whole(), series, intended, exchange, error, None);
    }

    /// An attempt at it has ended: the span that the service was told of, if it is sampled.
    pub(crate) fn attempt(&self, series: usize, exchange: &Exchange, attempt: impl FnOnce() -> Attempt) {
        let Some(trace) = exchange.extras().trace.filter(|trace| trace.sampled && self.spans.most > 0) else { return };
        let attempt = attempt();
        let error = exchange.result.as_ref().err().map(onrush_net::Failure::kind).filter(|_| !attempt.is_beaten);
        self.span(trace.span, series, exchange.started, exchange, error, Some(attempt));
    }

    fn span(
        &self,
        id: u64,
        series: usize,
        from: Instant,
        exchange: &Exchange,
        error: Option<ErrorKind>,
        attempt: Option<Attempt>,
    ) {
        self.spans.add(|| Span {
            trace: exchange.extras().trace.map_or(0, |trace| trace.trace),
            id,
            series: place(series),
            from_ns: from.nanos_since(self.start),
            until_ns: exchange.ended.nanos_since(self.start),
            status: exchange.result.as_ref().copied().unwrap_or(0),
            error,
            attempt,
        });
    }
}

fn place(series: usize) -> u32 {
    u32::try_from(series).unwrap_or(u32::MAX)
}

impl Gatherer {
    /// A request has ended that was due at `intended`; `error` says why it failed, if it did.
    #[inline]
    pub(crate) fn add(&self, intended: Instant, exchange: &Exchange, error: impl FnOnce() -> Option<ErrorKind>) {
        let response = exchange.ended.nanos_since(intended);
        if response >= self.gathering.least_ns.get() {
            self.look(intended, exchange, response, error());
        }
    }

    #[cold]
    fn look(&self, intended: Instant, exchange: &Exchange, response_ns: u64, error: Option<ErrorKind>) {
        let gathering = &*self.gathering;
        // Of those without an answer only the ones that were given up have a time.
        if exchange.result.as_ref().err().is_none_or(onrush_net::Failure::is_timeout) {
            let trace = exchange.extras().trace;
            let mut slowest = gathering.slowest.borrow_mut();
            slowest.add(Slow {
                response_ns,
                service_ns: exchange.first_write.map(|written| exchange.ended.nanos_since(written)),
                due_ns: intended.nanos_since(gathering.start),
                series: self.series,
                status: exchange.result.as_ref().copied().unwrap_or(0),
                error,
                trace: trace.map_or(0, |trace| trace.trace),
                sampled: trace.is_some_and(|trace| trace.sampled),
            });
            if gathering.samples.most == 0 {
                gathering.least_ns.set(gathering.least_ns.get().max(slowest.least_ns()));
            }
        }
        if gathering.samples.most > 0 {
            gathering.samples.add(|| self.sample(intended, exchange, error));
        }
    }

    fn sample(&self, intended: Instant, exchange: &Exchange, error: Option<ErrorKind>) -> Sample {
        let start = self.gathering.start;
        Sample {
            series: self.series,
            due_ns: intended.nanos_since(start),
            started_ns: exchange.started.nanos_since(start),
            ended_ns: exchange.ended.nanos_since(start),
            status: exchange.result.as_ref().copied().unwrap_or(0),
            error,
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use onrush_net::Failure;

    use super::*;
    use crate::recorder::Recorder;

    /// A request that began some ms after the start and took one, with a status or without an answer.
    fn exchange(start: Instant, millis: u64, status: Option<u16>) -> Exchange {
        let mut exchange = Exchange::begun(start + Duration::from_millis(millis));
        exchange.ended = exchange.started + Duration::from_millis(1);
        exchange.result = status.ok_or_else(|| Failure::new(ErrorKind::Reset, "gone"));
        exchange
    }

    #[test]
    fn so_many_are_kept_of_a_second_and_the_others_counted() {
        let start = Instant::now();
        let gathering = Gathering::new(start, 5, 0, 2);
        for second in 0..2 {
            for number in 0..10 {
                gathering.of(number).add(start, &exchange(start, second * 1_000, Some(200)), || None);
            }
            let Samples { rows, left_out } = gathering.take().samples;
            assert_eq!((rows.len(), left_out), (3, 7), "a worker has its part of them, for all series");
            assert_eq!(rows.iter().map(|row| row.series).collect::<Vec<_>>(), [0, 1, 2]);
            assert!(rows.iter().all(|row| row.started_ns == second * 1_000_000_000 && row.due_ns == 0));
        }
        assert_eq!(gathering.take(), Gathered::default());
    }

    #[test]
    fn what_is_counted_is_gathered_and_nothing_else() {
        let start = Instant::now();
        let gathering = Gathering::new(start, 100, 0, 1);
        let warm = start + Duration::from_millis(10);
        let mut recorder = Recorder::new(warm, None).gather(Some(gathering.of(7)));
        let fault = Failure::new(ErrorKind::Check, "found nothing");
        for (millis, status, fault) in [
            (5, Some(200), None),
            (10, Some(200), None),
            (20, Some(404), None),
            (30, Some(200), Some(&fault)),
            (40, None, None),
        ] {
            let exchange = exchange(start, millis, status);
            recorder.step(exchange.started, &exchange, fault);
        }
        let exchange = exchange(start, 50, Some(500));
        recorder.exchange(exchange.started, &exchange);
        let found: Vec<_> = gathering
            .take()
            .samples
            .rows
            .iter()
            .map(|row| (row.started_ns / 1_000_000, row.status, row.error))
            .collect();
        let (check, reset, status) = (Some(ErrorKind::Check), Some(ErrorKind::Reset), Some(ErrorKind::Status));
        let expected = [(10, 200, None), (20, 404, None), (30, 200, check), (40, 0, reset), (50, 500, status)];
        assert_eq!(found, expected);
        assert_eq!(recorder.take().counters.started, 5);
    }
}
