//! The contests: who, against which server, with which load, held against which budget.

use std::process::ExitCode;

use onrush_target::{Service, ServiceSettings, TlsSettings};

use crate::canned::{Canned, Manner};
use crate::clock::settle;
use crate::measure::measure;
use crate::stats::{median, quantile};
use crate::table::{Row, print};
use crate::tools::{Closed, Tool};
use crate::{Options, cpu, freeze, memory, pacing, snapshot};

/// A contest of closed loads, decided by the CPU time a request.
struct Contest {
    name: &'static str,
    what: &'static str,
    server: Server,
    connections: u32,
    streams: u32,
    tools: &'static [Tool],
    /// Whose budgets these are.
    subject: Tool,
    /// It may cost so many times what the tool does.
    budgets: &'static [(Tool, f64)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Canned,
    Http2,
    Tls,
}

const CONTESTS: &[Contest] = &[
    Contest {
        name: "h1-50",
        what: "HTTP/1.1, 50 connections",
        server: Server::Canned,
        connections: 50,
        streams: 0,
        tools: &[Tool::Floor, Tool::Onrush, Tool::Wrk, Tool::Oha],
        subject: Tool::Onrush,
        budgets: &[(Tool::Floor, 1.15), (Tool::Wrk, 0.85)],
    },
    Contest {
        name: "h1-1000",
        what: "HTTP/1.1, 1,000 connections",
        server: Server::Canned,
        connections: 1000,
        streams: 0,
        tools: &[Tool::Floor, Tool::Onrush, Tool::Wrk, Tool::Oha],
        subject: Tool::Onrush,
        budgets: &[(Tool::Floor, 1.15), (Tool::Wrk, 0.85)],
    },
    Contest {
        name: "scenario",
        what: "a scenario's request: header from data, check, value saved from JSON; 50 connections",
        server: Server::Canned,
        connections: 50,
        streams: 0,
        tools: &[Tool::Floor, Tool::Scenario, Tool::Onrush],
        subject: Tool::Scenario,
        budgets: &[(Tool::Floor, 1.4)],
    },
    Contest {
        name: "h2",
        what: "HTTP/2, 10 connections × 10 streams",
        server: Server::Http2,
        connections: 10,
        streams: 10,
        tools: &[Tool::Onrush, Tool::H2load, Tool::Oha],
        subject: Tool::Onrush,
        budgets: &[(Tool::H2load, 0.95)],
    },
    Contest {
        name: "tls",
        what: "HTTPS/1.1, 50 connections",
        server: Server::Tls,
        connections: 50,
        streams: 0,
        tools: &[Tool::Onrush, Tool::Wrk, Tool::Oha],
        subject: Tool::Onrush,
        budgets: &[(Tool::Wrk, 1.0)],
    },
];

/// A server that counts.
enum Counting {
    Canned(Canned),
    Service(onrush_target::Running),
}

/// Everything that was asked for, and the table of it.
pub(crate) fn run_all(options: &Options) -> ExitCode {
    // Server threads inherit this; clients are moved to their own core.
    cpu::pin(cpu::SERVER);
    let mut rows = Vec::new();
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| only == name);
    for contest in CONTESTS.iter().filter(|contest| wanted(contest.name)) {
        rows.extend(run(contest, options));
    }
    for (name, part) in [
        ("pacing", pacing::rows as fn(&Options) -> Vec<Row>),
        ("memory", memory::rows),
        ("thinking", memory::thinking),
        ("freeze", freeze::rows),
        ("start", memory::start),
        ("snapshot", snapshot::rows),
    ] {
        if wanted(name) {
            rows.extend(part(options));
        }
    }
    print(&rows);
    ExitCode::SUCCESS
}

/// CPU microseconds a request of each tool in each round.
fn run(contest: &Contest, options: &Options) -> Vec<Row> {
    let server = match start(contest.server) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("{}: {error}", contest.name);
            return Vec::new();
        }
    };
    let tools: Vec<Tool> = contest.tools.iter().copied().filter(|tool| tool.is_there(options)).collect();
    let mut costs = vec![Vec::new(); tools.len()];
    for round in 0..options.rounds {
        for (tool, costs) in tools.iter().zip(&mut costs) {
            let load = Closed {
                url: &server.url(),
                connections: contest.connections,
                streams: contest.streams,
                seconds: options.seconds,
            };
            let Some(command) = tool.closed(options, load) else { continue };
            let before = server.requests();
            let finished = measure(&command);
            settle();
            let requests = server.requests() - before;
            if requests == 0 {
                eprintln!("{}: {} sent nothing: {}", contest.name, tool.name(), command.join(" "));
            }
            if let Some(finished) = finished.filter(|_| requests > 0) {
                let cost = finished.cpu_us / requests as f64;
                eprintln!(
                    "{} round {}: {} {cost:.2} µs a request, {requests} requests",
                    contest.name,
                    round + 1,
                    tool.name()
                );
                costs.push(cost);
            }
        }
    }
    tools
        .iter()
        .zip(&costs)
        .filter(|(_, own)| !own.is_empty())
        .map(|(tool, own)| row(contest, *tool, own, &tools, &costs))
        .collect()
}

fn row(contest: &Contest, tool: Tool, own: &[f64], tools: &[Tool], costs: &[Vec<f64>]) -> Row {
    let value = format!("{:.2} µs CPU a request ({:.2} to {:.2})", median(own), quantile(own, 0.0), quantile(own, 1.0));
    let budgets = contest.budgets.iter().filter(|_| tool == contest.subject);
    let budgets = budgets.filter_map(|(other, limit)| {
        let place = tools.iter().position(|tool| tool == other)?;
        // Round by round, since the machine's speed drifts from one to the next.
        let ratios: Vec<_> = own.iter().zip(&costs[place]).map(|(own, other)| own / other).collect();
        Some((format!("× {}", other.name()), median(&ratios), *limit))
    });
    Row { what: contest.what.to_owned(), tool: tool.name(), value, beside: Vec::new(), budgets: budgets.collect() }
}

fn start(server: Server) -> Result<Counting, String> {
    let service = |settings| Service::start(settings).map(Counting::Service).map_err(|error| error.to_string());
    match server {
        Server::Canned => Canned::start(Manner::Answers).map(Counting::Canned).map_err(|error| error.to_string()),
        Server::Http2 => service(ServiceSettings::default()),
        Server::Tls => service(ServiceSettings { tls: Some(TlsSettings::default()), ..ServiceSettings::default() }),
    }
}

impl Counting {
    fn url(&self) -> String {
        match self {
            Self::Canned(canned) => format!("http://{}/", canned.addr),
            Self::Service(service) => format!("{}/", service.url().trim_end_matches('/')),
        }
    }

    fn requests(&self) -> u64 {
        match self {
            Self::Canned(canned) => canned.requests(),
            Self::Service(service) => service.stats().requests,
        }
    }
}
