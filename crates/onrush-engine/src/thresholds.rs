//! Conditions on the run: watched second by second, judged at the end.

use std::collections::VecDeque;
use std::time::Duration;

use onrush_metrics::{Outcome, SeriesInfo, Soundness, Tallies, Tally, ThresholdResult};
use onrush_plan::{Figure, Relation, Scope, Threshold};

use crate::words::{percent, shown, thousands};

/// Watches the thresholds of a run.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watched: Vec<Watched<'a>>,
    series: &'a [SeriesInfo],
    warmup: Duration,
    /// When the latest interval ended.
    ticked: Duration,
}

/// An interval of the run, as far as thresholds are concerned.
#[derive(Clone, Copy, Debug)]
struct Interval {
    /// When it ended, without the warm-up.
    measured: Duration,
    /// Whether it is a second of the load, all of it: only then its counts are a rate.
    is_second: bool,
}

/// Less of a second than this is a part of one.
const WHOLE: Duration = Duration::from_millis(900);

/// One threshold, and what is needed to judge it before the end.
#[derive(Debug)]
struct Watched<'a> {
    threshold: &'a Threshold,
    /// Since the start; only kept where it may end the run.
    total: Tally,
    /// The seconds of the latest window.
    window: VecDeque<Tally>,
    /// The worst window so far: its figure, and when it ended.
    worst: Option<(f64, Duration)>,
}

/// A figure, or none without a sample.
type Found = Option<f64>;

impl<'a> Watch<'a> {
    pub(crate) fn new(thresholds: &'a [Threshold], series: &'a [SeriesInfo], warmup: Duration) -> Self {
        let watched = thresholds.iter().map(|threshold| Watched {
            threshold,
            total: Tally::default(),
            window: VecDeque::new(),
            worst: None,
        });
        Self { watched: watched.collect(), series, warmup, ticked: Duration::ZERO }
    }

    /// A second is over, or what was left of the run; the load ended at `over`, if it has. True when a threshold is
    /// broken that ends the run.
    pub(crate) fn tick(&mut self, at: Duration, over: Option<Duration>, interval: &Tallies) -> bool {
        let measured = at.saturating_sub(self.warmup);
        let began = std::mem::replace(&mut self.ticked, at).max(self.warmup);
        if measured.is_zero() {
            return false;
        }
        let ended = over.map_or(at, |over| over.min(at));
        let interval_of = Interval { measured, is_second: ended.saturating_sub(began) >= WHOLE };
        let mut ends = false;
        for watched in &mut self.watched {
            ends |= watched.tick(interval_of, interval, self.series);
        }
        ends
    }

    /// How each of them did.
    pub(crate) fn results(&self, outcome: &Outcome, tallies: &Tallies) -> Vec<ThresholdResult> {
        self.watched.iter().map(|watched| watched.result(outcome, tallies, self.series)).collect()
    }
}

impl Watched<'_> {
    fn tick(&mut self, of: Interval, interval: &Tallies, series: &[SeriesInfo]) -> bool {
        let (threshold, measured) = (self.threshold, of.measured);
        let (ends, window) = (threshold.abort_after, threshold.window);
        // In half a second, and when the load is over, fewer requests end than in a second of load.
        let is_no_rate = threshold.figure == Figure::Rate && !of.is_second;
        if ends.is_none() && window.is_none() {
            return false;
        }
        let second = figures_of(threshold, interval, series);
        let found = match window {
            Some(_) if is_no_rate => None,
            Some(window) => self.slide(window, second),
            None => {
                self.total.merge_apart(&second);
                (!is_no_rate && is_enough(threshold.figure, &self.total))
                    .then(|| figure(threshold.figure, &self.total, measured))
                    .flatten()
            }
        };
        let is_broken = found.is_some_and(|found| !threshold.relation.holds(found, threshold.bound));
        if window.is_some() && found.is_some_and(|found| self.is_worse(found)) {
            self.worst = found.map(|found| (found, measured));
        }
        is_broken && ends.is_some_and(|after| measured >= after)
    }

    /// Adds a second to the window, and tells the figure once the window is full.
    fn slide(&mut self, window: Duration, second: Tally) -> Found {
        let seconds = window.as_secs().max(1) as usize;
        self.window.push_back(second);
        if self.window.len() > seconds {
            self.window.pop_front();
        }
        if self.window.len() < seconds {
            return None;
        }
        let mut sum = Tally::default();
        self.window.iter().for_each(|second| sum.merge_apart(second));
        figure(self.threshold.figure, &sum, window)
    }

    fn is_worse(&self, found: f64) -> bool {
        let Some((worst, _)) = self.worst else { return true };
        match self.threshold.relation {
            Relation::Below | Relation::AtMost => found > worst,
            Relation::Above | Relation::AtLeast => found < worst,
            Relation::Is => (found - self.threshold.bound).abs() > (worst - self.threshold.bound).abs(),
        }
    }

    fn result(&self, outcome: &Outcome, tallies: &Tallies, series: &[SeriesInfo]) -> ThresholdResult {
        let threshold = self.threshold;
        let whole = || figure(threshold.figure, &figures_of(threshold, tallies, series), outcome.measured);
        let (found, place) = match (threshold.figure, self.worst) {
            (Figure::Verdict, _) => (Some(f64::from(outcome.verdict.soundness() as u8)), String::new()),
            (_, Some((found, ended))) => {
                let began = ended.saturating_sub(threshold.window.unwrap_or_default());
                (Some(found), format!(" in the worst window, from {} on", shown(began)))
            }
            (_, None) if threshold.window.is_some() => {
                (whole(), ", of a run that is shorter than the window".to_owned())
            }
            (_, None) => (whole(), String::new()),
        };
        let passed = found.is_some_and(|found| threshold.relation.holds(found, threshold.bound));
        let found = found.map_or("there was nothing to measure".to_owned(), |found| {
            format!("{}{place}", in_words(threshold.figure, found))
        });
        ThresholdResult { text: threshold.text.clone(), passed, found }
    }
}

