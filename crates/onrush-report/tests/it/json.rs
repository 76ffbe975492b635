//! The shape of the JSON: what is in it, that its documentation knows every key, that its laws hold.

use std::collections::BTreeSet;

use onrush_metrics::{Event, Histogram, WorkerHealth};
use onrush_report::{Style, find_kind, to_json};
use proptest::prelude::*;
use serde_json::Value;

use crate::fixtures::{self, ALL};
use crate::shared::Sink;

/// The outcome in a few lines: histograms are long.
fn check(name: &str, mut json: Value) {
    // Whether keys keep their order depends on what else is built.
    json.sort_all_objects();
    let slots = json["response_time_histogram"]["upper_edge_us_and_count"].as_array_mut().expect("slots");
    let others = slots.len().saturating_sub(2);
    slots.truncate(2);
    let text = serde_json::to_string_pretty(&json).expect("JSON");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, format!("{text}\n({others} more slots)")) });
}

#[test]
fn whole_outcomes() {
    for (name, outcome) in [
        ("http2", fixtures::http2()),
        ("hanging", fixtures::hanging()),
        ("nothing", fixtures::nothing()),
        ("interrupted", fixtures::interrupted()),
    ] {
        check(name, to_json(&outcome));
    }
}

/// Calls `visit` with every key, as a path, and its value.
fn walk(path: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, visit)),
        Value::Array(items) => items.iter().for_each(|item| walk(&format!("{path}[]"), item, visit)),
        _ => {}
    }
}

#[test]
fn the_documentation_names_every_key() {
    let documentation: String =
        include_str!("../../src/json.rs").lines().filter(|line| line.starts_with("///")).collect();
    let mut keys = BTreeSet::new();
    for (_, make) in ALL {
        walk("", &to_json(&make()), &mut |path, _| {
            let key = path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]");
            if !path.starts_with(".statuses.") && !key.is_empty() {
                keys.insert(key.to_owned());
            }
        });
    }
    for key in keys {
        let named = [format!("`{key}`"), format!(".{key}`"), format!("{key}[]`")];
        assert!(named.iter().any(|key| documentation.contains(key)), "{key}");
    }
}

#[test]
fn every_outcome_has_the_same_keys() {
    let keys = |json: &Value| {
        let mut keys = Vec::new();
        walk("", json, &mut |path, _| {
            if !path.contains("[]") && !path.starts_with(".statuses.") {
                keys.push(path.to_owned());
            }
        });
        keys
    };
    let expected = keys(&to_json(&fixtures::closed()));
    for (name, make) in ALL {
        assert_eq!(keys(&to_json(&make())), expected, "{name}");
    }
}

#[test]
fn an_output_writes_one_document_and_a_line_end() {
    let sink = Sink::default();
    let mut output = (find_kind("json").unwrap().make)(Box::new(sink.clone()), Style::default());
    let outcome = fixtures::hostile();
    output.on_event(&Event::Started(outcome.info.clone())).unwrap();
    assert_eq!(sink.text(), "");
    output.on_event(&Event::Finished(Box::new(outcome.clone()))).unwrap();
    let text = sink.text();
    assert!(text.starts_with('{') && text.ends_with("}\n"));
    assert!(!text.contains('\u{1b}'), "control characters are escaped");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), to_json(&outcome));
}

/// Numbers that are hard to write.
fn awkward() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0), any::<f64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back_and_is_finite(cpu in awkward(), steal in awkward(), nanos in prop::collection::vec(any::<u64>(), 0..20)) {
        let mut outcome = fixtures::one();
        outcome.health.steal = Some(steal);
        outcome.health.workers = vec![WorkerHealth { cpu: Some(cpu), run_queue: None }];
        outcome.total.response = Histogram::new();
        nanos.iter().for_each(|ns| outcome.total.response.record_ns(*ns));
        let json = to_json(&outcome);
        let text = json.to_string();
        prop_assert!(!text.contains("NaN") && !text.contains("inf"));
        let back: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back["generator"]["steal_share"].is_null(), !steal.is_finite());
        let times = &back["response_time_ns"];
        prop_assert_eq!(times["samples"].as_u64(), Some(nanos.len() as u64));
        prop_assert_eq!(times["max"].as_u64(), nanos.iter().max().copied());
        let rising: Vec<_> = ["min", "p50", "p75", "p90", "p95", "p99", "p99_9", "p99_99", "max"].iter().filter_map(|key| times[key].as_u64()).collect();
        prop_assert!(rising.is_sorted(), "{:?}", rising);
        let counts = back["response_time_histogram"]["upper_edge_us_and_count"].as_array().unwrap();
        prop_assert_eq!(counts.iter().map(|pair| pair[1].as_u64().unwrap()).sum::<u64>(), nanos.len() as u64);
    }
}
