//! Proxies: which one is used for what, and how each is spoken to.

use std::fmt::{self, Write};
use std::net::IpAddr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use onrush_metrics::ErrorKind;
use onrush_plan::ProxyRules;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::{Host, Url};

use crate::error::SetupError;
use crate::failure::Failure;
use crate::origin::Origin;
use crate::stream::Stream;

/// The longest answer to CONNECT that is read.
const MAX_ANSWER: usize = 16 * 1024;

/// The proxies of a run.
#[derive(Debug)]
pub(crate) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Vec<String>,
}

/// One proxy.
pub(crate) struct Proxy {
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(crate) authorization: Option<Box<str>>,
    is_socks: bool,
    user: String,
    password: String,
}

/// Without what it is logged in with.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({}:{})", self.host, self.port)
    }
}

/// How a proxy is used for one origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// It reads the requests, which are in absolute form.
    Forward,
    /// It passes bytes on, asked by CONNECT.
    Tunnel,
    /// It passes bytes on, asked by SOCKS 5.
    Socks,
}

impl Proxies {
    pub(crate) fn new(rules: &ProxyRules) -> Result<Self, SetupError> {
        let proxy = |url: &Option<Url>| url.as_ref().map(Proxy::new).transpose();
        Ok(Self { http: proxy(&rules.http)?, https: proxy(&rules.https)?, bypass: rules.bypass.clone() })
    }

    /// The proxy for an origin, unless it is reached directly.
    pub(crate) fn of(&self, origin: &Origin) -> Option<&Proxy> {
        let proxy = if origin.is_tls { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.bypass.iter().any(|rule| bypasses(rule.trim(), &origin.host, origin.port)))
    }
}

/// Host and port of the proxy that requests to a URL go through, unless it is reached directly.
pub fn proxy_of(rules: &ProxyRules, url: &Url) -> Option<String> {
    let proxies = Proxies::new(rules).ok()?;
    let proxy = proxies.of(&Origin::of(url))?;
    Some(format!("{}:{}", proxy.host, proxy.port))
}

/// Whether a rule in the manner of `NO_PROXY` covers a host.
fn bypasses(rule: &str, host: &Host<String>, port: u16) -> bool {
    if rule == "*" {
        return true;
    }
    let address = match host {
        Host::Domain(name) => return name_matches(rule, name, port),
        Host::Ipv4(ip) => IpAddr::V4(*ip),
        Host::Ipv6(ip) => IpAddr::V6(*ip),
    };
    match rule.split_once('/') {
        Some((network, bits)) => network.parse().is_ok_and(|network| in_network(address, network, bits.parse().ok())),
        None => {
            rule.trim_matches(['[', ']']).parse() == Ok(address)
                || rule.parse() == Ok(std::net::SocketAddr::new(address, port))
        }
    }
}

fn name_matches(rule: &str, name: &str, port: u16) -> bool {
    let rule = match rule.rsplit_once(':') {
        Some((rule, digits)) if digits.parse() == Ok(port) => rule,
        Some(_) => return false,
        None => rule,
    };
    let domain = rule.trim_start_matches("*.").trim_start_matches('.').to_ascii_lowercase();
    let name = name.to_ascii_lowercase();
    !domain.is_empty() && (name == domain || name.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')))
}

fn in_network(address: IpAddr, network: IpAddr, bits: Option<u32>) -> bool {
    let Some(bits) = bits else { return false };
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) if bits <= 32 => {
            let shift = 32 - bits;
            u64::from(address.to_bits()) >> shift == u64::from(network.to_bits()) >> shift
        }
        (IpAddr::V6(address), IpAddr::V6(network)) if bits <= 128 => {
            let differ = address.to_bits() ^ network.to_bits();
            bits == 0 || differ >> (128 - bits) == 0
        }
        _ => false,
    }
}

