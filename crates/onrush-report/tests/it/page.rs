//! The report as a page: its markup as people read it, its data as its script does, and what it costs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use onrush_metrics::{Event, Histogram, Outcome, RunInfo, SeriesInfo, SeriesKind, Snapshot, Stage, Tally};
use onrush_record::{Reader, Writer};
use onrush_report::{HtmlOutput, Output};
use serde_json::{Map, Value};

use crate::fixtures;
use crate::shared::Sink;

/// The page of these events.
fn page(events: impl IntoIterator<Item = Event>) -> String {
    let sink = Sink::default();
    let mut output = HtmlOutput::new(Box::new(sink.clone()));
    events.into_iter().for_each(|event| output.on_event(&event).expect("memory takes everything"));
    sink.text()
}

/// An outcome without its seconds.
fn of(outcome: Outcome) -> String {
    page([Event::Started(Box::new(outcome.info.clone())), Event::Finished(Box::new(outcome))])
}

/// What people read of it without the script, a line for each part that can be read alone.
fn markup(page: &str) -> String {
    let (_, body) = page.split_once("<body>").expect("a body");
    let (body, _) = body.split_once("<script").expect("a script");
    let breaks = ["<section", "<h2", "<h3", "<tr", "<li", "<div class=\"head", "<div class=\"card", "<div><dt"];
    breaks.iter().fold(body.to_owned(), |text, tag| text.replace(tag, &format!("\n{tag}")))
}

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").expect("data");
    serde_json::from_str(rest.split_once("</script>").expect("an end").0).expect("JSON")
}

fn series(number: usize) -> Vec<SeriesInfo> {
    let one = |number: usize| SeriesInfo {
        kind: if number == 0 { SeriesKind::Iterations } else { SeriesKind::Requests },
        scenario: "buy".to_owned(),
        name: if number == 0 { "buy".to_owned() } else { format!("GET /step/{number}") },
        tags: Vec::new(),
        checks: Vec::new(),
    };
    (0..number).map(one).collect()
}

/// A service whose times go up and down over ten minutes, and are spread over a factor of about ten.
fn times(second: u64, requests: u64, series: u64) -> Tally {
    let mut tally = Tally::default();
    let mut draw = second.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ series.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    for _ in 0..requests {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (draw >> 33) as f64 / f64::from(1_u32 << 31);
        let base = 8_000.0 + 500.0 * series as f64 + 4_000.0 * (second as f64 / 95.0).sin();
        let us = (base * (1.0 + 0.3 * share + 0.5 / (1.02 - share))) as u64;
        tally.response.record(Duration::from_micros(us));
        tally.service.record(Duration::from_micros(us - 40));
        tally.breakdown.wait.record(Duration::from_micros(us - 50));
    }
    let counters = &mut tally.counters;
    (counters.intended, counters.started, counters.completed) = (requests, requests, requests);
    (counters.started_in_time, counters.ended_in_time) = (requests, requests);
    (0..requests).for_each(|_| tally.statuses.record(200));
    tally
}

/// A run of so many seconds and series, each with so many requests a second.
fn run(seconds: u64, series_of: usize, requests: u64) -> impl Iterator<Item = Event> {
    let info = RunInfo {
        series: series(series_of),
        duration: Some(Duration::from_secs(seconds)),
        stages: vec![Stage {
            text: "ramp".into(),
            from: Some(Duration::ZERO),
            until: Some(Duration::from_secs(seconds / 2)),
            ..Stage::default()
        }],
        ..fixtures::open_info("1000/s", seconds, 0)
    };
    let started = Event::Started(Box::new(info.clone()));
    let mut whole = Outcome { info, ..fixtures::closed() };
    (whole.total, whole.measured) = (Tally::default(), Duration::from_secs(seconds));
    let mut second = 0;
    let rest = std::iter::from_fn(move || {
        second += 1;
        if second > seconds {
            return (second == seconds + 1).then(|| Event::Finished(Box::new(whole.clone())));
        }
        let series: Vec<_> = (0..series_of as u64).map(|number| times(second, requests, number)).collect();
        let mut interval = Tally::default();
        series.iter().skip(1).for_each(|one| interval.merge(one));
        whole.total.merge(&interval);
        onrush_metrics::Tallies::merge_series(&mut whole.series, &series);
        Some(Event::Tick(Box::new(Snapshot {
            since: Duration::from_secs(second - 1),
            at: Duration::from_secs(second),
            iterations: Some(series[0].clone()),
            interval,
            series,
            ..Snapshot::default()
        })))
    });
    std::iter::once(started).chain(rest)
}

