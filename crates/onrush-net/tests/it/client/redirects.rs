//! Redirects: how many, where to, with what, and what they cost.

use onrush_plan::{ClientSettings, Header, Request};
use onrush_target::{Service, ServiceSettings};

use crate::support::{Act, Peer, User, answer, get, kind, play, post};

fn following(redirects: u32) -> User {
    User::new(ClientSettings { redirects, ..ClientSettings::default() })
}

fn to(location: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn hops_are_followed_up_to_the_limit() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let url = format!("{}/redirect/3", service.url());
        for (limit, result, redirects, sent) in
            [(0, "302", 0, 1), (2, "redirect", 2, 3), (3, "200", 3, 4), (9, "200", 3, 4)]
        {
            let exchange = following(limit).get(&url).await;
            let got = (
                kind(&exchange),
                exchange.extras().redirects,
                exchange.sent,
                exchange.extras().opened,
                exchange.reused,
            );
            assert_eq!(got, (result.to_owned(), redirects, sent, 1, sent - 1), "limit {limit}");
        }
    });
}

#[test]
fn a_loop_ends_at_the_limit() {
    play(async {
        let peer = Peer::answering(&to("/again")).await;
        let exchange = following(10).get(&peer.url("/again")).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().redirects, exchange.sent), ("redirect", 10, 11));
        assert!(exchange.result.unwrap_err().to_string().contains("more than 10 redirects"));
    });
}

#[test]
fn locations_are_relative_to_where_they_come_from() {
    play(async {
        for (from, location, expected) in [
            ("/a/b", "c", "/a/c"),
            ("/a/b", "../c?x=1#y", "/c?x=1"),
            ("/a/b?q", "?r", "/a/b?r"),
            ("/a/b", "/c", "/c"),
            ("/a/b", "./", "/a/"),
        ] {
            let peer =
                Peer::start(vec![vec![Act::Request, Act::send(to(location)), Act::Request, answer("there")]]).await;
            assert_eq!(kind(&following(1).get(&peer.url(from)).await), "200");
            assert_eq!(peer.lines(0)[1], format!("GET {expected} HTTP/1.1"), "{from} -> {location}");
        }
    });
}

#[test]
fn credentials_stay_with_their_origin() {
    play(async {
        let other = Peer::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        let elsewhere = to(&other.url("/away"));
        let peer =
            Peer::start(vec![vec![Act::Request, Act::send(to("/here")), Act::Request, Act::send(elsewhere)]]).await;
        let with = |request: Request, name, value: &str| request.with_header(Header::new(name, value).unwrap());
        let request = with(get(&peer.url("/")), "Authorization", "Bearer secret");
        let request = with(with(request, "Cookie", "secret=1"), "X-Trace", "kept");
        let exchange = following(5).send(request).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().redirects, exchange.extras().opened), ("200", 2, 2));
        assert_eq!(peer.text(0).matches("Authorization: Bearer secret").count(), 2, "within the origin they go along");
        let away = other.text(0);
        assert!(away.contains("X-Trace: kept") && !away.contains("secret"), "{away}");
        assert!(away.contains(&format!("Host: {}\r\n", other.addr())), "{away}");
    });
}

#[test]
fn orders_become_questions_or_stay_orders() {
    play(async {
        for (status, method, has_body) in
            [(301, "GET", false), (302, "GET", false), (303, "GET", false), (307, "POST", true), (308, "POST", true)]
        {
            let away = to("/next").replace("302", &status.to_string());
            let peer = Peer::start(vec![vec![Act::Request, Act::send(away), Act::Request, answer("there")]]).await;
            assert_eq!(kind(&following(1).send(post(&peer.url("/"))).await), "200");
            let text = peer.text(0);
            let (_, followed) = text.split_once("\r\n\r\nhello").unwrap();
            assert!(followed.starts_with(&format!("{method} /next HTTP/1.1\r\n")), "{status}: {followed}");
            assert_eq!(followed.ends_with("hello"), has_body, "{status}: {followed}");
        }
    });
}

#[test]
fn redirects_that_lead_nowhere_say_so() {
    play(async {
        for location in ["gopher://a.example.com/", "http://", "http://a b/"] {
            let peer = Peer::answering(&to(location)).await;
            let exchange = following(3).get(&peer.url("/")).await;
            assert_eq!(kind(&exchange), "redirect", "{location}");
            assert!(exchange.result.unwrap_err().to_string().contains(location));
        }
        // A 3xx without a location is an answer like any other.
        let peer = Peer::answering("HTTP/1.1 304 Not Modified\r\n\r\n").await;
        assert_eq!(kind(&following(3).get(&peer.url("/")).await), "304");
    });
}

#[test]
fn failures_of_a_later_hop_count_for_the_whole() {
    play(async {
        let refused = onrush_target::HostileServer::start(onrush_target::Hostile::Refuse).unwrap();
        let peer = Peer::answering(&to(&refused.url())).await;
        let exchange = following(3).get(&peer.url("/")).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().redirects, exchange.sent), ("connect refused", 1, 1));
    });
}
