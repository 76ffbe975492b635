//! The classic proof: a service that stands still one second in every four, asked 1,000 times a second.
//! Whoever asks at its own pace waits out the rest of the freeze, so the true percentiles are known.

use std::time::Duration;

use onrush_target::{Freeze, Service, ServiceSettings};
use serde_json::Value;

use crate::Options;
use crate::measure::measure;
use crate::table::Row;
use crate::tools::Tool;

const RATE: u32 = 1000;
const EVERY: f64 = 4.0;
const LASTS: f64 = 1.0;
/// Three whole periods.
const SECONDS: u64 = 12;

/// What each tool reports beside the truth.
pub(crate) fn rows(options: &Options) -> Vec<Row> {
    let mut rows = vec![Row {
        what: "a freeze of 1 s every 4 s at 1,000/s".to_owned(),
        tool: "the truth",
        value: format!("p50 {:.0} ms, p90 {:.0} ms, p99 {:.0} ms", truth(0.5), truth(0.9), truth(0.99)),
        beside: Vec::new(),
        budgets: Vec::new(),
    }];
    for tool in [Tool::Onrush, Tool::Oha, Tool::Wrk].into_iter().filter(|tool| tool.is_there(options)) {
        let Some(told) = tell(tool, options) else { continue };
        let budgets = match tool {
            Tool::Onrush => vec![
                ("p90 off by".to_owned(), (told[1] / truth(0.9) - 1.0).abs(), 0.05),
                ("p99 off by".to_owned(), (told[2] / truth(0.99) - 1.0).abs(), 0.05),
            ],
            _ => Vec::new(),
        };
        rows.push(Row {
            what: "reported".to_owned(),
            tool: tool.name(),
            value: format!("p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms", told[0], told[1], told[2]),
            beside: Vec::new(),
            budgets,
        });
    }
    rows
}

/// The share of arrivals that waits longer than w is (lasts − w) / every.
fn truth(q: f64) -> f64 {
    (LASTS - (1.0 - q) * EVERY).max(0.0) * 1e3
}

fn tell(tool: Tool, options: &Options) -> Option<[f64; 3]> {
    let freeze = Freeze { every: Duration::from_secs_f64(EVERY), lasts: Duration::from_secs_f64(LASTS) };
    let service = Service::start(ServiceSettings { freeze: Some(freeze), ..ServiceSettings::default() }).ok()?;
    let url = format!("{}/", service.url().trim_end_matches('/'));
    let finished = measure(&tool.open(options, &url, RATE, SECONDS)?)?;
    match tool {
        Tool::Onrush => {
            let told: Value = serde_json::from_str(&finished.stdout).ok()?;
            let times = &told["response_time_ns"];
            Some([times["p50"].as_f64()? / 1e6, times["p90"].as_f64()? / 1e6, times["p99"].as_f64()? / 1e6])
        }
        Tool::Oha => {
            let told: Value = serde_json::from_str(&finished.stdout).ok()?;
            let times = &told["latencyPercentiles"];
            Some([times["p50"].as_f64()? * 1e3, times["p90"].as_f64()? * 1e3, times["p99"].as_f64()? * 1e3])
        }
        _ => {
            let line =
                |name: &str| finished.stdout.lines().find_map(|line| millis(line.trim().strip_prefix(name)?.trim()));
            Some([line("50%")?, line("90%")?, line("99%")?])
        }
    }
}

/// wrk's `1.23ms`, `456.00us`, `1.00s`.
fn millis(text: &str) -> Option<f64> {
    for (unit, factor) in [("us", 1e-3), ("ms", 1.0), ("s", 1e3)] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok()) {
            return Some(number * factor);
        }
    }
    None
}
