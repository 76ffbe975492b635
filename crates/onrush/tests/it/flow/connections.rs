//! Which connections are made, from where, and how many requests each carries.

use std::net::Ipv6Addr;

use onrush_target::{Bind, Running, Service, ServiceSettings, Stats, TlsSettings};

use crate::harness::{Folder, Report, Run, skip};
use crate::plain::Plain;

fn service(settings: ServiceSettings) -> Running {
    Service::start(settings).unwrap()
}

fn play(url: &str, more: &[&str]) -> Report {
    Run::new([url, "-q"].iter().chain(more).copied()).report()
}

/// `count` requests over so many connections, by both accounts.
fn check(settings: ServiceSettings, arguments: &[&str], count: u64, connections: u64) {
    let service = service(settings);
    let report = play(&service.url(), arguments);
    report.all_well(count);
    let Stats { requests, accepted, .. } = service.stats();
    assert_eq!((requests, accepted), (count, connections), "{arguments:?}");
    let of = |name: &str| report.number(&format!("/connections/{name}"));
    assert_eq!((of("opened"), of("requests_on_reused")), (connections, count - connections), "{arguments:?}");
}

fn http(http1: bool, http2: bool) -> ServiceSettings {
    ServiceSettings { http1, http2, ..ServiceSettings::default() }
}

#[test]
fn one_for_each_user_unless_it_is_asked_otherwise() {
    let closing = || ServiceSettings { keep_alive: false, ..ServiceSettings::default() };
    check(http(true, true), &["-n100", "-c5"], 100, 5);
    check(http(true, true), &["-n40", "-c5", "--no-keepalive"], 40, 40);
    check(closing(), &["-n40", "-c5"], 40, 40);
    check(http(true, true), &["--load", "10 iterations each by 4 users"], 40, 4);
}

#[test]
fn a_pool_that_all_users_share() {
    let service = service(http(true, true));
    for (arguments, most) in [(&["-t1"][..], 3), (&["-t2"], 3), (&["-t1", "--http2"], 3), (&["-t2", "--http2"], 3)] {
        let before = service.stats();
        let url = service.url() + "/delay/1";
        let report = play(&url, &[&["-n100", "-c20", "--connections-shared", "3"], arguments].concat());
        report.all_well(100);
        let after = service.stats();
        let opened = after.accepted - before.accepted;
        assert!(opened <= most && opened == report.number("/connections/opened"), "{arguments:?}: {opened}");
    }
    let waits = play(&(service.url() + "/delay/5"), &["-n40", "-c20", "--connections-shared", "1", "-t1"]);
    waits.all_well(40);
    assert_eq!(waits.number("/breakdown_ns/pool/samples"), 40);
    let report =
        play(&(service.url() + "/delay/60000"), &["-n2", "-c2", "--connections-shared", "1", "--timeout", "100ms"]);
    assert_eq!(report.outcomes(), [("timeout".to_owned(), 2)]);
}

#[test]
fn http2_in_clear_text_carries_many_at_a_time() {
    check(http(false, true), &["-n100", "-c2", "--http2"], 100, 2);
    check(http(false, true), &["-n100", "-c2", "--http2", "--streams", "10"], 100, 2);
    check(http(true, true), &["-n200", "-c1", "--http2", "--streams", "100"], 200, 1);
    let service = service(http(false, true));
    let report = play(&service.url(), &["-r", "500/s", "-d", "200ms", "--http2", "--streams", "4"]);
    report.all_well(100);
    assert_eq!(report.text("/run/protocol"), "HTTP/2");
}

#[test]
fn http2_over_tls_is_agreed_on() {
    for more in [&["--http2", "--streams", "5"][..], &["--http2", "--tls-max", "1.2"]] {
        let settings = ServiceSettings { tls: Some(TlsSettings::default()), ..http(false, true) };
        check(settings, &[&["-n60", "-c3", "--insecure"], more].concat(), 60, 3);
    }
}

#[test]
fn pipelines() {
    for (arguments, count, connections) in [
        (&["-n100", "-c2", "--pipeline", "10", "-t1"][..], 100, 2),
        (&["-n99", "-c1", "--pipeline", "10"], 99, 1),
        (&["-n5", "-c1", "--pipeline", "64"], 5, 1),
    ] {
        check(http(true, true), arguments, count, connections);
    }
    let service = service(http(true, true));
    play(&service.url(), &["-r", "500/s", "-d", "200ms", "--pipeline", "4"]).all_well(100);
}

