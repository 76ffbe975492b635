//! Proxies: what they are asked, what they get to see, and what it is called when they do not do it.

use std::time::Duration;

use onrush_net::Exchange;
use onrush_plan::{ClientSettings, Protocol, ProxyRules, Resolve};
use onrush_target::{Hostile, HostileServer, Running, Service, ServiceSettings, TlsSettings};
use url::Url;

use crate::support::{Act, Peer, User, answer, get, kind, loopback, play, post, secure};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\nVia: a\r\n\r\n";
const HTTP1: Protocol = Protocol::Http1 { pipeline: 1 };
const HTTP2: Protocol = Protocol::Http2 { streams: 1 };

/// Everything goes through the peer, which is spoken to in the manner of `scheme`.
fn through(scheme: &str, credentials: &str, peer: &Peer) -> ProxyRules {
    let url = Url::parse(&format!("{scheme}://{credentials}{}", peer.addr())).unwrap();
    ProxyRules { http: Some(url.clone()), https: Some(url), bypass: Vec::new() }
}

fn by(proxy: ProxyRules) -> ClientSettings {
    ClientSettings { proxy, ..ClientSettings::default() }
}

fn said(exchange: &Exchange) -> String {
    exchange.result.as_ref().unwrap_err().to_string()
}

fn with_tls() -> Running {
    Service::start(ServiceSettings { tls: Some(TlsSettings::default()), ..ServiceSettings::default() }).unwrap()
}

#[test]
fn clear_text_is_forwarded_in_absolute_form() {
    play(async {
        let proxy = Peer::answering(OK).await;
        // Nobody resolves this name here.
        let mut user = User::new(by(through("http", "me:se%20cret@", &proxy)));
        for reused in [0, 1] {
            let exchange = user.get("http://shop.example.com/a?b=c#d").await;
            assert_eq!((kind(&exchange).as_str(), exchange.reused, exchange.extras().dns), ("200", reused, None));
        }
        user.send(post("http://pay.example.com:8080/")).await;
        let text = proxy.text(0);
        assert_eq!(proxy.lines(0), ["GET http://shop.example.com/a?b=c HTTP/1.1"; 2]);
        assert_eq!(text.matches("\r\nHost: shop.example.com\r\n").count(), 2);
        assert_eq!(text.matches("\r\nProxy-Authorization: Basic bWU6c2UgY3JldA==\r\n").count(), 2, "{text}");
        assert_eq!(
            proxy.lines(1),
            ["POST http://pay.example.com:8080/ HTTP/1.1"],
            "another origin, another connection"
        );
    });
}

