//! The arguments of `onrush serve`, as they are typed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use onrush_target::{Bind, Freeze, Hostile, Latency};

/// The service to order.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen: a port of 127.0.0.1 (0 takes a free one), `ADDRESS:PORT` or `unix:PATH`
    #[arg(short, long, value_name = "WHERE", default_value = "8080", value_parser = listen)]
    pub(crate) listen: Bind,

    /// Threads
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,

    /// Stop after this time [default: on Ctrl-C]
    #[arg(short, long, value_name = "TIME")]
    pub(crate) duration: Option<String>,

    /// Where every random choice comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Time for each answer: 5ms, "uniform 1ms..10ms", "normal 20ms±5ms", "lognormal 20ms 0.5", "exponential 10ms"
    #[arg(long, value_name = "TIME", default_value = "none", value_parser = Latency::from_str, help_heading = "Behaviour")]
    pub(crate) latency: Latency,

    /// Answers that are errors: 1%, or 0.01
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share, help_heading = "Behaviour")]
    pub(crate) errors: f64,

    /// The status of these errors
    #[arg(long, value_name = "STATUS", default_value_t = 500, help_heading = "Behaviour")]
    pub(crate) error_status: u16,

    /// Serve only N requests at a time; further ones queue [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Behaviour")]
    pub(crate) capacity: Option<u32>,

    /// Requests that may queue for the capacity; what comes on top is answered 503
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "capacity", help_heading = "Behaviour")]
    pub(crate) queue: u32,

    /// Stand still on schedule: "1s every 4s"
    #[arg(long, value_name = "WHEN", value_parser = Freeze::from_str, help_heading = "Behaviour")]
    pub(crate) freeze: Option<Freeze>,

    /// Misbehave on purpose, and do nothing else (plain HTTP/1.1, or worse); --help lists the ways
    #[arg(
        long, value_name = "HOW", value_parser = Hostile::from_str, help_heading = "Behaviour", long_help = ways(),
        conflicts_with_all = ["threads", "latency", "errors", "capacity", "freeze", "size", "chunked", "gzip", "tls", "http"],
    )]
    pub(crate) hostile: Option<Hostile>,

    /// Bytes of the body of `/`
    #[arg(long, value_name = "BYTES", default_value_t = 6, help_heading = "Answers")]
    pub(crate) size: u64,

    /// Send this body in chunks, without a Content-Length
    #[arg(long, help_heading = "Answers")]
    pub(crate) chunked: bool,

    /// Compress this body for clients that accept gzip
    #[arg(long, help_heading = "Answers")]
    pub(crate) gzip: bool,

    /// Close each connection after its first answer
    #[arg(long, help_heading = "Connections")]
    pub(crate) no_keepalive: bool,

    /// What is spoken; in clear text HTTP/2 is recognised by its first bytes
    #[arg(long, value_enum, value_name = "VERSION", default_value_t, help_heading = "Connections")]
    pub(crate) http: HttpArg,

    /// Speak TLS, with a certificate made at the start for localhost, 127.0.0.1 and ::1
    #[arg(long, help_heading = "TLS")]
    pub(crate) tls: bool,

    /// Write into this folder what clients need: ca.pem for --cacert, and client.pem with client-key.pem if
    /// --client-certificates asks for them
    #[arg(long, value_name = "FOLDER", requires = "tls", help_heading = "TLS")]
    pub(crate) certificates: Option<PathBuf>,

    /// Turn away clients without a certificate of ours
    #[arg(long, requires = "certificates", help_heading = "TLS")]
    pub(crate) client_certificates: bool,

    /// Something wrong with the certificate
    #[arg(long, value_enum, value_name = "FLAW", requires = "tls", help_heading = "TLS")]
    pub(crate) tls_flaw: Option<FlawArg>,

    /// The only TLS version spoken [default: both]
    #[arg(long, value_enum, value_name = "VERSION", requires = "tls", help_heading = "TLS")]
    pub(crate) tls_version: Option<super::TlsVersionArg>,

    /// A full handshake for every connection
    #[arg(long, requires = "tls", help_heading = "TLS")]
    pub(crate) no_tls_resumption: bool,
}

/// What the service speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HttpArg {
    /// HTTP/1.1 and HTTP/2
    #[default]
    Both,
    /// HTTP/1.1 alone
    #[value(name = "1.1")]
    Http1,
    /// HTTP/2 alone
    #[value(name = "2")]
    Http2,
}

/// What may be wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlawArg {
    /// It has expired
    Expired,
    /// It is for another host
    WrongHost,
    /// It is signed by itself
    SelfSigned,
}

fn listen(text: &str) -> Result<Bind, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        return Ok(Bind::Unix(path.into()));
    }
    let port = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port.parse::<u16>() {
        return Ok(Bind::Tcp((Ipv4Addr::LOCALHOST, port).into()));
    }
    let address = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let address = address.as_deref().unwrap_or(text).parse::<SocketAddr>();
    address.map(Bind::Tcp).map_err(|_| "write a port, ADDRESS:PORT (such as 0.0.0.0:8080) or unix:PATH".to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    let (number, whole) = text.strip_suffix('%').map_or((text, 1.0), |number| (number.trim_end(), 100.0));
    let share = number.parse::<f64>().map(|number| number / whole);
    share
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "write a share from 0 to 100 % such as 1%, or from 0 to 1 such as 0.01".to_owned())
}

fn ways() -> String {
    let ways = Hostile::ALL.iter().map(|way| format!("\n  {:28} {}", way.to_string(), way.about()));
    format!("Misbehave on purpose, and do nothing else (plain HTTP/1.1, or worse):{}", ways.collect::<String>())
}
