//! Starting and stopping the service: its listeners, its threads and what is known of it while it runs.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::context::Shared;
use crate::settings::{Bind, ServiceSettings};
use crate::stats::Stats;
use crate::tls::{Identity, Tls};

mod connection;
mod listener;
mod phase;
mod socket;
mod thread;

use listener::Listener;
use phase::Phase;

/// The service under test. It is only a way to start one.
#[derive(Debug)]
pub struct Service;

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings make no sense together.
    #[error("these settings do not work: {0}")]
    Settings(String),
    /// The address is taken, foreign or not allowed.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// What was to be bound.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate could be made, or rustls did not take it.
    #[error("cannot prepare TLS: {0}")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system gave no thread or no event loop.
    #[error("cannot start a thread of the service: {0}")]
    Thread(#[source] io::Error),
}

impl Service {
    /// Binds and starts to serve on threads of its own. Can be called from anywhere, also inside of a runtime: it does not wait
    /// for the network.
    pub fn start(settings: ServiceSettings) -> Result<Running, StartError> {
        settings.check().map_err(StartError::Settings)?;
        let tls =
            settings.tls.as_ref().map(|tls| Tls::new(tls, alpn(&settings))).transpose().map_err(StartError::Tls)?;
        let (bound, listeners) = listener::bind(&settings.bind, settings.threads)
            .map_err(|source| StartError::Bind { address: describe(&settings.bind), source })?;
        let shared = Arc::new(Shared::new(settings, tls));
        let mut running = Running { bound, threads: Vec::new(), phase: watch::Sender::new(Phase::Serving), shared };
        for (number, listener) in listeners.into_iter().enumerate() {
            running.spawn(number, listener).map_err(StartError::Thread)?;
        }
        Ok(running)
    }
}

/// A service that runs. Dropping it stops it at once.
#[derive(Debug)]
pub struct Running {
    bound: Bind,
    threads: Vec<JoinHandle<()>>,
    phase: watch::Sender<Phase>,
    shared: Arc<Shared>,
}

impl Running {
    /// Where it listens, with the port that was taken.
    pub fn bound(&self) -> &Bind {
        &self.bound
    }

    /// The TCP address.
    ///
    /// # Panics
    /// For a service on a Unix socket, which has a path instead: see `bound`.
    pub fn addr(&self) -> SocketAddr {
        match self.bound {
            Bind::Tcp(address) => address,
            Bind::Unix(_) => panic!("a service on a Unix socket has no address"),
        }
    }

    /// The URL up to the path, such as `http://127.0.0.1:41234`: append `/…`. A service on all addresses is named by the loopback
    /// one; one on a Unix socket by `http://localhost`.
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        match self.bound {
            Bind::Tcp(address) => format!("{scheme}://{}", reachable(address)),
            Bind::Unix(_) => format!("{scheme}://localhost"),
        }
    }

    /// The counters up to now.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// The authority that clients must trust, as PEM; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.shared.tls.as_ref().map(|tls| tls.ca_pem.as_str())
    }

    /// A certificate that this service takes from clients; none where it asks for none.
    pub fn client_identity(&self) -> Option<&Identity> {
        self.shared.tls.as_ref()?.client.as_ref()
    }

    /// Stops to listen, lets the requests in flight finish within the `grace` of the settings, ends the threads and returns the
    /// last counters. Blocks meanwhile.
    pub fn stop(mut self) -> Stats {
        self.end(Phase::Finishing);
        self.shared.stats()
    }

    fn spawn(&mut self, number: usize, listener: Listener) -> io::Result<()> {
        let (ready, started) = mpsc::channel();
        let shared = Arc::clone(&self.shared);
        let phase = self.phase.subscribe();
        let run = move || thread::run(number, listener, &shared, phase, &ready);
        self.threads.push(std::thread::Builder::new().name(format!("onrush-target-{number}")).spawn(run)?);
        started.recv().unwrap_or_else(|_| Err(io::Error::other("it ended before it began")))
    }

    fn end(&mut self, phase: Phase) {
        self.phase.send_replace(phase);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on stderr, and has nothing left to stop.
            let _ = thread.join();
        }
        if let Bind::Unix(path) = &self.bound {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end(Phase::Ending);
    }
}

fn alpn(settings: &ServiceSettings) -> Vec<Vec<u8>> {
    let spoken = [(settings.http2, "h2"), (settings.http1, "http/1.1")];
    spoken.into_iter().filter(|(is_spoken, _)| *is_spoken).map(|(_, name)| name.into()).collect()
}

fn describe(bind: &Bind) -> String {
    match bind {
        Bind::Tcp(address) => address.to_string(),
        Bind::Unix(path) => path.display().to_string(),
    }
}

fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
