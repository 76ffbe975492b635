//! `trace: true`: each attempt carries a W3C `traceparent` of its own, the same in every run of a seed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::kit::{self, file};
use crate::plain::{Plain, answer};

/// The trace and the span of each request, which are checked against W3C Trace Context §3.2.
fn spans(plain: &Plain) -> Vec<(String, String)> {
    let asked = plain.requests();
    let parents = asked.iter().map(|asked| asked.header("traceparent").unwrap_or_else(|| panic!("{}", asked.line)));
    let spans = parents.map(|parent| {
        let fields: Vec<&str> = parent.split('-').collect();
        let [version, trace, span, flags] = *fields else { panic!("{parent}") };
        assert_eq!((version, flags, trace.len(), span.len()), ("00", "01", 32, 16), "{parent}");
        assert!(parent.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{parent}");
        assert!([trace, span].iter().all(|number| number.contains(|digit| digit != '0')), "{parent}");
        (trace.to_owned(), span.to_owned())
    });
    spans.collect()
}

fn distinct<'a>(all: impl IntoIterator<Item = &'a String>) -> usize {
    all.into_iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn every_request_begins_a_trace_which_the_seed_tells() {
    let steps = "- get: /a\n  trace: true\n- batch:\n  - { get: /b, trace: true }\n  - { get: /c, trace: true }\n";
    let play = |seed: &str, head: &str| {
        let plain = Plain::start();
        let head = format!("load: 4 iterations each by 2 users\n{head}");
        kit::play(&file(&plain.url(), &head, steps), &["--seed", seed]).all_well(24);
        let mut spans = spans(&plain);
        spans.sort();
        assert_eq!((distinct(spans.iter().map(|both| &both.0)), distinct(spans.iter().map(|both| &both.1))), (24, 24));
        spans
    };
    let first = play("7", "");
    assert_eq!(play("7", ""), first);
    assert_ne!(play("8", ""), first);
}

#[test]
fn only_those_who_ask_are_traced() {
    let plain = Plain::start();
    let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let steps = format!(
        "- get: /a\n- get: /b\n  trace: false\n- get: /own\n  trace: true\n  headers: {{ Traceparent: '{own}' }}"
    );
    kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", &steps), &[]).all_well(3);
    let sent: Vec<_> = plain.requests().iter().map(|asked| asked.header("traceparent").map(str::to_owned)).collect();
    assert_eq!(sent, [None, None, Some(own.to_owned())]);
}

#[test]
fn attempts_are_spans_of_one_trace() {
    let retry = "retry: { attempts: 3, backoff: 1ms }";
    for (step, count) in [(retry, 3), ("hedge: 20ms", 2)] {
        let play = || {
            let number = AtomicUsize::new(0);
            let plain = Plain::answering(move |asked| match (asked.target(), number.fetch_add(1, Relaxed) + 1) {
                ("/it", number) if number < count && count == 3 => answer(503, &[], ""),
                // No answer, so that there is a hedge however slow the machine is.
                ("/it", 1) => String::new(),
                _ => answer(200, &[], ""),
            });
            let steps = format!("- get: /it\n  trace: true\n  {step}\n- get: /after\n  trace: true");
            let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", &steps), &[]);
            assert_eq!(report.iterations(), [1, 0, 0], "{step}");
            let mut spans = spans(&plain);
            // Whether a hedge overtakes the first is the system's doing.
            spans[..count].sort();
            spans
        };
        let spans = play();
        let (after, attempts) = spans.split_last().unwrap();
        assert_eq!(attempts.len(), count, "{step}");
        assert_eq!(distinct(attempts.iter().map(|both| &both.0)), 1, "{step}: {spans:?}");
        assert_eq!(distinct(spans.iter().map(|both| &both.1)), count + 1, "{step}: {spans:?}");
        assert_ne!(after.0, attempts[0].0, "{step}");
        assert_eq!(play(), spans, "{step}");
    }
}
