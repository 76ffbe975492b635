//! Where the live page is: a port of this machine, or an address.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// `PORT`, `HOST:PORT` or `HOST`, where a port that is not named is any that is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebAddress {
    host: String,
    port: u16,
}

impl WebAddress {
    /// What can be listened at.
    pub(crate) fn sockets(&self) -> io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

impl FromStr for WebAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a port, nor HOST:PORT such as 127.0.0.1:8080 or [::1]:8080");
        if let Ok(port) = text.trim_start_matches(':').parse() {
            return Ok(Self { host: Ipv4Addr::LOCALHOST.to_string(), port });
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, "0"),
            Some((host, rest)) => (host, rest.strip_prefix(':').ok_or_else(wrong)?),
            None => text.split_once(':').unwrap_or((text, "0")),
        };
        let is_host = !host.chars().all(|char| char.is_ascii_digit()) && !host.contains(['/', ' ', '@']);
        let port = port.parse().ok().filter(|_| is_host).ok_or_else(wrong)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_of_this_machine() {
        for (text, expected) in [
            ("0", Some("127.0.0.1:0")),
            ("8080", Some("127.0.0.1:8080")),
            (":8080", Some("127.0.0.1:8080")),
            ("0.0.0.0:8080", Some("0.0.0.0:8080")),
            ("localhost:1", Some("localhost:1")),
            ("10.1.2.3", Some("10.1.2.3:0")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("[::1]", Some("[::1]:0")),
            ("", None),
            ("80800", None),
            ("localhost:http", None),
            ("http://localhost:80", None),
            ("[::1]8080", None),
        ] {
            let found = text.parse::<WebAddress>().ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
