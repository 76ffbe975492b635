//! What is known of a run so far.

use std::time::Duration;

use onrush_metrics::{Event, Observed, RunInfo, Snapshot, Stage, StopReason, Tallies, Tally};

use super::history::History;
use crate::far::{Far, far};

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) info: RunInfo,
    /// The last second. Its series are not kept here.
    pub(super) last: Option<Snapshot>,
    /// Each series since the start.
    pub(super) series: Vec<Tally>,
    /// What of each series ended in the last second.
    pub(super) now: Vec<u64>,
    /// All iterations since the start; of scenarios only.
    pub(super) iterations: Option<Tally>,
    /// The service's own figures since the start.
    pub(super) observed: Vec<Observed>,
    pub(super) history: History,
    pub(super) stopping: Option<StopReason>,
}

impl State {
    pub(super) fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => *self = Self { info: (**info).clone(), ..Self::default() },
            Event::Tick(snapshot) => self.tick(snapshot),
            Event::Stopping(reason) => self.stopping = Some(*reason),
            Event::Finished(outcome) => self.stopping = self.stopping.or(Some(outcome.stopped)),
        }
    }

    fn tick(&mut self, snapshot: &Snapshot) {
        Tallies::merge_series(&mut self.series, &snapshot.series);
        match (&mut self.iterations, &snapshot.iterations) {
            (Some(sum), Some(more)) => sum.merge(more),
            (sum, more) => *sum = sum.take().or_else(|| more.clone()),
        }
        if !snapshot.warming_up {
            self.history.push(snapshot);
        }
        snapshot.observe(&mut self.observed);
        self.now = snapshot.series.iter().map(|tally| tally.counters.ended()).collect();
        // Field by field: thousands of series need not be copied to be left out.
        self.last = Some(Snapshot {
            since: snapshot.since,
            at: snapshot.at,
            interval: snapshot.interval.clone(),
            iterations: snapshot.iterations.clone(),
            total: snapshot.total.clone(),
            gauges: snapshot.gauges,
            warming_up: snapshot.warming_up,
            health: snapshot.health.clone(),
            verdict: snapshot.verdict.clone(),
            observed: snapshot.observed.clone(),
            precision: snapshot.precision,
            ..Snapshot::default()
        });
    }

    pub(super) fn at(&self) -> Duration {
        self.last.as_ref().map_or(Duration::ZERO, |last| last.at)
    }

    /// The time that figures are of.
    pub(super) fn measured(&self) -> Duration {
        self.at().saturating_sub(self.info.warmup)
    }

    /// What the load asked for, since the start.
    pub(super) fn arrivals(&self) -> Option<&Tally> {
        self.iterations.as_ref().or_else(|| self.last.as_ref().map(|last| &last.total))
    }

    pub(super) fn far(&self) -> Option<Far> {
        self.last.as_ref().filter(|_| self.stopping.is_none()).and_then(|last| far(last, &self.info))
    }

    /// The stages that are played now, each with its place among those of its scenario, and how many these are.
    pub(super) fn stages(&self) -> Vec<(&Stage, usize, usize)> {
        let at = self.at();
        let stages = &self.info.stages;
        let is_played =
            |stage: &&Stage| stage.from.is_some_and(|from| from <= at) && stage.until.is_none_or(|until| at < until);
        let of_same = |stage: &Stage| stages.iter().filter(|other| other.scenario == stage.scenario).count();
        let before = |stage: &Stage| {
            let same = stages.iter().filter(|other| other.scenario == stage.scenario);
            same.take_while(|other| !std::ptr::eq(*other, stage)).count()
        };
        stages.iter().filter(is_played).map(|stage| (stage, before(stage) + 1, of_same(stage))).collect()
    }
}