#[test]
fn what_is_read_without_the_script() {
    for (name, outcome) in fixtures::ALL.iter().filter(|(name, _)| {
        ["shop", "hostile", "invalid", "one", "observed", "known", "precise", "imprecise"].contains(name)
    }) {
        insta::assert_snapshot!(format!("page_{name}"), markup(&of(outcome())));
    }
}

#[test]
fn every_outcome_has_a_page() {
    for (name, outcome) in fixtures::ALL {
        let page = of(outcome());
        let data = data(&page);
        assert_eq!(data["over"], true, "{name}");
        assert!(page.contains("<section id=\"verdict\"><h2"), "{name}");
        assert!(!page.contains("{{") && !page.contains("NaN"), "{name}");
    }
}

#[test]
fn nothing_from_elsewhere_is_markup() {
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!--{{style}}";
    let mut outcome = fixtures::shop();
    let info = &mut outcome.info;
    info.targets = vec![evil.to_owned()];
    (info.load, info.protocol, info.version) = (evil.to_owned(), evil.to_owned(), evil.to_owned());
    (info.plan, info.thresholds) = (vec![evil.to_owned()], vec![evil.to_owned()]);
    info.observed = vec![evil.to_owned(), format!("a{{x=\"{evil}\"}}"), "a".to_owned()];
    (info.machine.processor, info.machine.system) = (evil.to_owned(), evil.to_owned());
    info.stages = vec![Stage { scenario: evil.into(), text: evil.into(), from: Some(Duration::ZERO), until: None }];
    for series in &mut info.series {
        (series.name, series.scenario) = (evil.to_owned(), evil.to_owned());
        series.tags = vec![(evil.to_owned(), evil.to_owned())];
        series.checks.iter_mut().for_each(|check| evil.clone_into(check));
    }
    outcome.thresholds.iter_mut().for_each(|one| (one.text, one.found) = (evil.to_owned(), evil.to_owned()));
    let errors = &mut outcome.series[1];
    errors.errors.record(onrush_metrics::ErrorKind::Protocol, || evil.to_owned());
    errors.checks.fail(2, || evil.to_owned());
    let page = of(outcome);
    assert_eq!(page.matches("<script").count(), 3, "the data, the number, the script");
    assert_eq!(page.matches("</script").count(), 3);
    assert_eq!(page.matches("<style").count(), 1);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert_eq!(data(&page)["series"][1]["name"], evil);
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = of(fixtures::closed());
    for loads in ["src=", "@import", "url(", "<link rel=\"stylesheet\"", "fetch(", "import("] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn the_columns_of_the_data_are_of_one_length() {
    let data = data(&page(run(90, 3, 20)));
    let lengths = |track: &Value| {
        let of_times = track["response"].as_object().into_iter().flatten();
        let all = track.as_object().expect("a track").iter().chain(of_times);
        let mut lengths: Vec<_> = all.filter_map(|(_, column)| Some(column.as_array()?.len())).collect();
        lengths.dedup();
        lengths
    };
    assert_eq!(lengths(&data["whole"]), [90]);
    assert_eq!(lengths(&data["series"][2]["track"]), [90]);
    let text = serde_json::to_string(&data["whole"]["at"]).expect("JSON");
    assert!(text.starts_with("[0,1,2,") || text.starts_with("[0.0,1.0,2.0,"), "{text}");
    // 40 requests a second support a p90 and no p99; 26 of those points do the latter.
    let over = &data["whole"]["over"];
    assert_eq!(
        (over["p50"].as_u64(), over["p90"].as_u64(), over["p95"].as_u64()),
        (Some(1), Some(1), Some(8)),
        "{over}"
    );
    // In which order fields come depends on what else is built.
    let sorted = |fields: &Map<String, Value>| fields.keys().cloned().collect::<BTreeSet<_>>();
    let mut keys = String::new();
    let fields = data.as_object().expect("an object");
    for name in sorted(fields) {
        let value = &fields[&name];
        let _ = writeln!(
            keys,
            "{name}: {}",
            value.as_object().map_or(String::new(), |inner| sorted(inner).into_iter().collect::<Vec<_>>().join(" "))
        );
    }
    insta::assert_snapshot!("page_data", keys);
}

/// A run beside which so many series of the service's own were read; in its third second they were not to be had.
fn observing(events: impl Iterator<Item = Event>, names: Vec<String>) -> impl Iterator<Item = Event> {
    let mut so_far = Vec::new();
    events.map(move |mut event| {
        match &mut event {
            Event::Started(info) => info.observed.clone_from(&names),
            Event::Tick(second) => {
                let at = second.since.as_secs();
                let figure = |place: usize| {
                    (at != 2).then(|| (1 + at * 7919 % 1_000_003) as f64 * 10_f64.powf(place as f64 - 4.0))
                };
                second.observed = (0..names.len()).map(figure).collect();
                second.observe(&mut so_far);
            }
            Event::Stopping(_) => {}
            Event::Finished(outcome) => {
                outcome.info.observed.clone_from(&names);
                outcome.observed = std::mem::take(&mut so_far);
            }
        }
        event
    })
}

#[test]
fn the_services_own_figures_lie_on_the_axis_of_the_times() {
    let names = fixtures::observed_names();
    let data = data(&page(observing(run(30, 2, 5), names)));
    let charts = data["observed"].as_array().expect("charts");
    let titles: Vec<_> =
        charts.iter().map(|chart| (chart["title"].as_str(), chart["lines"].as_array().map(Vec::len))).collect();
    assert_eq!(
        titles[3..],
        [
            (Some("rate(http_requests_total)"), Some(2)),
            (Some("mean(http_request_duration_seconds)"), Some(1)),
            (Some("never_there"), Some(1)),
        ]
    );
    let columns = data["whole"]["observed"].as_object().expect("columns");
    for (place, column) in columns {
        let column = column.as_array().expect("a column");
        assert_eq!((column.len(), &column[2]), (30, &Value::Null), "{place}");
        assert!(column[1].is_number() && column[3].is_number(), "{place}");
    }
    assert_eq!((columns.len(), &data["unseen"]), (7, &Value::from(0)));
}

#[test]
fn so_many_series_have_a_chart() {
    let names: Vec<_> = (0..40).map(|number| format!("a{}{{x=\"{number}\"}}", number % 15)).collect();
    let page = page(observing(run(5, 2, 5), names));
    let data = data(&page);
    let lines =
        data["observed"].as_array().expect("charts").iter().map(|chart| chart["lines"].as_array().map_or(0, Vec::len));
    assert_eq!((lines.clone().count(), lines.sum::<usize>(), data["unseen"].as_u64()), (8, 24, Some(16)));
    assert_eq!(page.matches("<code>a").count(), 40, "all are in the table");
}

#[test]
fn a_usual_run_is_small() {
    let page = page(run(300, 20, 10));
    assert!(page.len() < 500_000, "{} bytes", page.len());
}

#[test]
fn every_request_is_in_the_heat_map() {
    let data = data(&page(run(1_500, 2, 3)));
    let columns = data["whole"]["heat"].as_array().expect("columns");
    assert!((360..=720).contains(&columns.len()));
    let counts = columns.iter().flat_map(|column| column.as_array().expect("a column").iter().skip(1).step_by(2));
    assert_eq!(counts.map(|count| count.as_u64().expect("a count")).sum::<u64>(), 4_500);
}

/// Processor time of this thread, which other programs do not change.
fn used() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or_default())
}

