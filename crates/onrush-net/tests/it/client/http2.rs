//! HTTP/2: streams that share a connection, and connections that go away in every way that the protocol has.

mod flow;
mod raw;

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use bytes::Bytes;
use h2::Reason;
use h2::server::{Connection, SendResponse};
use onrush_net::{Exchange, Shared2};
use onrush_plan::{ClientSettings, Pooling, Protocol};
use onrush_target::{Service, ServiceSettings};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Act, Peer, User, get, kind, play, post};

const HTTP2: Protocol = Protocol::Http2 { streams: 10 };

fn settings() -> ClientSettings {
    ClientSettings { protocol: HTTP2, ..ClientSettings::default() }
}

/// What a peer does with a stream.
#[derive(Clone, Copy, Debug)]
enum Reply {
    Answer,
    Reset(Reason),
    /// Answers, then says that this was the last one.
    AnswerAndLeave,
    /// Says that nothing more is looked at, this stream included, and closes.
    Leave(Reason),
    /// Closes without a word.
    Close,
    /// Never answers.
    Hold,
}

/// A peer that treats the streams of its connections, one after the other, as listed.
async fn peer(lists: Vec<Vec<Reply>>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        for list in lists {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::task::spawn_local(serve(tcp, list));
        }
    });
    address
}

async fn serve(tcp: TcpStream, list: Vec<Reply>) {
    let mut connection: Connection<_, Bytes> = h2::server::handshake(tcp).await.unwrap();
    let mut held = Vec::new();
    let mut list = list.into_iter();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        match list.next().unwrap_or(Reply::Hold) {
            Reply::Answer => answer(&mut respond),
            Reply::Reset(reason) => respond.send_reset(reason),
            Reply::AnswerAndLeave => {
                answer(&mut respond);
                connection.graceful_shutdown();
            }
            Reply::Leave(reason) => connection.abrupt_shutdown(reason),
            Reply::Close => return,
            Reply::Hold => {}
        }
        held.push(respond);
    }
}

fn answer(respond: &mut SendResponse<Bytes>) {
    respond.send_response(http::Response::new(()), true).unwrap();
}

fn check(exchange: &Exchange, result: &str, opened: u32, reused: u32, stale: u32) {
    let got = (
        kind(exchange),
        exchange.extras().opened,
        exchange.reused,
        exchange.extras().stale + exchange.extras().repeated,
    );
    assert_eq!(got, (result.to_owned(), opened, reused, stale), "{exchange:?}");
}

#[test]
fn requests_in_a_row_and_at_once_share_a_connection() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let first = User::new(settings());
        let shared = Rc::<Shared2>::default();
        let lane = |number| {
            let mut lane = first.another(number);
            lane.session = first.client.session(Some(&shared), number);
            lane
        };
        let (mut one, mut two, mut three) = (lane(0), lane(1), lane(2));
        let url = service.url();
        let (a, b, c) = tokio::join!(one.get(&url), two.get(&url), three.get(&url));
        assert_eq!([&a, &b, &c].map(kind), ["200", "200", "200"]);
        assert_eq!(a.extras().opened + b.extras().opened + c.extras().opened, 1);
        for _ in 0..5 {
            check(&two.get(&url).await, "200", 0, 1, 0);
        }
        assert_eq!(service.stats().accepted, 1);
        check(&first.another(3).get(&url).await, "200", 1, 0, 0);
        assert_eq!(service.stats().accepted, 2, "another user has its own");
    });
}

#[test]
fn users_of_a_pool_share_its_connections() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let first = User::new(ClientSettings { pooling: Pooling::Shared { max: 2 }, ..settings() });
        for number in 0..6 {
            assert_eq!(kind(&first.another(number).get(&service.url()).await), "200");
        }
        assert_eq!(service.stats().accepted, 2);
    });
}

#[test]
fn answers_larger_than_the_windows_come_whole() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::new(settings());
        let size = 9_000_000;
        let exchange = user.get(&format!("{}/bytes/{size}", service.url())).await;
        check(&exchange, "200", 1, 0, 0);
        assert!(exchange.bytes_received > size, "{exchange:?}");
        let echo = post(&format!("{}/echo", service.url())).with_body(vec![b'x'; 300_000]);
        let exchange = user.send(echo).await;
        check(&exchange, "200", 0, 1, 0);
        assert!(exchange.bytes_sent > 300_000 && exchange.bytes_received > 300_000, "{exchange:?}");
    });
}

#[test]
fn bodies_may_be_so_long() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::new(ClientSettings { max_body: 1000, ..settings() });
        for (size, result) in [(1000, "200"), (1001, "protocol"), (1000, "200")] {
            assert_eq!(kind(&user.get(&format!("{}/bytes/{size}", service.url())).await), result, "{size}");
        }
        assert_eq!(service.stats().accepted, 1, "one stream too long does not end the connection");
    });
}

#[test]
fn who_speaks_http1_to_a_port_of_http2_is_told() {
    play(async {
        // Settings, and then that the connection is over, as servers answer who does not begin as HTTP/2 does.
        let goodbye = "\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";
        let peer = Peer::start(vec![vec![Act::Request, Act::send(goodbye)]]).await;
        let exchange = User::plain().get(&peer.url("/")).await;
        assert_eq!(kind(&exchange), "protocol");
        let told = exchange.result.unwrap_err().to_string();
        assert_eq!(told, "the service speaks HTTP/2 here: use --http2");
    });
}

