//! How the wire is used: protocol, connections, names, proxies, TLS.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use url::{Host, Url};

use crate::Secret;

/// How virtual users reach the service.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientSettings {
    /// The protocol spoken.
    pub protocol: Protocol,
    /// Whether a connection carries more than one request.
    pub keep_alive: bool,
    /// Who owns the connections.
    pub pooling: Pooling,
    /// The time for a whole request, from its actual start to the last byte, redirects included.
    pub timeout: Duration,
    /// The time for setting up a connection: name, connect, proxy, TLS.
    pub connect_timeout: Duration,
    /// How many redirects are followed; past it the request fails. 0: a redirect is the answer.
    pub redirects: u32,
    /// Local addresses, used in turn. Empty: the system chooses.
    pub source_ips: Vec<IpAddr>,
    /// Connect here instead of over TCP.
    pub unix_socket: Option<PathBuf>,
    /// Addresses given instead of asking DNS.
    pub resolve: Vec<Resolve>,
    /// The DNS server to ask instead of the system's.
    pub dns_server: Option<SocketAddr>,
    /// Proxies.
    pub proxy: ProxyRules,
    /// TLS.
    pub tls: TlsSettings,
    /// The longest response head accepted, in bytes.
    pub max_head: usize,
    /// The longest response body accepted, in bytes.
    pub max_body: u64,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            protocol: Protocol::Http1 { pipeline: 1 },
            keep_alive: true,
            pooling: Pooling::PerUser,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            redirects: 0,
            source_ips: Vec::new(),
            unix_socket: None,
            resolve: Vec::new(),
            dns_server: None,
            proxy: ProxyRules::default(),
            tls: TlsSettings::default(),
            max_head: 64 * 1024,
            max_body: u64::MAX,
        }
    }
}

/// The protocol, and how many requests one connection carries at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1 {
        /// Requests written without waiting for the answers of those before; 1 is no pipelining.
        pipeline: u32,
    },
    /// HTTP/2: by prior knowledge in clear text, by ALPN over TLS.
    Http2 {
        /// Requests in flight on one connection.
        streams: u32,
    },
}

impl Protocol {
    /// Requests that one connection carries at a time.
    pub const fn lanes(self) -> u32 {
        match self {
            Self::Http1 { pipeline } => pipeline,
            Self::Http2 { streams } => streams,
        }
    }

    /// The usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 { .. } => "HTTP/1.1",
            Self::Http2 { .. } => "HTTP/2",
        }
    }
}

/// Who owns connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// Every virtual user its own, as browsers do.
    PerUser,
    /// All users of the run share at most this many, as the threads of a service do.
    Shared {
        /// Over all workers.
        max: u32,
    },
}

/// An address given for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host: a name, an IP address without brackets, or `*` for every host.
    pub host: String,
    /// The port it holds for, or 0 for every port.
    pub port: u16,
    /// Where to connect.
    pub addresses: Vec<IpAddr>,
}

impl Resolve {
    /// Whether it holds for a host and port.
    pub fn fits(&self, host: &Host<impl AsRef<str>>, port: u16) -> bool {
        let is_host = match host {
            Host::Domain(name) => name.as_ref().eq_ignore_ascii_case(&self.host),
            Host::Ipv4(ip) => self.host.parse() == Ok(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => self.host.parse() == Ok(IpAddr::V6(*ip)),
        };
        (is_host || self.host == "*") && (self.port == port || self.port == 0)
    }
}

/// Which proxy is used for what.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProxyRules {
    /// For `http://` targets: `http://[user:password@]host:port` or `socks5://…`.
    pub http: Option<Url>,
    /// For `https://` targets.
    pub https: Option<Url>,
    /// Hosts reached directly, as in `NO_PROXY`: names, `.suffixes`, addresses, CIDR blocks, `*`.
    pub bypass: Vec<String>,
}

/// Without what proxies are logged in to with.
impl fmt::Debug for ProxyRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |url: &Option<Url>| url.as_ref().and_then(|url| Some(format!("{}:{}", url.host()?, url.port()?)));
        let (http, https) = (place(&self.http), place(&self.https));
        f.debug_struct("ProxyRules").field("http", &http).field("https", &https).field("bypass", &self.bypass).finish()
    }
}

/// TLS settings.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsSettings {
    /// Whether certificates are checked at all.
    pub verify: bool,
    /// Who is trusted.
    pub roots: Roots,
    /// Certificate chain and key in PEM, for mTLS.
    pub identity: Option<(Vec<u8>, Secret)>,
    /// The server name sent and checked, instead of the URL's host.
    pub server_name: Option<String>,
    /// The lowest version offered.
    pub min: TlsVersion,
    /// The highest version offered.
    pub max: TlsVersion,
    /// Whether sessions are resumed on later connections.
    pub resumption: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            verify: true,
            roots: Roots::System,
            identity: None,
            server_name: None,
            min: TlsVersion::Tls12,
            max: TlsVersion::Tls13,
            resumption: true,
        }
    }
}

/// Whose certificates are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// The system's store, Mozilla's list where there is none.
    System,
    /// The certificates of this PEM text, beside the system's.
    SystemAnd(Vec<u8>),
}

/// TLS versions that can be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}
