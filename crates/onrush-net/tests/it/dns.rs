//! Names: asked for when they are needed, kept for their time to live, all addresses in turn, and the `dns`
//! failure for everything that can go wrong. Only Linux has all of 127.0.0.0/8 on its loopback.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use onrush_net::Exchange;
use onrush_net::clock::Instant;
use onrush_plan::{ClientSettings, Pooling, Protocol};
use onrush_target::{Bind, Running, Service, ServiceSettings};

use crate::support::{Known, NameServer, Peer, User, get, kind, loopback, play};

const SHOP: &str = "shop.example.com";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Peers at 127.0.0.1 and so on, at one port, and a user who finds them by name.
struct Stage {
    names: NameServer,
    peers: Vec<Peer>,
    user: User,
    url: String,
}

impl Stage {
    async fn new(count: u8) -> Self {
        let names = NameServer::start().await;
        let peers = Peer::row(count, OK).await;
        let user = User::new(ClientSettings {
            dns_server: Some(names.addr()),
            keep_alive: false,
            connect_timeout: Duration::from_secs(15),
            ..ClientSettings::default()
        });
        let url = format!("http://{SHOP}:{}/", peers[0].addr().port());
        Self { names, peers, user, url }
    }

    fn tell(&self, ttl: u32, addresses: &[u8]) {
        let addresses = addresses.iter().map(|last| loopback(*last)).collect();
        self.names.tell(SHOP, Known::Addresses(ttl, addresses));
    }

    async fn get(&mut self) -> Exchange {
        self.user.get(&self.url).await
    }

    async fn get_well(&mut self) -> Exchange {
        let exchange = self.get().await;
        assert_eq!(kind(&exchange), "200", "{exchange:?}");
        exchange
    }

    fn counts(&self) -> Vec<usize> {
        self.peers.iter().map(Peer::connections).collect()
    }
}

fn said(exchange: &Exchange) -> String {
    exchange.result.as_ref().unwrap_err().to_string()
}

#[test]
fn an_answer_is_kept_for_its_time_and_asked_for_again_after_it() {
    play(async {
        let mut stage = Stage::new(2).await;
        stage.tell(1, &[1]);
        let before = Instant::now();
        assert!(stage.get_well().await.extras().dns.is_some());
        assert_eq!(stage.get_well().await.extras().dns, None, "known by now");
        assert_eq!(stage.names.asked(SHOP), 1);
        stage.tell(60, &[2]);
        // The service has moved: requests go to the old place for the second that was promised, then no more.
        while stage.get_well().await.extras().dns.is_none() {}
        assert!(before.elapsed() >= Duration::from_secs(1), "{:?}", before.elapsed());
        let old = stage.counts()[0];
        for _ in 0..5 {
            assert_eq!(stage.get_well().await.extras().dns, None);
        }
        assert_eq!((stage.names.asked(SHOP), stage.counts()), (2, vec![old, 6]));
    });
}

#[test]
fn an_answer_without_a_lifetime_is_asked_for_each_time() {
    play(async {
        let mut stage = Stage::new(1).await;
        stage.tell(0, &[1]);
        for asked in 1..=4 {
            assert!(stage.get_well().await.extras().dns.is_some());
            assert_eq!(stage.names.asked(SHOP), asked);
        }
    });
}

#[test]
fn users_who_need_a_name_at_once_share_one_question() {
    play(async {
        let mut stage = Stage::new(1).await;
        stage.tell(60, &[1]);
        let (mut two, mut three, url) = (stage.user.another(1), stage.user.another(2), &stage.url);
        let (a, b, c) = tokio::join!(stage.user.get(url), two.get(url), three.get(url));
        assert!([a, b, c].iter().all(|exchange| kind(exchange) == "200" && exchange.extras().dns.is_some()));
        assert_eq!(stage.names.asked(SHOP), 1);
    });
}

#[test]
fn every_address_has_its_turn_whatever_order_the_server_likes() {
    play(async {
        let mut stage = Stage::new(3).await;
        for (round, order) in [(1, [1, 2, 3]), (2, [3, 1, 2]), (3, [2, 3, 1])] {
            for _ in 0..3 {
                stage.tell(0, &order);
                assert_eq!(stage.get_well().await.extras().fallbacks, 0);
            }
            assert_eq!(stage.counts(), [round; 3]);
        }
        // The service grows while it is tested.
        stage.tell(60, &[1, 2, 3, 3]);
        for _ in 0..3 {
            stage.get_well().await;
        }
        assert_eq!(stage.counts(), [4; 3]);
    });
}