#[test]
fn an_announced_body_that_is_too_long_is_refused_at_once() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        for settings in [ClientSettings::default(), settings()] {
            let mut user = User::new(ClientSettings { max_body: 1000, ..settings });
            let exchange = user.get(&format!("{}/bytes/50000000", service.url())).await;
            assert!(exchange.bytes_received < 1_000_000, "{exchange:?}");
            let told = exchange.result.unwrap_err().to_string();
            assert_eq!(told, "the response announces a body of 50000000 bytes, and 1000 is the most");
        }
    });
}

#[test]
fn times_are_there_only_for_what_happened() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::new(settings());
        let [first, second] = [user.get(&service.url()).await, user.get(&service.url()).await];
        assert!(first.extras().connect.is_some() && second.extras().connect.is_none());
        for exchange in [&first, &second] {
            assert_eq!((exchange.extras().dns, exchange.extras().tls, exchange.extras().pool), (None, None, None));
            let instants = [Some(exchange.started), exchange.first_write, exchange.first_byte, Some(exchange.ended)];
            assert!(instants.iter().all(Option::is_some) && instants.is_sorted(), "{instants:?}");
        }
    });
}

#[test]
fn redirects_and_bodies_work_as_in_http1() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let mut user = User::new(ClientSettings { redirects: 5, ..settings() });
        let exchange = user.get(&format!("{}/redirect/3", service.url())).await;
        check(&exchange, "200", 1, 3, 0);
        assert_eq!((exchange.extras().redirects, exchange.sent), (3, 4));
        let echo = user.send(post(&format!("{}/echo", service.url()))).await;
        assert_eq!(kind(&echo), "200");
    });
}

/// One row: what the peer does on its connections, with which request, and what the second exchange comes to.
async fn second(lists: &[&[Reply]], is_order: bool) -> Exchange {
    let url = format!("http://{}/", peer(lists.iter().map(|list| list.to_vec()).collect()).await);
    let mut user = User::new(settings());
    check(&user.get(&url).await, "200", 1, 0, 0);
    user.send(if is_order { post(&url) } else { get(&url) }).await
}

#[test]
fn a_connection_that_goes_away_is_replaced_where_that_is_safe() {
    use Reply::{Answer, AnswerAndLeave, Close, Leave, Reset};
    play(async {
        let fresh: &[Reply] = &[Answer];
        for is_order in [false, true] {
            let refused: &[Reply] = &[Answer, Reset(Reason::REFUSED_STREAM), Answer];
            check(&second(&[refused], is_order).await, "200", 0, 1, 1);
            let left = second(&[&[AnswerAndLeave], fresh], is_order).await;
            assert_eq!((kind(&left).as_str(), left.extras().opened), ("200", 1), "order: {is_order}, {left:?}");
        }
        check(&second(&[&[Answer, Close], fresh], false).await, "200", 1, 0, 1);
        check(&second(&[&[Answer, Leave(Reason::ENHANCE_YOUR_CALM)], fresh], false).await, "200", 1, 0, 1);
    });
}

#[test]
fn what_may_have_been_done_is_not_done_twice() {
    use Reply::{Answer, Close, Leave, Reset};
    play(async {
        for (list, result) in [
            (&[Answer, Reset(Reason::INTERNAL_ERROR)][..], "protocol"),
            (&[Answer, Reset(Reason::CANCEL)], "protocol"),
            (&[Answer, Leave(Reason::ENHANCE_YOUR_CALM)], "closed early"),
            (&[Answer, Close], "closed early"),
        ] {
            check(&second(&[list], true).await, result, 0, 0, 0);
        }
    });
}

#[test]
fn a_reset_stream_leaves_the_connection() {
    play(async {
        let list = vec![Reply::Answer, Reply::Reset(Reason::INTERNAL_ERROR), Reply::Answer];
        let url = format!("http://{}/", peer(vec![list]).await);
        let mut user = User::new(settings());
        check(&user.get(&url).await, "200", 1, 0, 0);
        check(&user.get(&url).await, "protocol", 0, 0, 0);
        check(&user.get(&url).await, "200", 0, 1, 0);
    });
}

#[test]
fn a_new_connection_that_fails_is_not_tried_again() {
    play(async {
        for (reply, result) in [
            (Reply::Reset(Reason::REFUSED_STREAM), "protocol"),
            (Reply::Close, "closed early"),
            (Reply::Leave(Reason::ENHANCE_YOUR_CALM), "closed early"),
        ] {
            let url = format!("http://{}/", peer(vec![vec![reply]]).await);
            let exchange = User::new(settings()).get(&url).await;
            check(&exchange, result, 1, 0, 0);
        }
    });
}

#[test]
fn the_whole_request_has_a_time_and_others_go_on() {
    play(async {
        let list = vec![Reply::Answer, Reply::Hold, Reply::Answer];
        let url = format!("http://{}/", peer(vec![list]).await);
        let timeout = std::time::Duration::from_millis(200);
        let mut user = User::new(ClientSettings { timeout, ..settings() });
        check(&user.get(&url).await, "200", 1, 0, 0);
        check(&user.get(&url).await, "timeout", 0, 0, 0);
        check(&user.get(&url).await, "200", 0, 1, 0);
    });
}

#[test]
fn a_peer_that_speaks_something_else_is_told() {
    play(async {
        let service = Service::start(ServiceSettings { http2: false, ..ServiceSettings::default() }).unwrap();
        let exchange = User::new(settings()).get(&service.url()).await;
        assert!(["protocol", "closed early", "reset"].contains(&kind(&exchange).as_str()), "{exchange:?}");
    });
}
