//! Who may look: a page on loopback is for this machine, and not for a page of another site whose name somebody has
//! pointed at 127.0.0.1.

use std::net::{IpAddr, SocketAddr};

/// Whether a request that names `host` is meant for a server that listens at `at`. Where that is not loopback, whoever
/// chose the address has let others in, under names that cannot be known here.
pub(super) fn may_ask(host: Option<&str>, at: SocketAddr) -> bool {
    !at.ip().is_loopback() || host.is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let loopback = "127.0.0.1:8080".parse().expect("an address");
        for (host, expected) in [
            (Some("127.0.0.1:8080"), true),
            (Some("127.9.9.9"), true),
            (Some("localhost:1"), true),
            (Some("LOCALHOST"), true),
            (Some("[::1]:8080"), true),
            (Some("[::1]"), true),
            (Some("evil.example.com:8080"), false),
            (Some("127.0.0.1.evil.example.com"), false),
            (Some("localhost.example.com"), false),
            (Some("10.0.0.1:8080"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(may_ask(host, loopback), expected, "{host:?}");
        }
        assert!(may_ask(Some("load.example.com"), "0.0.0.0:80".parse().expect("an address")));
    }
}
