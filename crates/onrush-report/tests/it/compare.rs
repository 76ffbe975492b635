//! Comparisons of simulated runs that were recorded as real ones are: that services which do not differ raise no more
//! alarms than they may, that slower ones are found, and what people see.

use std::time::Duration;

use onrush_metrics::{
    ErrorKind, Event, Health, Machine, Outcome, Reason, RunInfo, SeriesInfo, SeriesKind, Snapshot, Soundness,
    StopReason, Tally, Verdict,
};
use onrush_record::{Reader, Writer};
use onrush_report::{Comparison, Recorded, Style, Terms, VIEWS, find_kind};
use onrush_stats::Filler;
use serde_json::Value;

use crate::shared::Sink;

/// A service whose level wanders (AR(1)) from second to second, with lognormal response times.
#[derive(Clone, Copy)]
struct Service {
    seconds: u64,
    rate: u64,
    /// Response times are so much longer.
    slower: f64,
    /// One in so many requests fails; 0 is none.
    failing: u64,
    /// Slower is only this series.
    only: Option<usize>,
}

const SERVICE: Service = Service { seconds: 40, rate: 60, slower: 1.0, failing: 0, only: None };
const MEMORY: f64 = 0.5;
const WANDER: f64 = 0.05;
const SPREAD: f64 = 0.5;

/// SplitMix64 and Box and Muller.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn of(seed: u64) -> Self {
        Self(Self(seed).next().rotate_left(32) ^ 0x5851_F42D_4C95_7F2D)
    }

    fn normal(&mut self) -> f64 {
        let mut unit = || ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
        (-2.0 * unit().ln()).sqrt() * (std::f64::consts::TAU * unit()).cos()
    }
}

fn info(series: usize) -> RunInfo {
    let names = ["open the front page", "search", "pay"];
    RunInfo {
        targets: vec!["http://shop.example.com/".into()],
        load: "60/s for 40s".into(),
        protocol: "HTTP/1.1".into(),
        open: true,
        threads: 2,
        version: "0.1.0".into(),
        started_at: Duration::from_secs(1_795_572_603),
        machine: Machine { system: "Linux 6.1.0".into(), cores: 4, ..Machine::default() },
        series: (0..series)
            .map(|place| SeriesInfo {
                kind: SeriesKind::Requests,
                scenario: "buy".into(),
                name: names[place % names.len()].into(),
                tags: Vec::new(),
                checks: Vec::new(),
            })
            .collect(),
        ..RunInfo::default()
    }
}

impl Service {
    fn events(self, info: &RunInfo, seed: u64) -> Vec<Event> {
        let mut random = Random::of(seed);
        let mut level = random.normal();
        let places = info.series.len();
        let (mut total, mut series) = (Tally::default(), vec![Tally::default(); places]);
        let mut events = vec![Event::Started(Box::new(info.clone()))];
        for second in 0..self.seconds {
            level = MEMORY * level + (1.0 - MEMORY * MEMORY).sqrt() * random.normal();
            let mut tallies = vec![Tally::default(); places.max(1)];
            for number in 0..self.rate {
                let place = number as usize % places.max(1);
                let slower = if self.only.is_none_or(|only| only == place) { self.slower } else { 1.0 };
                let tally = &mut tallies[place];
                let ns = 1e7 * (WANDER * level + SPREAD * random.normal()).exp() * slower;
                tally.response.record_ns(ns as u64);
                tally.counters.started += 1;
                tally.counters.ended_in_time += 1;
                let fails = self.failing > 0 && random.next().is_multiple_of(self.failing);
                if fails {
                    tally.counters.failed += 1;
                    tally.errors.record(ErrorKind::Status, || "500".into());
                } else {
                    tally.counters.completed += 1;
                }
            }
            let mut interval = Tally::default();
            tallies.iter().for_each(|tally| interval.merge(tally));
            total.merge(&interval);
            tallies.truncate(places);
            series.iter_mut().zip(&tallies).for_each(|(series, tally)| series.merge(tally));
            let (since, at) = (Duration::from_secs(second), Duration::from_secs(second + 1));
            let snapshot = Snapshot { since, at, interval, series: tallies, ..Snapshot::default() };
            events.push(Event::Tick(Box::new(snapshot)));
        }
        events.push(Event::Finished(Box::new(Outcome {
            info: info.clone(),
            stopped: StopReason::Completed,
            total,
            iterations: None,
            series,
            thresholds: Vec::new(),
            observed: Vec::new(),
            measured: Duration::from_secs(self.seconds),
            elapsed: Duration::from_secs(self.seconds),
            oldest_cut_off: None,
            health: Health::default(),
            verdict: Verdict::default(),
            findings: None,
        })));
        events
    }

