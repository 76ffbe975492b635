//! Brings the workers' tallies together, second by second, and tells the outputs.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use onrush_metrics::{
    Event, Gauges, Outcome, RunInfo, Samples, SeriesInfo, Snapshot, StopReason, Tallies, Tally, Verdict, WorkerHealth,
};
use onrush_net::clock::Instant;
use onrush_stats::Finder;

use crate::control::Control;
use crate::health::ProcessMark;
use crate::thresholds::Watch;
use crate::verdict::judge;

/// What a worker says.
#[derive(Debug)]
pub(crate) enum Message {
    /// A second is over for this worker.
    Second { tallies: Box<Tallies>, samples: Samples, gauges: Gauges, health: WorkerHealth },
    /// It begins nothing more.
    Stopping { at: Instant },
    /// It has ended.
    Done(Box<Closing>),
}

/// A worker's last word.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) tallies: Tallies,
    pub(crate) samples: Samples,
    pub(crate) health: WorkerHealth,
    pub(crate) oldest_cut_off: Option<Duration>,
}

/// Everything that the workers said, added up.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) tallies: Tallies,
    pub(crate) workers: Vec<WorkerHealth>,
    pub(crate) stopped_at: Option<Instant>,
    pub(crate) oldest_cut_off: Option<Duration>,
    /// A worker ended without a last word: its thread died.
    pub(crate) lost: usize,
}

/// Gathers until every worker has ended.
pub(crate) struct Collector<'a> {
    start: Instant,
    info: &'a RunInfo,
    mark: &'a ProcessMark,
    watch: Watch<'a>,
    /// Ends the run, too, once a percentile is known well enough.
    finder: Finder,
    control: &'a Control,
    on_event: &'a mut dyn FnMut(Event),
    collected: Collected,
    /// All requests so far.
    total: Tally,
    interval: Tallies,
    /// There is something in the interval.
    is_counted: bool,
    samples: Samples,
    gauges: Vec<Option<Gauges>>,
    last_gauges: Vec<Gauges>,
    last_health: Vec<WorkerHealth>,
    is_done: Vec<bool>,
    ticked: Instant,
    told: Duration,
    stopping: usize,
    told_stopping: bool,
}

/// A worker that says nothing for this long after the others is not waited for.
const PATIENCE: Duration = Duration::from_millis(1500);

impl<'a> Collector<'a> {
    pub(crate) fn new(
        start: Instant,
        info: &'a RunInfo,
        mark: &'a ProcessMark,
        watch: Watch<'a>,
        control: &'a Control,
        on_event: &'a mut dyn FnMut(Event),
    ) -> Self {
        let workers = info.threads;
        Self {
            start,
            info,
            mark,
            watch,
            finder: Finder::new(info),
            control,
            on_event,
            collected: Collected::default(),
            total: Tally::default(),
            interval: Tallies::default(),
            is_counted: false,
            samples: Samples::default(),
            gauges: vec![None; workers],
            last_gauges: vec![Gauges::default(); workers],
            last_health: vec![WorkerHealth::default(); workers],
            is_done: vec![false; workers],
            ticked: start,
            told: Duration::ZERO,
            stopping: 0,
            told_stopping: false,
        }
    }

