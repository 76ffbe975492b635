//! How the wire is used: protocol, connections, names, proxies, TLS.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use onrush_plan::{
    ClientSettings, Pooling, Protocol, ProxyRules, Request, Resolve, Roots, Secret, TlsSettings, TlsVersion,
};
use url::Url;

use super::{duration, sources};
use crate::args::{RunArgs, TlsVersionArg};
use crate::exit::Wrong;

/// The usual variables, as they are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxySource {
    pub(crate) http: Option<String>,
    pub(crate) https: Option<String>,
    pub(crate) all: Option<String>,
    pub(crate) bypass: Option<String>,
}

/// The proxy variables; the lower-case ones count first.
pub(crate) fn proxy_of_environment() -> ProxySource {
    let variable = |name: &str| {
        let set = std::env::var(name).or_else(|_| std::env::var(name.to_uppercase()));
        set.ok().filter(|value| !value.is_empty())
    };
    ProxySource {
        http: variable("http_proxy"),
        https: variable("https_proxy"),
        all: variable("all_proxy"),
        bypass: variable("no_proxy"),
    }
}

pub(super) fn settings(args: &RunArgs, environment: &ProxySource) -> Result<ClientSettings, Wrong> {
    let protocol = if args.http2 {
        Protocol::Http2 { streams: args.streams.unwrap_or(1) }
    } else {
        Protocol::Http1 { pipeline: args.pipeline.unwrap_or(1) }
    };
    if args.connections_shared == Some(0) {
        return Err(Wrong("--connections-shared 0 leaves no connection to share".to_owned()));
    }
    let defaults = ClientSettings::default();
    Ok(ClientSettings {
        protocol,
        keep_alive: !args.no_keepalive,
        pooling: args.connections_shared.map_or(Pooling::PerUser, |max| Pooling::Shared { max }),
        timeout: positive("--timeout", args.timeout.as_deref(), defaults.timeout)?,
        connect_timeout: positive("--connect-timeout", args.connect_timeout.as_deref(), defaults.connect_timeout)?,
        redirects: args.redirects.unwrap_or(defaults.redirects),
        source_ips: sources::addresses(&args.source_ips)?,
        unix_socket: args.unix_socket.clone(),
        resolve: args.resolve.iter().map(|rule| resolve(rule)).collect::<Result<_, _>>()?,
        dns_server: args.dns_server,
        proxy: proxy(args, environment)?,
        tls: tls(args)?,
        max_body: args.max_body.unwrap_or(defaults.max_body),
        ..defaults
    })
}

fn positive(flag: &str, text: Option<&str>, default: Duration) -> Result<Duration, Wrong> {
    let Some(text) = text else { return Ok(default) };
    let time = duration(flag, text)?;
    if time.is_zero() { Err(Wrong(format!("{flag} {text} leaves no time for anything"))) } else { Ok(time) }
}

/// `HOST:PORT:ADDRESS`; an address of IPv6 as the host is in brackets, as in URLs, the address may be in brackets, and several may stand apart by commas.
fn resolve(rule: &str) -> Result<Resolve, Wrong> {
    let wrong = |why: &str| {
        Wrong(format!("--resolve `{rule}`: {why}; write HOST:PORT:ADDRESS, such as shop.example.com:443:127.0.0.1"))
    };
    let of_host = match rule.strip_prefix('[') {
        Some(rest) => rest.split_once("]:"),
        None => rule.split_once(':'),
    };
    let Some((host, (port, addresses))) = of_host.and_then(|(host, rest)| Some((host, rest.split_once(':')?))) else {
        return Err(wrong("a part is missing"));
    };
    let port = if port == "*" { 0 } else { port.parse().map_err(|_| wrong("the port is not a number"))? };
    let address =
        |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().map_err(|_| wrong("that is not an IP address"));
    Ok(Resolve { host: host.to_owned(), port, addresses: addresses.split(',').map(address).collect::<Result<_, _>>()? })
}

