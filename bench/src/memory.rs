//! What a client holds in memory, and how soon it sends its first request.

use std::process::{Command, Stdio};

use crate::Options;
use crate::canned::Canned;
use crate::clock::nanos;
use crate::contest::settle;
use crate::measure::measure;
use crate::stats::median;
use crate::table::Row;
use crate::tools::{Closed, Tool};

/// Memory at 1,000 connections, and what each connection adds between 1,000 and 9,000.
pub(crate) fn rows(options: &Options) -> Vec<Row> {
    let Ok(server) = Canned::start(false) else { return Vec::new() };
    let url = format!("http://{}/", server.addr);
    let mut rows = Vec::new();
    for tool in [Tool::Onrush, Tool::Wrk, Tool::Oha].into_iter().filter(|tool| tool.is_there(options)) {
        let peak = |connections| {
            let load = Closed { url: &url, connections, streams: 0, seconds: 2 };
            let finished = measure(&tool.closed(options, load)?)?;
            settle();
            Some(finished.peak_bytes)
        };
        let (Some(few), Some(many)) = (peak(1000), peak(9000)) else { continue };
        let (megabytes, each) = (few / 1e6, (many - few) / 8000.0);
        let budgets = match tool {
            Tool::Onrush => {
                vec![("MB at 1,000".to_owned(), megabytes, 25.0), ("B a connection".to_owned(), each, 1500.0)]
            }
            _ => Vec::new(),
        };
        rows.push(Row {
            what: "memory".to_owned(),
            tool: tool.name(),
            value: format!("{megabytes:.1} MB at 1,000 connections"),
            beside: vec![format!("{each:.0} B for each of 8,000 more")],
            budgets,
        });
    }
    rows
}

/// From the command to the first request at the server.
pub(crate) fn start(options: &Options) -> Vec<Row> {
    let Ok(server) = Canned::start(false) else { return Vec::new() };
    let url = format!("http://{}/", server.addr);
    let mut took = Vec::new();
    for _ in 0..options.rounds.max(5) {
        server.forget();
        let before = nanos();
        let run = Command::new(&options.onrush)
            .args(["run", &url, "-n", "50", "-q"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        if let (Ok(_), Some(first)) = (run, server.first_at()) {
            took.push(first.saturating_sub(before) as f64 / 1e6);
        }
        settle();
    }
    vec![Row {
        what: "start".to_owned(),
        tool: Tool::Onrush.name(),
        value: format!("{:.1} ms to the first request", median(&took)),
        beside: Vec::new(),
        budgets: vec![("ms".to_owned(), median(&took), 50.0)],
    }]
}
