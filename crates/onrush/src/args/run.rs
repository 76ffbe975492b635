//! The arguments of `onrush run`, as they are typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FileArgs, OutputArgs};

/// The one-liner.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunArgs {
    /// Where to send requests; several are taken in turn. Without a scheme: http://, for what looks like a host. Or a scenario
    /// file (.yaml), which says what users do
    #[arg(value_name = "URL|FILE")]
    pub(crate) targets: Vec<String>,

    /// More URLs from a file, one a line (`POST http://…` sets a line's method; `#` begins a comment; `-` reads standard
    /// input)
    #[arg(long, value_name = "FILE")]
    pub(crate) urls: Option<PathBuf>,

    /// Users that each send one request after the other [default: 50]; with --rate, the most requests in flight
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, help_heading = "Load")]
    pub(crate) connections: Option<u32>,

    /// How long [default: 10s, unless --requests is given]
    #[arg(short, long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) duration: Option<String>,

    /// How many requests
    #[arg(short = 'n', long, value_name = "N", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) requests: Option<String>,

    /// Requests that begin at this rate whatever the service does (open model): 500/s, 30/m
    #[arg(short, long, value_name = "RATE", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) rate: Option<String>,

    /// The whole load grammar: "0/s -> 500/s over 30s, 500/s for 5m", "0 -> 50 users over 30s", "poisson 200/s for 1m",
    /// "1000 iterations by 20 users"
    #[arg(long, value_name = "LOAD", allow_hyphen_values = true, help_heading = "Load", conflicts_with_all = ["duration", "requests", "rate", "connections"])]
    pub(crate) load: Option<String>,

    /// The most requests of an open load in flight at a time [default: 10000, or what the open-files limit allows]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Load")]
    pub(crate) max_in_flight: Option<u32>,

    /// What an arrival does that finds the limit reached [default: wait]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Load")]
    pub(crate) when_full: Option<WhenFullArg>,

    /// Worker threads [default: one a core]
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, help_heading = "Load")]
    pub(crate) threads: Option<usize>,

    /// Where every random choice comes from [default: a new one, printed]
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Load")]
    pub(crate) seed: Option<u64>,

    /// Leave the beginning out of the figures: added before -d, or the first part of --load
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) warmup: Option<String>,

    /// End as soon as a percentile is known this well, such as 'p99 ± 5%' (or +-), of a scenario file also 'search p99 ± 5%';
    /// the load is the most that is played
    #[arg(long, value_name = "PRECISION", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) until: Option<String>,

    /// How long requests in flight may take to finish after the last was begun [default: 30s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Load")]
    pub(crate) graceful_stop: Option<String>,

    /// What a scenario file reads.
    #[command(flatten)]
    pub(crate) file: FileArgs,

    /// The method [default: GET, or POST with a body]
    #[arg(short, long, value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,

    /// A header, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER", help_heading = "Request")]
    pub(crate) headers: Vec<String>,

    /// The body
    #[arg(long, value_name = "TEXT", help_heading = "Request", group = "body")]
    pub(crate) data: Option<String>,

    /// The body from a file
    #[arg(long, value_name = "FILE", help_heading = "Request", group = "body")]
    pub(crate) data_file: Option<PathBuf>,

    /// The body, as JSON: sets Content-Type and Accept
    #[arg(long, value_name = "JSON", help_heading = "Request", group = "body")]
    pub(crate) json: Option<String>,

    /// Basic authentication; without a colon the password is empty
    #[arg(long, value_name = "USER:PASSWORD", help_heading = "Request", conflicts_with = "bearer")]
    pub(crate) user: Option<String>,

    /// Bearer authentication
    #[arg(long, value_name = "TOKEN", help_heading = "Request")]
    pub(crate) bearer: Option<String>,

    /// The time for a whole request [default: 30s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Request")]
    pub(crate) timeout: Option<String>,

    /// The time for setting up a connection [default: 10s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Request")]
    pub(crate) connect_timeout: Option<String>,

    /// Follow up to N redirects; by default a redirect is the answer, and a scenario file follows 10
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Request")]
    pub(crate) redirects: Option<u32>,

    /// Ask for compressed answers; bytes are counted as they come
    #[arg(long, help_heading = "Request")]
    pub(crate) compressed: bool,

    /// The Host header, instead of the URL's host
    #[arg(long, value_name = "HOST", help_heading = "Request")]
    pub(crate) host_header: Option<String>,

    /// Refuse longer response bodies, in bytes
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, help_heading = "Request")]
    pub(crate) max_body: Option<u64>,

    /// A new connection for every request
    #[arg(long, conflicts_with = "http2", help_heading = "Connections")]
    pub(crate) no_keepalive: bool,

    /// All users share at most N connections, as a service's threads do; by default each has its own, as browsers do
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = "Connections")]
    pub(crate) connections_shared: Option<u32>,

    /// HTTP/2: by prior knowledge in clear text, by ALPN over TLS
    #[arg(long, help_heading = "Connections")]
    pub(crate) http2: bool,

    /// Requests in flight on each HTTP/2 connection
    #[arg(long, value_name = "N", allow_negative_numbers = true, requires = "http2", help_heading = "Connections")]
    pub(crate) streams: Option<u32>,

    /// Requests written at once on each HTTP/1.1 connection
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["http2", "no_keepalive", "redirects"], help_heading = "Connections")]
    pub(crate) pipeline: Option<u32>,

    /// Local addresses to connect from, in turn: 127.0.0.2-127.0.0.9, 10.0.0.0/28, a list of them
    #[arg(long, value_name = "ADDRESSES", value_delimiter = ',', help_heading = "Connections")]
    pub(crate) source_ips: Vec<String>,

    /// Connect to this Unix socket
    #[arg(long, value_name = "PATH", help_heading = "Connections")]
    pub(crate) unix_socket: Option<PathBuf>,

    /// Where a name or IP address leads, instead of asking DNS: `HOST:PORT:ADDRESS`; `*` for any host or port; may be repeated
    #[arg(long, value_name = "HOST:PORT:ADDRESS", help_heading = "Connections")]
    pub(crate) resolve: Vec<String>,

    /// The DNS server to ask, instead of the system's; a name is asked for again when its answer expires
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "Connections")]
    pub(crate) dns_server: Option<SocketAddr>,

    /// The proxy for all requests (http://… or socks5://…) [default: as http_proxy, https_proxy, all_proxy, no_proxy say]
    #[arg(long, value_name = "URL", help_heading = "Connections")]
    pub(crate) proxy: Option<String>,

    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy", help_heading = "Connections")]
    pub(crate) no_proxy: bool,

    /// Accept every certificate
    #[arg(short = 'k', long, help_heading = "TLS")]
    pub(crate) insecure: bool,

    /// Trust the certificates of this PEM file, too
    #[arg(long, value_name = "FILE", help_heading = "TLS")]
    pub(crate) cacert: Option<PathBuf>,

    /// Our certificate chain (PEM), where the service wants one
    #[arg(long, value_name = "FILE", requires = "key", help_heading = "TLS")]
    pub(crate) cert: Option<PathBuf>,

    /// The key of our certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "TLS")]
    pub(crate) key: Option<PathBuf>,

    /// The server name sent and checked, instead of the URL's host
    #[arg(long, value_name = "NAME", help_heading = "TLS")]
    pub(crate) sni: Option<String>,

    /// The lowest TLS version [default: 1.2]
    #[arg(long, value_enum, value_name = "VERSION", help_heading = "TLS")]
    pub(crate) tls_min: Option<TlsVersionArg>,

    /// The highest TLS version [default: 1.3]
    #[arg(long, value_enum, value_name = "VERSION", help_heading = "TLS")]
    pub(crate) tls_max: Option<TlsVersionArg>,

    /// A full handshake for every connection
    #[arg(long, help_heading = "TLS")]
    pub(crate) no_tls_resumption: bool,

    /// Print a scenario file that does the same as these arguments, and send nothing
    #[arg(long, help_heading = "Scenario file")]
    pub(crate) print_scenario: bool,

    /// Where results go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What an arrival does that finds the in-flight limit reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenFullArg {
    /// It waits its turn, and its response time says so
    #[default]
    Wait,
    /// It is given up and counted
    Drop,
}

/// TLS versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TlsVersionArg {
    /// TLS 1.2
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3
    #[value(name = "1.3")]
    Tls13,
}