/// What a threshold looks at, of one interval or of the run.
fn figures_of(threshold: &Threshold, tallies: &Tallies, series: &[SeriesInfo]) -> Tally {
    match (&threshold.of, threshold.figure) {
        (Scope::Run, Figure::Dropped) => tallies.own.clone(),
        (Scope::Run, _) if series.is_empty() => tallies.own.clone(),
        (Scope::Run, _) => tallies.requests(series),
        (Scope::Series(places), _) => {
            let mut sum = Tally::default();
            places.iter().filter_map(|place| tallies.series.get(*place)).for_each(|tally| sum.merge_apart(tally));
            sum
        }
    }
}

/// Whether there are so many samples that a run may be ended by them.
fn is_enough(figure: Figure, tally: &Tally) -> bool {
    match figure {
        Figure::Quantile(q) => tally.response.supports(q),
        Figure::Errors => tally.counters.ended() >= 100,
        Figure::Checks => tally.counters.checks_passed + tally.counters.checks_failed >= 100,
        _ => true,
    }
}

fn figure(figure: Figure, tally: &Tally, over: Duration) -> Found {
    let counters = &tally.counters;
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let time = |time: Duration| (!tally.response.is_empty()).then_some(time.as_nanos() as f64);
    match figure {
        Figure::Quantile(q) => time(tally.response.quantile(q)),
        Figure::Mean => time(tally.response.mean()),
        Figure::Max => time(tally.response.max()),
        Figure::Rate => (!over.is_zero()).then(|| counters.ended_in_time as f64 / over.as_secs_f64()),
        Figure::Errors => share(counters.failed, counters.ended()),
        Figure::Checks => share(counters.checks_failed, counters.checks_passed + counters.checks_failed),
        Figure::Dropped => share(counters.dropped, counters.intended),
        Figure::Verdict => None,
    }
}

fn in_words(figure: Figure, found: f64) -> String {
    match figure {
        Figure::Quantile(_) | Figure::Mean | Figure::Max => shown(Duration::from_nanos(found as u64)),
        Figure::Rate if found < 100.0 => format!("{found:.1}/s"),
        Figure::Rate => format!("{}/s", thousands(found as u64)),
        Figure::Errors | Figure::Dropped => percent(found),
        // Counted as the share that failed, and written as the one that passed.
        Figure::Checks => passed(found),
        Figure::Verdict => match found as u8 {
            0 => Soundness::Valid.name().to_owned(),
            1 => Soundness::Degraded.name().to_owned(),
            _ => Soundness::Invalid.name().to_owned(),
        },
    }
}

/// The share that passed, of the one that failed. Rounded down: 100 % is when none did.
fn passed(failed: f64) -> String {
    // The small slack forgives 1 − 0.007 not being 0.993 in binary.
    let hundredths = ((1.0 - failed) * 10_000.0 + 1e-6).floor();
    format!("{} %", hundredths / 100.0)
}

#[cfg(test)]
mod tests;
