//! When a connection is opened, used again, found stale, and what that costs in the exchange's counters.

use std::time::Duration;

use onrush_net::Exchange;
use onrush_plan::{ClientSettings, Pooling};
use onrush_target::{Bind, Service, ServiceSettings};

use crate::support::{Act, Peer, User, answer, get, kind, play, post};

/// Result, then connections opened and reused, stale repeats, requests sent.
fn counts(exchange: &Exchange) -> (String, u32, u32, u32, u32) {
    (kind(exchange), exchange.extras().opened, exchange.reused, exchange.extras().stale, exchange.sent)
}

fn check(exchange: &Exchange, result: &str, opened: u32, reused: u32, stale: u32, sent: u32) {
    assert_eq!(counts(exchange), (result.to_owned(), opened, reused, stale, sent), "{exchange:?}");
}

#[test]
fn a_connection_is_kept_and_used_again() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::plain();
        for number in 0..10 {
            let exchange = user.get(&service.url()).await;
            check(&exchange, "200", u32::from(number == 0), u32::from(number > 0), 0, 1);
        }
        assert_eq!(service.stats().accepted, 1);
    });
}

#[test]
fn without_keep_alive_every_request_has_its_own() {
    play(async {
        let peer = Peer::start(vec![vec![Act::Request, answer("one"), Act::Request, answer("two")]]).await;
        let mut user = User::new(ClientSettings { keep_alive: false, ..ClientSettings::default() });
        for _ in 0..3 {
            check(&user.get(&peer.url("/")).await, "200", 1, 0, 0, 1);
        }
        assert_eq!(peer.connections(), 3);
        assert!(peer.text(0).contains("\r\nConnection: close\r\n"), "{}", peer.text(0));
    });
}

#[test]
fn answers_that_end_the_connection_end_it() {
    play(async {
        for last in [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        ] {
            let peer = Peer::answering(last).await;
            let mut user = User::plain();
            for _ in 0..2 {
                let exchange = user.get(&peer.url("/")).await;
                assert_eq!((exchange.extras().opened, exchange.reused, exchange.extras().stale), (1, 0, 0), "{last:?}");
            }
        }
    });
}

#[test]
fn users_keep_to_themselves_unless_they_share_a_pool() {
    play(async {
        for (pooling, connections, later) in [
            (Pooling::PerUser, 3, (1, 0)),
            (Pooling::Shared { max: 1 }, 1, (0, 1)),
            (Pooling::Shared { max: 9 }, 1, (0, 1)),
        ] {
            let service = Service::start(ServiceSettings::default()).unwrap();
            let mut first = User::new(ClientSettings { pooling, ..ClientSettings::default() });
            let exchange = first.get(&service.url()).await;
            assert_eq!(exchange.extras().pool.is_some(), pooling != Pooling::PerUser, "time spent on a place");
            for number in 1..3 {
                check(&first.another(number).get(&service.url()).await, "200", later.0, later.1, 0, 1);
            }
            assert_eq!(service.stats().accepted, connections, "{pooling:?}");
        }
    });
}