#[test]
fn unix_sockets() {
    let folder = Folder::new();
    let path = folder.path("service.sock");
    let settings = || ServiceSettings { bind: Bind::Unix(path.clone()), ..ServiceSettings::default() };
    let socket = path.to_str().unwrap();
    check(settings(), &["-n50", "-c5", "--unix-socket", socket], 50, 5);
    check(settings(), &["-n50", "-c5", "--unix-socket", socket, "--http2"], 50, 5);
}

#[test]
fn ipv6() {
    let bind = Bind::Tcp((Ipv6Addr::LOCALHOST, 0).into());
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        skip("this machine has no IPv6 loopback");
        return;
    }
    check(ServiceSettings { bind: bind.clone(), ..ServiceSettings::default() }, &["-n50", "-c5"], 50, 5);
    let tls = Some(TlsSettings::default());
    check(ServiceSettings { bind, tls, ..ServiceSettings::default() }, &["-n50", "-c5", "-k"], 50, 5);
}

#[test]
fn names_that_are_given_an_address() {
    let service = service(http(true, true));
    let port = service.addr().port();
    for rule in [
        format!("shop.example.com:{port}:127.0.0.1"),
        "*:*:127.0.0.1".to_owned(),
        format!("SHOP.example.com:{port}:127.0.0.1,127.0.0.1"),
    ] {
        let url = format!("http://shop.example.com:{port}/");
        play(&url, &["-n20", "-c2", "--resolve", &rule]).all_well(20);
    }
    let rule = format!("[::1]:{port}:127.0.0.1");
    play(&format!("http://[::1]:{port}/"), &["-n20", "-c2", "--resolve", &rule]).all_well(20);
    assert_eq!(service.stats().requests, 80);
}

#[test]
fn an_address_for_a_name_that_no_url_has_is_refused() {
    let url = "http://127.0.0.1:1/";
    for (rule, more, words) in [
        ("nosuch.example.com:443:127.0.0.1", &[][..], Some("--resolve nosuch.example.com:443: no URL goes there")),
        ("127.0.0.1:2:127.0.0.1", &[], Some("--resolve 127.0.0.1:2: no URL goes there")),
        ("127.0.0.1:1:127.0.0.1", &[], None),
        ("127.0.0.1:*:127.0.0.1", &[], None),
        ("nosuch.example.com:443:127.0.0.1", &["--redirects", "3"], None),
        ("proxy.example.com:1:127.0.0.1", &["--proxy", "http://proxy.example.com:1"], None),
        ("[::1]:1", &[], Some("a part is missing")),
        ("[::1:1:127.0.0.1", &[], Some("a part is missing")),
    ] {
        let played = Run::new([&[url, "-q", "-n1", "-c1", "--resolve", rule], more].concat()).finish();
        assert_eq!(played.code, if words.is_some() { 104 } else { 0 }, "{rule}: {}", played.stderr);
        assert!(played.stderr.contains(words.unwrap_or_default()), "{rule}: {}", played.stderr);
    }
}

#[test]
fn source_addresses_have_their_turns() {
    for (addresses, more, count) in [
        ("127.0.0.0/28", &["-n28", "-c1", "-t1", "--no-keepalive"][..], 14),
        ("127.0.0.0/28", &["-n200", "-c14", "-t2"], 14),
        ("127.0.0.2-127.0.0.4,127.0.0.9", &["-n8", "-c1", "-t1", "--no-keepalive"], 4),
        ("127.0.0.5", &["-n8", "-c2"], 1),
    ] {
        let plain = Plain::start();
        let url = plain.url();
        let fixed = [&*url, "-q", "--format", "json", "--source-ips", addresses];
        let played = Run::new(fixed.iter().chain(more).copied()).finish();
        if played.code == 104 {
            skip(&format!("this machine has no {addresses}"));
            return;
        }
        let (report, peers) = (played.report(), plain.peers());
        assert_eq!((report.requests("failed"), peers.len()), (0, count), "{addresses} {more:?}: {peers:?}");
    }
}
