//! The settings, one by one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use onrush_target::{Bind, Capacity, Freeze, Running, Service, ServiceSettings, StartError};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Client, connect, start, start_and_connect, until};

fn settings() -> ServiceSettings {
    ServiceSettings::default()
}

#[tokio::test]
async fn the_default_answer() {
    let (running, mut client) = start_and_connect(settings()).await;
    for path in ["/", "/any/other/path"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "hello\n"), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        assert_eq!(answer.header("content-length"), Some("6"));
        assert_eq!(answer.header("connection"), None);
    }
    assert_eq!(running.url(), format!("http://{}", running.addr()));
}

#[tokio::test]
async fn what_is_counted() {
    let (running, mut client) = start_and_connect(settings()).await;
    for path in ["/", "/?status=418", "/status/503", "/"] {
        client.get(path).await;
    }
    let stats = client.get("/stats").await.json();
    assert_eq!(stats["requests"], 4);
    assert_eq!(stats["by_status"], serde_json::json!({ "200": 2, "418": 1, "503": 1 }));
    assert_eq!((&stats["accepted"], &stats["open"]), (&1.into(), &1.into()));
    drop(client);
    until(&running, |stats| stats.open == 0).await;
    let stats = running.stop();
    assert_eq!((stats.received, stats.requests, stats.accepted, stats.open), (4, 4, 1, 0));
    assert!(stats.bytes_sent > 4 * 100, "{stats:?}");
}

