//! How well the percentiles are known, and whether the run held still: a line, and a sentence where there is need.

use onrush_metrics::Outcome;

use crate::findings::{Findings, in_words};
use crate::layout::{bullet, parts};
use crate::style::{Style, Tone};

pub(super) fn section(outcome: &Outcome, findings: &Findings, style: Style) -> String {
    let mut text = String::new();
    let known: Vec<_> = ["p50", "p95", "p99"].iter().filter_map(|figure| share(figure, findings, style)).collect();
    if let Some((last, others)) = known.split_last() {
        let last = format!("{last} (95 % sure)");
        parts(&mut text, "known to", &[others.iter().cloned().chain([last]).collect()], style);
    }
    for drift in &findings.drifts {
        let (_, words) = in_words(drift, outcome);
        let mut chars = words.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        bullet(&mut text, &format!("{first}{}.", chars.as_str()), Some(Tone::Warn), style);
    }
    text
}

fn share(figure: &str, findings: &Findings, style: Style) -> Option<String> {
    let share = findings.of_all(figure)?.relative() * 100.0;
    let sign = style.pick("±", "+-");
    Some(match share {
        share if share < 0.1 => format!("{figure} {sign} <0.1 %"),
        share if share < 9.95 => format!("{figure} {sign} {share:.1} %"),
        share => format!("{figure} {sign} {share:.0} %"),
    })
}