/// A rule for a place to which nothing goes was meant for another one.
pub(super) fn check_rules(settings: &ClientSettings, requests: &[Request]) -> Result<(), Wrong> {
    let urls = || {
        let proxies = [&settings.proxy.http, &settings.proxy.https].into_iter().flatten();
        requests.iter().map(Request::url).chain(proxies)
    };
    let goes_to = |rule: &Resolve, url: &Url| {
        url.host().zip(url.port_or_known_default()).is_some_and(|(host, port)| rule.fits(&host, port))
    };
    // Redirects may lead anywhere, and who writes `*` does not mean a certain place.
    let is_certain = |rule: &&Resolve| settings.redirects == 0 && rule.host != "*" && rule.port != 0;
    match settings.resolve.iter().filter(is_certain).find(|rule| !urls().any(|url| goes_to(rule, url))) {
        Some(rule) => Err(Wrong(format!("--resolve {}:{}: no URL goes there", rule.host, rule.port))),
        None => Ok(()),
    }
}

fn proxy(args: &RunArgs, environment: &ProxySource) -> Result<ProxyRules, Wrong> {
    if args.no_proxy || args.unix_socket.is_some() {
        return Ok(ProxyRules::default());
    }
    if let Some(proxy) = &args.proxy {
        let url = Some(proxy_url("--proxy", proxy)?);
        return Ok(ProxyRules { http: url.clone(), https: url, bypass: Vec::new() });
    }
    let of = |name, value: &Option<String>| {
        let value = value.as_ref().or(environment.all.as_ref());
        value.map(|value| proxy_url(name, value)).transpose()
    };
    let bypass = environment.bypass.as_deref().unwrap_or_default();
    Ok(ProxyRules {
        http: of("http_proxy", &environment.http)?,
        https: of("https_proxy", &environment.https)?,
        bypass: bypass.split([',', ' ']).filter(|rule| !rule.is_empty()).map(str::to_owned).collect(),
    })
}

/// Proxies are often written without a scheme.
fn proxy_url(name: &str, text: &str) -> Result<Url, Wrong> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    Url::parse(&with_scheme).map_err(|error| Wrong(format!("{name} is not the URL of a proxy: {error}")))
}

fn tls(args: &RunArgs) -> Result<TlsSettings, Wrong> {
    let defaults = TlsSettings::default();
    let (min, max) = (args.tls_min.map_or(defaults.min, version), args.tls_max.map_or(defaults.max, version));
    if min > max {
        return Err(Wrong("--tls-min is above --tls-max".to_owned()));
    }
    let identity = match (&args.cert, &args.key) {
        (Some(cert), Some(key)) => Some((read_file(cert)?, Secret(read_file(key)?))),
        _ => None,
    };
    Ok(TlsSettings {
        verify: !args.insecure,
        roots: args.cacert.as_deref().map(read_file).transpose()?.map_or(Roots::System, Roots::SystemAnd),
        identity,
        server_name: args.sni.clone(),
        min,
        max,
        resumption: !args.no_tls_resumption,
    })
}

/// What flags say comes before what a file says, each for itself.
pub(super) fn tls_over(file: &TlsSettings, args: &RunArgs, flags: TlsSettings) -> Result<TlsSettings, Wrong> {
    let file = file.clone();
    let tls = TlsSettings {
        verify: file.verify && flags.verify,
        roots: if args.cacert.is_some() { flags.roots } else { file.roots },
        identity: flags.identity.or(file.identity),
        server_name: flags.server_name.or(file.server_name),
        min: if args.tls_min.is_some() { flags.min } else { file.min },
        max: if args.tls_max.is_some() { flags.max } else { file.max },
        resumption: file.resumption && flags.resumption,
    };
    match args.tls_max {
        _ if tls.min <= tls.max => Ok(tls),
        Some(_) => Err(Wrong("--tls-max is below the `min` of the file's `tls`".to_owned())),
        None => Err(Wrong("--tls-min is above the `max` of the file's `tls`".to_owned())),
    }
}

fn version(version: TlsVersionArg) -> TlsVersion {
    match version {
        TlsVersionArg::Tls12 => TlsVersion::Tls12,
        TlsVersionArg::Tls13 => TlsVersion::Tls13,
    }
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Wrong> {
    std::fs::read(path).map_err(|error| Wrong(format!("cannot read {}: {error}", path.display())))
}
