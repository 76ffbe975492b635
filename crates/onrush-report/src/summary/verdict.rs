//! What must be known before any number is read: that requests failed, then the verdict on the generator with
//! its reasons, and that the run was interrupted.

use std::fmt::Write;

use onrush_metrics::{Counters, Outcome, Soundness, StopReason};

use super::failures::Failures;
use crate::findings::{missed, within};
use crate::layout::{MARGIN, bullet, clean, columns, wrap};
use crate::style::{Style, Tone};
use crate::units::{clock, several};

/// Further lines of a head stand below its word, not below its mark.
const BELOW: &str = "  ";

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let mut text = String::new();
    match Failures::of(&outcome.total, outcome.iterations.as_ref()) {
        None => {}
        Some(Failures::All(how)) => head(&mut text, Tone::Bad, "nothing succeeded", &how, style),
        Some(Failures::Part(how)) => head(&mut text, Tone::Warn, "some failed", &how, style),
    }
    let broken: Vec<_> = outcome.thresholds.iter().filter(|threshold| !threshold.passed).collect();
    if !broken.is_empty() {
        let of = several(outcome.thresholds.len() as u64, "threshold", "thresholds");
        head(&mut text, Tone::Bad, "failed", &format!("{} of {of} broken", broken.len()), style);
        for threshold in broken {
            bullet(&mut text, &format!("{}: {}", threshold.text, threshold.found), Some(Tone::Bad), style);
        }
    } else if !outcome.thresholds.is_empty() {
        let thresholds = several(outcome.thresholds.len() as u64, "threshold", "thresholds");
        head(&mut text, Tone::Good, "passed", &format!("{thresholds} held"), style);
    }
    if let Some(how) = repeats(&outcome.total.counters) {
        head(&mut text, Tone::Warn, "some sent twice", &how, style);
    }
    let soundness = outcome.verdict.soundness();
    let meaning = match soundness {
        Soundness::Valid => "the generator made the load as asked, and timed it well",
        Soundness::Degraded => "read the numbers with this in mind",
        Soundness::Invalid => "do not trust these numbers",
    };
    head(&mut text, tone(soundness), soundness.name(), meaning, style);
    for reason in &outcome.verdict.reasons {
        let tone = Some(tone(reason.soundness)).filter(|_| reason.soundness > Soundness::Valid);
        bullet(&mut text, &sentence(&reason.text), tone, style);
    }
    if let Some(sentence) = interrupted(outcome) {
        let tone = Some(Tone::Warn).filter(|_| outcome.stopped != StopReason::Precise);
        bullet(&mut text, &sentence, tone, style);
    }
    if let Some(sentence) = missed(outcome) {
        bullet(&mut text, &sentence, Some(Tone::Warn), style);
    }
    text
}

/// A few unanswered requests are the race of keep-alive, in which a service closes what we write to. More are
/// requests that it dropped; what was answered in the end does not show them.
pub(crate) fn repeats(counters: &Counters) -> Option<String> {
    let repeated = counters.unanswered_repeats;
    (repeated.saturating_mul(100) > counters.started).then(|| {
        let requests = several(repeated, "request", "requests");
        format!("{requests} repeated: the connection was closed without an answer")
    })
}

/// A mark, a word in capitals that catches the eye, and what it means.
fn head(text: &mut String, tone: Tone, word: &str, meaning: &str, style: Style) {
    let mark = match tone {
        Tone::Bad => style.pick("✘", "x"),
        Tone::Warn => style.pick("▲", "!"),
        _ => style.pick("✔", "+"),
    };
    let word = style.paint(tone, &format!("{mark} {}", word.to_uppercase()));
    let mut indent = "";
    for line in wrap(&format!("{word}: {meaning}"), columns(style) - MARGIN.len() - BELOW.len()) {
        let _ = writeln!(text, "{MARGIN}{indent}{line}");
        indent = BELOW;
    }
}

fn tone(soundness: Soundness) -> Tone {
    match soundness {
        Soundness::Valid => Tone::Good,
        Soundness::Degraded => Tone::Warn,
        Soundness::Invalid => Tone::Bad,
    }
}

/// Reasons are clauses for machines and people; here they stand among sentences.
pub(crate) fn sentence(reason: &str) -> String {
    let mut chars = reason.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let end = if reason.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(chars).collect::<String>() + end
}

/// Why and when a run ended before all of it was played, in a sentence.
pub(crate) fn interrupted(outcome: &Outcome) -> Option<String> {
    let of = outcome.info.duration.map(|duration| format!(" of {}", clock(duration))).unwrap_or_default();
    let played = clock((outcome.info.warmup + outcome.measured).min(outcome.elapsed));
    let how = match outcome.stopped {
        StopReason::Completed => return None,
        StopReason::Interrupted => "Interrupted",
        StopReason::Threshold => "Ended by a broken threshold",
        StopReason::Script => "Ended by the scenario",
        StopReason::Lost => "The record ends",
        // The run was to end as soon as it could: nothing is missing.
        StopReason::Precise => {
            let asked =
                outcome.info.until.as_ref().map(|until| format!(" ({})", clean(&until.text))).unwrap_or_default();
            let band = outcome.until().and_then(|(_, reached)| reached.band);
            let known = band.map(|band| format!(": to ± {}, 99 % sure", within(band.relative()))).unwrap_or_default();
            return Some(format!(
                "Ended after {played}{of}, as soon as the percentile was known as well as was asked for{asked}{known}."
            ));
        }
    };
    Some(format!("{how} after {played}{of}: what was measured until then is below."))
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn reasons_read_as_sentences() {
        for (reason, expected) in
            [("the generator was late", "The generator was late."), ("Ça va?", "Ça va?"), ("élan", "Élan."), ("", ".")]
        {
            assert_eq!(sentence(reason), expected);
        }
    }
}