    fn run(self, info: &RunInfo, seed: u64, name: &str) -> Recorded {
        recorded(&self.events(info, seed), name)
    }
}

/// There and back through a run file.
fn recorded(events: &[Event], name: &str) -> Recorded {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    events.iter().for_each(|event| writer.write(event).expect("memory has room"));
    let reader = Reader::new(&*bytes).expect("a run file");
    Recorded::read(name.to_owned(), reader).expect("a whole one")
}

fn compared(base: Service, new: Service, seed: u64, series: usize, terms: Terms) -> Comparison {
    let info = info(series);
    let (base, new) = (base.run(&info, 2 * seed, "base.run"), new.run(&info, 2 * seed + 1, "new.run"));
    Comparison::new(vec![base], vec![new], terms)
}

/// Of how many comparisons something is named, and of how many it is worse.
fn alarms(base: Service, new: Service, times: u64, series: usize, terms: Terms) -> (u64, u64) {
    (0..times).fold((0, 0), |(named, worse), seed| {
        let comparison = compared(base, new, seed, series, terms);
        (named + u64::from(comparison.named().next().is_some()), worse + u64::from(comparison.is_regression()))
    })
}

#[test]
fn services_that_do_not_differ_raise_no_more_alarms_than_they_may() {
    let any = Terms { effect: 0.0, ..Terms::default() };
    let (named, worse) = alarms(SERVICE, SERVICE, 200, 0, any);
    println!("any effect: {named} named, {worse} worse of 200");
    // Of 200 with a chance of 5 % each: 10, and more than 19 with a chance of 0.3 %.
    assert!(named <= 19, "{named}");
    let (named, worse) = alarms(SERVICE, SERVICE, 200, 0, Terms::default());
    println!("effects of 3 %: {named} named, {worse} worse of 200");
    assert!(named <= 19, "{named}");
}

#[test]
fn more_series_do_not_raise_more_alarms() {
    let any = Terms { effect: 0.0, ..Terms::default() };
    let (named, _) = alarms(Service { rate: 90, ..SERVICE }, Service { rate: 90, ..SERVICE }, 60, 3, any);
    println!("three series: {named} of 60");
    assert!(named <= 8, "{named}");
}

#[test]
fn a_service_that_is_five_percent_slower_is_found() {
    for (seconds, rate, least) in [(60, 200, 0), (300, 100, 18)] {
        let service = Service { seconds, rate, ..SERVICE };
        let (_, worse) = alarms(service, Service { slower: 1.05, ..service }, 20, 0, Terms::default());
        println!("{seconds} s at {rate}/s: found {worse} of 20");
        assert!(worse >= least, "{seconds} s at {rate}/s: {worse} of 20");
    }
}

#[test]
fn what_fails_is_found_and_what_is_faster_is_no_regression() {
    let (named, worse) = alarms(SERVICE, Service { failing: 50, ..SERVICE }, 5, 0, Terms::default());
    assert_eq!((named, worse), (5, 5));
    let (named, worse) = alarms(SERVICE, Service { slower: 0.7, ..SERVICE }, 5, 0, Terms::default());
    assert_eq!((named, worse), (5, 0));
}

