//! What a client holds in memory, and how soon it sends its first request.

use std::process::Stdio;

use crate::canned::{Canned, Manner};
use crate::clock::{nanos, settle};
use crate::measure::{client, measure, while_running};
use crate::stats::median;
use crate::table::Row;
use crate::tools::{Closed, Tool};
use crate::{Options, scenario};

const FEW: u32 = 1000;
const MANY: u32 = 9000;

/// Memory at 1,000 connections under full load, and what each connection more holds while it waits.
pub(crate) fn rows(options: &Options) -> Vec<Row> {
    let tools = [Tool::Onrush, Tool::Wrk, Tool::Oha].into_iter().filter(|tool| tool.is_there(options));
    let rows = tools.filter_map(|tool| {
        let row = row(tool, options);
        if row.is_none() {
            eprintln!("memory: {} did not bring its connections about", tool.name());
        }
        row
    });
    rows.collect()
}

fn row(tool: Tool, options: &Options) -> Option<Row> {
    let megabytes = busy(tool, options)? / 1e6;
    let each = (idle(tool, MANY, options)? - idle(tool, FEW, options)?) / f64::from(MANY - FEW);
    let budgets = match tool {
        Tool::Onrush => vec![("MB at 1,000".to_owned(), megabytes, 25.0), ("B a connection".to_owned(), each, 1500.0)],
        _ => Vec::new(),
    };
    Some(Row {
        what: "memory".to_owned(),
        tool: tool.name(),
        value: format!("{megabytes:.1} MB at 1,000 busy connections"),
        beside: vec![format!("{each:.0} B for each idle connection from 1,000 to 9,000")],
        budgets,
    })
}

/// The largest resident size of a client that keeps connections busy.
fn busy(tool: Tool, options: &Options) -> Option<f64> {
    let server = Canned::start(Manner::Answers).ok()?;
    let url = format!("http://{}/", server.addr);
    let load = Closed { url: &url, connections: FEW, streams: 0, seconds: 2 };
    let finished = measure(&tool.closed(options, load)?)?;
    settle();
    Some(finished.peak_bytes)
}

/// The resident size of a client whose connections have all had an answer, and now have nothing to do but
/// to wait for the next one.
fn idle(tool: Tool, connections: u32, options: &Options) -> Option<f64> {
    let server = Canned::start(Manner::AnswersOnce).ok()?;
    let url = format!("http://{}/", server.addr);
    let load = Closed { url: &url, connections, streams: 0, seconds: 4 };
    let resident = while_running(&tool.closed(options, load)?, || server.requests() >= 2 * u64::from(connections));
    settle();
    resident
}

/// What a user of a scenario holds while it thinks.
pub(crate) fn thinking(options: &Options) -> Vec<Row> {
    let resident = |users: u32| {
        let server = Canned::start(Manner::Answers).ok()?;
        let file = scenario::thinking(&format!("http://{}/", server.addr), users, 5)?;
        let command: Vec<_> = [&options.onrush, "run", &file, "-t", "1", "-q"].map(str::to_owned).to_vec();
        let resident = while_running(&command, || server.requests() >= u64::from(users));
        settle();
        resident
    };
    let (Some(few), Some(many)) = (resident(FEW), resident(MANY)) else { return Vec::new() };
    let each = (many - few) / f64::from(MANY - FEW);
    vec![Row {
        what: "memory".to_owned(),
        tool: Tool::Scenario.name(),
        value: format!("{each:.0} B for each user in think time more, its connection included, from 1,000 to 9,000"),
        beside: Vec::new(),
        budgets: vec![("B a user".to_owned(), each, 3000.0)],
    }]
}

/// From the command to the first request at the server.
pub(crate) fn start(options: &Options) -> Vec<Row> {
    let Ok(server) = Canned::start(Manner::Answers) else { return Vec::new() };
    let url = format!("http://{}/", server.addr);
    let mut took = Vec::new();
    for _ in 0..options.rounds.max(5) {
        server.forget();
        let before = nanos();
        let run = client(&options.onrush)
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
