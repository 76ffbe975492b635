//! HTTP/2 by prior knowledge, and the switches between the versions.

use std::time::Duration;

use onrush_target::ServiceSettings;
use tokio::net::TcpStream;

use crate::client::{Client, connect, start, until};

async fn http2(running: &onrush_target::Running) -> Client {
    Client::http2(TcpStream::connect(running.addr()).await.unwrap()).await
}

#[tokio::test]
async fn both_versions_on_one_port() {
    let running = start(ServiceSettings::default());
    let mut client = http2(&running).await;
    for (what, status, size) in [("GET /", 200, 6), ("GET /bytes/200000", 200, 200_000), ("GET /status/418", 418, 0)] {
        let answer = client.send(what, &[], "").await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (status, size), "{what}");
    }
    assert_eq!(client.send("POST /echo", &[], "to and fro").await.text(), "to and fro");
    assert_eq!(client.get("/inspect").await.json()["version"], "HTTP/2.0");
    let head = client.send("HEAD /", &[], "").await;
    assert_eq!((head.header("content-length"), head.body.len()), (Some("6"), 0));
    assert_eq!(connect(running.addr()).await.get("/inspect").await.json()["version"], "HTTP/1.1");
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let running = start(ServiceSettings::default());
    let mut client = http2(&running).await;
    let Client::Http2(sender) = &client else { unreachable!() };
    let mut other = Client::Http2(sender.clone());
    let slow = tokio::spawn(async move { other.try_send("GET /?latency=1h", &[], "").await.is_err() });
    until(&running, |stats| stats.received == 1).await;
    assert_eq!(client.get("/").await.status, 200);
    slow.abort();
}

#[tokio::test]
async fn each_version_can_be_switched_off() {
    let only1 = start(ServiceSettings { http2: false, ..ServiceSettings::default() });
    assert!(http2(&only1).await.try_send("GET /", &[], "").await.is_err());
    assert_eq!(connect(only1.addr()).await.get("/").await.status, 200);
    let only2 = start(ServiceSettings { http1: false, ..ServiceSettings::default() });
    assert!(connect(only2.addr()).await.try_send("GET /", &[], "").await.is_err());
    assert_eq!(http2(&only2).await.get("/").await.status, 200);
}

#[tokio::test]
async fn without_keep_alive_the_connection_goes_away_after_an_answer() {
    let settings = ServiceSettings { keep_alive: false, grace: Duration::from_secs(20), ..ServiceSettings::default() };
    let running = start(settings);
    assert_eq!(http2(&running).await.get("/").await.status, 200);
    until(&running, |stats| stats.open == 0).await;
}
