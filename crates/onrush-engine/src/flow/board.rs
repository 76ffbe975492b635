//! The tallies of all series of a worker.

use std::cell::RefCell;
use std::rc::Rc;

use onrush_metrics::Tally;
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure};
use onrush_plan::{OTHER_CHECKS, SeriesId, SeriesInfo};

use crate::gathering::Gathering;
use crate::recorder::Recorder;

/// One recorder a series.
#[derive(Debug)]
pub(super) struct Board {
    names: Vec<String>,
    /// The names of each series' checks.
    checks: Vec<Vec<String>>,
    /// Empty before the run has begun: what happens then is not counted.
    recorders: RefCell<Vec<Recorder>>,
}

/// What a request of a step came to.
#[derive(Debug)]
pub(super) struct Asked {
    /// The last attempt, with what the others sent and received.
    pub(super) exchange: Exchange,
    /// Why it is a failure although it was answered.
    pub(super) fault: Option<Failure>,
    pub(super) attempts: u64,
    pub(super) failed_at_first: bool,
    /// Attempts beside those that took long.
    pub(super) hedges: u64,
    /// Records that it carried.
    pub(super) records: u64,
}

/// A request that a user waits for, or a walk that is on its way. Dropped before its end, it was cut off.
pub(super) struct Pending<'a> {
    board: &'a Board,
    series: SeriesId,
    intended: Instant,
    is_open: bool,
}

impl Board {
    pub(super) fn new(series: &[SeriesInfo]) -> Self {
        let names = series.iter().map(|series| series.name.clone()).collect();
        let checks = series.iter().map(|series| series.checks.clone()).collect();
        Self { names, checks, recorders: RefCell::default() }
    }

    /// What a series is called in the file.
    pub(super) fn name(&self, series: SeriesId) -> &str {
        &self.names[series]
    }

    /// From now on it is counted.
    pub(super) fn begin(&self, measured_from: Instant, measured_until: Option<Instant>, gathering: &Rc<Gathering>) {
        let recorder = |series| Recorder::new(measured_from, measured_until).gather(Some(gathering.of(series)));
        *self.recorders.borrow_mut() = (0..self.checks.len()).map(recorder).collect();
    }

    /// The load is over.
    pub(super) fn stop(&self, now: Instant) {
        self.recorders.borrow_mut().iter_mut().for_each(|recorder| recorder.stop(now));
    }

    /// Everything since this was last called.
    pub(super) fn take(&self) -> Vec<Tally> {
        self.recorders.borrow_mut().iter_mut().map(Recorder::take).collect()
    }

    /// A request, a group or an iteration begins.
    pub(super) fn asks(&self, series: SeriesId, intended: Instant) -> Pending<'_> {
        Pending { board: self, series, intended, is_open: true }
    }

    /// A check of a series was made; `failed` is what it expected and found.
    pub(super) fn checked(&self, series: SeriesId, intended: Instant, name: &str, failed: Option<&str>) {
        let place = |name: &str| self.checks[series].iter().position(|known| known == name);
        let place = place(name).or_else(|| place(OTHER_CHECKS));
        if let Some(place) = place {
            self.with(series, |recorder| recorder.checked(intended, place, failed));
        }
    }

    fn with(&self, series: SeriesId, note: impl FnOnce(&mut Recorder)) {
        if let Some(recorder) = self.recorders.borrow_mut().get_mut(series) {
            note(recorder);
        }
    }
}

impl Pending<'_> {
    /// When it was due.
    pub(super) fn intended(&self) -> Instant {
        self.intended
    }

    /// It has ended.
    pub(super) fn end(mut self, asked: &Asked) {
        self.is_open = false;
        let intended = self.intended;
        self.board.with(self.series, |recorder| {
            recorder.step(intended, &asked.exchange, asked.fault.as_ref());
            recorder.count(intended, |counters| {
                counters.attempts += asked.attempts;
                counters.failed_at_first += u64::from(asked.failed_at_first);
                counters.hedges += asked.hedges;
                let is_well = asked.fault.is_none() && asked.exchange.result.is_ok();
                counters.records += if is_well { asked.records } else { 0 };
            });
        });
    }

    /// It was a group or an iteration, which has been walked through, or could not be.
    pub(super) fn walked(mut self, ended: Instant, failure: Option<&Failure>) {
        self.is_open = false;
        self.board.with(self.series, |recorder| recorder.walked_apart(self.intended, ended, failure));
    }

    /// It was never sent.
    pub(super) fn forget(mut self) {
        self.is_open = false;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.is_open {
            let now = Instant::now();
            self.board.with(self.series, |recorder| recorder.cut_off(self.intended, now, false, true));
        }
    }
}
