//! Single requests of a worker, for outputs that asked for them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use onrush_metrics::{ErrorKind, Sample, Samples};
use onrush_net::Exchange;
use onrush_net::clock::Instant;

/// The samples of the current second. All recorders of a worker share one.
#[derive(Debug)]
pub(crate) struct Gathering {
    start: Instant,
    /// So many are kept of a second.
    most: usize,
    rows: RefCell<Vec<Sample>>,
    left_out: Cell<u64>,
}

/// Where a recorder puts its samples.
#[derive(Clone, Debug)]
pub(crate) struct Gatherer {
    gathering: Rc<Gathering>,
    series: u32,
}

impl Gathering {
    /// For a worker's part of `most` in a second; `None` if nobody asked for any.
    pub(crate) fn new(start: Instant, most: usize, workers: usize) -> Option<Rc<Self>> {
        let most = most.div_ceil(workers.max(1));
        (most > 0).then(|| Rc::new(Self { start, most, rows: RefCell::default(), left_out: Cell::new(0) }))
    }

    /// For the recorder of a series.
    pub(crate) fn of(self: &Rc<Self>, series: usize) -> Gatherer {
        Gatherer { gathering: Rc::clone(self), series: u32::try_from(series).unwrap_or(u32::MAX) }
    }

    /// Everything since this was last called.
    pub(crate) fn take(&self) -> Samples {
        Samples { rows: self.rows.take(), left_out: self.left_out.take() }
    }
}

impl Gatherer {
    /// A request has ended; `error` says why it failed, if it did.
    pub(crate) fn add(&self, intended: Instant, exchange: &Exchange, error: Option<ErrorKind>) {
        let Gathering { start, most, rows, left_out } = &*self.gathering;
        let mut rows = rows.borrow_mut();
        if rows.len() >= *most {
            left_out.set(left_out.get() + 1);
            return;
        }
        rows.push(Sample {
            series: self.series,
            due_ns: intended.nanos_since(*start),
            started_ns: exchange.started.nanos_since(*start),
            ended_ns: exchange.ended.nanos_since(*start),
            status: exchange.result.as_ref().copied().unwrap_or(0),
            error,
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
        });
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
        let gathering = Gathering::new(start, 5, 2).unwrap();
        for second in 0..2 {
            for number in 0..10 {
                gathering.of(number).add(start, &exchange(start, second * 1_000, Some(200)), None);
            }
            let Samples { rows, left_out } = gathering.take();
            assert_eq!((rows.len(), left_out), (3, 7), "a worker has its part of them, for all series");
            assert_eq!(rows.iter().map(|row| row.series).collect::<Vec<_>>(), [0, 1, 2]);
            assert!(rows.iter().all(|row| row.started_ns == second * 1_000_000_000 && row.due_ns == 0));
        }
        assert_eq!(gathering.take(), Samples::default());
        assert!(Gathering::new(start, 0, 2).is_none(), "nobody asked for any");
    }

    #[test]
    fn what_is_counted_is_gathered_and_nothing_else() {
        let start = Instant::now();
        let gathering = Gathering::new(start, 100, 1).unwrap();
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
        let found: Vec<_> =
            gathering.take().rows.iter().map(|row| (row.started_ns / 1_000_000, row.status, row.error)).collect();
        let (check, reset, status) = (Some(ErrorKind::Check), Some(ErrorKind::Reset), Some(ErrorKind::Status));
        let expected = [(10, 200, None), (20, 404, None), (30, 200, check), (40, 0, reset), (50, 500, status)];
        assert_eq!(found, expected);
        assert_eq!(recorder.take().counters.started, 5);
    }
}
