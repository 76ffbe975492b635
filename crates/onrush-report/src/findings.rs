//! What the seconds of a run say about its figures: how well they are known, and whether it held still.

use onrush_metrics::{Event, Histogram, Outcome};
use onrush_stats::{Band, Drift, Fold, LEVEL, Seconds, drift};

use crate::units::clock;

/// The percentiles that get intervals.
const ASKED: &[(&str, f64)] = &[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// How well a figure is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The place of its series; `None` for all requests.
    pub series: Option<usize>,
    /// `p50`, `p95`, `p99`, `mean` (in ns), `rate` (per second) or `errors` (a share).
    pub figure: &'static str,
    /// Where it is.
    pub band: Band,
}

/// What is said beside the figures of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Figures that are known to some extent: those of all requests first.
    pub known: Vec<Known>,
    /// How the run did not hold still.
    pub drifts: Vec<Drift>,
}

/// Gathers them from the events of a run.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    fold: Fold,
}

impl Finder {
    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        self.fold.on_event(event);
    }

    /// The points that were kept of the run.
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// What there is to say at the end.
    pub fn findings(&self, outcome: &Outcome) -> Findings {
        let whole = self.fold.whole();
        let mut known = known(None, whole, &outcome.total.response);
        for (place, tally) in outcome.series.iter().enumerate() {
            let seconds = self.fold.series(place);
            known.extend(seconds.into_iter().flat_map(|seconds| self::known(Some(place), seconds, &tally.response)));
        }
        let drifts = is_steady(outcome).then(|| drift(whole)).flatten().into_iter().collect();
        Findings { known, drifts }
    }
}

impl Findings {
    /// How well a figure of all requests is known.
    pub(crate) fn of_all(&self, figure: &str) -> Option<Band> {
        self.known.iter().find(|known| known.series.is_none() && known.figure == figure).map(|known| known.band)
    }
}

fn known(series: Option<usize>, seconds: &Seconds, times: &Histogram) -> Vec<Known> {
    let percentiles = ASKED.iter().map(|(figure, q)| (*figure, seconds.quantile(times, *q, LEVEL)));
    let others = [("mean", seconds.mean(LEVEL)), ("rate", seconds.rate(LEVEL)), ("errors", seconds.errors(LEVEL))];
    percentiles.chain(others).filter_map(|(figure, band)| Some(Known { series, figure, band: band? })).collect()
}

/// Whether the load stays the same, so that times should, too.
fn is_steady(outcome: &Outcome) -> bool {
    let stages = &outcome.info.stages;
    let is_alone = |scenario: &str| stages.iter().filter(|stage| stage.scenario == scenario).count() == 1;
    stages.iter().all(|stage| {
        !stage.text.contains("->") && is_alone(&stage.scenario) && stage.from.is_some_and(|from| from.is_zero())
    })
}

/// What a drift is called, and what it means in words.
pub(crate) fn in_words(drift: &Drift, outcome: &Outcome) -> (&'static str, String) {
    let by = |change: f64| format!("{:.0} %", change.abs() * 100.0);
    match drift {
        Drift::WarmUp { lasted, change } => {
            let how = if *change > 0.0 { "slower" } else { "faster" };
            let warmup = outcome.info.warmup + *lasted;
            let seconds = (warmup.as_secs_f64() - 0.05).ceil();
            let text = format!(
                "the first {} of the measurement were {how}, the median by {}: leave them out with --warmup {seconds}s",
                clock(*lasted),
                by(*change)
            );
            ("warm-up", text)
        }
        Drift::Trend { change } => {
            let how = if *change > 0.0 { "rising" } else { "falling" };
            let text = format!(
                "response times were still {how} at the end, the median by {} over the run: its percentiles are of no \
                 steady state",
                by(*change)
            );
            ("trend", text)
        }
    }
}
