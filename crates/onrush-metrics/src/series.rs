//! What is counted apart: a tally for each step, group and scenario beside that of the run.

use serde::{Deserialize, Serialize};

use crate::Tally;

/// What a series counts, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesInfo {
    /// What it counts.
    pub kind: SeriesKind,
    /// The scenario it belongs to.
    pub scenario: String,
    /// Its own name; that of the scenario for iterations.
    pub name: String,
    /// Names and values by which series are grouped.
    pub tags: Vec<(String, String)>,
    /// The names of its checks, in the order of [`Tally::checks`]. Steps that share a series share them.
    pub checks: Vec<String>,
}

/// What a series counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeriesKind {
    /// Passes through a scenario, from the intended start to the end of the last step.
    Iterations,
    /// Requests of a step.
    Requests,
    /// Passes through a group of steps.
    Group,
}

impl SeriesKind {
    /// The word used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iterations => "iterations",
            Self::Requests => "requests",
            Self::Group => "group",
        }
    }
}

/// The tallies of one interval or of a whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies {
    /// What the load asked for, and how the event loops did: all iterations, which are requests where there are no
    /// series.
    pub own: Tally,
    /// One for each series, in the order of [`crate::RunInfo::series`].
    pub series: Vec<Tally>,
}

impl Tallies {
    /// Adds everything that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.own.merge(&other.own);
        Self::merge_series(&mut self.series, &other.series);
    }

    /// Adds each series of `theirs` to that of `mine` in the same place.
    pub fn merge_series(mine: &mut Vec<Tally>, theirs: &[Tally]) {
        if mine.is_empty() {
            return mine.extend_from_slice(theirs);
        }
        if mine.len() < theirs.len() {
            mine.resize_with(theirs.len(), Tally::default);
        }
        for (mine, theirs) in mine.iter_mut().zip(theirs) {
            mine.merge(theirs);
        }
    }

    /// The requests of all steps together, with what the event loops did beside them.
    pub fn requests(&self, infos: &[SeriesInfo]) -> Tally {
        let mut sum = Tally { loop_delay: self.own.loop_delay.clone(), ..Tally::default() };
        for (_, tally) in infos.iter().zip(&self.series).filter(|(info, _)| info.kind == SeriesKind::Requests) {
            sum.merge_apart(tally);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn info(kind: SeriesKind) -> SeriesInfo {
        SeriesInfo { kind, scenario: "buy".into(), name: "step".into(), tags: Vec::new(), checks: Vec::new() }
    }

    #[test]
    fn requests_are_summed_and_nothing_else() {
        let infos = [info(SeriesKind::Requests), info(SeriesKind::Iterations), info(SeriesKind::Requests)];
        let mut tallies = Tallies::default();
        for millis in [1, 2, 4] {
            let mut tally = Tally::default();
            tally.response.record(Duration::from_millis(millis));
            tally.checks.pass(0);
            tallies.series.push(tally);
        }
        tallies.own.loop_delay.record(Duration::from_millis(9));
        tallies.own.counters.intended = 7;
        let requests = tallies.requests(&infos);
        assert_eq!((requests.response.count(), requests.response.sum()), (2, Duration::from_millis(5)));
        assert_eq!((requests.loop_delay.count(), requests.counters.intended), (1, 0));
        assert!(requests.checks.rows().is_empty(), "the checks of different steps are not the same ones");
    }
}
