//! Through a proxy: forward, CONNECT and SOCKS 5, asked for by flag or by the usual variables.

use onrush_target::{Hostile, HostileServer, Running, Service, ServiceSettings, TlsSettings};

use crate::harness::{Report, Run};
use crate::proxy::Proxy;

fn services() -> (Running, Running) {
    let tls = Some(TlsSettings::default());
    let start = |settings| Service::start(settings).unwrap();
    (start(ServiceSettings::default()), start(ServiceSettings { tls, ..ServiceSettings::default() }))
}

fn play(proxy: &str, url: &str, more: &[&str]) -> Report {
    let trusting = if url.starts_with("https") { &["-k"][..] } else { &[] };
    let fixed = [url, "-n12", "-c3", "-t1", "--proxy", proxy];
    let report = Run::new(fixed.iter().chain(trusting).chain(more).copied()).report();
    assert!(report.stderr.contains("note: requests go through the proxy at 127.0.0.1"), "{}", report.stderr);
    report
}

#[test]
fn forward_for_clear_text() {
    let (clear, _) = services();
    let proxy = Proxy::to(&clear);
    let address = proxy.address().to_string();
    play(&address, "http://shop.example.com/a?b=c", &[]).all_well(12);
    assert_eq!(proxy.asked(), ["GET http://shop.example.com/a?b=c by nobody"; 3]);
    play(&format!("http://me:secret@{address}"), "http://shop.example.com:8080/", &["--data", "x"]).all_well(12);
    assert_eq!(proxy.asked(), ["POST http://shop.example.com:8080/ by Basic bWU6c2VjcmV0"; 3]);
    assert_eq!(clear.stats().requests, 24);
}

#[test]
fn tunnels_for_everything_else() {
    let (clear, secure) = services();
    let (to_clear, to_secure) = (Proxy::to(&clear), Proxy::to(&secure));
    let url = |proxy: &Proxy| format!("http://me:secret@{}", proxy.address());
    play(&url(&to_secure), "https://shop.example.com/", &[]).all_well(12);
    assert_eq!(to_secure.asked(), ["CONNECT shop.example.com:443 by Basic bWU6c2VjcmV0"; 3]);
    play(&url(&to_secure), "https://shop.example.com/", &["--http2"]).all_well(12);
    play(&url(&to_clear), "http://shop.example.com:81/", &["--http2"]).all_well(12);
    assert_eq!(to_clear.asked(), ["CONNECT shop.example.com:81 by Basic bWU6c2VjcmV0"; 3]);
}

#[test]
fn bytes_by_socks() {
    let (clear, secure) = services();
    let (to_clear, to_secure) = (Proxy::to(&clear), Proxy::to(&secure));
    play(&format!("socks5://{}", to_clear.address()), "http://shop.example.com/", &[]).all_well(12);
    assert_eq!(to_clear.asked(), ["SOCKS shop.example.com:80 by nobody"; 3]);
    play(&format!("socks5h://me:s%40fe@{}", to_secure.address()), "https://127.0.0.9:444/", &[]).all_well(12);
    assert_eq!(to_secure.asked(), ["SOCKS 127.0.0.9:444 by me:s@fe"; 3]);
}

#[test]
fn variables_and_how_to_be_rid_of_them() {
    let (clear, _) = services();
    let proxy = Proxy::to(&clear);
    let address = proxy.address().to_string();
    let shop = "http://shop.example.com/";
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let run = Run::new([&["-q", "-n2", "-c1"], arguments].concat());
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).report()
    };
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        with(&[(name, &address)], &[shop]).all_well(2);
        assert_eq!(proxy.asked().len(), 1, "{name}");
    }
    let direct = clear.url();
    for (variables, arguments) in [
        (&[("http_proxy", &*address)][..], &[&*direct, "--no-proxy"][..]),
        (&[("http_proxy", &address), ("no_proxy", "example.com,127.0.0.0/8")], &[&direct]),
        (&[("https_proxy", &address)], &[&direct]),
        (&[("http_proxy", "")], &[&direct]),
    ] {
        with(variables, arguments).all_well(2);
        assert_eq!(proxy.asked().len(), 0, "{variables:?}");
    }
}

#[test]
fn the_note_is_about_those_requests_that_go_through_a_proxy() {
    let (clear, _) = services();
    let (url, other) = (clear.url() + "/", format!("http://localhost:{}/", clear.addr().port()));
    let proxy = Proxy::to(&clear);
    let address = proxy.address().to_string();
    let (all, some) = (format!("note: requests go through the proxy at {address} ("), "note: some requests go");
    let table: &[(&str, &str, &[&str], Option<&str>)] = &[
        ("http_proxy", "", &[&url], Some(&all)),
        ("http_proxy", "localhost", &[&url, &other], Some(some)),
        ("http_proxy", "127.0.0.1", &[&url], None),
        ("https_proxy", "", &[&url], None),
    ];
    for (name, bypass, urls, expected) in table {
        let run = Run::new([&["-n2", "-c1"], *urls].concat()).env(name, &address).env("no_proxy", bypass);
        let stderr = run.finish().stderr;
        assert_eq!(stderr.contains("proxy"), expected.is_some(), "{name} {bypass}: {stderr}");
        assert!(expected.is_none_or(|note| stderr.contains(note)), "{name} {bypass}: {stderr}");
    }
}

#[test]
fn proxies_that_refuse_or_are_not_there() {
    let (clear, _) = services();
    let proxy = Proxy::to(&clear);
    let report = play(&proxy.address().to_string(), "https://refused.example.com/", &[]);
    assert_eq!(report.outcomes(), [("proxy".to_owned(), 12)]);
    assert!(
        report.example("proxy").contains("it answered `HTTP/1.1 403 Forbidden` to CONNECT refused.example.com:443")
    );
    let report = play(&format!("socks5://{}", clear.addr()), "http://shop.example.com/", &[]);
    assert_eq!(report.outcomes(), [("proxy".to_owned(), 12)], "{:#}", report.json["errors"]);
    let nobody = HostileServer::start(Hostile::Refuse).unwrap();
    let report = play(&nobody.url(), "http://shop.example.com/", &[]);
    assert_eq!(report.outcomes(), [("connect refused".to_owned(), 12)]);
    assert_eq!(clear.stats().requests, 0);
}
