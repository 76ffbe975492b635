//! The terminal's picture of a run, in several sizes and states.

use std::time::Duration;

use onrush_metrics::{
    ErrorKind, Event, Gauges, Health, Outcome, Reason, RunInfo, Snapshot, Soundness, Stage, StopReason, Tally, Verdict,
    WorkerHealth,
};
use onrush_report::{Asked, Dashboard, Key, Style};

use crate::fixtures::{self, closed_info, good, open_info, secs, spread};

/// A run, told second by second.
struct Story {
    info: RunInfo,
    total: Tally,
    at: Duration,
    verdict: Verdict,
    events: Vec<Event>,
}

impl Story {
    fn of(info: RunInfo) -> Self {
        let events = vec![Event::Started(Box::new(info.clone()))];
        Self { info, total: Tally::default(), at: Duration::ZERO, verdict: Verdict::default(), events }
    }

    fn judged(mut self, soundness: Soundness, texts: &[&str]) -> Self {
        let reason = |text: &&str| Reason { rule: "rule".into(), soundness, text: (*text).to_owned() };
        self.verdict = Verdict::new(texts.iter().map(reason).collect());
        self
    }

    /// Another second, of which the requests are those of `series` where there are any.
    fn tick(mut self, interval: Tally, iterations: Option<Tally>, series: Vec<Tally>, gauges: Gauges) -> Self {
        let since = self.at;
        self.at += secs(1);
        self.total.merge_apart(&interval);
        let worker = |cpu| WorkerHealth { cpu: Some(cpu), run_queue: Some(0.01) };
        let health = Health {
            workers: vec![worker(0.31), worker(0.86)],
            process_cpu: Some(self.at.mul_f64(1.17)),
            steal: Some(0.02),
            peak_memory: Some(14_200_000),
        };
        let snapshot = Snapshot {
            since,
            at: self.at,
            interval,
            iterations,
            series,
            total: self.total.clone(),
            gauges,
            warming_up: self.at < self.info.warmup,
            health,
            verdict: self.verdict.clone(),
            observed: if self.info.observed.is_empty() { Vec::new() } else { fixtures::observed_in(since.as_secs()) },
            // It gets better with the root of the time.
            precision: self.info.until.is_some().then(|| 0.2 / (since.as_secs_f64() + 1.0).sqrt()),
            ..Snapshot::default()
        };
        self.events.push(Event::Tick(Box::new(snapshot)));
        self
    }

    fn plain(self, interval: Tally, gauges: Gauges) -> Self {
        self.tick(interval, None, Vec::new(), gauges)
    }

    fn dashboard(&self, style: Style) -> Dashboard {
        let mut dashboard = Dashboard::new(style);
        self.events.iter().for_each(|event| dashboard.on_event(event));
        dashboard
    }
}

fn busy(users: u64) -> Gauges {
    Gauges { users, in_flight: users - users / 10, waiting: 0 }
}

/// A ramp and a plateau, with a slow moment in it.
fn ramp() -> Story {
    let stage = |text: &str, from: u64, until: u64| Stage {
        scenario: String::new(),
        text: text.to_owned(),
        from: Some(secs(from)),
        until: Some(secs(until)),
    };
    let info = RunInfo {
        stages: vec![stage("0/s -> 2000/s over 20s", 0, 20), stage("2000/s for 40s", 20, 60)],
        ..open_info("0/s -> 2000/s over 20s, 2000/s for 40s", 60, 100_000)
    };
    (1..=32).fold(Story::of(info), |story, second: u64| {
        let due = (second * 100).min(2_000);
        let mut interval = good(due, 0);
        if (24..27).contains(&second) {
            interval.response = spread(due, 20_000, 400_000);
            interval.counters.started = due * 7 / 10;
        }
        interval.start_lag = spread(due, 10, 200);
        interval.release_lag = spread(due, 8, 90);
        interval.loop_delay = spread(due, 4, 60);
        story.plain(interval, busy(12))
    })
}

