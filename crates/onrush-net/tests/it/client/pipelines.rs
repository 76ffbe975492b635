//! Requests written at once on one connection, and answered in order or not at all.

use onrush_plan::{ClientSettings, Protocol};

use crate::support::{Act, Peer, User, get, kind, play, post};

fn pipelining() -> User {
    User::new(ClientSettings { protocol: Protocol::Http1 { pipeline: 8 }, ..ClientSettings::default() })
}

fn answers(statuses: &[u16], last: &str) -> Act {
    let one = |status: &u16| format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok");
    Act::send(statuses.iter().map(one).collect::<String>() + last)
}

#[test]
fn answers_belong_to_requests_in_order() {
    play(async {
        let first = [vec![Act::Request; 3], vec![answers(&[200, 404, 500], "")]].concat();
        let second = [vec![Act::Request; 2], vec![answers(&[201], ""), Act::Wait, answers(&[202], "")]].concat();
        let peer = Peer::start(vec![[first, second].concat()]).await;
        let requests = ["/a", "/b", "/c"].map(|path| get(&peer.url(path)));
        let mut user = pipelining();
        let exchanges = user.pipeline(&requests).await;
        assert_eq!(exchanges.iter().map(kind).collect::<Vec<_>>(), ["200", "404", "500"]);
        assert_eq!(exchanges.iter().map(|exchange| exchange.extras().opened).collect::<Vec<_>>(), [1, 0, 0]);
        assert_eq!(exchanges.iter().map(|exchange| exchange.reused).collect::<Vec<_>>(), [0, 1, 1]);
        let (later, ()) = tokio::join!(user.pipeline(&requests[..2]), async { peer.go() });
        assert_eq!(later.iter().map(kind).collect::<Vec<_>>(), ["201", "202"]);
        assert!(later[0].ended <= later[1].ended && later[1].first_byte >= later[0].first_byte);
        assert_eq!(peer.lines(0), ["/a", "/b", "/c", "/a", "/b"].map(|path| format!("GET {path} HTTP/1.1")));
    });
}

#[test]
fn what_was_not_answered_goes_over_a_fresh_connection() {
    play(async {
        for last in ["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", ""] {
            let (statuses, left) = if last.is_empty() { (&[201, 202][..], 1) } else { (&[201][..], 1) };
            let broken = [vec![Act::Request; 3], vec![answers(statuses, last), Act::Close]].concat();
            let peer = Peer::start(vec![broken, vec![Act::Request, answers(&[204 + 5], "")]]).await;
            let requests = ["/a", "/b", "/c"].map(|path| get(&peer.url(path)));
            let exchanges = pipelining().pipeline(&requests).await;
            assert_eq!(kind(&exchanges[2]), "209", "{exchanges:?}");
            assert_eq!(exchanges.iter().map(|exchange| exchange.extras().repeated).collect::<Vec<_>>(), [0, 0, left]);
            assert_eq!(exchanges.iter().map(|exchange| exchange.sent).collect::<Vec<_>>(), [1, 1, 2]);
            assert_eq!(exchanges.iter().map(|exchange| exchange.reused).collect::<Vec<_>>(), [0, 1, 0]);
            assert_eq!(peer.lines(1), ["GET /c HTTP/1.1"]);
        }
    });
}

#[test]
fn an_order_in_the_unanswered_rest_fails_instead_of_being_placed_twice() {
    play(async {
        let broken = [vec![Act::Request; 3], vec![answers(&[201], ""), Act::Close]].concat();
        let peer = Peer::start(vec![broken]).await;
        let requests = [get(&peer.url("/a")), get(&peer.url("/b")), post(&peer.url("/c"))];
        let exchanges = pipelining().pipeline(&requests).await;
        assert_eq!(exchanges.iter().map(kind).collect::<Vec<_>>(), ["201", "closed early", "closed early"]);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn orders_that_never_left_may_go_over_a_fresh_connection() {
    play(async {
        let closes = vec![Act::Request, answers(&[201], ""), Act::Close];
        let peer = Peer::start(vec![closes, vec![Act::Request, Act::Request, answers(&[202, 203], "")]]).await;
        let mut user = pipelining();
        let first = user.pipeline(&[get(&peer.url("/a"))]).await;
        peer.ended(0).await;
        let later = user.pipeline(&[post(&peer.url("/b")), get(&peer.url("/c"))]).await;
        assert_eq!(later.iter().map(kind).collect::<Vec<_>>(), ["202", "203"], "{later:?}");
        assert_eq!(
            later.iter().map(|e| (e.extras().stale, e.extras().repeated, e.sent)).collect::<Vec<_>>(),
            [(1, 0, 1); 2]
        );
        let bytes: u64 = later.iter().map(|exchange| exchange.bytes_sent).sum();
        assert_eq!((first[0].sent, bytes), (1, peer.text(1).len() as u64), "what never left is not counted");
    });
}

#[test]
fn a_fresh_connection_that_answers_nothing_is_not_tried_again() {
    play(async {
        let peer = Peer::start(vec![[vec![Act::Request; 2], vec![Act::Close]].concat()]).await;
        let exchanges = pipelining().pipeline(&["/a", "/b"].map(|path| get(&peer.url(path)))).await;
        assert_eq!(exchanges.iter().map(kind).collect::<Vec<_>>(), ["closed early", "closed early"]);
        assert_eq!(peer.connections(), 1);
    });
}

#[test]
fn more_answers_than_requests_are_told() {
    play(async {
        let too_many = [vec![Act::Request; 2], vec![answers(&[201, 202, 203], "")]].concat();
        let peer = Peer::start(vec![too_many, vec![Act::Request, answers(&[204], "")]]).await;
        let mut user = pipelining();
        let exchanges = user.pipeline(&["/a", "/b"].map(|path| get(&peer.url(path)))).await;
        assert_eq!(exchanges.iter().map(kind).collect::<Vec<_>>(), ["201", "202"]);
        let next = user.pipeline(&[get(&peer.url("/c"))]).await;
        assert_eq!((next[0].extras().opened, next[0].reused), (1, 0), "the connection is of no further use");
    });
}
