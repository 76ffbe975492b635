//! Scenarios through a proxy: every request of a walk goes the way that one-liners go, tokens and redirects, too.

use std::collections::BTreeSet;

use onrush_target::{Running, Service, ServiceSettings, TlsSettings};

use super::kit::{self, file};
use crate::harness::Folder;
use crate::plain::{Plain, answer};
use crate::proxy::Proxy;

const LOAD: &str = "load: 3 iterations each by 2 users\ntls: { insecure: true }";
const STEPS: &str = "- get: /inspect?a={{ user }}\n  check: $.version contains \"HTTP\"\n- post: /echo\n  json: { n: 1 }\n\
                     - batch: [{ get: /a }, { get: /b }]\n- get: /redirect/2";

fn service(tls: bool) -> Running {
    let tls = tls.then(TlsSettings::default);
    Service::start(ServiceSettings { tls, ..ServiceSettings::default() }).unwrap()
}

/// Plays a file for a host that only the proxy finds, and tells what the proxy was asked for.
fn play(service: &Running, target: &str, head: &str, scheme: &str) -> BTreeSet<String> {
    let proxy = Proxy::to(service);
    let through = format!("{scheme}{}", proxy.address());
    let report = kit::play(&file(target, &format!("{LOAD}\n{head}"), STEPS), &["--proxy", &through]);
    // Five steps, the last with two hops more.
    report.all_well(30);
    assert_eq!(report.requests("redirects_followed"), 12);
    assert!(report.stderr.contains("note: requests go through the proxy at 127.0.0.1"), "{}", report.stderr);
    assert_eq!(service.stats().requests, 42);
    proxy.asked().into_iter().collect()
}

#[test]
fn all_of_a_walk_goes_through_it() {
    let clear = "http://shop.example.com";
    let secure = "https://shop.example.com";
    for (target, head, scheme, asked) in [
        (secure, "", "http://", "CONNECT shop.example.com:443 by nobody"),
        (secure, "", "http://me:secret@", "CONNECT shop.example.com:443 by Basic bWU6c2VjcmV0"),
        (secure, "http2: true", "http://", "CONNECT shop.example.com:443 by nobody"),
        (secure, "", "socks5://me:secret@", "SOCKS shop.example.com:443 by me:secret"),
        (secure, "http2: true", "socks5h://", "SOCKS shop.example.com:443 by nobody"),
        (clear, "", "socks5://", "SOCKS shop.example.com:80 by nobody"),
        (clear, "http2: true", "http://", "CONNECT shop.example.com:80 by nobody"),
    ] {
        let service = service(target == secure);
        let got = play(&service, target, head, scheme);
        assert_eq!(got.iter().collect::<Vec<_>>(), [asked], "{target} {head} {scheme}");
    }
    // A forward proxy sees the first request of each connection: two users, and a second connection each in a batch.
    let service = service(false);
    let got = play(&service, clear, "", "http://");
    let is_known = |line: &String| line.starts_with("GET http://shop.example.com/") && line.ends_with(" by nobody");
    assert!(got.iter().all(is_known) && got.contains("GET http://shop.example.com/inspect?a=0 by nobody"), "{got:?}");
}

#[test]
fn tokens_are_fetched_through_it() {
    let shop = Plain::answering(|asked| match (asked.target(), asked.header("authorization")) {
        ("http://login.example.com/token", _) => answer(200, &[], r#"{"access_token": "tk"}"#),
        (_, Some("Bearer tk")) => answer(200, &[], "ok"),
        _ => answer(401, &[], ""),
    });
    let auth = "auth:\n  oauth2: { token_url: 'http://login.example.com/token', client_id: a, client_secret: b }";
    let head = format!("load: 4 iterations by 2 users\n{auth}");
    // A server that takes whole URLs is a proxy to itself.
    let proxy = shop.address().to_string();
    kit::play(&file("http://shop.example.com", &head, "- get: /x"), &["--proxy", &proxy]).all_well(4);
    assert_eq!(kit::targets(&shop).iter().filter(|target| target.contains("login")).count(), 1);
}

#[test]
fn variables_and_their_exceptions() {
    let service = service(false);
    let proxy = Proxy::to(&service);
    let folder = Folder::new();
    let targets = format!("{{ near: '{}', far: 'http://far.example.com' }}", service.url());
    folder.write("scene.yaml", file(&targets, "load: 2 iterations by 1 user", "- get: /near\n- get: far:/far"));
    let run = kit::run(&folder, &[]).env("http_proxy", proxy.address().to_string()).env("no_proxy", "127.0.0.1");
    let report = run.report();
    report.all_well(4);
    assert!(report.stderr.contains("note: some requests go through the proxy"), "{}", report.stderr);
    assert_eq!(proxy.asked(), ["GET http://far.example.com/far by nobody"]);
}

#[test]
fn a_proxy_that_refuses_is_a_counted_failure() {
    let service = service(true);
    let proxy = Proxy::to(&service);
    let through = proxy.address().to_string();
    let report = kit::play(&file("https://refused.example.com", LOAD, "- get: /"), &["--proxy", &through]);
    assert_eq!(report.outcomes(), [("proxy".to_owned(), 6)]);
    assert!(report.example("proxy").contains("403 Forbidden"), "{}", report.example("proxy"));
    assert_eq!(service.stats().requests, 0);
}
