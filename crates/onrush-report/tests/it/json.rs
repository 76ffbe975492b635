//! The JSON: whole documents, that `docs/json.md` says exactly what is in them, that its numbers are sound.

use std::collections::{BTreeMap, BTreeSet};

use onrush_metrics::Event;
use onrush_report::{Style, find_kind, json};
use proptest::prelude::*;
use serde_json::Value;

use crate::arbitrary::outcomes;
use crate::fixtures::{self, ALL};
use crate::shared::Sink;

const PAGE: &str = include_str!("../../../../docs/json.md");

#[test]
fn whole_outcomes() {
    let table: &[fixtures::Named] = &[
        ("http2", fixtures::http2),
        ("hanging", fixtures::hanging),
        ("nothing", fixtures::nothing),
        ("interrupted", fixtures::interrupted),
        ("imprecise", fixtures::imprecise),
    ];
    for (name, make) in table {
        // Histograms are long.
        let text = json(&make());
        let (shown, slots) = text.split_once("\"upper_edge_ns_and_count\": [").expect("a histogram");
        let text = format!("{shown}({} slots)", slots.matches('[').count());
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(*name, text) });
    }
}

#[test]
fn a_histogram_is_one_line() {
    let text = json(&fixtures::http2());
    let line = text.lines().find(|line| line.contains("upper_edge_ns_and_count")).expect("a histogram");
    assert!(line.contains("], [") && line.ends_with("]]"), "{line}");
    assert!(text.lines().count() < 300, "{} lines", text.lines().count());
}

/// A row of the tables in the documentation.
#[derive(Clone, Debug)]
struct Field {
    path: String,
    kind: String,
    may_be_null: bool,
}

/// The fields that the documentation tells of, in its order, each field of `times` and `counts` where there are such.
fn documented() -> Vec<Field> {
    let (mut fields, mut inner) = (Vec::new(), BTreeMap::<String, Vec<Field>>::new());
    let mut of = String::new();
    for line in PAGE.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split(" |").map(str::trim).collect();
        match cells[0].strip_prefix('`').and_then(|path| path.strip_suffix('`')) {
            None if cells[0].starts_with("field") => cells[0].split('`').nth(1).unwrap_or_default().clone_into(&mut of),
            None => {}
            Some(path) => {
                let field = Field {
                    path: path.to_owned(),
                    kind: cells[1].to_owned(),
                    may_be_null: cells.get(3).is_some_and(|when| !when.is_empty()),
                };
                if of.is_empty() { fields.push(field) } else { inner.entry(of.clone()).or_default().push(field) }
            }
        }
    }
    let expanded = |field: Field| match inner.get(&field.kind) {
        Some(inner) => {
            let path = |inner: &Field| Field { path: format!("{}.{}", field.path, inner.path), ..inner.clone() };
            inner.iter().map(path).collect()
        }
        None => vec![field],
    };
    fields.into_iter().flat_map(expanded).collect()
}

/// Lists of objects.
const WITH_ENTRIES: &[&str] = &[
    "verdict.reasons",
    "errors",
    "generator.workers",
    "run.stages",
    "thresholds",
    "series",
    "checks",
    "confidence.intervals",
    "confidence.warnings",
    "observed",
];

/// Calls `visit` with the path of every leaf and its value.
fn leaves(path: &str, value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let key = match path.rsplit('.').next() {
                    Some("statuses") => "<status>",
                    Some("tags") => "<tag>",
                    _ => key,
                };
                leaves([path, key].join(".").trim_start_matches('.'), value, visit);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().for_each(|item| leaves(&format!("{path}[]"), item, visit));
        }
        // Without an entry there are no fields of it.
        Value::Array(_) if WITH_ENTRIES.iter().any(|end| path.ends_with(end)) => {}
        leaf => visit(path, leaf),
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Whether a value is of a type, by its name in the documentation.
fn is_a(kind: &str, value: &Value) -> bool {
    let all = |is: fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(is));
    match kind {
        "text" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" | "ns" | "bytes" => value.is_u64(),
        "number" | "share" => value.is_number(),
        "texts" => all(Value::is_string),
        "pairs" => all(|pair| pair.as_array().is_some_and(|pair| pair.len() == 2 && pair.iter().all(Value::is_u64))),
        _ => panic!("`{kind}` is not a type"),
    }
}

#[test]
fn the_documentation_names_every_field_and_no_other() {
    let mut written = BTreeSet::new();
    for (_, make) in ALL {
        leaves("", &parsed(&json(&fixtures::with_findings(make()))), &mut |path, _| {
            written.insert(path.to_owned());
        });
    }
    let documented: BTreeSet<_> = documented().into_iter().map(|field| field.path).collect();
    assert_eq!(documented.difference(&written).collect::<Vec<_>>(), [""; 0], "documented, and never written");
    assert_eq!(written.difference(&documented).collect::<Vec<_>>(), [""; 0], "written, and not documented");
}

