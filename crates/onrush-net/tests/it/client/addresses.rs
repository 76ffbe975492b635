//! All addresses of a name in turn, those that fail passed over, and where connections come from. Only Linux
//! has all of 127.0.0.0/8 on its loopback.
#![cfg(target_os = "linux")]

use std::net::IpAddr;

use onrush_net::{Dialer, Origin, Setup, Share};
use onrush_plan::{ClientSettings, Resolve};

use crate::support::{Known, NameServer, Peer, User, kind, loopback, play};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn resolving(host: &str, port: u16, addresses: &[u8]) -> ClientSettings {
    let addresses = addresses.iter().map(|last| loopback(*last)).collect();
    let resolve = vec![Resolve { host: host.to_owned(), port, addresses }];
    ClientSettings { resolve, keep_alive: false, ..ClientSettings::default() }
}

fn counts(peers: &[Peer]) -> Vec<usize> {
    peers.iter().map(Peer::connections).collect()
}

#[test]
fn every_address_has_its_turn() {
    play(async {
        let peers = Peer::row(3, OK).await;
        let url = format!("http://shop.example.com:{}/", peers[0].addr().port());
        let mut user = User::new(resolving("shop.example.com", 0, &[1, 2, 3]));
        for round in 1..=3 {
            for _ in 0..3 {
                let exchange = user.get(&url).await;
                assert_eq!(
                    (kind(&exchange).as_str(), exchange.extras().fallbacks, exchange.extras().dns),
                    ("200", 0, None)
                );
            }
            assert_eq!(counts(&peers), [round; 3]);
        }
        assert!(peers[1].text(0).contains(&format!("Host: shop.example.com:{}\r\n", peers[0].addr().port())));
    });
}

#[test]
fn workers_begin_at_different_addresses() {
    play(async {
        let peers = Peer::row(3, OK).await;
        let url = format!("http://shop.example.com:{}/", peers[0].addr().port());
        for index in 0..3 {
            let mut user = User::of(resolving("shop.example.com", 0, &[1, 2, 3]), Share { index, of: 3 });
            assert_eq!(kind(&user.get(&url).await), "200");
        }
        assert_eq!(counts(&peers), [1; 3]);
    });
}

#[test]
fn an_address_that_fails_is_passed_over_for_a_while() {
    play(async {
        let peers = Peer::row(2, OK).await;
        let url = format!("http://shop.example.com:{}/", peers[0].addr().port());
        // Nobody listens at the third one.
        let mut user = User::new(resolving("shop.example.com", 0, &[3, 1, 2]));
        let mut fallbacks = Vec::new();
        for _ in 0..6 {
            let exchange = user.get(&url).await;
            assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("200", 1));
            fallbacks.push(exchange.extras().fallbacks);
        }
        assert_eq!(fallbacks, [1, 0, 0, 0, 0, 0]);
        assert_eq!(counts(&peers).iter().sum::<usize>(), 6);
    });
}

#[test]
fn when_every_address_fails_the_last_failure_is_told() {
    play(async {
        let port = Peer::answering(OK).await.addr().port();
        let exchange = User::new(resolving("*", 0, &[4, 5])).get(&format!("http://shop.example.com:{port}/")).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("connect refused", 0));
        let text = exchange.result.unwrap_err().to_string();
        assert!(text.contains(&format!("127.0.0.5:{port}")), "{text}");
    });
}

#[test]
fn overrides_hold_for_their_name_and_port() {
    play(async {
        let peer = Peer::answering(OK).await;
        let port = peer.addr().port();
        for (host, for_port, url_host, is_used) in [
            ("shop.example.com", port, "shop.example.com", true),
            ("SHOP.example.com", 0, "shop.EXAMPLE.com", true),
            ("*", 0, "anything.example.com", true),
            ("*", 0, "127.0.0.77", true),
            ("127.0.0.77", port, "127.0.0.77", true),
            ("::1", port, "[::1]", true),
            ("::1", 0, "[0:0::1]", true),
            ("shop.example.com", 1, "127.0.0.1", false),
            ("127.0.0.1", 1, "127.0.0.1", false),
            ("127.0.0.11", 0, "127.0.0.1", false),
        ] {
            let last = if is_used { 1 } else { 77 };
            let exchange =
                User::new(resolving(host, for_port, &[last])).get(&format!("http://{url_host}:{port}/")).await;
            assert_eq!(kind(&exchange), "200", "{host}:{for_port} for {url_host}");
        }
    });
}

#[test]
fn source_addresses_are_used_in_turn() {
    play(async {
        let peer = Peer::answering(OK).await;
        let source_ips = vec![loopback(2), loopback(3)];
        let mut user = User::new(ClientSettings { source_ips, keep_alive: false, ..ClientSettings::default() });
        for _ in 0..4 {
            assert_eq!(kind(&user.get(&peer.url("/")).await), "200");
        }
        let sources: Vec<_> = (0..4).map(|number| peer.from(number)).collect();
        assert_eq!(sources, [loopback(2), loopback(3), loopback(2), loopback(3)]);
    });
}

#[test]
fn source_addresses_of_others_are_refused_before_anything_is_sent() {
    // An address for documents (RFC 5737) is nobody's.
    let source_ips = vec![loopback(2), "203.0.113.7".parse().unwrap()];
    let settings = ClientSettings { source_ips, ..ClientSettings::default() };
    let refusal = Setup::new(&settings, false).unwrap_err().to_string();
    assert_eq!(refusal, "connections cannot come from 203.0.113.7: the address does not belong to this machine");
}

#[test]
fn source_addresses_must_be_of_a_family_of_the_target() {
    let with = |host: &str, sources: &[IpAddr], resolve: &[u8]| {
        let mut settings = resolving("pay.example.com", 0, resolve);
        settings.source_ips = sources.to_vec();
        let dialer = Dialer::new(&settings, &Setup::new(&settings, false).unwrap(), Share { index: 0, of: 1 }).unwrap();
        dialer.check(&Origin::of(&format!("http://{host}/").parse().unwrap())).is_ok()
    };
    let Ok(six) = std::net::TcpListener::bind("[::1]:0").map(|listener| listener.local_addr().unwrap().ip()) else {
        return; // A machine without IPv6.
    };
    let four = loopback(2);
    for (host, sources, resolve, is_fine) in [
        ("127.0.0.1", &[four][..], &[][..], true),
        ("127.0.0.1", &[six, four], &[], true),
        ("127.0.0.1", &[six], &[], false),
        ("[::1]", &[four], &[], false),
        ("[::1]", &[], &[], true),
        ("pay.example.com", &[six], &[1], false),
        ("pay.example.com", &[four], &[1], true),
        ("shop.example.com", &[six], &[1], true),
    ] {
        assert_eq!(with(host, sources, resolve), is_fine, "{host} from {sources:?}");
    }
}

#[test]
fn a_name_without_an_address_of_the_right_family_is_not_the_services_fault() {
    play(async {
        let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
        let peer = Peer::answering(OK).await;
        let names = NameServer::start().await;
        let (source_ips, port) = (vec![listener.local_addr().unwrap().ip()], peer.addr().port());
        let mut user =
            User::new(ClientSettings { source_ips, dns_server: Some(names.addr()), ..ClientSettings::default() });
        names.tell("shop.example.com", Known::Addresses(60, vec![loopback(1)]));
        let failure = user.get(&format!("http://shop.example.com:{port}/")).await.result.unwrap_err();
        assert!(failure.kind().is_local(), "{failure}");
        assert_eq!(peer.connections(), 0);
    });
}
