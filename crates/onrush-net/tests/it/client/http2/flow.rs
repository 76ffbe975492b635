//! Windows, limits and turns, as another implementation keeps them.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use bytes::Bytes;
use h2::server::Builder;
use onrush_net::Shared2;
use onrush_target::{Service, ServiceSettings};
use tokio::net::TcpListener;

use super::{answer, check, settings};
use crate::support::{User, kind, play, post};

/// A peer with settings of its own, which reads bodies and answers. While the second request is in flight, it
/// changes the windows that streams begin with, if it is told so.
async fn peer(builder: Builder, window: Option<u32>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut connection = builder.handshake::<_, Bytes>(tcp).await.unwrap();
        let mut requests = 0;
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            requests += 1;
            if let Some(window) = window.filter(|_| requests == 2) {
                connection.set_initial_window_size(window).unwrap();
            }
            tokio::task::spawn_local(async move {
                let mut body = request.into_body();
                let mut length = 0;
                while let Some(part) = body.data().await {
                    let part = part.unwrap().len();
                    length += part;
                    body.flow_control().release_capacity(part).unwrap();
                }
                assert_eq!(length % 10, 0, "bodies come whole");
                answer(&mut respond);
            });
        }
    });
    address
}

#[test]
fn bodies_larger_than_every_window_arrive_whole() {
    let with = |window, connection| {
        let mut builder = Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(connection);
        builder
    };
    play(async {
        for (builder, window) in [
            (with(65_535, 65_535), None),
            (with(1000, 65_535), None),
            (with(1 << 20, 1 << 20), None),
            (with(10, 65_535), Some(50_000)),
            (with(50_000, 65_535), Some(10_000)),
        ] {
            let url = format!("http://{}/", peer(builder, window).await);
            let mut user = User::new(settings());
            for size in [10, 400_000] {
                let exchange = user.send(post(&url).with_body(vec![b'x'; size])).await;
                assert_eq!(kind(&exchange), "200", "{window:?}: {exchange:?}");
                assert!((size as u64..size as u64 + 10_000).contains(&exchange.bytes_sent), "{exchange:?}");
            }
        }
    });
}

#[test]
fn megabytes_go_there_and_back_at_once() {
    play(async {
        let service = Service::start(ServiceSettings::default()).unwrap();
        let first = User::new(settings());
        let shared = Rc::<Shared2>::default();
        let size = 1_500_000;
        let echo = post(&format!("{}/echo", service.url())).with_body(vec![b'x'; size]);
        let mut lanes: Vec<_> = (0..4).map(|number| lane(&first, &shared, number)).collect();
        let [a, b, c, d] = &mut lanes[..] else { panic!() };
        let send = |user| User::send(user, echo.clone());
        let (a, b, c, d) = tokio::join!(send(a), send(b), send(c), send(d));
        for exchange in [a, b, c, d] {
            assert_eq!(kind(&exchange), "200");
            assert!(exchange.bytes_sent > size as u64 && exchange.bytes_received > size as u64, "{exchange:?}");
        }
        assert_eq!(service.stats().accepted, 1);
    });
}

#[test]
fn a_peer_that_takes_one_at_a_time_gets_them_one_by_one() {
    play(async {
        let mut builder = Builder::new();
        builder.max_concurrent_streams(1);
        let url = format!("http://{}/", peer(builder, None).await);
        let first = User::new(settings());
        let shared = Rc::<Shared2>::default();
        let mut one = lane(&first, &shared, 0);
        check(&one.get(&url).await, "200", 1, 0, 0);
        let mut others = tokio::task::JoinSet::new();
        for number in 1..=10 {
            let (mut lane, url) = (lane(&first, &shared, number), url.clone());
            others.spawn_local(async move { lane.get(&url).await });
        }
        let mut ends = Vec::new();
        while let Some(exchange) = others.join_next().await {
            let exchange = exchange.unwrap();
            check(&exchange, "200", 0, 1, 0);
            ends.push((exchange.first_write.unwrap(), exchange.ended));
        }
        ends.sort();
        assert!(ends.windows(2).all(|pair| pair[0].1 <= pair[1].0), "each begins when the one before has ended");
    });
}

fn lane(user: &User, shared: &Rc<Shared2>, number: usize) -> User {
    let mut lane = user.another(number);
    lane.session = user.client.session(Some(shared), number);
    lane
}
