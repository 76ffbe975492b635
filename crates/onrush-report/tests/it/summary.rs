//! The summary of every kind of outcome, as it looks in several places, and what is true of all of them.

use onrush_metrics::{Event, Outcome, StopReason};
use onrush_report::{Style, find_kind, summary};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::arbitrary::outcomes;
use crate::fixtures::{self, ALL};
use crate::shared::Sink;

const PLAIN: Style = Style { colour: false, unicode: true, width: 80 };
const COLOUR: Style = Style { colour: true, ..PLAIN };
const ASCII: Style = Style { unicode: false, ..PLAIN };
const NARROW: Style = Style { width: 60, ..PLAIN };

fn check(name: &str, outcome: &Outcome, style: Style) {
    let shown = summary(outcome, style).replace('\u{1b}', "␛");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, format!("{shown}|end")) });
}

#[test]
fn every_outcome_in_eighty_columns() {
    for (name, make) in ALL {
        check(&format!("{name}_plain"), &make(), PLAIN);
    }
}

#[test]
fn in_colour() {
    for (name, outcome) in
        [("closed", fixtures::closed()), ("invalid", fixtures::invalid()), ("hostile", fixtures::hostile())]
    {
        check(&format!("{name}_colour"), &outcome, COLOUR);
    }
}

#[test]
fn where_there_is_only_ascii() {
    for (name, outcome) in [("frozen", fixtures::frozen()), ("hostile", fixtures::hostile())] {
        check(&format!("{name}_ascii"), &outcome, ASCII);
    }
}

#[test]
fn where_there_is_little_room() {
    for (name, outcome) in [
        ("frozen", fixtures::frozen as fn() -> Outcome),
        ("huge", fixtures::huge),
        ("hostile", fixtures::hostile),
        ("http2", fixtures::http2),
    ] {
        check(&format!("{name}_narrow"), &outcome(), NARROW);
    }
    check("shop_tiny", &fixtures::shop(), Style { width: 40, ..PLAIN });
}

#[test]
fn with_what_the_seconds_say() {
    for (name, style) in [("confidence_plain", PLAIN), ("confidence_ascii", Style { width: 40, ..ASCII })] {
        let shown = summary(&fixtures::with_findings(fixtures::closed()), style);
        let about = shown.split("\n\n").find(|section| section.contains("response time")).expect("times");
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, about) });
    }
}

/// Each row: how far the truth may be away, and what is said of it.
#[test]
fn whether_it_was_known_as_well_as_was_asked_for() {
    let until = "p99.9 ± 5% was not reached: when the load ended,";
    for (stopped, share, expected) in [
        (StopReason::Precise, Some(0.048), "(p99.9 ± 5%): to ± 4.8 %, 99 % sure.".to_owned()),
        (StopReason::Completed, Some(0.071), format!("{until} it was known to ± 7.1 % (99 % sure).")),
        (StopReason::Interrupted, Some(0.04), format!("{until} it was known to ± 4.0 %, but not yet for long enough.")),
        (
            StopReason::Completed,
            None,
            format!(
                "{until} there were too few response times or seconds to tell how well it is known with a certainty of 99 %."
            ),
        ),
    ] {
        let outcome = fixtures::with_until(stopped, share.map(fixtures::within));
        let text = summary(&outcome, Style { width: 200, ..PLAIN });
        assert!(text.contains(&expected), "{expected}\n{text}");
        assert!(text.contains("p99 ± 12 % · p99.9 ± 6.1 % (95 % sure)"), "{text}");
    }
}

fn styles() -> impl Iterator<Item = Style> {
    let widths = [40, 60, 79, 80, 100];
    let looks = [(false, true), (true, true), (false, false), (true, false)];
    widths.into_iter().flat_map(move |width| looks.map(|(colour, unicode)| Style { colour, unicode, width }))
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').expect("only colours").1)
}

/// What is true of every summary, wherever it is shown.
fn assert_lawful(outcome: &Outcome, style: Style) {
    let text = summary(outcome, style);
    let plain = summary(outcome, Style { colour: false, ..style });
    assert_eq!(without_colour(&text), plain, "colours add nothing: {style:?}");
    assert!(style.unicode || text.is_ascii(), "{style:?}: {text}");
    assert!(plain.chars().all(|char| char == '\n' || !char.is_control()), "{style:?}: {text:?}");
    assert!(!plain.contains("\n\n\n") && plain.ends_with('\n'), "{style:?}: {text}");
    for line in plain.lines() {
        assert!(line.width() <= style.width, "{style:?}: {line}");
        assert_eq!(line.trim_end(), line, "{style:?}");
    }
    assert!(!["NaN", "inf ", "inf/"].iter().any(|word| plain.contains(word)), "{style:?}: {text}");
}

#[test]
fn every_outcome_is_lawful_everywhere() {
    for (_, make) in ALL {
        let outcome = make();
        styles().for_each(|style| assert_lawful(&outcome, style));
    }
}

#[test]
fn an_output_writes_the_summary_at_the_end() {
    let sink = Sink::default();
    let mut output = (find_kind("summary").unwrap().make)(Box::new(sink.clone()), PLAIN);
    let outcome = fixtures::one();
    output.on_event(&Event::Started(Box::new(outcome.info.clone()))).unwrap();
    assert_eq!(sink.text(), "");
    output.on_event(&Event::Finished(Box::new(outcome.clone()))).unwrap();
    assert_eq!(sink.text(), summary(&outcome, PLAIN));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_measured_the_summary_is_lawful(outcome in outcomes(), width in 40..130_usize, unicode in any::<bool>()) {
        assert_lawful(&outcome, Style { colour: true, unicode, width });
    }
}

#[test]
fn what_did_not_happen_is_not_mentioned() {
    for (outcome, absent) in [
        (
            fixtures::closed as fn() -> Outcome,
            &["dns", "tls", "pool", "start lag", "errors", "dropped", "cut off", "redirect", "steal"][..],
        ),
        (fixtures::refused, &["response time", "service time", "status", "data", "NaN", "inf"]),
        (
            fixtures::nothing,
            &["response time", "status", "errors", "connections", "data", "rate", "own start lag", "CPU", "NaN", "inf"],
        ),
        (fixtures::one, &["p90", "p99", "≤", "users wait"]),
    ] {
        let text = summary(&outcome(), PLAIN);
        let found: Vec<_> = absent.iter().filter(|word| text.contains(**word)).collect();
        assert!(found.is_empty(), "{found:?} in {text}");
    }
}
