//! The slowest requests: in the summary, in the JSON, and in what is made of the record.

use std::path::Path;

use onrush_target::{Service, ServiceSettings};
use serde_json::Value;

use crate::harness::{Folder, Run};

const FILE: &str = "load: 3 iterations by 1 user
steps:
- repeat: 20
  steps: [{ get: /delay/0, name: fast }]
- { get: /delay/120, name: slow }
";

fn texts(rows: &[Value], field: &str) -> Vec<String> {
    rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn they_are_told_with_their_traces_and_kept() {
    let (service, folder) = (Service::start(ServiceSettings::default()).unwrap(), Folder::new());
    let file = folder.write("s.yaml", format!("target: {}\n{FILE}", service.url()));
    let [record, summary] = ["a.run", "summary.txt"].map(|name| folder.path(name));
    let outputs = [format!("run={}", record.display()), format!("summary={}", summary.display())];
    let run = Run::new([Path::new("run"), &file]).args(["-q", "--traceparent", "-o", &outputs[0], "-o", &outputs[1]]);
    let report = run.report();
    let rows = report.json["slowest"].as_array().unwrap();
    assert_eq!(rows.len(), 10, "of 63");
    assert_eq!(texts(&rows[..3], "step"), ["slow"; 3]);
    assert_eq!(texts(&rows[3..], "step"), ["fast"; 7]);
    let times: Vec<_> = rows.iter().map(|row| row["response_time_ns"].as_u64().unwrap()).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    assert_eq!(Some(times[0]), report.json["response_time_ns"]["max"].as_u64());
    let mut traces = texts(rows, "trace_id");
    assert!(
        traces.iter().all(|trace| trace.len() == 32 && rows.iter().all(|row| row["sampled"] == true)),
        "{traces:?}"
    );
    let text = std::fs::read_to_string(summary).unwrap();
    assert!(text.contains("slowest") && text.contains(&traces[0]), "{text}");
    let again = Run::new([Path::new("report"), &record]).args(["--format", "json"]).finish();
    let again: Value = serde_json::from_str(&again.stdout).unwrap();
    assert_eq!(again["slowest"], report.json["slowest"], "the record has them");
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 10, "each request has its own");
}

#[test]
fn those_of_the_warm_up_are_not_among_them() {
    let service = Service::start(ServiceSettings::default()).unwrap();
    let run = Run::new([&*service.url(), "-q", "-c2", "--warmup", "500ms", "-d", "500ms"]);
    let report = run.report();
    let rows = report.json["slowest"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| row["due_ns"].as_u64().is_some_and(|due| due >= 500_000_000)), "{rows:?}");
    assert!(rows.iter().all(|row| row["trace_id"].is_null()), "the service is told of none");
}