/// The same load as a plateau, with the service's own figures beside it.
fn observed() -> Story {
    let info = RunInfo { observed: fixtures::observed_names(), ..open_info("500/s for 40s", 40, 20_000) };
    (0..25).fold(Story::of(info), |story, _| story.plain(good(500, 0), busy(12)))
}

fn failing() -> Story {
    let mut interval = good(600, 0);
    (interval.counters.completed, interval.counters.failed) = (560, 40);
    interval.errors.add(ErrorKind::Status, 31, Some("status 503"));
    let evil = "expected HTTP/1.1, got \u{1b}]0;owned\u{7}\u{1b}[2J and a great deal of text that goes on and on until \
                whoever reads it has forgotten how it began, which is how log files are filled";
    interval.errors.add(ErrorKind::Protocol, 8, Some(evil));
    interval.errors.add(ErrorKind::LocalPorts, 1, Some("no local port is free for 192.0.2.7:80"));
    interval.statuses.add(503, 31);
    (0..8).fold(Story::of(closed_info()), |story, _| story.plain(interval.clone(), busy(50)))
}

/// A scenario with more steps than a screen has lines.
fn many_steps() -> Story {
    let shop = fixtures::shop();
    let mut info = shop.info.clone();
    let step = info.series[1].clone();
    info.series.extend((1..=40).map(|number| {
        let mut step = step.clone();
        step.name = format!("GET /category/{number}/of a shop with long names");
        step
    }));
    let mut series = shop.series.clone();
    series.resize(info.series.len(), good(20, 0));
    let mut requests = Tally::default();
    series.iter().for_each(|tally| requests.merge_apart(tally));
    let stage = |scenario: &str, text: &str| Stage {
        scenario: scenario.to_owned(),
        text: text.to_owned(),
        from: Some(Duration::ZERO),
        until: Some(secs(10)),
    };
    info.stages = vec![stage("buy", "70/s for 10s"), stage("browse", "30/s for 10s")];
    let iterations = shop.iterations.clone();
    (0..4).fold(Story::of(info), |story, _| story.tick(requests.clone(), iterations.clone(), series.clone(), busy(200)))
}

fn warm_up() -> Story {
    let info = RunInfo { warmup: secs(5), duration: Some(secs(35)), ..closed_info() };
    (0..3).fold(Story::of(info), |story, _| story.plain(Tally::default(), busy(50)))
}

fn stopping() -> Story {
    let mut story = ramp();
    story.events.push(Event::Stopping(StopReason::Interrupted));
    story.plain(good(30, 0), Gauges { users: 12, in_flight: 4, waiting: 1 })
}

fn invalid() -> Story {
    let reasons = [
        "1,000 requests (10 %) failed because this machine ran out of local ports: keep connections alive, or spread them \
         over more addresses with --source-ips",
        "the generator used 99 % of a core in one worker",
    ];
    let mut interval = good(800, 0);
    interval.counters.dropped = 200;
    let gauges = Gauges { users: 250, in_flight: 250, waiting: 1_250 };
    let story = Story::of(open_info("1000/s for 10s", 10, 10_000)).judged(Soundness::Invalid, &reasons);
    (0..5).fold(story, |story, _| story.plain(interval.clone(), gauges))
}

/// A run that ends as soon as it knows enough.
fn precise() -> Story {
    let until = Some(fixtures::until("p99", 0.99, 0.05));
    let story = Story::of(RunInfo { until, ..open_info("100/s for 10m", 600, 60_000) });
    (0..8).fold(story, |story, _| story.plain(good(100, 0), busy(4)))
}

fn counted() -> Story {
    let load = "4000 iterations by 1 user".to_owned();
    let story = Story::of(RunInfo { load, duration: None, requests: Some(4_000), ..closed_info() });
    (0..3).fold(story, |story, _| story.plain(good(40, 0), busy(1)))
}