#[test]
fn starts_and_stops_without_a_runtime() {
    let running = Service::start(settings()).unwrap();
    TcpStream::connect(running.addr()).unwrap();
    let address = running.addr();
    running.stop();
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[tokio::test]
async fn stopping_lets_the_last_request_finish() {
    let (running, mut client) =
        start_and_connect(ServiceSettings { grace: Duration::from_secs(20), ..settings() }).await;
    let last = tokio::spawn(async move { client.get("/delay/100").await.status.as_u16() });
    until(&running, |stats| stats.received == 1).await;
    let stopping = tokio::task::spawn_blocking(|| running.stop());
    assert_eq!(last.await.unwrap(), 200);
    assert_eq!(stopping.await.unwrap().requests, 1);
}

#[tokio::test]
async fn stopping_waits_no_longer_than_the_grace() {
    let (running, mut client) = start_and_connect(ServiceSettings { grace: Duration::ZERO, ..settings() }).await;
    let last = tokio::spawn(async move { client.try_send("GET /?latency=1h", &[], "").await.is_err() });
    until(&running, |stats| stats.received == 1).await;
    assert_eq!(running.stop().requests, 0);
    assert!(last.await.unwrap(), "the connection is closed without an answer");
}

#[tokio::test]
async fn queries_override_settings() {
    let (_running, mut client) = start_and_connect(settings()).await;
    let table = [
        ("/?size=0", 200, Some("0"), 0),
        ("/?size=1000", 200, Some("1000"), 1000),
        ("/?size=1000000", 200, Some("1000000"), 1_000_000),
        ("/?size=100000&chunked=1", 200, None, 100_000),
        ("/any/path?status=418", 418, Some("6"), 6),
        ("/?status=204", 204, None, 0),
        ("/?unknown=1", 200, Some("6"), 6),
    ];
    for (path, status, length, size) in table {
        let answer = client.get(path).await;
        let got = (answer.status.as_u16(), answer.header("content-length"), answer.body.len());
        assert_eq!(got, (status, length, size), "{path}");
        assert!(answer.body.chunks(6).all(|piece| b"hello\n".starts_with(piece)), "{path}");
    }
    let wrong = client.get("/?latency=soon").await;
    assert_eq!(wrong.status, 400);
    insta::assert_snapshot!(wrong.text(), @"latency: `soon` is not a known distribution; latency is one of: 5ms · uniform 1ms..10ms · normal 20ms±5ms · lognormal 20ms 0.5 · exponential 10ms · none");
}

#[tokio::test]
async fn latency_takes_at_least_its_time() {
    let latency = "2.5ms".parse().unwrap();
    let (_running, mut client) = start_and_connect(ServiceSettings { latency, ..settings() }).await;
    let begun = Instant::now();
    for _ in 0..4 {
        client.get("/").await;
    }
    client.get("/?latency=30ms").await;
    assert!(begun.elapsed() >= Duration::from_millis(40), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn bodies_of_any_size_and_in_chunks() {
    for (size, chunked) in [(0, false), (65_532, false), (65_533, false), (3_000_000, false), (0, true), (40_000, true)]
    {
        let (_running, mut client) = start_and_connect(ServiceSettings { size, chunked, ..settings() }).await;
        let answer = client.get("/").await;
        assert_eq!(answer.body.len() as u64, size);
        assert_eq!(answer.header("transfer-encoding").is_some(), chunked, "{size}");
    }
}

#[tokio::test]
async fn request_bodies_are_read_and_the_connection_stays() {
    let (running, mut client) = start_and_connect(settings()).await;
    for _ in 0..3 {
        let answer = client.send("POST /", &[], &"x".repeat(300_000)).await;
        assert_eq!(answer.text(), "hello\n");
    }
    assert_eq!(running.stats().accepted, 1);
}

#[tokio::test]
async fn head_has_a_length_and_no_body() {
    let (_running, mut client) = start_and_connect(ServiceSettings { size: 100_000, ..settings() }).await;
    let answer = client.send("HEAD /", &[], "").await;
    assert_eq!((answer.header("content-length"), answer.body.len()), (Some("100000"), 0));
    assert_eq!(client.get("/").await.body.len(), 100_000);
}

#[tokio::test]
async fn gzip_for_those_who_accept_it() {
    let (_running, mut client) = start_and_connect(ServiceSettings { gzip: true, size: 100_000, ..settings() }).await;
    for (path, size) in [("/", 100_000), ("/?size=7", 7), ("/?chunked=1", 100_000)] {
        let plain = client.get(path).await;
        assert_eq!((plain.body.len(), plain.header("content-encoding")), (size, None), "{path}");
        let zipped = client.send(&format!("GET {path}"), &[("accept-encoding", "br, gzip")], "").await;
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        let mut unzipped = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&zipped.body[..]);
        decoder.read_to_end(&mut unzipped).unwrap();
        assert_eq!(unzipped, plain.body, "{path}");
    }
}

#[tokio::test]
async fn errors_by_the_share_and_the_seed() {
    let run = async |seed| {
        let settings = ServiceSettings { errors: 0.25, error_status: 502, seed, ..settings() };
        let (_running, mut client) = start_and_connect(settings).await;
        let mut failed = Vec::new();
        for _ in 0..400 {
            failed.push(client.get("/").await.status == 502);
        }
        failed
    };
    let first = run(7).await;
    let share = first.iter().filter(|failed| **failed).count();
    assert!((80..=120).contains(&share), "{share} of 400");
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
}

#[tokio::test]
async fn errors_hit_routes_too_but_not_the_counters() {
    let (_running, mut client) = start_and_connect(ServiceSettings { errors: 1.0, ..settings() }).await;
    for (path, status) in [("/", 500), ("/health", 500), ("/bytes/5", 500), ("/stats", 200)] {
        assert_eq!(client.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn past_the_capacity_requests_queue_and_then_are_turned_away() {
    let capacity = Some(Capacity { workers: 1, queue: 1 });
    let (running, mut busy) = start_and_connect(ServiceSettings { capacity, ..settings() }).await;
    let holder = tokio::spawn(async move { busy.try_send("GET /?latency=1h", &[], "").await.is_err() });
    until(&running, |stats| stats.received == 1).await;
    let mut second = connect(running.addr()).await;
    let queued = tokio::spawn(async move { second.get("/").await.status.as_u16() });
    until(&running, |stats| stats.received == 2).await;
    let mut third = connect(running.addr()).await;
    assert_eq!(third.get("/health").await.status, 503, "turned away at once");
    assert!(!queued.is_finished());
    holder.abort();
    assert_eq!(queued.await.unwrap(), 200, "the worker is free when its client has gone");
    assert_eq!(third.get("/").await.status, 200);
}

async fn visit(address: SocketAddr, times: u32) {
    let mut client = connect(address).await;
    for _ in 0..times {
        assert_eq!(client.get("/").await.status, 200);
    }
}

/// Throughput stays at what the workers can do, however many clients there are, and so everybody waits longer.
#[tokio::test]
async fn a_saturated_service_does_no_more_than_its_workers_can() {
    const WORKERS: u32 = 2;
    const EACH: u32 = 4;
    let latency = Duration::from_millis(10);
    let settings = ServiceSettings {
        capacity: Some(Capacity { workers: WORKERS, queue: 100 }),
        latency: onrush_target::Latency::Constant(latency),
        ..settings()
    };
    let running = start(settings);
    for clients in [2, 4, 8] {
        let begun = Instant::now();
        let visits: JoinSet<()> = (0..clients).map(|_| visit(running.addr(), EACH)).collect();
        visits.join_all().await;
        let at_least = latency * (clients * EACH / WORKERS);
        assert!(begun.elapsed() >= at_least, "{clients} clients: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_frozen_service_answers_nothing_but_its_counters() {
    let hour = Duration::from_secs(3600);
    let freeze = Some(Freeze { every: hour, lasts: Duration::from_nanos(3_599_999_999_999) });
    let (running, mut client) = start_and_connect(ServiceSettings { freeze, ..settings() }).await;
    let waiting = tokio::spawn(async move { client.get("/").await.status });
    until(&running, |stats| stats.received == 1).await;
    let stats = connect(running.addr()).await.get("/stats").await.json();
    assert_eq!((&stats["received"], &stats["requests"]), (&1.into(), &0.into()));
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_service_thaws_again_and_again() {
    let freeze = Some("9ms every 10ms".parse().unwrap());
    let (_running, mut client) = start_and_connect(ServiceSettings { freeze, ..settings() }).await;
    for path in ["/", "/health", "/?size=7", "/", "/"] {
        assert_eq!(client.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn without_keep_alive_each_connection_has_one_answer() {
    let (running, mut client) = start_and_connect(ServiceSettings { keep_alive: false, ..settings() }).await;
    assert_eq!(client.get("/").await.header("connection"), Some("close"));
    assert!(client.try_send("GET /", &[], "").await.is_err());
    until(&running, |stats| stats.open == 0).await;
}

/// All that comes back on one connection, and whether it ends in order.
fn exchange(running: &Running, sent: &str) -> (String, std::io::Result<usize>) {
    let mut stream = TcpStream::connect(running.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut sender = stream.try_clone().unwrap();
    let mut answers = Vec::new();
    let end = std::thread::scope(|scope| {
        // More than the service reads at once: it must be read by somebody meanwhile.
        scope.spawn(move || sender.write_all(sent.as_bytes()).unwrap());
        stream.read_to_end(&mut answers)
    });
    (String::from_utf8(answers).unwrap(), end)
}

const ASK: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ASK_LAST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn what_follows_on_the_last_request_of_a_connection_does_not_spoil_its_answer() {
    let kept = start(settings());
    let closed = start(ServiceSettings { keep_alive: false, ..settings() });
    let slow = start(ServiceSettings { keep_alive: false, latency: "1ms".parse().unwrap(), ..settings() });
    for (running, sent, answers) in [
        (&closed, ASK.to_owned(), 1),
        (&closed, ASK.repeat(2), 1),
        (&closed, ASK.repeat(10), 1),
        (&closed, ASK.repeat(1_000), 1),
        (&closed, ASK.repeat(20_000), 1),
        (&slow, ASK.repeat(1_000), 1),
        (&kept, ASK_LAST.to_owned() + "\r\n", 1),
        (&kept, "GET / HTTP/1.0\r\n\r\n\r\n".to_owned(), 1),
        (&kept, ASK.repeat(3) + ASK_LAST + ASK, 4),
        (&kept, ASK.repeat(1_000) + ASK_LAST, 1_001),
    ] {
        let (text, end) = exchange(running, &sent);
        let what = format!("{} bytes, {} answers expected: {end:?}", sent.len(), answers);
        assert_eq!((text.matches(" 200 OK\r\n").count(), end.is_ok()), (answers, true), "{what}");
    }
}

/// Each answer of a pipeline goes when it is ready, as other servers do it.
#[test]
fn an_answer_does_not_wait_for_the_next_one_of_its_pipeline() {
    let running = start(settings());
    let mut stream = TcpStream::connect(running.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let never = "GET /?latency=1h HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all((ASK.to_owned() + never + ASK).as_bytes()).unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn threads_share_the_port() {
    let running = start(ServiceSettings { threads: 3, ..settings() });
    for _ in 0..30 {
        assert_eq!(connect(running.addr()).await.get("/").await.status, 200);
    }
    let stats = running.stop();
    assert_eq!((stats.requests, stats.accepted), (30, 30));
}

#[tokio::test]
async fn other_places_to_listen() {
    let v6 = start(ServiceSettings { bind: Bind::Tcp("[::1]:0".parse().unwrap()), ..settings() });
    assert_eq!(v6.url(), format!("http://[::1]:{}", v6.addr().port()));
    assert_eq!(connect(v6.addr()).await.get("/").await.status, 200);
    let any = start(ServiceSettings { bind: Bind::Tcp("0.0.0.0:0".parse().unwrap()), ..settings() });
    assert_eq!(any.url(), format!("http://127.0.0.1:{}", any.addr().port()));
}

#[tokio::test]
async fn a_unix_socket_is_replaced_and_removed() {
    let path = std::env::temp_dir().join(format!("onrush-target-{}.sock", std::process::id()));
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let bind = Bind::Unix(path.clone());
    let running = start(ServiceSettings { bind: bind.clone(), threads: 2, ..settings() });
    assert_eq!((running.bound(), running.url().as_str()), (&bind, "http://localhost"));
    let mut client = Client::http1(tokio::net::UnixStream::connect(&path).await.unwrap()).await;
    assert_eq!(client.get("/").await.text(), "hello\n");
    let second = Service::start(ServiceSettings { bind, ..settings() });
    assert!(matches!(second, Err(StartError::Bind { .. })), "somebody listens there");
    drop(running);
    assert!(!path.exists());
}

#[test]
fn an_address_in_use_is_said() {
    let first = start(settings());
    for threads in [1, 2] {
        let bind = Bind::Tcp(first.addr());
        let message = Service::start(ServiceSettings { bind, threads, ..settings() }).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cannot listen on {}: ", first.addr())), "{message}");
    }
    let shared = start(ServiceSettings { threads: 2, ..settings() });
    let bind = Bind::Tcp(shared.addr());
    assert!(Service::start(ServiceSettings { bind, threads: 2, ..settings() }).is_err(), "no slipping in beside it");
}

#[test]
fn settings_that_make_no_sense() {
    let zero = Duration::ZERO;
    let table = [
        (ServiceSettings { threads: 0, ..settings() }, "threads must be from 1 to 1024"),
        (ServiceSettings { errors: 1.5, ..settings() }, "errors is a share: it must be from 0 to 1"),
        (ServiceSettings { errors: f64::NAN, ..settings() }, "errors is a share: it must be from 0 to 1"),
        (ServiceSettings { error_status: 101, ..settings() }, "error_status must be from 200 to 999"),
        (
            ServiceSettings { capacity: Some(Capacity { workers: 0, queue: 1 }), ..settings() },
            "a capacity needs at least one worker",
        ),
        (ServiceSettings { gzip: true, size: 1 << 40, ..settings() }, "gzip is for bodies of up to 16 MiB"),
        (
            ServiceSettings { http1: false, http2: false, ..settings() },
            "at least one of http1 and http2 must be spoken",
        ),
        (
            ServiceSettings { freeze: Some(Freeze { every: zero, lasts: zero }), ..settings() },
            "a freeze of 0ns does not fit into every 0ns; a freeze is written `1s every 4s`",
        ),
    ];
    for (settings, sentence) in table {
        let message = Service::start(settings).unwrap_err().to_string();
        assert_eq!(message, format!("these settings do not work: {sentence}"));
    }
}