#[test]
fn an_address_that_fails_is_avoided_for_a_while() {
    play(async {
        let mut stage = Stage::new(2).await;
        // Nobody listens at the third one.
        stage.tell(3600, &[1, 2, 3]);
        let mut fallbacks = Vec::new();
        for _ in 0..9 {
            fallbacks.push(stage.get_well().await.extras().fallbacks);
        }
        assert_eq!(fallbacks.iter().sum::<u32>(), 1, "met once, then passed over: {fallbacks:?}");
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(6)).await;
        tokio::time::resume();
        let mut later = 0;
        for _ in 0..3 {
            later += stage.get_well().await.extras().fallbacks;
        }
        assert_eq!((later, stage.names.asked(SHOP)), (1, 1), "tried again in its turn");
    });
}

#[test]
fn what_goes_wrong_has_a_kind_and_a_sentence() {
    play(async {
        let mut stage = Stage::new(1).await;
        for (known, words) in [
            (Known::Code(3), "cannot resolve `shop.example.com`: there is no such host"),
            (Known::Addresses(60, Vec::new()), "cannot resolve `shop.example.com`: the name has no address"),
            (Known::Code(2), "cannot resolve `shop.example.com`: "),
            (Known::Code(5), "cannot resolve `shop.example.com`: "),
        ] {
            stage.names.tell(SHOP, known.clone());
            let exchange = stage.get().await;
            assert_eq!((kind(&exchange).as_str(), exchange.extras().opened, exchange.sent), ("dns", 0, 0), "{known:?}");
            assert!(said(&exchange).starts_with(words), "{known:?}: {}", said(&exchange));
        }
        // None of that is remembered.
        stage.tell(60, &[1]);
        stage.get_well().await;
    });
}

#[test]
fn a_server_that_says_nothing_is_a_failure_of_dns_too() {
    play(async {
        let stage = Stage::new(1).await;
        stage.names.tell(SHOP, Known::Silence);
        let connect_timeout = Duration::from_millis(50);
        let mut user = User::new(ClientSettings { connect_timeout, ..stage.user.settings.clone() });
        let exchange = user.get(&stage.url).await;
        assert_eq!(kind(&exchange), "dns", "{exchange:?}");
        assert!(said(&exchange).ends_with("not done within 50ms (resolving its name)"), "{}", said(&exchange));
        let timeout = Duration::from_millis(50);
        let mut user = User::new(ClientSettings { timeout, ..stage.user.settings.clone() });
        assert_eq!(kind(&user.get(&stage.url).await), "timeout", "the time of the whole request counts first");
    });
}

#[test]
fn an_answer_is_not_used_past_its_time_when_the_server_fails() {
    play(async {
        let mut stage = Stage::new(1).await;
        stage.tell(0, &[1]);
        stage.get_well().await;
        for code in [2, 3] {
            stage.names.tell(SHOP, Known::Code(code));
            assert_eq!(kind(&stage.get().await), "dns", "{code}");
        }
        stage.tell(0, &[1]);
        stage.get_well().await;
    });
}

#[test]
fn one_family_is_enough() {
    play(async {
        let mut stage = Stage::new(1).await;
        stage.names.tell(SHOP, Known::OnlyIpv4Works(vec![Ipv4Addr::LOCALHOST.into()]));
        stage.get_well().await;
        let six: IpAddr = Ipv6Addr::LOCALHOST.into();
        if std::net::TcpListener::bind((six, 0)).is_err() {
            return; // A machine without IPv6.
        }
        let port = stage.peers[0].addr().port();
        let peer = Peer::answering_at(six, OK).await;
        stage.names.tell("six.example.com", Known::Addresses(60, vec![six]));
        let exchange = stage.user.get(&format!("http://six.example.com:{}/", peer.addr().port())).await;
        assert_eq!((kind(&exchange).as_str(), peer.from(0)), ("200", six));
        // Both families in one rotation; at `::1` nobody listens at that port.
        stage.names.tell("both.example.com", Known::Addresses(60, vec![six, loopback(1)]));
        for _ in 0..2 {
            assert_eq!(kind(&stage.user.get(&format!("http://both.example.com:{port}/")).await), "200");
        }
    });
}

#[test]
fn addresses_and_kept_connections_need_no_names() {
    play(async {
        let mut stage = Stage::new(1).await;
        stage.tell(0, &[1]);
        let port = stage.peers[0].addr().port();
        assert_eq!(stage.user.get(&format!("http://127.0.0.1:{port}/")).await.extras().dns, None);
        let mut keeping = User::new(ClientSettings { keep_alive: true, ..stage.user.settings.clone() });
        let [first, second] = [keeping.get(&stage.url).await, keeping.get(&stage.url).await];
        assert!(first.extras().dns.is_some() && second.extras().dns.is_none() && second.reused == 1);
        assert_eq!(stage.names.asked(SHOP), 1);
    });
}

