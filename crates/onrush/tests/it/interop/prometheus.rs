//! Prometheus itself: what it has scraped and what was written to it is what the run reports, by its own query
//! language.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::str::FromStr;

use onrush_target::{Service, ServiceSettings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::Signal;
use serde_json::Value;

use super::peer::{self, Peer};
use crate::harness::{Folder, Report, Run, until};

const NATIVE: &str = "--enable-feature=native-histograms";

/// A Prometheus that scrapes a port once a second, and takes what is written to it.
struct Prometheus {
    peer: Peer,
    scraped: u16,
    _folder: Folder,
}

impl Prometheus {
    /// `None` where it is not installed.
    fn start(features: &[&str]) -> Option<Self> {
        let program = peer::find("prometheus")?;
        let folder = Folder::new();
        let scraped = peer::free_port();
        let config = folder.write(
            "prometheus.yml",
            format!(
                "global: {{ scrape_interval: 1s }}\n\
                 scrape_configs:\n- job_name: load\n  static_configs: [{{ targets: ['127.0.0.1:{scraped}'] }}]\n"
            ),
        );
        let peer = Peer::start(&folder, 1, Signal::TERM, |ports| {
            let mut command = peer::command(&program, ["--web.enable-remote-write-receiver", "--log.level=error"]);
            command.arg(format!("--web.listen-address=127.0.0.1:{}", ports[0]));
            command.arg(format!("--config.file={}", config.display()));
            command.arg(format!("--storage.tsdb.path={}", folder.path("data").display()));
            command.args(features);
            command
        });
        let prometheus = Self { peer, scraped, _folder: folder };
        until(|| prometheus.get("/-/ready").0 == 200, || "a Prometheus that is ready".to_owned());
        Some(prometheus)
    }

    fn write_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/v1/write", self.peer.port(0))
    }

    fn get(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.peer.port(0))).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The rows that a query finds.
    fn rows(&self, query: &str, time: &str) -> Vec<Value> {
        let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
        let (status, body) = self.get(&format!("/api/v1/query?query={query}{time}"));
        assert_eq!(status, 200, "{query}: {body}");
        let json: Value = serde_json::from_str(&body).unwrap();
        json["data"]["result"].as_array().unwrap().clone()
    }

    /// When the last values came, as it can be asked for.
    fn end_of(&self, job: &str) -> String {
        let query = format!("onrush_running{{job=\"{job}\"}}[1m]");
        let last = || Some(self.rows(&query, "").first()?["values"].as_array()?.last()?.clone());
        until(|| last().is_some_and(|last| last[1] == "0"), || format!("the end of {job}: {:?}", last()));
        // A little later, for the rest of the same scrape.
        format!("&time={:.3}", last().unwrap()[0].as_f64().unwrap() + 0.001)
    }
}

/// What a query finds at the end of a run: one number.
struct Asked<'a> {
    prometheus: &'a Prometheus,
    time: String,
}

impl Asked<'_> {
    fn number<T: FromStr<Err: Debug>>(&self, query: &str) -> T {
        let rows = self.prometheus.rows(query, &self.time);
        let [row] = &*rows else { panic!("{query}: {rows:?}") };
        row["value"][1].as_str().unwrap().parse().unwrap()
    }

    /// The counters of a job are those of the report.
    fn counts_are(&self, job: &str, report: &Report) {
        let number = |query: &str| self.number::<u64>(&query.replace("JOB", &format!("job=\"{job}\"")));
        for result in ["completed", "failed", "cut_off"] {
            let found = number(&format!("sum(onrush_requests_total{{JOB,result=\"{result}\"}})"));
            assert_eq!(found, report.requests(result), "{result}");
        }
        let iterations = report.iterations();
        assert_eq!(number("sum(onrush_iterations_total{JOB})"), iterations.iter().sum::<u64>());
        assert_eq!(number("sum(onrush_intended_total{JOB})"), report.number("/iterations/intended"));
        for (status, count) in report.json["statuses"].as_object().unwrap() {
            let found = number(&format!("sum(onrush_responses_total{{JOB,status=\"{status}\"}})"));
            assert_eq!(Some(found), count.as_u64(), "{status}");
        }
        let failed = number("sum(onrush_errors_total{JOB,kind=\"status\"})");
        assert_eq!(failed, number("sum(onrush_requests_total{JOB,result=\"failed\"})"));
        assert_eq!(number("sum(onrush_checks_total{JOB,result=\"passed\"})"), report.number("/checks/passed"));
        assert_eq!(number("onrush_threshold_passed{JOB}"), 1);
        assert_eq!(number("sum(onrush_verdict{JOB})"), 1);
    }

    /// A quantile of the step `slow`, as somebody would ask for it, is the one of the report, to the width of a bucket.
    fn median_is_near(&self, histogram: &str, width: f64, report: &Report) {
        let found: f64 = self.number(&format!("histogram_quantile(0.5, sum by (le) ({histogram}))"));
        let series = report.json["series"].as_array().unwrap().iter().find(|series| series["name"] == "slow").unwrap();
        let measured = series["response_time_ns"]["p50"].as_f64().unwrap() / 1e9;
        assert!((measured / width..measured * width).contains(&found), "{histogram}: {found} of {measured}");
        assert!(measured >= 0.020, "the service takes that long: {measured}");
    }
}

