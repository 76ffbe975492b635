//! What the seconds of a run say about its figures, put together: intervals of the percentiles that people ask for, and
//! whether the run held still.

use onrush_metrics::{
    Band, Event, Findings, Histogram, Known, Outcome, Reached, RunInfo, Snapshot, StopReason, percentile_name,
};

use crate::drift::drift;
use crate::fold::{Fold, Seconds};
use crate::interval::LEVEL;
use crate::precision::PrecisionWatch;

/// The percentiles that get intervals, beside the one that was asked for.
const ASKED: &[f64] = &[0.5, 0.95, 0.99];
/// Percentiles that are nearer are the same.
const SAME: f64 = 1e-9;

/// Gathers them second by second.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    fold: Fold,
    precision: Option<PrecisionWatch>,
    is_over: bool,
}

impl Finder {
    /// For a run that begins.
    pub fn new(info: &RunInfo) -> Self {
        let precision = info.until.clone().map(|until| PrecisionWatch::new(until, info.warmup));
        Self { fold: Fold::of(info), precision, is_over: false }
    }

    /// A second is over. Whether a percentile has been known as well as was asked for, for a while.
    pub fn tick(&mut self, snapshot: &Snapshot) -> bool {
        self.fold.add(snapshot.since, snapshot.at, &snapshot.interval, &snapshot.series);
        // What comes in after the load is no second of it.
        !self.is_over && self.precision.as_mut().is_some_and(|precision| precision.tick(snapshot))
    }

    /// The load is over; there may still be answers.
    pub fn stop(&mut self) {
        self.is_over = true;
    }

    /// Where the percentile that was asked for is, as strictly as it is looked at.
    pub fn precision(&self) -> Option<Band> {
        self.precision.as_ref()?.band()
    }

    /// What there is to say at the end.
    pub fn findings(mut self, outcome: &Outcome) -> Findings {
        self.fold.end(outcome);
        let whole = self.fold.whole();
        let asked = outcome.info.until.as_ref();
        let mut found = known(
            None,
            whole,
            &outcome.total.response,
            asked.filter(|asked| asked.series.is_empty()).map(|asked| asked.q),
        );
        for (place, tally) in outcome.series.iter().enumerate() {
            let asked = asked.filter(|asked| asked.series == [place]).map(|asked| asked.q);
            let seconds = self.fold.series(place);
            found.extend(seconds.into_iter().flat_map(|seconds| known(Some(place), seconds, &tally.response, asked)));
        }
        let drifts = is_steady(outcome).then(|| drift(whole)).flatten().into_iter().collect();
        let reached = outcome.stopped == StopReason::Precise;
        let until = asked.map(|_| Reached { reached, band: self.precision() });
        Findings { known: found, drifts, until }
    }
}

/// Puts the findings into the outcome of a recorded run, where its record does not hold them: those of killed runs do not.
#[derive(Clone, Debug, Default)]
pub struct Filler {
    finder: Option<Finder>,
}

impl Filler {
    /// Looks at an event, and completes the last one.
    pub fn on_event(&mut self, event: &mut Event) {
        match event {
            Event::Started(info) => self.finder = Some(Finder::new(info)),
            Event::Tick(snapshot) => {
                self.finder.iter_mut().for_each(|finder| {
                    finder.tick(snapshot);
                });
            }
            Event::Stopping(_) => self.finder.iter_mut().for_each(Finder::stop),
            Event::Finished(outcome) => {
                let finder = self.finder.take();
                if outcome.findings.is_none() {
                    outcome.findings = finder.map(|finder| finder.findings(outcome));
                }
            }
        }
    }
}

