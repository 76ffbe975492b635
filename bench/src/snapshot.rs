//! What a second costs beside the requests: the snapshot of many series, made, merged and handed out.

use std::fs;
use std::process::Stdio;

use crate::canned::{Canned, Manner};
use crate::clock::{pause, settle};
use crate::measure::client;
use crate::stats::median;
use crate::table::Row;
use crate::tools::Tool;
use crate::{Options, scenario};

const SERIES: usize = 1000;
/// Seconds that are looked at, after the first ones.
const SECONDS: usize = 5;

/// CPU time a second of the thread that adds up what the workers counted and hands it to the outputs.
pub(crate) fn rows(options: &Options) -> Vec<Row> {
    let Some(costs) = costs(options) else { return Vec::new() };
    let cost = median(&costs);
    vec![Row {
        what: format!("a snapshot of {SERIES} series"),
        tool: Tool::Scenario.name(),
        value: format!("{cost:.2} ms CPU a second"),
        beside: Vec::new(),
        budgets: vec![("ms".to_owned(), cost, 5.0)],
    }]
}

fn costs(options: &Options) -> Option<Vec<f64>> {
    let server = Canned::start(Manner::Answers).ok()?;
    let file = scenario::of_many_steps(&format!("http://{}/", server.addr), SERIES, SECONDS as u64 + 5)?;
    let mut command = client(&options.onrush);
    command.args(["run", &file, "-t", "1", "-q"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().ok()?;
    let used = |id| {
        // The first thread of the process is the one; the first number is what it has used, in nanoseconds.
        let text = fs::read_to_string(format!("/proc/{id}/task/{id}/schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok().map(|nanos| nanos / 1e6)
    };
    pause(3);
    let mut costs = Vec::new();
    let mut before = used(running.id())?;
    for _ in 0..SECONDS {
        pause(1);
        let now = used(running.id())?;
        costs.push(now - before);
        before = now;
    }
    running.wait().ok()?;
    settle();
    Some(costs)
}
