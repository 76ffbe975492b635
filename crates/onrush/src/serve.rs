//! `onrush serve`: the service under test, alone.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use onrush_report::{count, several};
use onrush_target::{
    Bind, Capacity, CertificateFlaw, Hostile, HostileServer, Running, Service, ServiceSettings, Stats, TlsSettings,
    TlsVersions,
};

use crate::args::{FlawArg, HttpArg, ServeArgs, TlsVersionArg};
use crate::exit::{Exit, Wrong};
use crate::lower;
use crate::signals;

/// Serves until it is interrupted, or its time is over.
pub(crate) fn serve(args: &ServeArgs) -> Result<Exit, Wrong> {
    onrush_engine::raise_descriptor_limit();
    let lasts = args.duration.as_deref().map(|text| lower::duration("--duration", text)).transpose()?;
    match args.hostile {
        Some(mode) => serve_hostile(mode, args, lasts),
        None => serve_well(args, lasts),
    }
}

/// What the arguments order.
pub(crate) fn settings(args: &ServeArgs) -> ServiceSettings {
    ServiceSettings {
        bind: args.listen.clone(),
        threads: args.threads,
        latency: args.latency,
        errors: args.errors,
        error_status: args.error_status,
        capacity: args.capacity.map(|workers| Capacity { workers, queue: args.queue }),
        freeze: args.freeze,
        size: args.size,
        chunked: args.chunked,
        gzip: args.gzip,
        seed: args.seed,
        http1: args.http != HttpArg::Http2,
        http2: args.http != HttpArg::Http1,
        keep_alive: !args.no_keepalive,
        tls: args.tls.then(|| tls(args)),
        ..ServiceSettings::default()
    }
}

fn tls(args: &ServeArgs) -> TlsSettings {
    TlsSettings {
        flaw: args.tls_flaw.map(|flaw| match flaw {
            FlawArg::Expired => CertificateFlaw::Expired,
            FlawArg::WrongHost => CertificateFlaw::WrongHost,
            FlawArg::SelfSigned => CertificateFlaw::SelfSigned,
        }),
        require_client_certificate: args.client_certificates,
        versions: match args.tls_version {
            None => TlsVersions::Both,
            Some(TlsVersionArg::Tls12) => TlsVersions::Only12,
            Some(TlsVersionArg::Tls13) => TlsVersions::Only13,
        },
        resumption: !args.no_tls_resumption,
    }
}

fn serve_well(args: &ServeArgs, lasts: Option<Duration>) -> Result<Exit, Wrong> {
    let ends = ends()?;
    let running = Service::start(settings(args)).map_err(|error| Wrong(error.to_string()))?;
    let trust = args.certificates.as_deref().map(|folder| write_certificates(&running, folder)).transpose()?;
    say(&format!("{}\nTry:  {}\n", greeting(&running, lasts), invitation(&running, trust.as_deref())));
    wait(&ends, lasts);
    say(&farewell(&running.stop()));
    Ok(Exit::Ok)
}

fn serve_hostile(mode: Hostile, args: &ServeArgs, lasts: Option<Duration>) -> Result<Exit, Wrong> {
    let Bind::Tcp(address) = args.listen else {
        return Err(Wrong("a hostile service listens on a TCP port, not on a Unix socket".to_owned()));
    };
    let ends = ends()?;
    let server = HostileServer::start_at(mode, address);
    let server = server.map_err(|error| Wrong(format!("cannot listen on {address}: {error}")))?;
    say(&format!("Misbehaving on {} ({}): {}\n", server.url(), until(lasts), mode.about()));
    wait(&ends, lasts);
    say(&format!("{}\n", traffic(server.requests(), "", server.connections())));
    Ok(Exit::Ok)
}

fn greeting(running: &Running, lasts: Option<Duration>) -> String {
    let place = match running.bound() {
        Bind::Tcp(_) => running.url(),
        Bind::Unix(path) => path.display().to_string(),
    };
    format!("Serving on {place} ({})", until(lasts))
}

fn until(lasts: Option<Duration>) -> String {
    lasts.map_or_else(|| "Ctrl-C stops".to_owned(), |lasts| format!("for {}", onrush_pace::duration_text(lasts)))
}

/// A command line that reaches the service, to copy.
fn invitation(running: &Running, trust: Option<&str>) -> String {
    let mut line = format!("onrush {}/ -c 50 -d 10s", running.url());
    if let Bind::Unix(path) = running.bound() {
        line = format!("{line} --unix-socket {}", path.display());
    }
    if running.ca_pem().is_some() {
        line += trust.unwrap_or(" --insecure");
    }
    line
}

/// Writes what clients need, and returns the arguments with which they use it.
fn write_certificates(running: &Running, folder: &Path) -> Result<String, Wrong> {
    let wrong = |error: io::Error| Wrong(format!("cannot write certificates into {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(wrong)?;
    let mut arguments = String::new();
    let mut write = |name: &str, flag: &str, pem: &str| {
        let path = folder.join(name);
        arguments = format!("{arguments} {flag} {}", path.display());
        fs::write(path, pem).map_err(wrong)
    };
    if let Some(pem) = running.ca_pem() {
        write("ca.pem", "--cacert", pem)?;
    }
    if let Some(identity) = running.client_identity() {
        write("client.pem", "--cert", &identity.certificate_pem)?;
        write("client-key.pem", "--key", &identity.key_pem)?;
    }
    Ok(arguments)
}

fn farewell(stats: &Stats) -> String {
    let statuses: Vec<_> =
        stats.by_status.iter().map(|(status, number)| format!("{status} × {}", count(*number))).collect();
    let answers = if statuses.is_empty() { String::new() } else { format!(" ({})", statuses.join(", ")) };
    traffic(stats.received, &answers, stats.accepted) + "\n"
}

fn traffic(requests: u64, answers: &str, connections: u64) -> String {
    let (requests, connections) =
        (several(requests, "request", "requests"), several(connections, "connection", "connections"));
    format!("{requests}{answers} over {connections}")
}

/// Hears about signals. Set up before anything is started, so that none is missed.
fn ends() -> Result<Receiver<()>, Wrong> {
    let (send, ends) = channel();
    signals::on_signal(move |_| {
        // Nobody listens any more: it is ending already.
        let _ = send.send(());
    })?;
    Ok(ends)
}

fn wait(ends: &Receiver<()>, lasts: Option<Duration>) {
    match lasts {
        Some(lasts) => drop(ends.recv_timeout(lasts)),
        None => drop(ends.recv()),
    }
}

/// A closed pipe is no reason to stop serving.
fn say(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_at_the_end() {
        let of = |received, statuses: &[(u16, u64)], accepted| {
            farewell(&Stats { received, accepted, by_status: statuses.iter().copied().collect(), ..Stats::default() })
        };
        assert_eq!(of(0, &[], 0), "0 requests over 0 connections\n");
        assert_eq!(of(1, &[(200, 1)], 1), "1 request (200 × 1) over 1 connection\n");
        assert_eq!(
            of(2_000, &[(200, 1_500), (503, 499)], 5),
            "2,000 requests (200 × 1,500, 503 × 499) over 5 connections\n"
        );
    }
}
