//! The outputs that are files for other programs: whole texts, what `docs/outputs.md` says of them, and that nothing of
//! a name breaks their form.

use std::collections::BTreeSet;
use std::time::Duration;

use hdrhistogram::Histogram as Hdr;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use onrush_metrics::{Event, Gauges, Outcome, RunInfo, Snapshot, Stage, StopReason, Tally, ThresholdResult};
use onrush_report::{Style, find_kind};
use serde_json::Value;

use crate::fixtures::{self, ALL, good, secs};
use crate::shared::Sink;

const PAGE: &str = include_str!("../../../../docs/outputs.md");

/// The events of a run of three seconds: in the second one only some series have anything, in the third nothing has.
fn events(outcome: Outcome) -> Vec<Event> {
    let info = RunInfo {
        started_at: secs(1_795_572_603),
        stages: vec![Stage { text: outcome.info.load.clone(), from: Some(secs(0)), ..Stage::default() }],
        plan: vec!["closed for \"good\"".to_owned()],
        ..outcome.info.clone()
    };
    let series = info.series.len();
    let tally = |second: u64, place: u64| match (second, place % 2) {
        (0, _) => good(40 + 1_000 * (place % 4), 1),
        (1, 0) => good(3, 0),
        _ => Tally::default(),
    };
    let mut events = vec![Event::Started(Box::new(info.clone()))];
    for second in 0..3 {
        events.push(Event::Tick(Box::new(Snapshot {
            since: secs(second),
            at: secs(second + 1) + Duration::from_micros(120),
            interval: tally(second, 2),
            iterations: outcome.iterations.as_ref().map(|_| tally(second, 1)),
            series: (0..series as u64).map(|place| tally(second, place)).collect(),
            gauges: Gauges { users: 4, in_flight: 3, waiting: 0 },
            warming_up: second == 0,
            observed: if info.observed.is_empty() { Vec::new() } else { fixtures::observed_in(second) },
            ..Snapshot::default()
        })));
    }
    events.push(Event::Stopping(StopReason::Completed));
    events.push(Event::Finished(Box::new(Outcome { info, ..outcome })));
    events
}

fn written(kind: &str, events: &[Event]) -> String {
    let sink = Sink::default();
    let mut output = (find_kind(kind).expect("a kind").make)(Box::new(sink.clone()), Style::default());
    events.iter().for_each(|event| output.on_event(event).expect("memory takes all"));
    sink.text()
}

/// A scenario whose names would like to be something else.
fn evil() -> Outcome {
    let mut outcome = fixtures::shop();
    let names = [
        "a\"b,c\nd",
        "</testcase><script>alert(1)</script>",
        "| x | <!-- @jane #1 http://evil.example.com `",
        "=1+1\u{1b}[2J\0\u{fffe}",
    ];
    for (info, name) in outcome.info.series.iter_mut().zip(names.iter().copied().cycle()) {
        name.clone_into(&mut info.name);
        name.clone_into(&mut info.scenario);
        info.checks.iter_mut().for_each(|check| name.clone_into(check));
    }
    let found = "</failure>]]>\u{202e}\u{7}";
    outcome.thresholds.push(ThresholdResult { text: names[1].to_owned(), passed: false, found: found.to_owned() });
    outcome.total.errors = fixtures::hostile().total.errors;
    outcome
}

fn check(kind: &str, name: &str, outcome: Outcome) {
    let text = written(kind, &events(outcome));
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(format!("{kind}_{name}"), text) });
}

#[test]
fn whole_texts() {
    for kind in ["csv", "junit", "markdown"] {
        for (name, outcome) in [("shop", fixtures::shop()), ("evil", evil()), ("refused", fixtures::refused())] {
            check(kind, name, outcome);
        }
    }
}

#[test]
fn with_what_the_seconds_say() {
    for kind in ["junit", "markdown"] {
        for (name, outcome) in [("known", fixtures::known()), ("imprecise", fixtures::imprecise())] {
            check(kind, name, outcome);
        }
    }
}

#[test]
fn the_services_own_figures_are_beside_those_of_the_run() {
    ["csv", "markdown"].iter().for_each(|kind| check(kind, "observed", fixtures::observed()));
    let text = written("jsonl", &events(fixtures::observed()));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["observed"][2], "process_resident_memory_bytes");
    // In the first second there is no rise yet.
    assert_eq!([&lines[1]["observed"][3], &lines[2]["observed"][3]], [&Value::Null, &Value::from(1_190.0)]);
    assert_eq!(lines[5]["report"]["observed"][6]["mean"], Value::Null);
}

