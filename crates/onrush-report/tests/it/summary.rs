//! The summary of every kind of outcome, as it looks in several places, and what is true of all of them.

use std::time::Duration;

use onrush_metrics::{Counters, ErrorKind, Event, Histogram, Outcome, Reason, Soundness, Tally, Verdict};
use onrush_report::{Style, find_kind, summary};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

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
        ("frozen", fixtures::frozen()),
        ("huge", fixtures::huge()),
        ("hostile", fixtures::hostile()),
        ("http2", fixtures::http2()),
    ] {
        check(&format!("{name}_narrow"), &outcome, NARROW);
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
    output.on_event(&Event::Started(outcome.info.clone())).unwrap();
    assert_eq!(sink.text(), "");
    output.on_event(&Event::Finished(Box::new(outcome.clone()))).unwrap();
    assert_eq!(sink.text(), summary(&outcome, PLAIN));
}

fn histograms() -> impl Strategy<Value = Histogram> {
    let times = (0..55_u32, any::<u64>()).prop_map(|(bits, value)| value & ((2 << bits) - 1));
    prop::collection::vec(times, 0..60).prop_map(|times| {
        let mut histogram = Histogram::new();
        times.into_iter().for_each(|ns| histogram.record_ns(ns));
        histogram
    })
}

fn counters() -> impl Strategy<Value = Counters> {
    prop::array::uniform16(prop_oneof![Just(0), Just(1), 0..10_000_u64, any::<u64>().prop_map(|value| value >> 3)])
        .prop_map(
            |[
                intended,
                started,
                completed,
                failed,
                dropped,
                ended,
                cut,
                unstarted,
                sent,
                redirects,
                stale,
                out,
                back,
                opened,
                reused,
                fallbacks,
            ]| {
                Counters {
                    intended,
                    started,
                    completed,
                    failed,
                    dropped,
                    ended_in_time: ended,
                    cut_off: cut,
                    unstarted,
                    sent,
                    redirects,
                    stale_retries: stale,
                    bytes_sent: out,
                    bytes_received: back,
                    connections_opened: opened,
                    connections_reused: reused,
                    address_fallbacks: fallbacks,
                }
            },
        )
}

fn tallies() -> impl Strategy<Value = Tally> {
    let errors = prop::collection::vec((0..ErrorKind::ALL.len(), any::<String>()), 0..6);
    let statuses = prop::collection::vec(100..600_u16, 0..40);
    (counters(), prop::array::uniform5(histograms()), errors, statuses).prop_map(
        |(counters, [response, service, start_lag, release_lag, connect], errors, statuses)| {
            let mut tally = Tally { counters, response, service, start_lag, release_lag, ..Tally::default() };
            tally.breakdown.connect = connect;
            errors.into_iter().for_each(|(kind, example)| tally.errors.record(ErrorKind::ALL[kind], || example));
            statuses.into_iter().for_each(|status| tally.statuses.record(status));
            tally
        },
    )
}

fn reasons() -> impl Strategy<Value = Vec<Reason>> {
    let soundness = prop_oneof![Just(Soundness::Valid), Just(Soundness::Degraded), Just(Soundness::Invalid)];
    prop::collection::vec((soundness, any::<String>()), 0..3).prop_map(|reasons| {
        reasons.into_iter().map(|(soundness, text)| Reason { rule: "any", soundness, text }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Counts here contradict each other: the engine's laws are not what makes the summary hold.
    #[test]
    fn whatever_was_measured_the_summary_is_lawful(
        total in tallies(),
        reasons in reasons(),
        names in prop::collection::vec(any::<String>(), 3..6),
        measured in prop_oneof![Just(0), any::<u64>()],
        open in any::<bool>(),
        width in 40..130_usize,
        unicode in any::<bool>(),
    ) {
        let mut outcome = Outcome { total, measured: Duration::from_nanos(measured), ..fixtures::one() };
        outcome.verdict = Verdict::new(reasons);
        outcome.info.open = open;
        (outcome.info.load, outcome.info.protocol) = (names[0].clone(), names[1].clone());
        outcome.info.targets = names[2..].to_vec();
        outcome.oldest_cut_off = Some(outcome.measured);
        assert_lawful(&outcome, Style { colour: true, unicode, width });
    }
}

#[test]
fn what_did_not_happen_is_not_mentioned() {
    for (outcome, absent) in [
        (
            fixtures::closed(),
            &["dns", "tls", "pool", "start lag", "errors", "dropped", "cut off", "redirect", "steal"][..],
        ),
        (fixtures::refused(), &["response time", "service time", "status", "data", "NaN", "inf"]),
        (
            fixtures::nothing(),
            &["response time", "status", "errors", "connections", "data", "rate", "own start lag", "CPU", "NaN", "inf"],
        ),
        (fixtures::one(), &["p90", "p99", "≤", "users wait"]),
    ] {
        let text = summary(&outcome, PLAIN);
        let found: Vec<_> = absent.iter().filter(|word| text.contains(**word)).collect();
        assert!(found.is_empty(), "{found:?} in {text}");
    }
}
