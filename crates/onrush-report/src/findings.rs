//! What the seconds of a run say about its figures, in words.

use onrush_metrics::{Band, Drift, Outcome, RunInfo, Snapshot, StopReason};

use crate::layout::clean;
use crate::style::Style;
use crate::units::{clock, percent};

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

/// That a percentile was not known as well as was asked for when the load ended.
pub(crate) fn missed(outcome: &Outcome) -> Option<String> {
    let (until, reached) = outcome.until()?;
    let how = match reached.band {
        _ if outcome.stopped == StopReason::Precise => return None,
        None => {
            "when the load ended, there were too few response times or seconds to tell how well it is known with a certainty of 99 %".to_owned()
        }
        Some(band) if band.relative() <= until.share => {
            format!("when the load ended, it was known to ± {}, but not yet for long enough", within(band.relative()))
        }
        Some(band) => format!("when the load ended, it was known to ± {} (99 % sure)", within(band.relative())),
    };
    Some(format!("{} was not reached: {how}.", clean(&until.text)))
}

/// How near a run is to the precision that ends it: `p99 ± 7.1 % of 5 %`.
pub(crate) fn nearness(info: &RunInfo, snapshot: &Snapshot, style: Style) -> Option<String> {
    let until = info.until.as_ref().filter(|_| !snapshot.warming_up)?;
    let so_far = snapshot.precision.map_or_else(|| "?".to_owned(), within);
    let asked = (until.share * 1e4).round() / 100.0;
    Some(format!("{} {} {so_far} of {asked} %", clean(&until.what), style.pick("±", "+-")))
}

/// How far the truth may be away, behind a `±`.
pub(crate) fn within(share: f64) -> String {
    match share * 100.0 {
        share if share < 0.1 => "<0.1 %".to_owned(),
        share if share < 9.95 => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

/// How well a figure is known: `± 3.9 %`.
pub(crate) fn plus_minus(band: Band) -> String {
    format!("± {}", within(band.relative()))
}

/// Where a share is: that of a percentage would be a percentage of it.
pub(crate) fn between(band: Band) -> String {
    const WHOLE: u64 = 1_000_000_000;
    let [low, high] = [band.low, band.high].map(|share| percent((share * WHOLE as f64) as u64, WHOLE));
    format!("{low} to {high}")
}
