//! The verdict with its reasons, and what else must be known before any number is read.

use std::fmt::Write;

use onrush_metrics::{Outcome, Soundness, StopReason};

use crate::layout::{MARGIN, bullet, columns, wrap};
use crate::style::{Style, Tone};
use crate::units::{clock, count};

pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let soundness = outcome.verdict.soundness();
    let (mark, meaning) = match soundness {
        Soundness::Valid => (style.pick("✔", "+"), "the load was made as asked, and timed well"),
        Soundness::Degraded => (style.pick("▲", "!"), "read the numbers with this in mind"),
        Soundness::Invalid => (style.pick("✘", "x"), "do not trust these numbers"),
    };
    let head = style.paint(tone(soundness), &format!("{mark} {}", soundness.name().to_uppercase()));
    let mut text = String::new();
    for line in wrap(&format!("{head}: {meaning}"), columns(style) - MARGIN.len()) {
        let _ = writeln!(text, "{MARGIN}{line}");
    }
    for reason in &outcome.verdict.reasons {
        let tone = Some(tone(reason.soundness)).filter(|_| reason.soundness > Soundness::Valid);
        bullet(&mut text, &sentence(&reason.text), tone, style);
    }
    for (sentence, tone) in [(interrupted(outcome), Tone::Warn), (none_succeeded(outcome), Tone::Bad)] {
        if let Some(sentence) = sentence {
            bullet(&mut text, &sentence, Some(tone), style);
        }
    }
    text
}

fn tone(soundness: Soundness) -> Tone {
    match soundness {
        Soundness::Valid => Tone::Good,
        Soundness::Degraded => Tone::Warn,
        Soundness::Invalid => Tone::Bad,
    }
}

/// Reasons are clauses for machines and people; here they stand among sentences.
fn sentence(reason: &str) -> String {
    let mut chars = reason.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let end = if reason.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(chars).collect::<String>() + end
}

fn interrupted(outcome: &Outcome) -> Option<String> {
    let of = outcome.info.duration.map(|duration| format!(" of {}", clock(duration))).unwrap_or_default();
    let played = outcome.info.warmup + outcome.measured;
    (outcome.stopped == StopReason::Interrupted)
        .then(|| format!("Interrupted after {}{of}: what was measured until then is below.", clock(played)))
}

/// A sound measurement of a failure is still a failure.
fn none_succeeded(outcome: &Outcome) -> Option<String> {
    let counters = &outcome.total.counters;
    if counters.completed > 0 || counters.failed == 0 {
        return None;
    }
    let most = outcome.total.errors.rows().max_by_key(|row| row.count)?;
    let lead = if most.count == counters.failed { "" } else { "most often " };
    Some(match counters.failed {
        1 => format!("The only request that ended failed ({}).", most.kind),
        failed => format!("No request succeeded: all {} that ended failed ({lead}{}).", count(failed), most.kind),
    })
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
