//! Limits of time and size.

use std::time::Duration;

use onrush_net::Exchange;
use onrush_plan::{ClientSettings, Pooling, Protocol};
use onrush_target::{Hostile, HostileServer, Service, ServiceSettings};

use crate::support::{Act, Peer, User, answer, get, kind, play};

const SOON: Duration = Duration::from_millis(30);
const LATE: Duration = Duration::from_secs(60);

fn timed(timeout: Duration, connect_timeout: Duration) -> ClientSettings {
    ClientSettings { timeout, connect_timeout, ..ClientSettings::default() }
}

fn said(exchange: &Exchange) -> String {
    exchange.result.as_ref().unwrap_err().to_string()
}

#[test]
fn the_whole_request_has_a_time() {
    play(async {
        for acts in [
            vec![Act::Request],
            vec![Act::Request, Act::send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")],
            vec![Act::Request, Act::send("HTTP/1.1 100 Continue\r\n\r\n")],
        ] {
            let peer = Peer::start(vec![acts]).await;
            let exchange = User::new(timed(SOON, LATE)).get(&peer.url("/")).await;
            assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("timeout", 1));
            assert!(exchange.ended - exchange.started >= SOON, "not before its time");
            assert_eq!(said(&exchange), "no complete answer within 30ms");
        }
    });
}

#[test]
fn a_later_request_of_the_same_user_has_its_own_time() {
    play(async {
        let peer = Peer::start(vec![vec![Act::Request, answer("one"), Act::Request]]).await;
        let mut user = User::new(timed(Duration::from_millis(200), LATE));
        assert_eq!(kind(&user.get(&peer.url("/")).await), "200");
        let exchange = user.get(&peer.url("/")).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("timeout", 0));
        assert!(exchange.ended - exchange.started >= Duration::from_millis(200));
        // What comes late belongs to nobody: the connection is not used again.
        assert_eq!(user.get(&peer.url("/")).await.extras().opened, 1);
    });
}

#[test]
fn a_connection_whose_request_was_given_up_is_not_used_again() {
    play(async {
        let abandoned = vec![Act::Request, answer("one"), Act::Request, Act::Wait, answer("two")];
        let peer = Peer::start(vec![abandoned, vec![Act::Request, answer("three")]]).await;
        let (mut user, url) = (User::plain(), peer.url("/"));
        assert_eq!(kind(&user.get(&url).await), "200");
        assert!(tokio::time::timeout(SOON, user.get(&url)).await.is_err());
        peer.go();
        let exchange = user.get(&url).await;
        assert_eq!((kind(&exchange).as_str(), exchange.extras().opened), ("200", 1));
    });
}

#[test]
fn setting_up_has_a_time_of_its_own() {
    play(async {
        let silent = Peer::start(vec![vec![Act::Read(1 << 20)]]).await;
        let url = silent.url("/").replace("http:", "https:");
        let exchange = User::new(timed(LATE, SOON)).get(&url).await;
        assert_eq!(kind(&exchange), "connect timeout");
        assert!(said(&exchange).ends_with("not done within 30ms (TLS handshake)"), "{}", said(&exchange));
        let exchange = User::new(timed(SOON, LATE)).get(&url).await;
        assert_eq!(kind(&exchange), "timeout", "the time of the whole request counts for its beginning, too");
        let told = format!("no connection to {} within 30ms (TLS handshake)", silent.addr());
        assert_eq!(said(&exchange), told, "nobody has been asked for an answer yet");
    });
}

#[test]
fn streams_that_wait_for_a_connection_say_so() {
    play(async {
        let silent = Peer::start(vec![vec![Act::Read(1 << 20)]]).await;
        let protocol = Protocol::Http2 { streams: 2 };
        let pooling = Pooling::Shared { max: 1 };
        let mut first = User::new(ClientSettings { protocol, pooling, ..timed(SOON, LATE) });
        let mut second = first.another(1);
        let url = silent.url("/").replace("http:", "https:");
        let (one, two) = tokio::join!(first.get(&url), second.get(&url));
        for exchange in [one, two] {
            let told = said(&exchange);
            assert!(told.starts_with(&format!("no connection to {} within 30ms (", silent.addr())), "{told}");
        }
    });
}