#[test]
fn runs_of_a_side_that_differ_among_themselves_are_no_news() {
    let info = info(0);
    let runs = |slower: [f64; 3], seed: u64| -> Vec<_> {
        let run = |(place, slower): (usize, &f64)| {
            Service { slower: *slower, ..SERVICE }.run(&info, seed + place as u64, "a.run")
        };
        slower.iter().enumerate().map(run).collect()
    };
    let one = Comparison::new(runs([1.0; 3], 0).split_off(2), runs([1.2; 3], 9).split_off(2), Terms::default());
    assert_eq!(one.result(), "worse", "one run a side is all that is known");
    let apart = Comparison::new(runs([0.8, 1.0, 1.2], 0), runs([0.9, 1.1, 1.3], 9), Terms::default());
    assert_eq!(apart.result(), "same");
    let alike = Comparison::new(runs([1.0; 3], 0), runs([1.3; 3], 9), Terms::default());
    assert_eq!(alike.result(), "worse");
}

/// A comparison with a bit of everything.
fn shop() -> Comparison {
    let service = Service { rate: 90, only: Some(2), ..SERVICE };
    let info = info(3);
    let mut other = info.clone();
    (other.threads, other.machine.cores, other.seed) = (3, 8, 7);
    let base = service.run(&info, 1, "onrush-results/2026-11-25T02-10-03Z-shop.run");
    let mut events = Service { slower: 1.4, failing: 40, ..service }.events(&other, 2);
    let Some(Event::Finished(outcome)) = events.last_mut() else { panic!("it ends") };
    let text = "the generator was late by 3.00 ms at p99".to_owned();
    outcome.verdict = Verdict::new(vec![Reason { rule: "start-lag".into(), soundness: Soundness::Degraded, text }]);
    Comparison::new(vec![base], vec![recorded(&events, "new.run")], Terms::default())
}

fn shown(name: &str, comparison: &Comparison, style: Style) -> String {
    (VIEWS.iter().find(|view| view.name == name).expect("a view").make)(comparison, style)
}

#[test]
fn what_people_see() {
    let comparison = shop();
    let plain = Style::default();
    for (name, style) in [
        ("text", plain),
        ("text_tiny", Style { width: 40, unicode: false, ..plain }),
        ("text_colour", Style { width: 100, colour: true, ..plain }),
        ("markdown", plain),
        ("json", plain),
    ] {
        let view = name.split('_').next().unwrap();
        let text = shown(view, &comparison, style).replace('\u{1b}', "␛");
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, text) });
    }
    let short = compared(Service { seconds: 5, ..SERVICE }, Service { seconds: 5, ..SERVICE }, 1, 0, Terms::default());
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("short", shown("text", &short, plain)) });
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let comparison = shop();
    for width in 40..=100 {
        let text = shown("text", &comparison, Style { width, ..Style::default() });
        let widest = text.lines().map(unicode_width::UnicodeWidthStr::width).max();
        assert!(widest <= Some(width), "{width}: {text}");
        let ascii = shown("text", &comparison, Style { width, unicode: false, ..Style::default() });
        assert!(ascii.is_ascii() && ascii.lines().all(|line| line.len() <= width), "{width}: {ascii}");
    }
}

#[test]
fn the_page_stands_alone_and_is_small() {
    let page = shown("html", &shop(), Style::default());
    assert!(page.len() < 200_000, "{} bytes", page.len());
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("url("), "something is elsewhere");
    assert_eq!(page.matches("<svg").count(), 3);
    let names = Comparison::new(
        vec![SERVICE.run(&info(0), 1, "<script>alert(1)</script>")],
        vec![SERVICE.run(&info(0), 2, "b")],
        Terms::default(),
    );
    assert!(!shown("html", &names, Style::default()).contains("<script"));
    assert!(!shown("markdown", &names, Style::default()).contains("<script"));
}