#[test]
fn fields_are_what_the_documentation_says_and_null_only_where_it_says_so() {
    let documented = documented();
    let is_inner = |path: &str| documented.iter().any(|field| field.path == path && path.ends_with(".samples"));
    // The fields of all times are documented once, so they need not all be seen everywhere.
    let place = |path: &str| match path.rsplit_once('.') {
        Some((outer, field)) if is_inner(&format!("{outer}.samples")) => format!("times.{field}"),
        _ => path.to_owned(),
    };
    let mut seen: BTreeMap<String, [bool; 2]> = BTreeMap::new();
    for (name, make) in ALL {
        leaves("", &parsed(&json(&fixtures::with_findings(make()))), &mut |path, value| {
            let field = documented.iter().find(|field| field.path == path).expect("documented");
            assert!(value.is_null() || is_a(&field.kind, value), "{name}: {path} is {value}");
            seen.entry(place(path)).or_default()[usize::from(value.is_null())] = true;
        });
    }
    for field in &documented {
        let expected = [true, field.may_be_null];
        assert_eq!(seen[&place(&field.path)], expected, "{}: [seen with a value, seen as null]", field.path);
    }
}

#[test]
fn every_outcome_has_the_same_fields() {
    let expected = documented();
    for (name, make) in ALL {
        let mut written = BTreeSet::new();
        leaves("", &parsed(&json(&fixtures::with_findings(make()))), &mut |path, _| {
            written.insert(path.to_owned());
        });
        let is_always_there = |field: &&Field| !field.path.contains(['[', '<']);
        let missing: Vec<_> =
            expected.iter().filter(is_always_there).filter(|field| !written.contains(&field.path)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

/// The keys of an indented document in the order of its lines, as paths.
fn keys_in_order(text: &str) -> Vec<String> {
    let mut outer: Vec<(usize, String)> = Vec::new();
    let mut paths = Vec::new();
    for line in text.lines() {
        let inner = line.trim_start();
        let Some((key, _)) = inner.strip_prefix('"').and_then(|line| line.split_once("\": ")) else { continue };
        let indent = line.len() - inner.len();
        outer.retain(|(outer, _)| *outer < indent);
        outer.push((indent, key.to_owned()));
        paths.push(outer.iter().map(|(_, key)| &**key).collect::<Vec<_>>().join("."));
    }
    paths
}

#[test]
fn fields_come_in_the_order_of_the_documentation() {
    let documented: Vec<_> = documented().into_iter().map(|field| field.path.replace("[]", "")).collect();
    for (name, make) in ALL {
        let mut written = keys_in_order(&json(&fixtures::with_findings(make())));
        let mut seen = BTreeSet::new();
        written.retain(|path| documented.contains(path) && seen.insert(path.clone()));
        let expected: Vec<_> = documented.iter().filter(|path| seen.contains(*path)).cloned().collect();
        assert_eq!(written, expected, "{name}");
        assert!(written.len() > 100, "{name}");
    }
}

#[test]
fn the_version_is_the_one_that_is_documented() {
    let version = parsed(&json(&fixtures::one()))["version"].clone();
    assert!(PAGE.contains(&format!("| `version` | integer | of the shape: {version} |")), "{version}");
}

#[test]
fn an_output_writes_one_document_and_a_line_end() {
    let sink = Sink::default();
    let mut output = (find_kind("json").unwrap().make)(Box::new(sink.clone()), Style::default());
    let outcome = fixtures::hostile();
    output.on_event(&Event::Started(Box::new(outcome.info.clone()))).unwrap();
    assert_eq!(sink.text(), "");
    output.on_event(&Event::Finished(Box::new(outcome.clone()))).unwrap();
    let text = sink.text();
    assert!(text.starts_with('{') && text.ends_with("\n}\n"));
    assert!(!text.contains('\u{1b}'), "control characters are escaped");
    assert_eq!(text, json(&outcome));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_was_measured_numbers_are_sound(outcome in outcomes()) {
        let text = json(&outcome);
        let json = parsed(&text);
        let documented = documented();
        leaves("", &json, &mut |path, value| {
            let field = documented.iter().find(|field| field.path == path).expect("documented");
            let fits = if value.is_null() { field.may_be_null } else { is_a(&field.kind, value) };
            assert!(fits, "{path} is {value}");
        });
        let is_finite = outcome.health.steal.is_some_and(f64::is_finite);
        prop_assert_eq!(json["generator"]["steal_share"].is_number(), is_finite);
        let times = &json["response_time_ns"];
        prop_assert_eq!(times["samples"].as_u64(), Some(outcome.total.response.count()));
        let rising: Vec<_> = ["min", "p50", "p75", "p90", "p95", "p99", "p99_9", "p99_99", "max"].iter().filter_map(|key| times[key].as_u64()).collect();
        prop_assert!(rising.is_sorted(), "{:?}", rising);
        let slots = json["response_time_histogram"]["upper_edge_ns_and_count"].as_array().expect("slots");
        prop_assert_eq!(slots.iter().filter_map(|pair| pair[1].as_u64()).sum::<u64>(), outcome.total.response.count());
        let edges: Vec<_> = slots.iter().map(|pair| pair[0].as_u64()).collect();
        prop_assert!(edges.is_sorted_by(|a, b| a < b), "{:?}", edges);
    }
}