#[test]
fn waiting_for_a_place_in_the_pool_is_part_of_the_time() {
    play(async {
        let peer = Peer::start(vec![vec![Act::Request]]).await;
        let settings = ClientSettings { pooling: Pooling::Shared { max: 1 }, ..timed(SOON, LATE) };
        let mut first = User::new(settings);
        let mut second = first.another(1);
        let url = peer.url("/");
        let (one, two) = tokio::join!(first.get(&url), second.get(&url));
        assert_eq!((kind(&one), kind(&two)), ("timeout".to_owned(), "timeout".to_owned()));
        assert!(two.extras().pool.is_some_and(|pool| pool >= SOON / 2), "{two:?}");
        // A time-out gives its place back.
        assert_eq!(second.get(&url).await.extras().opened, 1);
    });
}

#[test]
fn heads_may_be_so_long() {
    play(async {
        for (max_head, result) in [(1000, "200"), (200, "protocol")] {
            let head = format!("HTTP/1.1 200 OK\r\nA: {}\r\nContent-Length: 0\r\n\r\n", "b".repeat(500));
            let peer = Peer::answering(&head).await;
            let exchange =
                User::new(ClientSettings { max_head, ..ClientSettings::default() }).get(&peer.url("/")).await;
            assert_eq!(kind(&exchange), result, "{max_head}");
        }
        let endless = HostileServer::start(Hostile::EndlessHeader).unwrap();
        assert_eq!(kind(&User::plain().get(&endless.url()).await), "protocol");
    });
}

/// Who sends half an answer, or too much of one, has sent it all the same.
#[test]
fn bytes_of_failed_answers_count_as_far_as_they_came() {
    const HALF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
    const BAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
    const OVER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello";
    play(async {
        for (text, after, result) in [
            (OVER, None, "protocol"),
            (HALF, Some(Act::Close), "closed early"),
            (HALF, None, "timeout"),
            (BAD, None, "protocol"),
        ] {
            let acts = [Some(Act::Request), Some(Act::send(text)), after];
            let peer = Peer::start(vec![acts.into_iter().flatten().collect()]).await;
            let mut user = User::new(timed(SOON, LATE));
            let exchange = user.get(&peer.url("/")).await;
            assert_eq!((kind(&exchange).as_str(), exchange.bytes_received), (result, text.len() as u64));
            if text == OVER {
                continue; // of a pipeline, the whole answer counts and the connection is left
            }
            let pipelined = &user.pipeline(&[get(&peer.url("/")), get(&peer.url("/"))]).await;
            assert_eq!(pipelined.iter().map(|one| one.bytes_received).collect::<Vec<_>>(), [text.len() as u64, 0]);
        }
    });
}

#[test]
fn bodies_may_be_so_long() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        for (path, max_body, result) in [
            ("/bytes/1000", 1000, "200"),
            ("/bytes/1000", 999, "protocol"),
            ("/?size=1000&chunked=1", 1000, "200"),
            ("/?size=1000&chunked=1", 999, "protocol"),
        ] {
            let settings = ClientSettings { max_body, ..ClientSettings::default() };
            let exchange = User::new(settings).get(&format!("{}{path}", service.url())).await;
            assert_eq!(kind(&exchange), result, "{path} of at most {max_body}");
        }
        let endless = HostileServer::start(Hostile::EndlessChunks).unwrap();
        let settings = ClientSettings { max_body: 1 << 20, ..ClientSettings::default() };
        let exchange = User::new(settings).get(&endless.url()).await;
        assert_eq!(said(&exchange), "the response body is longer than 1048576 bytes");
    });
}
