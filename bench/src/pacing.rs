//! Schedule error: how far from the ideal, evenly spaced schedule requests arrive at the server.
//!
//! The k-th arrival should come at t₀ + k/rate. The t₀ of each tool is its own: the one that makes its
//! earliest request exact. What is left is how much later than its own best each request came.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::Options;
use crate::canned::{ANSWER, Canned, Manner};
use crate::clock::{nanos, seconds, settle};
use crate::measure::measure;
use crate::stats::{median, quantile};
use crate::table::Row;
use crate::tools::Tool;

const RATES: &[u32] = &[500, 5000];
const TOOLS: &[Tool] = &[Tool::Floor, Tool::Onrush, Tool::Oha];
/// Microseconds.
const BUDGET: f64 = 30.0;

/// A row for each rate and tool.
pub(crate) fn rows(options: &Options) -> Vec<Row> {
    let Ok(server) = Canned::start(Manner::NotesTimes) else { return Vec::new() };
    let url = format!("http://{}/", server.addr);
    let tools: Vec<_> = TOOLS.iter().copied().filter(|tool| tool.is_there(options)).collect();
    let mut rows = Vec::new();
    for rate in RATES {
        let mut medians = vec![Vec::new(); tools.len()];
        let mut tails = vec![Vec::new(); tools.len()];
        for _ in 0..options.rounds {
            for (place, tool) in tools.iter().enumerate() {
                let Some(command) = tool.open(options, &url, *rate, options.seconds) else { continue };
                server.forget();
                measure(&command);
                settle();
                let errors = schedule_errors(&server.take_times(), *rate);
                medians[place].push(median(&errors));
                tails[place].push(quantile(&errors, 0.99));
                eprintln!(
                    "pacing {rate}/s: {} p50 {:.1} µs p99 {:.1} µs, {} arrivals",
                    tool.name(),
                    median(&errors),
                    quantile(&errors, 0.99),
                    errors.len()
                );
            }
        }
        for (place, tool) in tools.iter().enumerate() {
            let value = median(&medians[place]);
            let budgets =
                if *tool == Tool::Onrush { vec![("µs median".to_owned(), value, BUDGET)] } else { Vec::new() };
            rows.push(Row {
                what: format!("schedule error at {rate}/s"),
                tool: if *tool == Tool::Floor { "floor (timerfd)" } else { tool.name() },
                value: format!("{value:.1} µs median"),
                beside: vec![format!("p99 {:.0} µs", median(&tails[place]))],
                budgets,
            });
        }
    }
    rows
}

/// Microseconds by which each arrival is later than the ideal schedule through the earliest.
fn schedule_errors(times: &[u64], rate: u32) -> Vec<f64> {
    let gap = 1e9 / f64::from(rate);
    let Some(first) = times.first() else { return Vec::new() };
    let offsets: Vec<_> = times.iter().enumerate().map(|(k, at)| (at - first) as f64 - k as f64 * gap).collect();
    let earliest = offsets.iter().copied().fold(f64::INFINITY, f64::min);
    offsets.iter().map(|offset| (offset - earliest) / 1e3).collect()
}

/// `pacer ADDRESS RATE SECONDS`: a timerfd, a connection, a request when it fires.
pub(crate) fn main(arguments: &[&str]) -> ExitCode {
    let [addr, rate, secs] = arguments else { return ExitCode::from(104) };
    match run(addr, rate.parse().unwrap_or(1), secs.parse().unwrap_or(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pacer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(addr: &str, rate: u64, secs: u64) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let start = nanos() + 10_000_000;
    let mut buffer = vec![0; ANSWER.len()];
    for number in 0..rate * secs {
        let due = start + number * seconds(1) / rate;
        let it_value = Timespec { tv_sec: (due / seconds(1)).cast_signed(), tv_nsec: (due % seconds(1)).cast_signed() };
        let spec = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &spec)?;
        rustix::io::read(&timer, &mut [0; 8])?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")?;
        stream.read_exact(&mut buffer)?;
    }
    Ok(())
}