    /// Returns when all senders are gone.
    pub(crate) fn gather(mut self, messages: &Receiver<(usize, Message)>) -> (Collected, Watch<'a>, Finder) {
        loop {
            match messages.recv_timeout(PATIENCE.saturating_sub(self.ticked.elapsed())) {
                Ok((worker, message)) => self.take(worker, message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.gauges.iter().all(Option::is_some) || self.ticked.elapsed() >= PATIENCE {
                self.tick();
            }
        }
        self.collected.lost = self.info.threads - self.collected.workers.len();
        // What happened since the last second, or since the last worker ended, belongs to no second of its own.
        self.tick();
        (self.collected, self.watch, self.finder)
    }

    fn take(&mut self, worker: usize, message: Message) {
        match message {
            Message::Second { tallies, samples, gauges, health } => {
                self.count(*tallies);
                self.samples.merge(&samples);
                self.gauges[worker] = Some(gauges);
                self.last_gauges[worker] = gauges;
                self.last_health[worker] = health;
            }
            Message::Stopping { at } => {
                self.stopping += 1;
                self.collected.stopped_at = self.collected.stopped_at.max(Some(at));
                if self.stopping == self.gauges.len() || self.control.reason().is_some() {
                    self.tell_stopping();
                }
            }
            Message::Done(closing) => {
                self.count(closing.tallies);
                self.samples.merge(&closing.samples);
                self.last_health[worker] = closing.health;
                self.collected.workers.push(closing.health);
                self.collected.oldest_cut_off = self.collected.oldest_cut_off.max(closing.oldest_cut_off);
                // It has nothing more to say, so nobody waits for it.
                self.is_done[worker] = true;
                self.gauges[worker] = Some(Gauges::default());
                self.last_gauges[worker] = Gauges::default();
            }
        }
    }

    fn count(&mut self, tallies: Tallies) {
        // The first one's need not be added to nothing, which would copy them.
        if self.is_counted {
            self.interval.merge(&tallies);
        } else {
            self.interval = tallies;
            self.is_counted = true;
        }
    }

    fn tell_stopping(&mut self) {
        if !self.told_stopping {
            self.told_stopping = true;
            (self.on_event)(Event::Stopping(self.control.reason().unwrap_or(StopReason::Completed)));
        }
    }

    fn tick(&mut self) {
        let interval = std::mem::take(&mut self.interval);
        self.is_counted = false;
        self.collected.tallies.merge(&interval);
        self.ticked = Instant::now();
        for (gauges, is_done) in self.gauges.iter_mut().zip(&self.is_done) {
            *gauges = is_done.then(Gauges::default);
        }
        let at = self.start.elapsed();
        if self.watch.tick(at, self.over(), &interval) {
            self.control.end(StopReason::Threshold);
        }
        let mut snapshot = self.snapshot(at, interval);
        if self.over().is_some() {
            self.finder.stop();
        }
        if self.finder.tick(&snapshot) {
            self.control.end(StopReason::Precise);
        }
        snapshot.precision = self.finder.precision().map(|band| band.relative());
        (self.on_event)(Event::Tick(Box::new(snapshot)));
    }

    fn snapshot(&mut self, at: Duration, interval: Tallies) -> Snapshot {
        let (requests, iterations) = overall(&interval, &self.info.series);
        self.total.merge_apart(&requests);
        let mut gauges = Gauges::default();
        self.last_gauges.iter().for_each(|worker| gauges.merge(worker));
        let mut so_far = self.so_far(at);
        so_far.verdict = judge(&so_far);
        Snapshot {
            since: std::mem::replace(&mut self.told, at),
            at,
            interval: requests,
            iterations,
            series: interval.series,
            samples: std::mem::take(&mut self.samples),
            total: so_far.total,
            gauges,
            warming_up: (self.told + at) / 2 < self.info.warmup,
            health: so_far.health,
            verdict: so_far.verdict,
            observed: Vec::new(),
            precision: None,
        }
    }

    /// When the load ended, if it has.
    fn over(&self) -> Option<Duration> {
        self.collected.stopped_at.map(|over| over.saturating_duration_since(self.start))
    }

    /// The outcome, were the run to end now; without what the verdict does not look at.
    fn so_far(&self, at: Duration) -> Outcome {
        let iterations = (!self.info.series.is_empty()).then(|| self.collected.tallies.own.clone());
        Outcome {
            info: RunInfo { open: self.info.open, limited_by_files: self.info.limited_by_files, ..RunInfo::default() },
            stopped: StopReason::Completed,
            total: self.total.clone(),
            iterations,
            series: Vec::new(),
            thresholds: Vec::new(),
            observed: Vec::new(),
            measured: self.info.measured(at, self.over()),
            elapsed: at,
            oldest_cut_off: None,
            health: self.mark.health(self.last_health.clone()),
            verdict: Verdict::default(),
            findings: None,
        }
    }
}

/// All requests, and all iterations where these are something else.
pub(crate) fn overall(tallies: &Tallies, series: &[SeriesInfo]) -> (Tally, Option<Tally>) {
    if series.is_empty() {
        return (tallies.own.clone(), None);
    }
    (tallies.requests(series), Some(tallies.own.clone()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use onrush_metrics::Until;

    use super::*;

    #[test]
    fn a_run_ends_once_a_percentile_is_known() {
        let (send, messages) = channel();
        for number in 0..30_u64 {
            let mut tallies = Tallies::default();
            (0..100)
                .for_each(|request| tallies.own.response.record(Duration::from_millis(10 + (request + number) % 3)));
            let (gauges, health) = (Gauges::default(), WorkerHealth::default());
            send.send((0, Message::Second { tallies: Box::new(tallies), samples: Samples::default(), gauges, health }))
                .expect("somebody listens");
        }
        drop(send);
        let until = Some(Until { q: 0.5, share: 0.2, ..Until::default() });
        let info = RunInfo { threads: 1, until, ..RunInfo::default() };
        let (control, mark) = (Control::new(), ProcessMark::now());
        let mut known_at = None;
        let mut told = 0;
        let mut precision = Vec::new();
        let mut on_event = |event| {
            if let Event::Tick(snapshot) = &event {
                told += 1;
                precision.push(snapshot.precision);
            }
            known_at = known_at.or_else(|| control.reason().map(|reason| (reason, told)));
        };
        let watch = Watch::new(&[], &[], Duration::ZERO);
        Collector::new(Instant::now(), &info, &mark, watch, &control, &mut on_event).gather(&messages);
        // Ten blocks, and five seconds on end.
        let Some((StopReason::Precise, at)) = known_at else { panic!("{known_at:?}") };
        assert!((14..30).contains(&at), "{at}");
        assert_eq!(precision[2], None);
        assert!(precision[at - 1].is_some_and(|share| share <= 0.2), "{precision:?}");
    }

    /// Each row: what two workers say, in turn, and how many seconds are told.
    #[test]
    fn seconds_are_told_whoever_has_ended() {
        let second = || {
            let (tallies, gauges, health) = (Box::default(), Gauges::default(), WorkerHealth::default());
            Message::Second { tallies, samples: Samples::default(), gauges, health }
        };
        let done = || {
            let (tallies, health) = (Tallies::default(), WorkerHealth::default());
            Message::Done(Box::new(Closing { tallies, samples: Samples::default(), health, oldest_cut_off: None }))
        };
        for (said, ticks) in [
            (vec![(0, second()), (1, second()), (1, second()), (0, second())], 2),
            (vec![(1, done()), (0, second()), (0, second()), (0, second())], 3),
            (vec![(0, second()), (1, done()), (0, second()), (0, done())], 3),
        ] {
            let (send, messages) = channel();
            let shown = format!("{said:?}");
            said.into_iter().for_each(|message| send.send(message).expect("somebody listens"));
            drop(send);
            let mut told = 0;
            let mut on_event = |event| told += u32::from(matches!(event, Event::Tick(_)));
            let (control, mark) = (Control::new(), ProcessMark::now());
            let watch = Watch::new(&[], &[], Duration::ZERO);
            let info = RunInfo { threads: 2, ..RunInfo::default() };
            Collector::new(Instant::now(), &info, &mark, watch, &control, &mut on_event).gather(&messages);
            // One more for what is left when all have gone.
            assert_eq!(told, ticks + 1, "{shown}");
        }
    }
}