#[test]
fn a_single_run_says_how_well_it_is_known_live_and_replayed() {
    let mut info = info(3);
    info.stages = vec![onrush_metrics::Stage {
        text: "90/s for 40s".into(),
        from: Some(Duration::ZERO),
        ..onrush_metrics::Stage::default()
    }];
    let events = Service { rate: 90, ..SERVICE }.events(&info, 5);
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    events.iter().for_each(|event| writer.write(event).unwrap());
    let mut replayed = Vec::new();
    onrush_record::replay(&*bytes, |event| replayed.push(event)).unwrap();
    // Neither of them has been looked at.
    for mut events in [events, replayed] {
        let mut filler = Filler::default();
        events.iter_mut().for_each(|event| filler.on_event(event));
        let written = |kind: &str| {
            let sink = Sink::default();
            let mut output = (find_kind(kind).unwrap().make)(Box::new(sink.clone()), Style::default());
            events.iter().for_each(|event| output.on_event(event).unwrap());
            sink.text()
        };
        let summary = written("summary");
        assert!(summary.contains("\n  known to      p50 ± ") && summary.contains(" % (95 % sure)\n"), "{summary}");
        let json: Value = serde_json::from_str(&written("json")).unwrap();
        let intervals = json["confidence"]["intervals"].as_array().unwrap();
        let of = |name: &str, figure: &str| {
            let found = intervals.iter().find(|interval| interval["name"] == name && interval["figure"] == figure);
            found.map(|found| ["low", "value", "high"].map(|key| found[key].as_f64().unwrap()))
        };
        for (name, figure) in [("", "p50"), ("", "p95"), ("", "p99"), ("", "mean"), ("search", "p95"), ("pay", "p50")] {
            let Some([low, value, high]) = of(name, figure) else { panic!("{name} {figure}: {intervals:?}") };
            assert!(low < value && value < high && high < 2.0 * low, "{name} {figure}: {low} {value} {high}");
        }
        assert_eq!(of("", "rate"), Some([90.0; 3]));
        assert_eq!(of("pay", "p99").map(|_| ()), Some(()));
    }
}

#[test]
fn what_is_not_to_be_compared_is_refused() {
    let mut other = info(0);
    other.load = "90/s for 40s".into();
    let runs = (vec![SERVICE.run(&info(0), 1, "a.run")], vec![SERVICE.run(&other, 2, "b.run")]);
    let comparison = Comparison::new(runs.0, runs.1, Terms::default());
    assert_eq!(comparison.refusals, ["the load differs: 60/s for 40s and 90/s for 40s"]);
    let same = compared(SERVICE, SERVICE, 1, 0, Terms::default());
    assert_eq!((same.refusals.len(), same.warnings.len()), (0, 0), "{:?}", same.warnings);
    let mut other = info(0);
    other.plan = vec!["target: x".into(), "- get: /b".into()];
    let runs = (vec![SERVICE.run(&info(0), 1, "a.run")], vec![SERVICE.run(&other, 2, "b.run")]);
    assert_eq!(
        Comparison::new(runs.0, runs.1, Terms::default()).warnings,
        ["the plan differs: nothing more and `- get: /b`"]
    );
}

#[test]
fn numbers_of_the_json_are_finite_and_its_fields_are_documented() {
    const PAGE: &str = include_str!("../../../../docs/compare.md");
    fn keys(path: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    keys([path, key].join(".").trim_start_matches('.'), value, found);
                }
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                items.iter().for_each(|item| keys(&format!("{path}[]"), item, found));
            }
            _ => found.push(path.to_owned()),
        }
    }
    let json: Value = serde_json::from_str(&shown("json", &shop(), Style::default())).unwrap();
    let mut found = Vec::new();
    keys("", &json, &mut found);
    found.sort();
    found.dedup();
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let mut documented: Vec<_> = rows.map(|(path, _)| path.to_owned()).collect();
    documented.sort();
    assert_eq!(found, documented);
}