#[test]
fn lines_are_whole_documents() {
    let events = events(fixtures::shop());
    let text = written("jsonl", &events);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().expect("a type")).collect();
    assert_eq!(types, ["start", "second", "second", "second", "stopping", "end"]);
    assert!(text.ends_with("}\n"));
    let shown = text.lines().nth(2).expect("a second").replace(",\"", ",\n\"");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("jsonl_shop", shown) });
    let Some(Event::Finished(outcome)) = events.last() else { panic!("{events:?}") };
    let report: Value = serde_json::from_str(&onrush_report::json(outcome)).expect("JSON");
    assert_eq!(lines[5]["report"], report, "the end is the JSON of the run");
}

/// The fields of a line by their paths; what other pages tell of is not entered.
fn paths(path: &str, value: &Value, to: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if fields.contains_key("samples") || fields.contains_key("intended") => {}
        Value::Object(fields)
            if !path.ends_with("report") && !path.ends_with("statuses") && !path.ends_with("tags") =>
        {
            for (key, value) in fields {
                paths(format!("{path}.{key}").trim_start_matches('.'), value, to);
            }
            return;
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            return items.iter().for_each(|item| paths(&format!("{path}[]"), item, to));
        }
        _ => {}
    }
    to.insert(path.to_owned());
}

/// The first cells of the tables below a heading.
fn documented(heading: &str) -> Vec<String> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).expect("a heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_page_names_every_field_of_a_line_and_no_other() {
    let mut found = BTreeSet::new();
    for outcome in [fixtures::shop as fn() -> Outcome, fixtures::hostile, fixtures::hanging, fixtures::observed] {
        let outcome = outcome();
        let events = events(outcome.clone());
        // An interval in which everything happens that can happen.
        let busy = Snapshot { interval: outcome.total, series: outcome.series, ..Snapshot::default() };
        let text = written("jsonl", &events) + &written("jsonl", &[events[0].clone(), Event::Tick(Box::new(busy))]);
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let mut fields = BTreeSet::new();
            paths("", &line, &mut fields);
            fields.remove("type");
            let kind = line["type"].as_str().expect("a type");
            found.extend(fields.into_iter().map(|path| format!("{kind}: {path}")));
        }
    }
    // What has no figures in one line has them in another.
    let figures: Vec<_> = found.iter().filter_map(|path| path.strip_prefix("second: requests.")).collect();
    let figures: BTreeSet<_> = figures.into_iter().map(|path| format!("figures: {path}")).collect();
    found.retain(|path| !["requests.", "iterations."].iter().any(|of| path.starts_with(&format!("second: {of}"))));
    found.retain(|path| match path.strip_prefix("second: series[].") {
        Some(path) => !figures.contains(&format!("figures: {path}")) && !path.starts_with("errors"),
        None => true,
    });
    found.extend(figures);
    found.extend(["second: requests", "second: iterations", "second: series"].map(str::to_owned));
    // Empty lists have no fields.
    ["start: stages", "start: series", "figures: errors"].iter().for_each(|path| {
        found.remove(*path);
    });
    let page: BTreeSet<_> = documented("JSON lines").into_iter().collect();
    assert_eq!(page.difference(&found).collect::<Vec<_>>(), [""; 0], "documented, and never written");
    assert_eq!(found.difference(&page).collect::<Vec<_>>(), [""; 0], "written, and not documented");
}

#[test]
fn the_page_names_every_column_in_order() {
    let text = written("csv", &events(fixtures::shop()));
    let header: Vec<_> = text.lines().next().expect("a header").split(',').map(str::to_owned).collect();
    assert_eq!(documented("CSV"), header);
}

/// Rows and cells, as RFC 4180 has them.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut chars, mut is_quoted) = (text.chars().peekable(), false);
    while let Some(char) = chars.next() {
        match (is_quoted, char) {
            (true, '"') if chars.next_if_eq(&'"').is_some() => cell.push('"'),
            (_, '"') => is_quoted = !is_quoted,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (_, char) => cell.push(char),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last line ends");
    rows
}

#[test]
fn names_do_not_break_the_table() {
    let outcome = evil();
    let rows = rows(&written("csv", &events(outcome.clone())));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    let names: Vec<_> = rows[3..9].iter().map(|row| &*row[6]).collect();
    let expected: Vec<_> = outcome.info.series.iter().map(|info| &*info.name).collect();
    assert_eq!(names, expected);
}

/// Is it XML as far as brackets, quotes and entities go? Gives the number of each element.
fn elements(xml: &str) -> Vec<(String, usize)> {
    let (mut open, mut found) = (Vec::new(), std::collections::BTreeMap::<String, usize>::new());
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration");
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>'), "{text}");
        let (tag, after) = after.split_once('>').expect("a tag that ends");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                let name = tag.split([' ', '/']).next().expect("a name");
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
                *found.entry(name.to_owned()).or_default() += 1;
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
        rest = after;
    }
    assert!(open.is_empty() && rest == "\n", "{open:?} {rest}");
    assert!(xml.chars().all(|char| char == '\n' || !char.is_control()), "no control characters");
    found.into_iter().collect()
}