/// Two services at one port, a name that leads to the first of them for no time at all, and a user who keeps
/// connections.
struct Moving {
    names: NameServer,
    services: [Running; 2],
    user: User,
    url: String,
}

impl Moving {
    async fn new(protocol: Protocol, pooling: Pooling) -> Self {
        let names = NameServer::start().await;
        let at = |last, port| Bind::Tcp((loopback(last), port).into());
        let services = loop {
            let first = Service::start(ServiceSettings { bind: at(1, 0), ..ServiceSettings::default() }).unwrap();
            // The port that is free at one address may be taken at another: then another one is tried.
            let bind = at(2, first.addr().port());
            if let Ok(second) = Service::start(ServiceSettings { bind, ..ServiceSettings::default() }) {
                break [first, second];
            }
        };
        names.tell(SHOP, Known::Addresses(0, vec![loopback(1)]));
        let dns_server = Some(names.addr());
        let user = User::new(ClientSettings { protocol, pooling, dns_server, ..ClientSettings::default() });
        let url = format!("http://{SHOP}:{}/", services[0].addr().port());
        Self { names, services, user, url }
    }

    async fn get(&mut self) -> Exchange {
        let request = [get(&self.url)];
        let exchange = match self.user.settings.protocol {
            Protocol::Http1 { pipeline: 2.. } => self.user.pipeline(&request).await.remove(0),
            _ => self.user.get(&self.url).await,
        };
        assert_eq!(
            (kind(&exchange).as_str(), exchange.extras().stale, exchange.extras().repeated),
            ("200", 0, 0),
            "{exchange:?}"
        );
        exchange
    }

    /// The name leads elsewhere, and the user's answer expires.
    async fn tell(&mut self, addresses: &[u8]) {
        let addresses = addresses.iter().map(|last| loopback(*last)).collect();
        self.names.tell(SHOP, Known::Addresses(60, addresses));
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(2)).await;
        tokio::time::resume();
    }

    fn accepted(&self) -> [u64; 2] {
        [self.services[0].stats().accepted, self.services[1].stats().accepted]
    }
}

const EVERY_WAY: [(Protocol, Pooling); 5] = [
    (Protocol::Http1 { pipeline: 1 }, Pooling::PerUser),
    (Protocol::Http1 { pipeline: 1 }, Pooling::Shared { max: 1 }),
    (Protocol::Http1 { pipeline: 2 }, Pooling::PerUser),
    (Protocol::Http2 { streams: 1 }, Pooling::PerUser),
    (Protocol::Http2 { streams: 1 }, Pooling::Shared { max: 1 }),
];

#[test]
fn kept_connections_leave_an_address_that_the_name_has_lost() {
    play(async {
        for (protocol, pooling) in EVERY_WAY {
            let mut moving = Moving::new(protocol, pooling).await;
            let opened: u32 = [moving.get().await.extras().opened, moving.get().await.extras().opened].iter().sum();
            assert_eq!((opened, moving.accepted()), (1, [1, 0]), "{protocol:?}");
            moving.tell(&[2]).await;
            while moving.get().await.extras().opened == 0 {}
            assert_eq!((moving.accepted(), moving.names.asked(SHOP)), ([1, 1], 2), "{protocol:?} {pooling:?}");
            assert_eq!(moving.get().await.extras().opened, 0, "once");
        }
    });
}

#[test]
fn kept_connections_stay_at_an_address_that_the_name_still_has() {
    play(async {
        for (protocol, pooling) in EVERY_WAY {
            let mut moving = Moving::new(protocol, pooling).await;
            moving.get().await;
            moving.tell(&[1, 2]).await;
            while moving.names.asked(SHOP) < 2 {
                assert_eq!(moving.get().await.extras().opened, 0, "{protocol:?}");
            }
            for _ in 0..5 {
                assert_eq!(moving.get().await.extras().opened, 0, "{protocol:?}");
            }
            assert_eq!(moving.accepted(), [1, 0]);
        }
    });
}

#[test]
fn kept_connections_outlive_a_name_server() {
    play(async {
        let mut moving = Moving::new(Protocol::Http1 { pipeline: 1 }, Pooling::PerUser).await;
        moving.get().await;
        moving.tell(&[]).await;
        moving.names.tell(SHOP, Known::Code(2));
        while moving.names.asked(SHOP) < 2 {
            moving.get().await;
        }
        assert_eq!((moving.get().await.extras().opened, moving.accepted()), (0, [1, 0]));
    });
}