#[test]
fn a_forward_proxys_refusal_is_an_answer_like_any_other() {
    play(async {
        for status in ["407 Proxy Authentication Required", "502 Bad Gateway"] {
            let proxy = Peer::answering(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")).await;
            let exchange = User::new(by(through("http", "", &proxy))).get("http://shop.example.com/").await;
            assert_eq!(kind(&exchange), status[..3]);
            assert!(!proxy.text(0).contains("Proxy-Authorization"));
        }
    });
}

#[test]
fn tls_and_http2_go_through_a_tunnel() {
    play(async {
        let (clear, secret) = (Service::start(ServiceSettings::default()).unwrap(), with_tls());
        for (service, protocol) in [(&secret, HTTP1), (&secret, HTTP2), (&clear, HTTP2)] {
            let acts = vec![Act::Request, Act::send(ESTABLISHED), Act::Relay(service.addr())];
            let proxy = Peer::start(vec![acts]).await;
            let mut settings = by(through("http", "me:secret@", &proxy));
            settings.protocol = protocol;
            settings.tls = secure(secret.ca_pem().unwrap(), protocol).tls;
            let mut user = User::new(settings);
            let url = service.url().replace("127.0.0.1", "localhost");
            let [first, second] = [user.get(&url).await, user.get(&url).await];
            assert_eq!((kind(&first), kind(&second)), ("200".to_owned(), "200".to_owned()), "{first:?}");
            assert_eq!((first.extras().opened, second.reused, first.extras().dns), (1, 1, None));
            assert_eq!(
                (first.extras().connect.is_some(), first.extras().tls.is_some()),
                (true, url.starts_with("https"))
            );
            let port = service.addr().port();
            let expected = format!(
                "CONNECT localhost:{port} HTTP/1.1\r\nHost: localhost:{port}\r\n\
                 Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
            );
            assert_eq!(proxy.text(0), expected, "all that the proxy reads");
        }
    });
}

#[test]
fn the_proxys_password_stays_with_the_proxy() {
    play(async {
        let service = with_tls();
        let port = service.addr().port();
        let proxy = Peer::start(vec![vec![Act::Request, Act::send(ESTABLISHED), Act::Relay(service.addr())]]).await;
        let mut settings = by(through("http", "me:secret@", &proxy));
        settings.tls = secure(service.ca_pem().unwrap(), HTTP1).tls;
        let mut user = User::new(settings.clone());
        let tunnelled = user.get(&format!("https://localhost:{port}/headers")).await;
        settings.proxy = ProxyRules::default();
        let direct = User::new(settings).get(&format!("https://localhost:{port}/headers")).await;
        assert_eq!(tunnelled.bytes_sent, direct.bytes_sent);
        assert_eq!(tunnelled.bytes_received, direct.bytes_received, "the service has seen the same headers");

        let bypassed = Peer::answering(OK).await;
        let away = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", bypassed.url("/"));
        let proxy = Peer::answering(&away).await;
        let rules = ProxyRules { bypass: vec!["127.0.0.1".into()], ..through("http", "me:secret@", &proxy) };
        let exchange = User::new(ClientSettings { redirects: 1, ..by(rules) }).get("http://shop.example.com/").await;
        assert_eq!(kind(&exchange), "200");
        assert_eq!(bypassed.lines(0), ["GET / HTTP/1.1"]);
        assert!(!bypassed.text(0).contains("Proxy-"), "{}", bypassed.text(0));
    });
}

#[test]
fn tunnels_that_do_not_come_about_are_the_proxys_fault() {
    play(async {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n";
        for (acts, words) in [
            (
                vec![Act::Request, Act::send(refusal)],
                "it answered `HTTP/1.1 407 Proxy Authentication Required` to CONNECT",
            ),
            (
                vec![Act::Request, Act::send("HTTP/1.1 502 Bad Gateway\r\n\r\n")],
                "it answered `HTTP/1.1 502 Bad Gateway`",
            ),
            (vec![Act::Request, Act::send("SSH-2.0 hello there\r\n\r\n")], "it answered `SSH-2.0 hello there`"),
            (vec![Act::Request, Act::send("A".repeat(20_000))], "its answer does not end"),
            (vec![Act::Request, Act::Close], ""),
            (vec![Act::Request, Act::Reset], ""),
            (vec![Act::Request, Act::send("HTTP/1.1 200 OK\r\nVia"), Act::Close], ""),
        ] {
            let proxy = Peer::start(vec![acts.clone()]).await;
            let exchange = User::new(by(through("http", "", &proxy))).get("https://shop.example.com/").await;
            assert_eq!(
                (kind(&exchange).as_str(), exchange.extras().opened, exchange.sent),
                ("proxy", 0, 0),
                "{acts:?}: {exchange:?}"
            );
            let start = format!("proxy {}: {words}", proxy.addr());
            assert!(said(&exchange).starts_with(&start), "{acts:?}: {}", said(&exchange));
        }
    });
}

#[test]
fn a_proxy_that_hangs_or_is_not_there() {
    play(async {
        for (scheme, first) in [("http", Act::Request), ("socks5", Act::Read(3))] {
            let silent = Peer::start(vec![vec![first]]).await;
            let connect_timeout = Duration::from_millis(50);
            let settings = ClientSettings { connect_timeout, ..by(through(scheme, "", &silent)) };
            let exchange = User::new(settings).get("https://shop.example.com/").await;
            assert_eq!(kind(&exchange), "connect timeout");
            assert!(said(&exchange).ends_with("not done within 50ms (waiting for the proxy)"), "{}", said(&exchange));
        }
        let refused = HostileServer::start(Hostile::Refuse).unwrap();
        let url = Some(Url::parse(&refused.url()).unwrap());
        let rules = ProxyRules { http: url.clone(), https: url, bypass: Vec::new() };
        for target in ["http://shop.example.com/", "https://shop.example.com/"] {
            let exchange = User::new(by(rules.clone())).get(target).await;
            assert_eq!(kind(&exchange), "connect refused");
            assert!(said(&exchange).contains(&refused.addr().to_string()), "{}", said(&exchange));
        }
    });
}

#[test]
fn a_proxy_may_have_a_name() {
    play(async {
        let proxy = Peer::answering(OK).await;
        let named = format!("http://proxy.example.com:{}", proxy.addr().port());
        let rules = ProxyRules { http: Some(Url::parse(&named).unwrap()), ..ProxyRules::default() };
        let resolve = vec![Resolve { host: "proxy.example.com".into(), port: 0, addresses: vec![loopback(1)] }];
        let exchange = User::new(ClientSettings { resolve, ..by(rules) }).get("http://shop.example.com/").await;
        assert_eq!(kind(&exchange), "200");
    });
}

#[test]
fn rules_say_what_goes_where() {
    play(async {
        for (url_host, bypass, is_direct) in [
            ("shop.example.com", "", false),
            ("shop.example.com", "example.com", true),
            ("shop.example.com", "other.example.com, .example.org", false),
            ("127.0.0.1", "127.0.0.0/8", true),
            ("127.0.0.1", "10.0.0.0/8", false),
            ("127.0.0.1", "*", true),
        ] {
            let (proxy, direct) = (Peer::answering(OK).await, Peer::answering(OK).await);
            let bypass = bypass.split(',').map(str::to_owned).collect();
            let resolve = vec![Resolve { host: "*".into(), port: 0, addresses: vec![loopback(1)] }];
            let settings = ClientSettings { resolve, ..by(ProxyRules { bypass, ..through("http", "", &proxy) }) };
            let url = format!("http://{url_host}:{}/", direct.addr().port());
            assert_eq!(kind(&User::new(settings).get(&url).await), "200");
            assert_eq!((proxy.connections(), direct.connections()), (usize::from(!is_direct), usize::from(is_direct)));
        }
        // Each scheme has its own.
        let (proxy, direct) = (Peer::answering(OK).await, Peer::answering(OK).await);
        let rules = ProxyRules { http: None, ..through("http", "", &proxy) };
        assert_eq!(kind(&User::new(by(rules)).get(&direct.url("/")).await), "200");
        assert_eq!((proxy.connections(), direct.connections()), (0, 1));
    });
}

const GRANTED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

#[test]
fn socks_is_asked_by_name_and_passes_everything_on() {
    play(async {
        let (clear, secret) = (Service::start(ServiceSettings::default()).unwrap(), with_tls());
        let bound_by_name = [&[5, 0, 0, 3, 4][..], b"here", &[0, 80]].concat();
        let bound_by_ipv6 = [&[5, 0, 0, 4][..], &[0; 18]].concat();
        for (service, scheme, granted) in [
            (&clear, "socks5", GRANTED.to_vec()),
            (&clear, "socks5h", bound_by_name),
            (&secret, "socks5", bound_by_ipv6),
        ] {
            let ask = [&[5, 1, 0, 3, 9][..], b"localhost", &service.addr().port().to_be_bytes()].concat();
            let acts = vec![
                Act::Read(3),
                Act::send([5, 0]),
                Act::Read(ask.len()),
                Act::Send(granted),
                Act::Relay(service.addr()),
            ];
            let proxy = Peer::start(vec![acts]).await;
            let mut settings = by(through(scheme, "", &proxy));
            settings.tls = secure(secret.ca_pem().unwrap(), HTTP1).tls;
            let mut user = User::new(settings);
            let url = service.url().replace("127.0.0.1", "localhost");
            let [first, second] = [user.get(&url).await, user.get(&url).await];
            assert_eq!(
                (kind(&first), kind(&second), second.reused),
                ("200".to_owned(), "200".to_owned(), 1),
                "{first:?}"
            );
            assert_eq!((first.extras().dns, first.extras().tls.is_some()), (None, url.starts_with("https")));
            assert_eq!(proxy.bytes(0), [&[5, 1, 0][..], &ask].concat());
        }
    });
}

#[test]
fn socks_is_asked_by_address_where_the_url_has_one() {
    play(async {
        let six = [&[5, 1, 0, 4][..], &[0; 15], &[1, 0, 80]].concat();
        for (url, ask) in [("http://127.0.0.9/", vec![5, 1, 0, 1, 127, 0, 0, 9, 0, 80]), ("http://[::1]/", six)] {
            let acts = vec![
                Act::Read(3),
                Act::send([5, 0]),
                Act::Read(ask.len()),
                Act::send(GRANTED),
                Act::Request,
                answer("ok"),
            ];
            let proxy = Peer::start(vec![acts]).await;
            assert_eq!(kind(&User::new(by(through("socks5", "", &proxy))).get(url).await), "200");
            let text = proxy.bytes(0)[3 + ask.len()..].to_vec();
            assert_eq!(proxy.bytes(0)[3..3 + ask.len()], ask, "{url}");
            assert!(text.starts_with(b"GET / HTTP/1.1\r\n"), "in origin form: {}", text.escape_ascii());
        }
    });
}

#[test]
fn what_does_not_fit_socks_is_not_sent() {
    play(async {
        let long = "x".repeat(256);
        let names = format!("http://{}.example.com/", vec!["x".repeat(60); 5].join("."));
        for (login, chosen, url) in [
            ("", 0, names.as_str()),
            (&*format!("{long}:secret@"), 2, "http://shop.example.com/"),
            (&*format!("me:{long}@"), 2, "http://shop.example.com/"),
        ] {
            let asked = if login.is_empty() { 3 } else { 4 };
            let proxy = Peer::start(vec![vec![Act::Read(asked), Act::send([5, chosen]), Act::Read(1)]]).await;
            let exchange = User::new(by(through("socks5", login, &proxy))).get(url).await;
            assert_eq!(kind(&exchange), "proxy");
            assert!(exchange.result.unwrap_err().to_string().contains("more than 255 bytes"));
            assert_eq!(proxy.bytes(0).len(), asked, "no more than the greeting");
        }
    });
}

#[test]
fn passwords_of_proxies_are_not_shown_to_programmers_either() {
    play(async {
        let proxy = Peer::answering(OK).await;
        let user = User::new(by(through("http", "me:hunter2@", &proxy)));
        let shown = format!("{:?}", user.settings);
        assert!(shown.contains("127.0.0.1") && !shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn socks_takes_a_password() {
    play(async {
        let login = [&[1, 2][..], b"me", &[6], b"secret"].concat();
        let ask = [&[5, 1, 0, 3, 16][..], b"shop.example.com", &[0, 80]].concat();
        let asks_for_it = vec![Act::Read(4), Act::send([5, 2]), Act::Read(login.len()), Act::send([1, 0])];
        let does_without = vec![Act::Read(4), Act::send([5, 0])];
        for (acts, has_login) in [(asks_for_it, true), (does_without, false)] {
            let rest = vec![Act::Read(ask.len()), Act::send(GRANTED), Act::Request, answer("ok")];
            let proxy = Peer::start(vec![[acts, rest].concat()]).await;
            let exchange =
                User::new(by(through("socks5", "me:secret@", &proxy))).send(get("http://shop.example.com/")).await;
            assert_eq!(kind(&exchange), "200");
            let expected = [&[5, 2, 0, 2][..], if has_login { &login } else { &[] }, &ask].concat();
            assert_eq!(proxy.bytes(0)[..expected.len()], expected);
        }
    });
}

#[test]
fn socks_refusals_are_told_in_words() {
    play(async {
        let asked = |answer: &[u8]| vec![Act::Read(3), Act::send([5, 0]), Act::Read(23), Act::send(answer)];
        let refused = |code| asked(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
        for (credentials, acts, words) in [
            ("", vec![Act::Read(3), Act::send([5, 0xff])], "it accepts none of our ways to log in"),
            ("", vec![Act::Read(3), Act::send([5, 2])], "it accepts none of our ways to log in"),
            ("", vec![Act::Read(3), Act::send(*b"HTTP/1.1 400 Bad Request\r\n\r\n")], "it does not speak SOCKS 5"),
            (
                "me:x@",
                vec![Act::Read(4), Act::send([5, 2]), Act::Read(6), Act::send([1, 1])],
                "it refused the user name and password",
            ),
            ("", refused(1), "it refused to connect to shop.example.com:80: general failure"),
            ("", refused(2), "it refused to connect to shop.example.com:80: not allowed"),
            ("", refused(3), "it refused to connect to shop.example.com:80: network unreachable"),
            ("", refused(4), "it refused to connect to shop.example.com:80: host unreachable"),
            ("", refused(5), "it refused to connect to shop.example.com:80: connection refused"),
            ("", refused(99), "it refused to connect to shop.example.com:80: unknown reason"),
            ("", vec![Act::Read(3), Act::Close], ""),
            ("", [asked(&[5, 0]), vec![Act::Close]].concat(), ""),
        ] {
            let proxy = Peer::start(vec![acts.clone()]).await;
            let exchange = User::new(by(through("socks5", credentials, &proxy))).get("http://shop.example.com/").await;
            assert_eq!(
                (kind(&exchange).as_str(), exchange.extras().opened, exchange.sent),
                ("proxy", 0, 0),
                "{acts:?}: {exchange:?}"
            );
            let start = format!("proxy {}: {words}", proxy.addr());
            assert!(said(&exchange).starts_with(&start), "{acts:?}: {}", said(&exchange));
        }
    });
}