impl Proxy {
    fn new(url: &Url) -> Result<Self, SetupError> {
        let refuse = |why| {
            let mut shown = url.clone();
            let _ = shown.set_password(None);
            Err(SetupError::Proxy { url: shown.to_string(), why })
        };
        let is_socks = match url.scheme() {
            "http" => false,
            "socks5" | "socks5h" => true,
            _ => return refuse("its scheme must be http:// or socks5://"),
        };
        let Some(host) = url.host() else { return refuse("it has no host") };
        // The URL type leaves the host of schemes it does not know as it was written.
        let host = match host.to_owned() {
            Host::Domain(name) => Host::parse(&name).unwrap_or(Host::Domain(name)),
            address => address,
        };
        let decode = |text: &str| percent_decode(text);
        let (user, password) = (decode(url.username()), decode(url.password().unwrap_or_default()));
        let authorization = (!is_socks && !user.is_empty())
            .then(|| format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))).into());
        let port = url.port().unwrap_or(if is_socks { 1080 } else { 80 });
        Ok(Self { host, port, authorization, is_socks, user, password })
    }

    /// Only clear-text HTTP/1.1 can be forwarded; everything else needs a tunnel.
    pub(crate) fn route(&self, is_tls: bool, is_http1: bool) -> Route {
        match (self.is_socks, is_tls, is_http1) {
            (true, ..) => Route::Socks,
            (false, false, true) => Route::Forward,
            (false, ..) => Route::Tunnel,
        }
    }

    /// Asks for a tunnel by CONNECT.
    pub(crate) async fn tunnel(&self, origin: &Origin, mut stream: Stream) -> Result<Stream, Failure> {
        let mut ask = format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n");
        if let Some(authorization) = &self.authorization {
            let _ = write!(ask, "Proxy-Authorization: {authorization}\r\n");
        }
        ask.push_str("\r\n");
        stream.write_all(ask.as_bytes()).await.map_err(|error| self.failure(&error.to_string()))?;
        let answer = self.read_answer(&mut stream).await?;
        let line = answer.lines().next().unwrap_or_default();
        let status = line.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
        match status {
            Some(200..=299) if line.starts_with("HTTP/1.") => Ok(stream),
            _ => Err(self.failure(&format!("it answered `{line}` to CONNECT {origin}"))),
        }
    }

    /// Reads byte by byte up to the empty line: what follows belongs to the tunnel.
    async fn read_answer(&self, stream: &mut Stream) -> Result<String, Failure> {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() == MAX_ANSWER {
                return Err(self.failure("its answer does not end"));
            }
            answer.push(stream.read_u8().await.map_err(|error| self.failure(&error.to_string()))?);
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Asks for a connection by SOCKS 5 (RFC 1928, RFC 1929). The proxy resolves the name.
    pub(crate) async fn socks(&self, origin: &Origin, mut stream: Stream) -> Result<Stream, Failure> {
        self.socks_exchange(origin, &mut stream).await.map_err(|error| self.failure(&error.to_string()))?;
        Ok(stream)
    }

    async fn socks_exchange(&self, origin: &Origin, stream: &mut Stream) -> std::io::Result<()> {
        let methods: &[u8] = if self.user.is_empty() { &[5, 1, 0] } else { &[5, 2, 0, 2] };
        stream.write_all(methods).await?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await?;
        match chosen {
            [5, 0] => {}
            [5, 2] if !self.user.is_empty() => self.socks_login(stream).await?,
            [5, _] => return Err(std::io::Error::other("it accepts none of our ways to log in")),
            _ => return Err(std::io::Error::other("it does not speak SOCKS 5")),
        }
        let mut ask = vec![5, 1, 0];
        match &origin.host {
            Host::Ipv4(ip) => ask.extend([&[1], &ip.octets()[..]].concat()),
            Host::Ipv6(ip) => ask.extend([&[4], &ip.octets()[..]].concat()),
            Host::Domain(name) => ask.extend([&[3], &socks_field(name)?[..]].concat()),
        }
        ask.extend(origin.port.to_be_bytes());
        stream.write_all(&ask).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        if answer[0] != 5 {
            return Err(std::io::Error::other("it does not speak SOCKS 5"));
        }
        if answer[1] != 0 {
            return Err(std::io::Error::other(format!(
                "it refused to connect to {origin}: {}",
                socks_reply(answer[1])
            )));
        }
        let bound = match answer[3] {
            1 => 4,
            4 => 16,
            _ => usize::from(stream.read_u8().await?),
        };
        stream.read_exact(&mut vec![0; bound + 2]).await.map(drop)
    }

    async fn socks_login(&self, stream: &mut Stream) -> std::io::Result<()> {
        let (user, password) = (socks_field(&self.user)?, socks_field(&self.password)?);
        stream.write_all(&[&[1], &user[..], &password].concat()).await?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await?;
        if answer[1] == 0 { Ok(()) } else { Err(std::io::Error::other("it refused the user name and password")) }
    }

    fn failure(&self, why: &str) -> Failure {
        Failure::new(ErrorKind::Proxy, format!("proxy {}:{}: {why}", self.host, self.port))
    }
}

/// Text behind its length, which has one byte.
fn socks_field(text: &str) -> std::io::Result<Vec<u8>> {
    let Ok(length) = u8::try_from(text.len()) else {
        return Err(std::io::Error::other("names and passwords of more than 255 bytes do not fit into SOCKS 5"));
    };
    Ok([&[length], text.as_bytes()].concat())
}

fn socks_reply(code: u8) -> &'static str {
    match code {
        1 => "general failure",
        2 => "not allowed",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "time to live expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reason",
    }
}

fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_cover_what_no_proxy_means() {
        for (rule, url, expected) in [
            ("*", "http://shop.example.com", true),
            ("example.com", "http://shop.example.com", true),
            (".example.com", "http://shop.example.com", true),
            ("*.example.com", "http://shop.example.com", true),
            ("example.com", "http://example.com", true),
            ("example.com", "http://notexample.com", false),
            ("EXAMPLE.com", "http://shop.Example.COM", true),
            ("example.com:8080", "http://shop.example.com:8080", true),
            ("example.com:8080", "http://shop.example.com", false),
            ("127.0.0.1", "http://127.0.0.1:9", true),
            ("127.0.0.0/8", "http://127.1.2.3", true),
            ("10.0.0.0/8", "http://127.1.2.3", false),
            ("::1", "http://[::1]", true),
            ("fd00::/8", "http://[fd12::1]", true),
            ("0.0.0.0/0", "http://[fd12::1]", false),
            ("", "http://example.com", false),
        ] {
            let origin = Origin::of(&Url::parse(url).unwrap());
            assert_eq!(bypasses(rule, &origin.host, origin.port), expected, "{rule} {url}");
        }
    }

    #[test]
    fn proxies_that_cannot_be_used_are_refused_without_their_password() {
        let url = Url::parse("https://me:secret@proxy.example.com").unwrap();
        let error = Proxy::new(&url).unwrap_err().to_string();
        assert!(error.contains("socks5") && !error.contains("secret"), "{error}");
    }
}