#[test]
fn a_pool_is_never_larger_than_it_may_be() {
    play(async {
        let peer = Peer::start(vec![vec![Act::Request, Act::Wait, answer("one"), Act::Request, answer("two")]]).await;
        let mut first = User::new(ClientSettings { pooling: Pooling::Shared { max: 1 }, ..ClientSettings::default() });
        let mut second = first.another(1);
        let url = peer.url("/");
        let (one, two, ()) = tokio::join!(first.get(&url), second.get(&url), async { peer.go() });
        check(&one, "200", 1, 0, 0, 1);
        check(&two, "200", 0, 1, 0, 1);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn an_idle_connection_of_another_origin_makes_room() {
    play(async {
        let (one, two) = (Peer::answering(OK).await, Peer::answering(OK).await);
        let mut user = User::new(ClientSettings { pooling: Pooling::Shared { max: 1 }, ..ClientSettings::default() });
        for peer in [&one, &two, &one] {
            check(&user.get(&peer.url("/")).await, "200", 1, 0, 0, 1);
        }
        let mut browser = User::plain();
        for (peer, opened) in [(&one, 1), (&two, 1), (&one, 0), (&two, 0)] {
            check(&browser.get(&peer.url("/")).await, "200", opened, 1 - opened, 0, 1);
        }
    });
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_connection_that_was_closed_while_idle_is_replaced_and_nothing_was_sent_twice() {
    play(async {
        for request in [get, post] {
            let peer =
                Peer::start(vec![vec![Act::Request, answer("one"), Act::Close], vec![Act::Request, answer("two")]])
                    .await;
            let mut user = User::plain();
            check(&user.get(&peer.url("/first")).await, "200", 1, 0, 0, 1);
            peer.ended(0).await;
            check(&user.send(request(&peer.url("/second"))).await, "200", 1, 0, 1, 1);
            assert_eq!(peer.lines(0).len(), 1);
        }
    });
}

#[test]
fn a_request_that_met_a_closing_connection_is_repeated_if_it_may_be() {
    play(async {
        for end in [Act::Close, Act::Reset] {
            let acts = vec![Act::Request, answer("one"), Act::Request, end];
            let peer = Peer::start(vec![acts.clone(), vec![Act::Request, answer("two")]]).await;
            let mut user = User::plain();
            check(&user.get(&peer.url("/first")).await, "200", 1, 0, 0, 1);
            let exchange = user.get(&peer.url("/second")).await;
            check(&exchange, "200", 1, 0, 0, 2);
            assert_eq!(exchange.extras().repeated, 1);
            assert_eq!((peer.lines(0).len(), peer.lines(1).len()), (2, 1));
        }
    });
}

#[test]
fn an_order_that_may_have_arrived_is_not_placed_twice() {
    play(async {
        for (end, failure) in [(Act::Close, "closed early"), (Act::Reset, "reset")] {
            let peer = Peer::start(vec![vec![Act::Request, answer("one"), Act::Request, end]]).await;
            let mut user = User::plain();
            check(&user.get(&peer.url("/first")).await, "200", 1, 0, 0, 1);
            check(&user.send(post(&peer.url("/order"))).await, failure, 0, 0, 0, 1);
            assert_eq!(peer.connections(), 1);
        }
    });
}

#[test]
fn a_new_connection_that_is_closed_is_a_failure_and_not_stale() {
    play(async {
        for (acts, failure) in [
            (vec![Act::Request, Act::Close], "closed early"),
            (vec![Act::Request, Act::Reset], "reset"),
            (vec![Act::Request, Act::send("HTTP/1.1 200 OK\r\nContent-Le"), Act::Close], "closed early"),
            (
                vec![Act::Request, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), Act::Close],
                "closed early",
            ),
        ] {
            let peer = Peer::start(vec![acts.clone()]).await;
            check(&User::plain().get(&peer.url("/")).await, failure, 1, 0, 0, 1);
            assert_eq!(peer.connections(), 1, "{acts:?}");
        }
    });
}

#[test]
fn half_an_answer_on_a_used_connection_is_a_failure_and_not_stale() {
    play(async {
        let half = Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
        let peer = Peer::start(vec![vec![Act::Request, answer("one"), Act::Request, half, Act::Close]]).await;
        let mut user = User::plain();
        check(&user.get(&peer.url("/")).await, "200", 1, 0, 0, 1);
        check(&user.get(&peer.url("/")).await, "closed early", 0, 0, 0, 1);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn an_answer_that_nobody_asked_for_is_told() {
    play(async {
        let peer = Peer::start(vec![
            vec![Act::Request, answer("one"), Act::Wait, answer("two")],
            vec![Act::Request, answer("three")],
        ])
        .await;
        let mut user = User::plain();
        check(&user.get(&peer.url("/")).await, "200", 1, 0, 0, 1);
        peer.go();
        peer.ended(0).await;
        let exchange = user.get(&peer.url("/")).await;
        assert_eq!((kind(&exchange).as_str(), exchange.bytes_sent), ("protocol", 0), "{exchange:?}");
        check(&user.get(&peer.url("/")).await, "200", 1, 0, 0, 1);
    });
}

#[test]
fn an_answer_before_the_request_was_read_is_taken_and_ends_the_connection() {
    play(async {
        let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
        let peer = Peer::start(vec![vec![Act::Read(20), Act::send(refusal), Act::Wait]]).await;
        let mut user = User::plain();
        let large = post(&peer.url("/")).with_body(vec![b'x'; 32 << 20]);
        for _ in 0..2 {
            let exchange = user.send(large.clone()).await;
            assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("413", 1), "{exchange:?}");
            assert!(exchange.bytes_sent < 32 << 20);
        }
    });
}

#[test]
fn times_are_there_only_for_what_happened() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::plain();
        let [first, second] = [user.get(&service.url()).await, user.get(&service.url()).await];
        assert!(first.extras().connect.is_some() && second.extras().connect.is_none());
        for exchange in [&first, &second] {
            assert_eq!((exchange.extras().dns, exchange.extras().tls, exchange.extras().pool), (None, None, None));
            let instants = [Some(exchange.started), exchange.first_write, exchange.first_byte, Some(exchange.ended)];
            assert!(instants.iter().all(Option::is_some) && instants.is_sorted(), "{instants:?}");
        }
        assert!(second.bytes_sent > 50 && second.bytes_received > 50);
        assert_eq!((first.bytes_sent, first.bytes_received), (second.bytes_sent, second.bytes_received));
    });
}

#[test]
fn a_request_that_never_left_has_no_times() {
    play(async {
        let refused = onrush_target::HostileServer::start(onrush_target::Hostile::Refuse).unwrap();
        let exchange = User::plain().get(&refused.url()).await;
        check(&exchange, "connect refused", 0, 0, 0, 0);
        assert_eq!((exchange.first_write, exchange.first_byte, exchange.extras().connect), (None, None, None));
        assert_eq!((exchange.bytes_sent, exchange.bytes_received), (0, 0));
        assert!(exchange.ended >= exchange.started);
    });
}

/// The service does not accept: that is no lack of this machine.
#[test]
fn a_unix_socket_whose_backlog_is_full_is_waited_for() {
    play(async {
        let path = std::env::temp_dir().join(format!("onrush-net-{}-full.socket", std::process::id()));
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let (connect_timeout, timeout) = (Duration::from_millis(30), Duration::from_millis(100));
        let settings = ClientSettings { unix_socket: Some(path.clone()), connect_timeout, ..ClientSettings::default() };
        let mut users: Vec<_> = (0..3).map(|_| User::new(ClientSettings { timeout, ..settings.clone() })).collect();
        let mut kinds = Vec::new();
        for user in &mut users {
            kinds.push(kind(&user.get("http://shop.example.com/").await));
        }
        std::fs::remove_file(path).unwrap();
        assert_eq!(kinds.last().map(String::as_str), Some("connect timeout"), "{kinds:?}");
    });
}

#[test]
fn a_unix_socket_stands_in_for_the_network() {
    play(async {
        let path = std::env::temp_dir().join(format!("onrush-net-{}.socket", std::process::id()));
        let bind = Bind::Unix(path.clone());
        let service = Service::start(ServiceSettings { bind, ..ServiceSettings::default() }).unwrap();
        let mut user = User::new(ClientSettings { unix_socket: Some(path), ..ClientSettings::default() });
        for opened in [1, 0] {
            let exchange = user.get("http://shop.example.com/").await;
            check(&exchange, "200", opened, 1 - opened, 0, 1);
            assert_eq!((exchange.extras().dns, exchange.extras().connect.is_some()), (None, opened == 1));
        }
        assert_eq!(service.stop().requests, 2);
        let gone = User::new(user.settings.clone()).get("http://shop.example.com/").await;
        check(&gone, "connect failed", 0, 0, 0, 0);
    });
}