/// `cargo test --release -p onrush-report --test it -- --ignored --nocapture an_hour`
#[test]
#[ignore = "a measurement, which makes sense in release mode"]
fn an_hour_of_fifty_series() {
    let mut file = Vec::new();
    let mut writer = Writer::new(&mut file);
    let observed = (0..24).map(|number| format!("a{number}_bytes")).collect();
    observing(run(3_600, 50, 20), observed).for_each(|event| writer.write(&event).expect("memory takes everything"));
    let began = used();
    onrush_record::replay(&*file, drop).expect("a run file");
    let read = used();
    let mut reader = Reader::new(&*file).expect("a run file");
    let sink = Sink::default();
    let mut output = HtmlOutput::new(Box::new(sink.clone()));
    output.on_event(&Event::Started(Box::new(reader.info().clone()))).expect("memory");
    while let Some(event) = reader.next_event().expect("a run file") {
        output.on_event(&event).expect("memory");
    }
    // To be looked at.
    if let Some(path) = std::env::var_os("ONRUSH_KEEP_PAGE") {
        std::fs::write(path, sink.text()).expect("a file that can be written");
    }
    let (page, read, took) = (sink.text().len(), read.saturating_sub(began), used().saturating_sub(read));
    println!("run file {} bytes, page {page} bytes, rendered in {took:.2?}, {read:.2?} of it for reading", file.len());
    assert!(file.len() <= 10_000_000 && page <= 1_000_000 && took <= Duration::from_secs(2), "see above");
}

/// Histograms of a page are as exact as its figures say.
#[test]
fn a_distribution_ends_at_the_largest_time() {
    let data = data(&of(fixtures::closed()));
    let largest = fixtures::closed().total.response;
    let last = data["shares"]["response"].as_array().and_then(|pairs| pairs.last()?[1].as_f64()).expect("a pair");
    let exact = Histogram::max(&largest).as_secs_f64() * 1e6;
    assert!((last - exact).abs() <= exact / 1000.0, "{last} and {exact}");
}
