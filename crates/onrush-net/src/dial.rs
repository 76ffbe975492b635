//! Setting up a connection: name, address, proxy, TLS, with the time that each took.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use onrush_metrics::ErrorKind;
use onrush_plan::{ClientSettings, Protocol};
use tokio::net::UnixStream;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};
use url::Host;

use crate::clock::Instant;
use crate::dns::Names;
use crate::error::SetupError;
use crate::failure::Failure;
use crate::origin::Origin;
use crate::proxy::{Proxies, Proxy, Route};
use crate::source::{self, Sources};
use crate::stream::Stream;
use crate::tls::Tls;

/// What dialing begins with, in words.
const RESOLVING: &str = "resolving its name";
/// What comes after that.
const CONNECTING: &str = "waiting for the connection";

/// How long a Unix socket is left alone whose backlog is full.
const KNOCK: Duration = Duration::from_millis(1);

/// Which part of the run a worker plays; it starts at its own place in every rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its place, from 0.
    pub index: u32,
    /// How many workers there are.
    pub of: u32,
}

impl Share {
    /// How many of `total` things belong to this worker.
    pub fn of_total(self, total: u32) -> u32 {
        total / self.of + u32::from(self.index < total % self.of)
    }
}

/// What all workers of a run share: read-only, made once.
#[derive(Clone, Debug)]
pub struct Setup {
    tls: Tls,
}

impl Setup {
    /// Reads certificates and keys, tries the local addresses. `needs_tls` builds all of TLS now instead of at the first handshake.
    pub fn new(settings: &ClientSettings, needs_tls: bool) -> Result<Self, SetupError> {
        source::check(&settings.source_ips)?;
        let tls = Tls::new(&settings.tls, settings.protocol)?;
        if needs_tls {
            tls.warm()?;
        }
        Ok(Self { tls })
    }
}

/// Sets up the connections of one worker.
#[derive(Debug)]
pub struct Dialer {
    settings: ClientSettings,
    names: Rc<Names>,
    sources: Sources,
    proxies: Proxies,
    tls: Tls,
}

/// A connection that was set up.
#[derive(Debug)]
pub struct Dialed {
    /// Ready for HTTP.
    pub stream: Stream,
    /// What it took.
    pub timings: DialTimings,
    /// Addresses of the name that failed before one answered.
    pub fallbacks: u32,
    /// Who reads the requests.
    pub peer: Peer,
    pub(crate) generation: Cell<u64>,
}

/// Who reads the requests of a connection.
#[derive(Clone, PartialEq, Eq)]
pub enum Peer {
    /// The service itself.
    Service,
    /// A forward proxy: requests are in absolute form.
    ForwardProxy(Box<ForwardProxy>),
}

/// What a forward proxy wants to be told.
#[derive(Clone, PartialEq, Eq)]
pub struct ForwardProxy {
    /// Its `Proxy-Authorization`, if it wants one.
    pub credentials: Option<Box<str>>,
}

/// Without the credentials.
impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "Service",
            Self::ForwardProxy(_) => "ForwardProxy",
        })
    }
}

/// What setting up a connection took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialTimings {
    /// Resolving the name; `None` for addresses and names that were known.
    pub dns: Option<Duration>,
    /// Connecting, attempts at other addresses and a proxy's part included.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Option<Duration>,
}

impl Dialer {
    /// A dialer for one worker's share of a run.
    pub fn new(settings: &ClientSettings, setup: &Setup, share: Share) -> Result<Self, SetupError> {
        let index = share.index as usize;
        Ok(Self {
            names: Rc::new(Names::new(settings, index)),
            sources: Sources::new(&settings.source_ips, index * settings.source_ips.len() / share.of.max(1) as usize),
            proxies: Proxies::new(&settings.proxy)?,
            tls: setup.tls.clone(),
            settings: settings.clone(),
        })
    }

    /// Whether `origin` could be reached, as far as that is known before it is tried.
    pub fn check(&self, origin: &Origin) -> Result<(), SetupError> {
        let (host, port) =
            self.proxies.of(origin).map_or((&origin.host, origin.port), |proxy| (&proxy.host, proxy.port));
        let given = self.names.given(host, port).filter(|_| self.settings.unix_socket.is_none());
        match given {
            Some(addresses) if !addresses.iter().any(|address| self.sources.reach(*address)) => {
                Err(SetupError::Family { origin: format!("{host}:{port}") })
            }
            _ => Ok(()),
        }
    }

    /// Connects to `origin` within the connect timeout.
    pub async fn dial(&self, origin: &Origin) -> Result<Dialed, Failure> {
        self.dial_telling(origin, &Cell::default()).await
    }

    /// Connects to `origin` within the connect timeout. `doing` says all the while what is waited for, in words: who
    /// gives up earlier can tell.
    pub(crate) async fn dial_telling(&self, origin: &Origin, doing: &Cell<&'static str>) -> Result<Dialed, Failure> {
        doing.set(RESOLVING);
        let limit = self.settings.connect_timeout;
        match timeout(limit, self.dial_unbounded(origin, doing)).await {
            Ok(dialed) => dialed,
            Err(_) => {
                let text = format!("connecting to {origin}: not done within {limit:?} ({})", doing.get());
                // A name server that keeps silent is no less a failure of DNS than one that says so.
                let kind = if doing.get() == RESOLVING { ErrorKind::Dns } else { ErrorKind::ConnectTimeout };
                Err(Failure::timed_out(kind, text))
            }
        }
    }