fn known(series: Option<usize>, seconds: &Seconds, times: &Histogram, asked: Option<f64>) -> Vec<Known> {
    let mut quantiles = ASKED.to_vec();
    quantiles.extend(asked.filter(|asked| ASKED.iter().all(|q| (q - asked).abs() > SAME)));
    quantiles.sort_by(f64::total_cmp);
    let quantiles = quantiles.into_iter().map(|q| (percentile_name(q), seconds.quantile(times, q, LEVEL)));
    let others = [("mean", seconds.mean(LEVEL)), ("rate", seconds.rate(LEVEL)), ("errors", seconds.errors(LEVEL))];
    let others = others.into_iter().map(|(figure, band)| (figure.to_owned(), band));
    let all = quantiles.chain(others).filter_map(|(figure, band)| Some(Known { series, figure, band: band? }));
    // Records have no words for the others.
    all.filter(|known| [known.band.value, known.band.low, known.band.high].iter().all(|value| value.is_finite()))
        .collect()
}

/// Whether the load stays the same, so that times should, too.
fn is_steady(outcome: &Outcome) -> bool {
    let stages = &outcome.info.stages;
    let is_alone = |scenario: &str| stages.iter().filter(|stage| stage.scenario == scenario).count() == 1;
    stages.iter().all(|stage| {
        !stage.text.contains("->") && is_alone(&stage.scenario) && stage.from.is_some_and(|from| from.is_zero())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use onrush_metrics::{Health, SeriesInfo, SeriesKind, Tally, Until, Verdict};

    use super::*;
    use crate::simulated::Service;

    const SERVICE: Service = Service { memory: 0.0, wander: 0.1, spread: 0.5, rate: 60 };

    /// The events of a run with one step, of which this percentile is asked for.
    fn events(until: Option<Until>, findings: Option<Findings>) -> Vec<Event> {
        let step = SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: "shop".into(),
            name: "search".into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let info = RunInfo { until, series: vec![step], ..RunInfo::default() };
        let mut events = vec![Event::Started(Box::new(info.clone()))];
        let mut total = Tally::default();
        for (second, tally) in (0..).zip(SERVICE.tallies(7, 60)) {
            total.merge(&tally);
            events.push(Event::Tick(Box::new(Snapshot {
                since: Duration::from_secs(second),
                at: Duration::from_secs(second + 1),
                interval: tally.clone(),
                series: vec![tally],
                ..Snapshot::default()
            })));
        }
        events.push(Event::Stopping(StopReason::Completed));
        events.push(Event::Finished(Box::new(Outcome {
            info,
            stopped: StopReason::Completed,
            series: vec![total.clone()],
            total,
            iterations: None,
            thresholds: Vec::new(),
            observed: Vec::new(),
            measured: Duration::from_secs(60),
            elapsed: Duration::from_secs(60),
            oldest_cut_off: None,
            health: Health::default(),
            verdict: Verdict::default(),
            findings,
        })));
        events
    }

    fn filled(mut events: Vec<Event>) -> Findings {
        let mut filler = Filler::default();
        events.iter_mut().for_each(|event| filler.on_event(event));
        let Some(Event::Finished(outcome)) = events.pop() else { panic!("{events:?}") };
        outcome.findings.expect("they are filled in")
    }

    /// Each row: whose p90 is asked for, and who has an interval of it.
    #[test]
    fn the_percentile_that_is_asked_for_has_an_interval() {
        for (series, expected) in [(vec![], vec![None]), (vec![0], vec![Some(0)]), (vec![0, 1], vec![])] {
            let until = Until { series, q: 0.9, share: 0.01, ..Until::default() };
            let findings = filled(events(Some(until), None));
            let whose: Vec<_> =
                findings.known.iter().filter(|known| known.figure == "p90").map(|known| known.series).collect();
            assert_eq!(whose, expected);
            let reached = findings.until.expect("it was asked for");
            assert!(!reached.reached && reached.band.is_some(), "{reached:?}");
        }
        let findings = filled(events(None, None));
        let figures: Vec<_> = findings.known.iter().map(|known| (known.series, &*known.figure)).collect();
        let each = ["p50", "p95", "p99", "mean", "rate"];
        assert_eq!(figures, [None, Some(0)].iter().flat_map(|of| each.map(|figure| (*of, figure))).collect::<Vec<_>>());
        assert_eq!(findings.until, None);
    }

    #[test]
    fn what_a_record_holds_is_left_as_it_is() {
        assert_eq!(filled(events(None, Some(Findings::default()))), Findings::default());
    }
}
