//! The tools beside the generic answer.

use std::time::Duration;

use onrush_target::ServiceSettings;
use serde_json::json;
use tokio::time::Instant;

use crate::client::start_and_connect;

/// Method and path, headers, status, body.
type Row = (&'static str, &'static [(&'static str, &'static str)], u16, &'static str);

#[tokio::test]
async fn what_the_routes_answer() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let table: &[Row] = &[
        ("GET /delay/0.5", &[], 200, "after 0.5 ms\n"),
        ("GET /delay/-1", &[], 400, "a delay of -1 ms is not within 0 to an hour\n"),
        ("GET /status/204", &[], 204, ""),
        ("POST /status/599", &[], 599, ""),
        ("GET /status/101", &[], 400, "status: 101 is not within 200 to 999\n"),
        ("GET /bytes/13", &[], 200, "hello\nhello\nh"),
        ("POST /bytes/13", &[], 405, ""),
        ("GET /redirect/0", &[], 200, "here\n"),
        ("GET /headers", &[("x-a", "1"), ("x-a", "2")], 200, r#"{"headers":{"host":"localhost","x-a":["1","2"]}}"#),
        ("GET /basic-auth/ann/secret", &[], 401, ""),
        ("GET /basic-auth/ann/secret", &[("authorization", "Basic YW5uOndyb25n")], 401, ""),
        (
            "GET /basic-auth/ann/secret",
            &[("authorization", "Basic YW5uOnNlY3JldA==")],
            200,
            r#"{"authenticated":true,"user":"ann"}"#,
        ),
        ("GET /bearer", &[], 401, ""),
        ("GET /bearer", &[("authorization", "bearer ")], 401, ""),
        ("GET /bearer", &[("authorization", "Bearer t0k3n")], 200, r#"{"authenticated":true,"token":"t0k3n"}"#),
        ("GET /stream/3", &[], 200, "{\"line\":0}\n{\"line\":1}\n{\"line\":2}\n"),
        ("GET /health", &[], 200, r#"{"status":"ok"}"#),
        ("GET /delay", &[], 404, ""),
    ];
    for (what, headers, status, body) in table {
        let answer = client.send(what, headers, "").await;
        assert_eq!((answer.status.as_u16(), answer.text()), (*status, *body), "{what} {headers:?}");
    }
}

#[tokio::test]
async fn redirects_are_relative_and_end() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    for (path, location) in [
        ("/redirect/2", "1"),
        ("/redirect/1", "0"),
        ("/redirect-to?url=https%3A%2F%2Fexample.com%2Fa%3Fb", "https://example.com/a?b"),
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (302, Some(location)), "{path}");
    }
    assert_eq!(client.get("/redirect-to?url=/&status=308").await.status, 308);
    assert_eq!(client.get("/redirect-to?url=/&status=200").await.status, 400);
    assert_eq!(client.get("/redirect-to?url=%0a").await.status, 400);
    assert_eq!(client.get("/redirect-to").await.status, 400);
}

#[tokio::test]
async fn echo_and_inspect_show_the_request() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let long = "to and fro".repeat(100_000);
    let answer = client.send("POST /echo", &[("content-type", "text/x-long")], &long).await;
    assert_eq!(answer.header("content-type"), Some("text/x-long"));
    assert!(answer.text() == long);
    let answer = client.send("PATCH /inspect?a=1&b=two%20words&a=3", &[("x-y", "z")], "body").await;
    let expected = json!({
        "method": "PATCH",
        "path": "/inspect",
        "query": { "a": ["1", "3"], "b": "two words" },
        "version": "HTTP/1.1",
        "headers": { "host": "localhost", "x-y": "z", "content-length": "4" },
        "body": "body",
        "body_bytes": 4,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn gzip_is_always_compressed() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let answer = client.get("/gzip").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let text = std::io::read_to_string(flate2::read::GzDecoder::new(&answer.body[..])).unwrap();
    assert_eq!(text, r#"{"gzipped":true}"#);
}

#[tokio::test]
async fn a_delay_takes_its_time() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let begun = Instant::now();
    client.get("/delay/20").await;
    assert!(begun.elapsed() >= Duration::from_millis(20));
}
