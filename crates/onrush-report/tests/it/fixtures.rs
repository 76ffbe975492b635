//! Outcomes as the engine would make them, built through the public types of `onrush-metrics`.

use std::time::Duration;

use onrush_metrics::{
    Band, Drift, ErrorKind, Findings, Health, Histogram, Known, Machine, Observed, Outcome, Reached, Reason, RunInfo,
    SeriesInfo, SeriesKind, Soundness, Stage, StopReason, Tally, ThresholdResult, Until, Verdict, WorkerHealth,
};

pub(crate) const SHOP: &str = "http://shop.example.com/products";

/// A name, and what makes an outcome.
pub(crate) type Named = (&'static str, fn() -> Outcome);

/// Every outcome.
pub(crate) const ALL: &[Named] = &[
    ("closed", closed),
    ("known", known),
    ("precise", precise),
    ("imprecise", imprecise),
    ("frozen", frozen),
    ("refused", refused),
    ("invalid", invalid),
    ("nothing", nothing),
    ("huge", huge),
    ("one", one),
    ("interrupted", interrupted),
    ("warm_up", warm_up),
    ("dropped", dropped),
    ("http2", http2),
    ("hostile", hostile),
    ("hanging", hanging),
    ("stalled", stalled),
    ("shop", shop),
    ("observed", observed),
];

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn micros(us: u64) -> Duration {
    Duration::from_micros(us)
}

pub(crate) fn closed_info() -> RunInfo {
    RunInfo {
        targets: vec![SHOP.to_owned()],
        load: "50 users for 10s".to_owned(),
        protocol: "HTTP/1.1".to_owned(),
        lanes: 1,
        duration: Some(secs(10)),
        requests: None,
        warmup: Duration::ZERO,
        open: false,
        limited_by_files: false,
        threads: 2,
        seed: 7_640_891_576_956_012_809,
        version: "0.1.0".to_owned(),
        series: Vec::new(),
        ..RunInfo::default()
    }
}

pub(crate) fn open_info(load: &str, duration: u64, requests: u64) -> RunInfo {
    RunInfo {
        load: load.to_owned(),
        duration: Some(secs(duration)),
        requests: Some(requests),
        open: true,
        limited_by_files: false,
        ..closed_info()
    }
}

/// Times from `base` to twice that, with a tail that `tail` is the end of, in microseconds.
pub(crate) fn spread(count: u64, base: u64, tail: u64) -> Histogram {
    let mut times = Histogram::new();
    let most = u128::from(count.max(2) - 1);
    for i in 0..u128::from(count) {
        let (base, tail) = (u128::from(base * 1000), u128::from(tail * 1000));
        let ns =
            base + base * i / most + tail * i.pow(6) / most.pow(6) * i.pow(3) / most.pow(3) * i.pow(3) / most.pow(3);
        times.record_ns(u64::try_from(ns).expect("a time"));
    }
    times
}

/// The same time `count` times.
pub(crate) fn same(count: u64, us: u64) -> Histogram {
    let mut times = Histogram::new();
    (0..count).for_each(|_| times.record(micros(us)));
    times
}

/// What `count` good answers on `connections` connections leave behind.
pub(crate) fn good(count: u64, connections: u64) -> Tally {
    let mut tally =
        Tally { response: spread(count, 310, 8_000), service: spread(count, 300, 8_000), ..Tally::default() };
    tally.breakdown.connect = spread(connections, 90, 400);
    tally.breakdown.wait = spread(count, 290, 7_900);
    tally.breakdown.receive = spread(count, 4, 90);
    let counters = &mut tally.counters;
    (counters.intended, counters.started, counters.completed) = (count, count, count);
    (counters.started_in_time, counters.ended_in_time, counters.sent) = (count, count, count);
    (counters.bytes_sent, counters.bytes_received) = (count * 78, count * 1_240);
    (counters.connections_opened, counters.connections_reused) = (connections, count - connections);
    (0..count).for_each(|_| tally.statuses.record(200));
    tally
}

fn health(cpu: [f64; 2]) -> Health {
    let worker = |cpu| WorkerHealth { cpu: Some(cpu), run_queue: Some(0.01) };
    Health {
        workers: cpu.map(worker).to_vec(),
        process_cpu: Some(Duration::from_millis(6_120)),
        steal: Some(0.0),
        peak_memory: Some(14_200_000),
    }
}

fn outcome(info: RunInfo, total: Tally) -> Outcome {
    let measured = info.duration.unwrap_or_default().saturating_sub(info.warmup);
    Outcome {
        elapsed: measured + info.warmup + micros(1_234),
        measured,
        info,
        stopped: StopReason::Completed,
        total,
        iterations: None,
        series: Vec::new(),
        thresholds: Vec::new(),
        observed: Vec::new(),
        oldest_cut_off: None,
        health: health([0.31, 0.29]),
        verdict: Verdict::default(),
        findings: None,
    }
}

fn reason(rule: &'static str, soundness: Soundness, text: &str) -> Reason {
    Reason { rule: rule.into(), soundness, text: text.to_owned() }
}

/// Everything went well.
pub(crate) fn closed() -> Outcome {
    outcome(closed_info(), good(12_000, 50))
}

/// A service that freezes one second in every four, under 1,000 requests a second.
pub(crate) fn frozen() -> Outcome {
    let mut total = good(8_000, 10);
    (total.response, total.service, total.breakdown.wait) = Default::default();
    for due in 0..8_000_u64 {
        let phase = due % 4_000;
        let (lag, service) = match phase {
            0..10 => (12, (1_000 - phase) * 1_000),
            10..1_000 => ((1_000 - phase) * 1_000, 320 + due % 90),
            _ => (12 + due % 7, 320 + due % 90),
        };
        total.start_lag.record(micros(lag));
        total.release_lag.record(micros(8 + due % 5));
        total.response.record(micros(lag + service));
        total.service.record(micros(service));
        total.breakdown.wait.record(micros(service - 6));
    }
    let text = "requests waited for a place under the in-flight limit (p99 960 ms): the service was slower than the \
                load, and saw it late; the wait is in the response times";
    Outcome {
        verdict: Verdict::new(vec![reason("in-flight-limit", Soundness::Degraded, text)]),
        ..outcome(open_info("1000/s for 8s", 8, 8_000), total)
    }
}

/// Nobody listens.
pub(crate) fn refused() -> Outcome {
    let mut total = Tally::default();
    let counters = &mut total.counters;
    (counters.intended, counters.started, counters.failed) = (2_000, 2_000, 2_000);
    (counters.started_in_time, counters.ended_in_time) = (2_000, 2_000);
    total.start_lag = spread(2_000, 10, 100);
    total.release_lag = spread(2_000, 6, 60);
    for _ in 0..2_000 {
        let example = || "cannot connect to 192.0.2.7:80: connection refused".to_owned();
        total.errors.record(ErrorKind::ConnectRefused, example);
    }
    outcome(open_info("200/s for 10s", 10, 2_000), total)
}

/// The machine was not good enough.
pub(crate) fn invalid() -> Outcome {
    let mut total = good(9_000, 9_000);
    total.start_lag = spread(9_000, 30_000, 400_000);
    total.release_lag = spread(9_000, 30_000, 400_000);
    total.response = spread(9_000, 30_310, 408_000);
    let counters = &mut total.counters;
    (counters.intended, counters.started, counters.failed) = (10_000, 10_000, 1_000);
    (counters.started_in_time, counters.ended_in_time) = (9_850, 9_800);
    for _ in 0..1_000 {
        total.errors.record(ErrorKind::LocalPorts, || "no local port is free for 192.0.2.7:80".to_owned());
    }
    let reasons = vec![
        reason("cpu", Soundness::Degraded, "the generator used 99 % of a core in one worker"),
        reason(
            "local",
            Soundness::Invalid,
            "1,000 requests (10 %) failed because this machine ran out of local ports: keep connections alive, or \
             spread them over more addresses with --source-ips",
        ),
    ];
    Outcome {
        verdict: Verdict::new(reasons),
        health: Health { steal: Some(0.12), ..health([0.99, 0.97]) },
        ..outcome(open_info("1000/s for 10s", 10, 10_000), total)
    }
}

/// The profile was over before anything was due.
pub(crate) fn nothing() -> Outcome {
    let text = "nothing was measured: no request was due";
    Outcome {
        verdict: Verdict::new(vec![reason("nothing", Soundness::Invalid, text)]),
        health: Health { workers: vec![WorkerHealth::default(); 2], ..Health::default() },
        measured: Duration::ZERO,
        ..outcome(open_info("1/h for 1s", 1, 0), Tally::default())
    }
}

/// A week at full speed from a large machine.
pub(crate) fn huge() -> Outcome {
    let mut total = good(4_096, 64);
    for _ in 0..40 {
        let copy = total.clone();
        total.merge(&copy);
    }
    let info = RunInfo {
        load: "1000000 users for 7d".to_owned(),
        duration: Some(secs(7 * 86_400)),
        threads: 128,
        seed: u64::MAX,
        ..closed_info()
    };
    Outcome { health: Health { peak_memory: Some(1_234_000_000_000), ..health([0.5, 0.9]) }, ..outcome(info, total) }
}

/// A single request over one connection.
pub(crate) fn one() -> Outcome {
    let info = RunInfo {
        load: "1 iteration by 1 user".to_owned(),
        duration: None,
        requests: Some(1),
        threads: 1,
        ..closed_info()
    };
    let mut health = health([0.31, 0.29]);
    health.workers.truncate(1);
    Outcome { measured: micros(4_321), elapsed: micros(4_400), health, ..outcome(info, good(1, 1)) }
}

/// Ctrl-C after a quarter of the time.
pub(crate) fn interrupted() -> Outcome {
    let mut total = good(3_000, 20);
    (total.counters.intended, total.counters.started, total.counters.cut_off) = (3_001, 3_001, 1);
    total.counters.started_in_time = 3_001;
    Outcome {
        stopped: StopReason::Interrupted,
        measured: Duration::from_millis(15_040),
        elapsed: Duration::from_millis(15_852),
        oldest_cut_off: Some(Duration::from_millis(812)),
        ..outcome(open_info("200/s for 1m", 60, 12_000), total)
    }
}

/// The first five seconds are left out.
pub(crate) fn warm_up() -> Outcome {
    outcome(RunInfo { warmup: secs(5), duration: Some(secs(35)), ..closed_info() }, good(9_000, 0))
}

/// Arrivals are given up past an in-flight limit of eight.
pub(crate) fn dropped() -> Outcome {
    let mut total = good(1_200, 8);
    total.service = spread(1_200, 50_000, 40_000);
    total.response = spread(1_200, 50_000, 40_000);
    total.breakdown.wait = spread(1_200, 49_000, 40_000);
    total.start_lag = spread(1_200, 9, 50);
    total.release_lag = spread(2_000, 8, 50);
    (total.counters.intended, total.counters.dropped) = (2_000, 800);
    let text = "800 of 2,000 due requests (40 %) were dropped, as asked: the in-flight limit was reached";
    Outcome {
        verdict: Verdict::new(vec![reason("dropped", Soundness::Invalid, text)]),
        ..outcome(open_info("200/s for 10s", 10, 2_000), total)
    }
}

/// Ten connections with ten streams each, over TLS, to a name.
pub(crate) fn http2() -> Outcome {
    let mut total = good(20_000, 10);
    total.breakdown.dns = spread(10, 1_100, 900);
    total.breakdown.tls = spread(10, 2_200, 1_400);
    total.breakdown.pool = spread(20_000, 1, 30);
    let info = RunInfo {
        targets: vec!["https://shop.example.com/".to_owned(), "https://shop.example.com/search?q=tea".to_owned()],
        load: "10 users for 10s".to_owned(),
        protocol: "HTTP/2".to_owned(),
        lanes: 10,
        ..closed_info()
    };
    outcome(info, total)
}

/// A service that misbehaves in many ways and would like to command the terminal.
pub(crate) fn hostile() -> Outcome {
    let mut total = good(900, 400);
    (0..40).for_each(|code| total.statuses.record(560 + code));
    (0..60).for_each(|_| total.statuses.record(503));
    let counters = &mut total.counters;
    (counters.intended, counters.started, counters.failed) = (1_050, 1_050, 150);
    (counters.started_in_time, counters.ended_in_time) = (1_050, 1_050);
    (counters.redirects, counters.stale_retries, counters.address_fallbacks) = (1, 3, 1);
    let evil = "expected HTTP/1.1, got \u{1b}]0;owned\u{7}\u{1b}[2J\r\n\u{202e}gpj.exe\u{9b}31m and then a great deal \
                of text that says nothing at all but goes on and on until whoever reads it has forgotten how it \
                began, which is how log files are filled by services that do not care about their readers";
    for (kind, number, example) in [
        (ErrorKind::Dns, 1, "shop.example.com: no such name"),
        (ErrorKind::Protocol, 40, evil),
        (ErrorKind::Reset, 9, ""),
        (ErrorKind::Status, 100, "status 503"),
    ] {
        (0..number).for_each(|_| total.errors.record(kind, || example.to_owned()));
    }
    let mut tail = same(100, 90);
    tail.merge(&total.response);
    total.response = tail;
    let info = RunInfo {
        targets: (1..=5).map(|i| format!("http://shop{i}.example.com/{}\u{1b}[31m?q=字", "long/".repeat(18))).collect(),
        load:
            "20 users for 10s, 0/s -> 500/s over 30s, 500/s for 5m, poisson 250/s for 10m, 1000 iterations by 20 users"
                .to_owned(),
        ..closed_info()
    };
    outcome(info, total)
}

/// Some answers never come.
pub(crate) fn hanging() -> Outcome {
    let mut total = good(500, 10);
    let counters = &mut total.counters;
    (counters.intended, counters.started, counters.failed) = (530, 515, 5);
    (counters.cut_off, counters.unstarted, counters.started_in_time) = (10, 15, 515);
    for _ in 0..5 {
        total.errors.record(ErrorKind::Timeout, || "no whole answer within 2s".to_owned());
        total.response.record(secs(2));
        total.service.record(secs(2));
    }
    total.start_lag = spread(505, 10, 200);
    total.release_lag = spread(530, 8, 100);
    let reasons = vec![
        reason(
            "unstarted",
            Soundness::Degraded,
            "15 of 530 due requests (2.8 %) were never begun: at the end no place was free under the in-flight limit",
        ),
        reason(
            "cut-off",
            Soundness::Degraded,
            "10 requests (1.9 %) were still unanswered at the end, and in no figure: the true percentiles are worse",
        ),
    ];
    Outcome {
        verdict: Verdict::new(reasons),
        oldest_cut_off: Some(Duration::from_millis(1_930)),
        ..outcome(open_info("53/s for 10s", 10, 530), total)
    }
}

/// A closed load whose users were held up once, by a pool and by the service.
pub(crate) fn stalled() -> Outcome {
    let mut total = good(2_000, 4);
    total.response = same(1, 2_600_000);
    total.response.merge(&spread(1_999, 10_000, 20_000));
    total.breakdown.pool = spread(2_000, 9_000, 20_000);
    (total.counters.started, total.counters.intended, total.counters.cut_off) = (2_001, 2_001, 1);
    Outcome { oldest_cut_off: Some(secs(3)), ..outcome(closed_info(), total) }
}

/// Two scenarios, with checks, retries, bulk requests and thresholds.
pub(crate) fn shop() -> Outcome {
    let series = |kind, scenario: &str, name: &str, checks: &[&str]| SeriesInfo {
        kind,
        scenario: scenario.to_owned(),
        name: name.to_owned(),
        tags: vec![("team".to_owned(), "checkout".to_owned())],
        checks: checks.iter().map(|check| (*check).to_owned()).collect(),
    };
    let info = RunInfo {
        series: vec![
            series(SeriesKind::Iterations, "buy", "buy", &[]),
            series(SeriesKind::Requests, "buy", "POST /login", &["status == 200", "$.token exists", "time < 1s"]),
            series(SeriesKind::Requests, "buy", "GET /products/{product} with a name that is a bit too long", &[]),
            series(SeriesKind::Group, "buy", "checkout", &[]),
            series(SeriesKind::Iterations, "browse", "browse", &[]),
            series(SeriesKind::Requests, "browse", "GET /never", &[]),
        ],
        ..open_info("100/s for 10s", 10, 1_000)
    };
    let tally = |requests: u64, base: u64| {
        let mut tally = good(requests, 0);
        tally.response = spread(requests, base, 40_000);
        tally.service = spread(requests, base, 40_000);
        tally
    };
    let mut login = tally(1_000, 9_000);
    (0..999).for_each(|_| login.checks.pass(0));
    login.checks.fail(0, || "status == 200, found 503".to_owned());
    (0..998).for_each(|_| login.checks.pass(1));
    (0..1_000).for_each(|_| login.checks.pass(2));
    login.checks.fail(1, || "expected a value, found none in `{\"error\": \"busy\"}`".to_owned());
    login.errors.record(ErrorKind::Check, || "status == 200, found 503".to_owned());
    let counters = &mut login.counters;
    (counters.completed, counters.failed) = (999, 1);
    (counters.checks_passed, counters.checks_failed) = (2_997, 2);
    (counters.attempts, counters.failed_at_first, counters.hedges, counters.records) = (1_042, 31, 4, 4_000);
    let mut iterations = tally(1_000, 2_000_000);
    iterations.start_lag = same(1_000, 12);
    iterations.release_lag = same(1_000, 8);
    let all = [
        tally(700, 2_000_000),
        login,
        tally(1_900, 4_000),
        tally(300, 80_000),
        tally(300, 1_000_000),
        Tally::default(),
    ];
    let mut total = all[1].clone();
    total.merge_apart(&all[2]);
    total.counters.attempts += 1_900;
    let threshold =
        |text: &str, passed, found: &str| ThresholdResult { text: text.to_owned(), passed, found: found.to_owned() };
    Outcome {
        iterations: Some(iterations),
        series: all.to_vec(),
        thresholds: vec![
            threshold("p99 < 300ms", true, "41.2 ms"),
            threshold("search p95 < 10ms over 30s", false, "12.3 ms from 1 m 00 s on"),
        ],
        ..outcome(info, total)
    }
}

/// A figure of a second, by its number.
type Figure = fn(u64) -> Option<f64>;

/// Series of the service's own, and what each was in a second `at` of a run.
pub(crate) const OBSERVED: &[(&str, Figure)] = &[
    ("http_requests_in_flight", |at| Some((at % 7) as f64)),
    ("rate(process_cpu_seconds_total)", |at| Some(0.4 + at as f64 / 50.0)),
    // For some seconds the page could not be read.
    ("process_resident_memory_bytes", |at| (!(4..6).contains(&at)).then_some(41e6 + 1e5 * at as f64)),
    ("rate(http_requests_total{status=\"200\"})", |at| (at > 0).then_some(1_190.0)),
    ("rate(http_requests_total{status=\"503\"})", |at| (at > 0).then_some((at % 5) as f64)),
    ("mean(http_request_duration_seconds)", |at| (at > 0).then_some(0.000_3 * (1 + at % 3) as f64)),
    ("never_there", |_| None),
];

pub(crate) fn observed_names() -> Vec<String> {
    OBSERVED.iter().map(|(name, _)| (*name).to_owned()).collect()
}

pub(crate) fn observed_in(second: u64) -> Vec<Option<f64>> {
    OBSERVED.iter().map(|(_, figure)| figure(second)).collect()
}

/// The service's own figures were read beside the load.
pub(crate) fn observed() -> Outcome {
    let mut outcome = closed();
    outcome.info.observed = observed_names();
    outcome.observed = vec![Observed::default(); OBSERVED.len()];
    for second in 0..10 {
        for (observed, figure) in outcome.observed.iter_mut().zip(observed_in(second)) {
            figure.iter().for_each(|figure| observed.add(*figure, secs(1)));
        }
    }
    outcome
}

/// An outcome whose seconds have been looked at.
pub(crate) fn with_findings(outcome: Outcome) -> Outcome {
    Outcome { findings: outcome.findings.or_else(|| Some(findings())), ..outcome }
}

/// A run that was long enough to tell how well it knows, and that did not hold still.
pub(crate) fn known() -> Outcome {
    with_findings(shop())
}

/// One that ended as soon as it knew enough.
pub(crate) fn precise() -> Outcome {
    with_until(StopReason::Precise, Some(within(0.048)))
}

/// One whose load ended before.
pub(crate) fn imprecise() -> Outcome {
    with_until(StopReason::Completed, Some(within(0.071)))
}

/// How well a percentile is to be known.
pub(crate) fn until(what: &str, q: f64, share: f64) -> Until {
    Until { text: format!("{what} ± {}%", share * 100.0), what: what.to_owned(), series: Vec::new(), q, share }
}

/// A run that was to end when its p99.9 was known, and how well it was when the load ended.
pub(crate) fn with_until(stopped: StopReason, band: Option<Band>) -> Outcome {
    let until = until("p99.9", 0.999, 0.05);
    let reached = Reached { reached: stopped == StopReason::Precise, band };
    let mut outcome = Outcome { stopped, ..with_findings(closed()) };
    outcome.info.until = Some(until);
    outcome.info.started_at = secs(1_795_572_603);
    let [from, until] = [Some(secs(0)), Some(secs(30))];
    let stage = |text: &str, from, until| Stage { text: text.to_owned(), from, until, ..Stage::default() };
    outcome.info.stages = vec![
        stage(&outcome.info.load, from, until),
        stage("1000 iterations by 20 users", until, None),
        stage("1/s for 1s", None, None),
    ];
    outcome.info.machine = Machine {
        system: "Linux 6.1.0".into(),
        architecture: "x86_64".into(),
        cores: 2,
        memory: Some(8_000_000_000),
        open_files: Some(1024),
        ..Machine::default()
    };
    outcome.info.plan = vec!["GET http://shop.example.com/products".into()];
    outcome.findings.iter_mut().for_each(|findings| {
        let band = Band { value: 98.0e6, low: 95.0e6, high: 104.0e6 };
        findings.known.insert(3, Known { series: None, figure: "p99.9".into(), band });
        findings.drifts.clear();
        findings.known.retain(|known| known.figure != "errors");
        findings.until = Some(reached);
    });
    outcome
}

/// Where p99.9 may have been when the load ended: this share away.
pub(crate) fn within(share: f64) -> Band {
    Band { value: 98.0e6, low: 98.0e6 * (1.0 - share / 2.0), high: 98.0e6 * (1.0 + share) }
}

/// What seconds might say.
fn findings() -> Findings {
    let known = |series, figure: &str, value, low, high| Known {
        series,
        figure: figure.to_owned(),
        band: Band { value, low, high },
    };
    Findings {
        known: vec![
            known(None, "p50", 12.0e6, 11.9e6, 12.1e6),
            known(None, "p95", 40.0e6, 39.0e6, 41.2e6),
            known(None, "p99", 87.2e6, 80.0e6, 98.0e6),
            known(None, "mean", 14.0e6, 13.9e6, 14.3e6),
            known(None, "rate", 500.0, 499.5, 500.5),
            known(None, "errors", 0.000_345, 0.0, 0.001),
            known(Some(0), "p50", 2.0e9, 1.95e9, 2.06e9),
            known(Some(1), "errors", 0.001, 0.000_2, 0.004),
        ],
        drifts: vec![Drift::WarmUp { lasted: Duration::from_secs(8), change: 0.35 }, Drift::Trend { change: -0.12 }],
        until: None,
    }
}