#[test]
fn junit_is_xml_whose_numbers_add_up() {
    for (name, outcome) in ALL.iter().map(|(name, make)| (*name, make())).chain([("evil", evil())]) {
        let xml = written("junit", &events(outcome));
        let elements = elements(&xml);
        let of = |element: &str| elements.iter().find(|(name, _)| name == element).map_or(0, |(_, count)| *count);
        let head = format!(
            "<testsuites name=\"onrush\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
            of("testcase"),
            of("failure"),
            of("skipped")
        );
        assert!(xml.contains(&head), "{name}: {head}\n{xml}");
        assert!(of("testcase") >= 1 && of("system-out") == 1, "{name}: {elements:?}");
    }
}

#[test]
fn markdown_of_many_steps_fits_into_a_comment() {
    let mut outcome = evil();
    let (infos, tallies) = (outcome.info.series.clone(), outcome.series.clone());
    for number in 0..2_000 {
        let mut info = infos[1].clone();
        info.name = format!("{number}{}", "<|>".repeat(100));
        info.checks = vec!["`".repeat(300); 3];
        outcome.info.series.push(info);
        outcome.series.push(tallies[1].clone());
    }
    let threshold = ThresholdResult { text: "|".repeat(500), passed: false, found: "|".repeat(500) };
    outcome.thresholds = vec![threshold; 300];
    let text = written("markdown", &[Event::Finished(Box::new(outcome))]);
    assert!(text.len() < 65_536 && text.contains("more."), "{}", text.len());
}

/// The histograms of a log by their tags.
fn logged(text: &str) -> Vec<(String, f64, Duration, Hdr<u64>)> {
    let mut deserializer = Deserializer::new();
    let mut read = |text: &str| {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        deserializer.deserialize(&mut &*bytes).expect("a histogram")
    };
    let entries = IntervalLogIterator::new(text.as_bytes()).map(|entry| entry.expect("an entry"));
    let intervals = entries.filter_map(|entry| match entry {
        LogEntry::Interval(interval) => Some(interval),
        LogEntry::StartTime(_) | LogEntry::BaseTime(_) => None,
    });
    intervals
        .map(|interval| {
            let tag = interval.tag().map_or(String::new(), |tag| tag.as_str().to_owned());
            let since = interval.start_timestamp().as_secs_f64();
            (tag, since, interval.duration(), read(interval.encoded_histogram()))
        })
        .collect()
}

#[test]
fn a_log_is_what_the_tools_of_hdr_histogram_read() {
    let outcome = fixtures::shop();
    let mut events = events(outcome);
    // From nothing to more than an hour, where the layout has its edges.
    let mut edges = Tally::default();
    edges.counters.started = 1;
    for us in [0, 1, 2_047, 2_048, 2_049, 4_095, 4_096, 1_000_000, 3_599_999_999, 3_600_000_000, 7_200_000_000] {
        edges.response.record(Duration::from_micros(us));
    }
    let Event::Tick(last) = &mut events[3] else { panic!("a second") };
    last.series[5] = edges;
    let text = written("hlog", &events);
    let tags = [
        "iterations/buy",
        "requests/buy/POST_/login",
        "requests/buy/GET_/products/{product}_with_a_name_that_is_a_bit_too_long",
        "group/buy/checkout",
        "iterations/browse",
        "requests/browse/GET_/never",
    ];
    let mut expected = Vec::new();
    for event in &events {
        let Event::Tick(snapshot) = event else { continue };
        let of_all = [("", &snapshot.interval.response), ("service", &snapshot.interval.service)];
        let each = tags.into_iter().zip(snapshot.series.iter().map(|tally| &tally.response));
        expected.extend(of_all.into_iter().chain(each).map(|(tag, times)| (tag, snapshot.since.as_secs_f64(), times)));
    }
    // Nothing but the whole is logged when it is empty.
    expected.retain(|(tag, _, times)| tag.is_empty() || !times.is_empty());
    let found = logged(&text);
    assert_eq!(found.len(), expected.len(), "{text}");
    for ((tag, since, lasted, hdr), (expected_tag, expected_since, times)) in found.iter().zip(&expected) {
        assert_eq!(tag, expected_tag);
        assert!((since - expected_since).abs() < 1e-9 && lasted.as_millis() >= 999, "{since}");
        assert_eq!(hdr.len(), times.count(), "{tag}");
        let slots: Vec<_> = times.slots().map(|(us, count)| (us.start, count)).collect();
        let read: Vec<_> = hdr
            .iter_recorded()
            .map(|it| (hdr.lowest_equivalent(it.value_iterated_to()), it.count_at_value()))
            .collect();
        assert_eq!(read, slots, "{tag}");
    }
}