/// Everything that the dashboard asks for, as Grafana would ask.
fn dashboard() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let asked = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    let runs = dashboard["annotations"]["list"][0]["expr"].as_str().unwrap().to_owned();
    let variables = ["$job", "$instance", "$scenario"];
    let filled = |query: String| variables.iter().fold(query, |query, name| query.replace(name, ".*"));
    asked.chain([runs]).map(|query| filled(query).replace("$__rate_interval", "10s")).collect()
}

/// Two steps, one of which takes 20 ms and one of which fails now and then.
fn scenario(folder: &Folder, service: &str) -> std::path::PathBuf {
    folder.write(
        "s.yaml",
        format!(
            "target: {service}\nload: 50/s for 3s\nthresholds: [p50 < 10s]\nsteps:\n\
             - get: /delay/20\n  name: slow\n  check: {{ fine: status == 200 }}\n- when: chance(30%)\n  steps: [{{ get: /status/503, name: shaky }}]\n"
        ),
    )
}

fn play(folder: &Folder, outputs: &[&str]) -> Report {
    play_with(folder, &["--label", "build=17"], outputs)
}

fn play_with(folder: &Folder, more: &[&str], outputs: &[&str]) -> Report {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let file = scenario(folder, &service.url());
    let run = Run::new([Path::new("run"), &file]).args(outputs.iter().flat_map(|output| ["-o", output]));
    run.args(["-q"]).args(more).report()
}

#[test]
fn scraped_as_text() {
    let Some(prometheus) = Prometheus::start(&[]) else { return };
    let report = play(&Folder::new(), &[&format!("prometheus={},linger=30s", prometheus.scraped)]);
    let asked = Asked { prometheus: &prometheus, time: prometheus.end_of("load") };
    asked.counts_are("load", &report);
    asked.median_is_near("onrush_response_seconds_bucket{step=\"slow\"}", 2.5, &report);
    let labels = prometheus.rows("onrush_requests_total{step=\"slow\",result=\"completed\"}", &asked.time);
    assert_eq!((&labels[0]["metric"]["build"], &labels[0]["metric"]["scenario"]), (&"17".into(), &"s".into()));
}

#[test]
fn scraped_with_native_histograms() {
    let Some(prometheus) = Prometheus::start(&[NATIVE]) else { return };
    let report = play(&Folder::new(), &[&format!("prometheus={},linger=30s", prometheus.scraped)]);
    let asked = Asked { prometheus: &prometheus, time: prometheus.end_of("load") };
    asked.counts_are("load", &report);
    asked.median_is_near("onrush_response_seconds{step=\"slow\"}", 1.05, &report);
    let count: u64 = asked.number("histogram_count(sum(onrush_response_seconds))");
    assert_eq!(count, report.requests("completed") + report.requests("failed"));
}

#[test]
fn written_remotely() {
    let Some(prometheus) = Prometheus::start(&[NATIVE]) else { return };
    let output = format!("remote-write={},native,every=1s", prometheus.write_url());
    let report = play(&Folder::new(), &[&output]);
    assert_eq!(report.stderr, "");
    let asked = Asked { prometheus: &prometheus, time: prometheus.end_of("onrush") };
    asked.counts_are("onrush", &report);
    asked.median_is_near("onrush_response_seconds_bucket{step=\"slow\"}", 2.5, &report);
    asked.median_is_near("onrush_response_seconds{step=\"slow\"}", 1.05, &report);
    let queries = dashboard();
    assert!(queries.len() > 20);
    for query in queries.iter().filter(|query| !query.starts_with("changes(")) {
        let rows = prometheus.rows(query, &asked.time);
        assert!(!rows.is_empty(), "the dashboard shows nothing for {query}");
    }
    let seconds = &prometheus.rows("onrush_elapsed_seconds[1m]", "")[0]["values"];
    assert!(seconds.as_array().unwrap().len() >= 4, "one a second, and the end: {seconds}");
}

#[test]
fn native_histograms_that_are_not_wanted_are_told() {
    let Some(prometheus) = Prometheus::start(&[]) else { return };
    let output = format!("remote-write={},native,every=1s", prometheus.write_url());
    let report = play(&Folder::new(), &[&output]);
    assert_eq!(report.code, 1);
    assert!(report.stderr.contains("native histograms are disabled"), "{}", report.stderr);
}

#[test]
fn a_recorded_run_is_written_later() {
    let Some(prometheus) = Prometheus::start(&[]) else { return };
    let folder = Folder::new();
    let file = folder.path("a.run");
    let report = play_with(&folder, &[], &[&format!("run={}", file.display())]);
    let write = format!("remote-write={}", prometheus.write_url());
    let replay = Run::new([Path::new("report"), &file]).args(["--label", "build=17", "-o", &write]);
    let replayed = replay.finish();
    assert_eq!((replayed.code, &*replayed.stderr), (0, ""));
    let asked = Asked { prometheus: &prometheus, time: prometheus.end_of("onrush") };
    asked.counts_are("onrush", &report);
}
