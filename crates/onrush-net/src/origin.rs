//! What a connection leads to.

use std::fmt;

use url::{Host, Url};

/// Scheme, host and port: what a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether it is spoken to over TLS.
    pub is_tls: bool,
    /// The host.
    pub host: Host<String>,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// Where a URL leads. URLs of a [`onrush_plan::Request`] have a host and a known scheme.
    pub fn of(url: &Url) -> Self {
        let host = url.host().map_or_else(|| Host::Domain(String::new()), |host| host.to_owned());
        Self { is_tls: url.scheme() == "https", host, port: url.port_or_known_default().unwrap_or(80) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