    /// Lets names whose answers have expired be asked for again, beside whatever else goes on.
    #[inline]
    pub(crate) fn refresh_names(&self, now: Instant) {
        if self.names.is_due(now) {
            spawn_local(Rc::clone(&self.names).refresh());
        }
    }

    /// Whether a connection to `origin` still leads to an address that its name has. Costs a comparison as long
    /// as no name has lost one.
    #[inline]
    pub(crate) fn is_current(
        &self,
        generation: &Cell<u64>,
        origin: &Origin,
        address: impl FnOnce() -> Option<IpAddr>,
    ) -> bool {
        generation.replace(self.names.generation()) == self.names.generation() || self.leads_to(origin, address())
    }

    #[cold]
    fn leads_to(&self, origin: &Origin, address: Option<IpAddr>) -> bool {
        let host = self.proxies.of(origin).map_or(&origin.host, |proxy| &proxy.host);
        address.is_none_or(|address| self.names.leads_to(host, address))
    }

    async fn dial_unbounded(&self, origin: &Origin, doing: &Cell<&'static str>) -> Result<Dialed, Failure> {
        let generation = Cell::new(self.names.generation());
        let mut timings = DialTimings::default();
        let (stream, fallbacks, peer) = match (&self.settings.unix_socket, self.proxies.of(origin)) {
            (Some(path), _) => {
                doing.set(CONNECTING);
                let before = Instant::now();
                let unix = connect_unix(path).await;
                timings.connect = before.elapsed();
                (Stream::Unix(unix.map_err(|error| Failure::connect(&error, &path.display()))?), 0, Peer::Service)
            }
            (None, None) => {
                let (stream, fallbacks) = self.reach(&origin.host, origin.port, doing, &mut timings).await?;
                (stream, fallbacks, Peer::Service)
            }
            // What not every connection needs waits on the heap: thousands may be opened at a time.
            (None, Some(proxy)) => Box::pin(self.through(proxy, origin, doing, &mut timings)).await?,
        };
        let stream = if origin.is_tls {
            doing.set("TLS handshake");
            let before = Instant::now();
            let stream = Box::pin(self.tls.connect(&origin.host, stream)).await?;
            timings.tls = Some(before.elapsed());
            stream
        } else {
            stream
        };
        Ok(Dialed { stream, timings, fallbacks, peer, generation })
    }

    async fn through(
        &self,
        proxy: &Proxy,
        origin: &Origin,
        doing: &Cell<&'static str>,
        timings: &mut DialTimings,
    ) -> Result<(Stream, u32, Peer), Failure> {
        let (stream, fallbacks) = self.reach(&proxy.host, proxy.port, doing, timings).await?;
        doing.set("waiting for the proxy");
        let before = Instant::now();
        let is_http1 = matches!(self.settings.protocol, Protocol::Http1 { .. });
        let route = proxy.route(origin.is_tls, is_http1);
        let stream = match route {
            Route::Forward => stream,
            Route::Tunnel => proxy.tunnel(origin, stream).await?,
            Route::Socks => proxy.socks(origin, stream).await?,
        };
        timings.connect += before.elapsed();
        let peer = match route {
            Route::Forward => Peer::ForwardProxy(Box::new(ForwardProxy { credentials: proxy.authorization.clone() })),
            Route::Tunnel | Route::Socks => Peer::Service,
        };
        Ok((stream, fallbacks, peer))
    }

    /// Connects to the first address of a host that answers.
    async fn reach(
        &self,
        host: &Host<String>,
        port: u16,
        doing: &Cell<&'static str>,
        timings: &mut DialTimings,
    ) -> Result<(Stream, u32), Failure> {
        let mut found = self.names.find(host, port).await?;
        found.addresses.retain(|address| self.sources.reach(*address));
        timings.dns = found.took;
        doing.set(CONNECTING);
        let before = Instant::now();
        let mut worst = None;
        for (number, address) in found.addresses.iter().enumerate() {
            let others = found.addresses.len() - number - 1;
            match self.connect(*address, port, others).await {
                Ok(stream) => {
                    timings.connect = before.elapsed();
                    return Ok((stream, number as u32));
                }
                // Another address would not help; one of another family, or with ports of its own, may.
                Err(failure) if failure.kind() == ErrorKind::LocalDescriptors => return Err(failure),
                // What the service said is told before what this machine lacks.
                Err(failure) if worst.is_some() && failure.kind().is_local() => {}
                Err(failure) => worst = Some(failure),
            }
            self.names.avoid(host, *address);
        }
        Err(worst.unwrap_or_else(|| {
            let text = format!("none of the source addresses is of the family of an address of `{host}`");
            Failure::new(ErrorKind::LocalOther, text)
        }))
    }

    /// An address that says nothing may not use up the time of `others` that might answer.
    async fn connect(&self, address: IpAddr, port: u16, others: usize) -> Result<Stream, Failure> {
        let peer = SocketAddr::new(address, port);
        let connecting = self.sources.connect(peer);
        if others == 0 {
            return connecting.await.map(Stream::Tcp);
        }
        let limit = self.settings.connect_timeout / (others as u32 + 1);
        match timeout(limit, connecting).await {
            Ok(connected) => connected.map(Stream::Tcp),
            Err(_) => Err(Failure::new(
                ErrorKind::ConnectTimeout,
                format!("connecting to {peer}: no answer within {limit:?}"),
            )),
        }
    }
}

/// A full backlog of a Unix socket is told at once, where TCP tries again by itself. It says that the service does
/// not accept, not that this machine has run out of something.
async fn connect_unix(path: &Path) -> io::Result<UnixStream> {
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(KNOCK).await,
            done => return done,
        }
    }
}
