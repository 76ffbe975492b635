//! The tools, how each is asked for the same thing, and how a missing one is got.

use crate::{Options, scenario};

/// A client that takes part in contests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Floor,
    Onrush,
    /// Onrush with a scenario file.
    Scenario,
    Wrk,
    Oha,
    H2load,
}

/// A closed load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed<'a> {
    pub(crate) url: &'a str,
    pub(crate) connections: u32,
    /// Concurrent streams of HTTP/2; 0 for HTTP/1.1.
    pub(crate) streams: u32,
    pub(crate) seconds: u64,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor (raw epoll)",
            Self::Onrush => "onrush",
            Self::Scenario => "onrush, scenario",
            Self::Wrk => "wrk",
            Self::Oha => "oha",
            Self::H2load => "h2load",
        }
    }

    /// Whether it is there; if not, how to get it is said once.
    pub(crate) fn is_there(self, options: &Options) -> bool {
        let (program, mend) = match self {
            Self::Floor => return true,
            Self::Onrush | Self::Scenario => (options.onrush.clone(), "cargo build --release"),
            Self::Wrk => ("wrk".to_owned(), "apt-get install wrk"),
            Self::Oha => (oha(), "cargo install oha"),
            Self::H2load => ("h2load".to_owned(), "apt-get install nghttp2-client"),
        };
        let there = std::process::Command::new(&program).arg("--version").output().is_ok();
        if !there {
            eprintln!("left out: {program} is not installed ({mend})");
        }
        there
    }

    /// The command for a closed load on one core; `None` where the tool cannot.
    pub(crate) fn closed(self, options: &Options, load: Closed<'_>) -> Option<Vec<String>> {
        let Closed { url, connections, streams, seconds } = load;
        let own = std::env::current_exe().ok()?.display().to_string();
        let host = url.split('/').nth(2).unwrap_or_default();
        let line = match (self, streams) {
            (Self::Floor, 0) if url.starts_with("http:") => format!("{own} floor {host} {connections} {seconds}"),
            (Self::Onrush, _) => {
                let insecure = if url.starts_with("https:") { " -k" } else { "" };
                let http2 = if streams > 0 { format!(" --http2 --streams {streams}") } else { String::new() };
                format!("{} run {url} -t 1 -c {connections} -d {seconds}s -q{insecure}{http2}", options.onrush)
            }
            (Self::Scenario, 0) => {
                let file = scenario::asking(url, connections, seconds)?;
                format!("{} run {file} -t 1 -q", options.onrush)
            }
            (Self::Wrk, 0) => format!("wrk -t1 -c{connections} -d{seconds}s {url}"),
            (Self::Oha, 0) => format!("{} --no-tui --insecure -c {connections} -z {seconds}s {url}", oha()),
            (Self::Oha, _) => format!("{} --no-tui --http2 -c {connections} -p {streams} -z {seconds}s {url}", oha()),
            (Self::H2load, 1..) => format!("h2load -t1 -c{connections} -m{streams} -D{seconds} {url}"),
            _ => return None,
        };
        Some(words(&line))
    }

    /// The command for requests at a steady rate.
    pub(crate) fn open(self, options: &Options, url: &str, rate: u32, seconds: u64) -> Option<Vec<String>> {
        let own = std::env::current_exe().ok()?.display().to_string();
        let host = url.split('/').nth(2).unwrap_or_default();
        let line = match self {
            Self::Floor => format!("{own} pacer {host} {rate} {seconds}"),
            Self::Onrush => format!("{} run {url} -t 1 -r {rate}/s -d {seconds}s -q --format json", options.onrush),
            Self::Oha => format!("{} --no-tui -c 50 -q {rate} -z {seconds}s --output-format json {url}", oha()),
            Self::Wrk => format!("wrk -t1 -c50 -d{seconds}s --latency {url}"),
            Self::H2load | Self::Scenario => return None,
        };
        Some(words(&line))
    }
}

/// Where cargo puts it, unless it is on the path.
fn oha() -> String {
    let on_path = std::process::Command::new("oha").arg("--version").output().is_ok();
    let home = std::env::var("HOME").unwrap_or_default();
    if on_path { "oha".to_owned() } else { format!("{home}/.cargo/bin/oha") }
}

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}
