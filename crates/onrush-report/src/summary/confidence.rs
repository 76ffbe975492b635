//! How well the percentiles are known, and whether the run held still: a line, and a sentence where there is need.

use onrush_metrics::Outcome;

use super::verdict::sentence;
use crate::findings::{in_words, plus_minus};
use crate::layout::{bullet, parts};
use crate::style::{Style, Tone};

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    let all = outcome.findings.iter().flat_map(|findings| &findings.known);
    let known: Vec<_> = all
        .filter(|known| known.series.is_none() && known.figure.starts_with('p'))
        .map(|known| format!("{} {}", known.figure, plus_minus(known.band).replace('±', style.pick("±", "+-"))))
        .collect();
    if let Some((last, others)) = known.split_last() {
        let last = format!("{last} (95 % sure)");
        parts(&mut text, "known to", &[others.iter().cloned().chain([last]).collect()], style);
    }
    for drift in outcome.drifts() {
        let (_, words) = in_words(drift, outcome);
        bullet(&mut text, &sentence(&words), Some(Tone::Warn), style);
    }
    text
}