fn check(name: &str, dashboard: &mut Dashboard, width: u16, height: u16) {
    let text = dashboard.text(width, height);
    assert_eq!(text.lines().count(), usize::from(height));
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(format!("tui_{name}"), text) });
}

/// A name, a story, and the key that is pressed at its end.
type Shown = (&'static str, fn() -> Story, char);

#[test]
fn states() {
    let style = Style::default();
    let table: &[Shown] = &[
        ("ramp", ramp, '1'),
        ("times", ramp, '2'),
        ("generator", ramp, '4'),
        ("failing", failing, '1'),
        ("errors", failing, '3'),
        ("steps", many_steps, '2'),
        ("scenario", many_steps, '1'),
        ("checks", many_steps, '3'),
        ("warm_up", warm_up, '1'),
        ("stopping", stopping, '1'),
        ("invalid", invalid, '1'),
        ("reasons", invalid, '4'),
        ("counted", counted, '1'),
        ("precise", precise, '1'),
        ("help", counted, '?'),
        ("observed", observed, '1'),
        ("service", observed, '5'),
    ];
    for (name, story, key) in table {
        let mut dashboard = story().dashboard(style);
        dashboard.on_key(Key::Char(*key));
        check(name, &mut dashboard, 100, 30);
    }
}

#[test]
fn sizes() {
    let style = Style::default();
    check("large", &mut ramp().dashboard(style), 160, 50);
    check("usual", &mut ramp().dashboard(style), 80, 24);
    check("narrow", &mut failing().dashboard(style), 40, 20);
    check("observed_usual", &mut observed().dashboard(style), 80, 24);
    check("precise_narrow", &mut precise().dashboard(style), 40, 20);
    check("low", &mut failing().dashboard(style), 80, 12);
    check("tiny", &mut failing().dashboard(style), 20, 6);
    let mut steps = many_steps().dashboard(style);
    steps.on_key(Key::Char('2'));
    steps.on_key(Key::End);
    check("narrow_steps", &mut steps, 44, 16);
}

#[test]
fn ascii() {
    let style = Style { unicode: false, ..Style::default() };
    check("ascii", &mut ramp().dashboard(style), 80, 24);
    for (story, keys) in [(failing(), "1234?"), (many_steps(), "1234"), (invalid(), "14"), (observed(), "15")] {
        let mut dashboard = story.dashboard(style);
        for key in keys.chars() {
            dashboard.on_key(Key::Char(key));
            let text = dashboard.text(90, 40);
            assert!(text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn without_colours_there_are_none() {
    let is_colour = |text: &str| ["31m", "32m", "33m", "35m", "36m"].iter().any(|code| text.contains(code));
    for (colour, expected) in [(false, false), (true, true)] {
        let mut dashboard = failing().dashboard(Style { colour, ..Style::default() });
        assert_eq!(is_colour(&dashboard.draw(80, 24)), expected);
    }
}

/// Whatever happened and however small the place, there is a picture, and nothing in it that commands the terminal.
#[test]
fn every_state_in_every_size() {
    for story in [ramp as fn() -> Story, failing, many_steps, warm_up, stopping, invalid, counted, observed] {
        let story = story();
        for size in [(1, 1), (20, 5), (39, 30), (40, 12), (41, 13), (64, 18), (91, 31), (300, 90)] {
            let mut dashboard = story.dashboard(Style::default());
            for key in "12345?".chars() {
                dashboard.on_key(Key::Char(key));
                let text = dashboard.text(size.0, size.1);
                assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{text:?}");
            }
        }
    }
}

/// Of a whole run as it was recorded, with its end.
#[test]
fn an_end_is_an_end() {
    let mut dashboard = ramp().dashboard(Style::default());
    dashboard.on_event(&Event::Finished(Box::new(Outcome { stopped: StopReason::Completed, ..fixtures::closed() })));
    assert!(dashboard.text(80, 24).contains("ending"));
    assert_eq!(dashboard.on_key(Key::Char('q')), Asked::Stop);
}
