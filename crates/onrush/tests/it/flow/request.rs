//! What is written into a request, as the other side reads it.

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Folder, Report, Run};
use crate::plain::{Asked, Plain};

const AGENT: &str = concat!("onrush/", env!("CARGO_PKG_VERSION"));

/// One request with these arguments to a path of a plain server, as that read it.
fn asked(path: &str, arguments: &[&str]) -> Asked {
    let plain = Plain::start();
    let url = plain.url() + path;
    Run::new([&*url, "-q", "-n1"].iter().chain(arguments).copied()).report().all_well(1);
    let mut requests = plain.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn service(settings: ServiceSettings) -> Running {
    Service::start(settings).unwrap()
}

fn play(url: &str, more: &[&str]) -> Report {
    Run::new([url, "-q"].iter().chain(more).copied()).report()
}

#[test]
fn nothing_is_written_that_nobody_asked_for() {
    let got = asked("", &[]);
    assert_eq!(got.line, "GET / HTTP/1.1");
    let names: Vec<_> = got.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["Host", "User-Agent", "Accept"]);
    assert_eq!((got.header("user-agent"), got.header("accept"), &*got.body), (Some(AGENT), Some("*/*"), ""));
    assert!(got.header("host").unwrap().starts_with("127.0.0.1:"));
    assert_eq!(asked("a%20b/%C3%A4?x=1&y=%2F#part", &[]).line, "GET /a%20b/%C3%A4?x=1&y=%2F HTTP/1.1");
}

#[test]
fn methods_and_bodies() {
    let folder = Folder::new();
    let file = folder.write("body.bin", "from a file\n");
    let form = Some("application/x-www-form-urlencoded");
    let json = Some("application/json");
    for (arguments, method, kind, length, body) in [
        (&["-m", "PUT"][..], "PUT", None, Some("0"), ""),
        (&["-m", "DELETE"], "DELETE", None, None, ""),
        (&["-m", "delete"], "DELETE", None, None, ""),
        (&["-m", "PURGE"], "PURGE", None, None, ""),
        (&["-m", "purge"], "purge", None, None, ""),
        (&["--data", "a=1&b=2"], "POST", form, Some("7"), "a=1&b=2"),
        (&["--data", ""], "POST", form, Some("0"), ""),
        (&["--data", "a", "-m", "PATCH"], "PATCH", form, Some("1"), "a"),
        (&["--data", "<a/>", "-H", "content-type: text/xml"], "POST", Some("text/xml"), Some("4"), "<a/>"),
        (&["--data-file", file.to_str().unwrap()], "POST", form, Some("12"), "from a file\n"),
        (&["--json", r#"{"a":1}"#], "POST", json, Some("7"), r#"{"a":1}"#),
        (&["--json", "[]", "-m", "PUT"], "PUT", json, Some("2"), "[]"),
    ] {
        let got = asked("x", arguments);
        assert_eq!(got.line, format!("{method} /x HTTP/1.1"), "{arguments:?}");
        let of = |name| got.header(name);
        assert_eq!((of("content-type"), of("content-length"), &*got.body), (kind, length, body), "{arguments:?}");
        let accepts = if kind == json { "application/json" } else { "*/*" };
        assert_eq!(of("accept"), Some(accepts), "{arguments:?}");
    }
}

#[test]
fn headers() {
    for (arguments, name, value) in [
        (&["-H", "X-One: a: b "][..], "x-one", "a: b"),
        (&["-H", "X-Empty:"], "x-empty", ""),
        (&["-H", "User-Agent: mine"], "user-agent", "mine"),
        (&["-H", "accept: text/html"], "accept", "text/html"),
        (&["-H", "Host: shop.example.com"], "host", "shop.example.com"),
        (&["--host-header", "shop.example.com"], "host", "shop.example.com"),
        (&["--user", "me:secret"], "authorization", "Basic bWU6c2VjcmV0"),
        (&["--user", "me"], "authorization", "Basic bWU6"),
        (&["--bearer", "token"], "authorization", "Bearer token"),
        (&["--compressed"], "accept-encoding", "gzip, deflate, br, zstd"),
        (&["--no-keepalive"], "connection", "close"),
    ] {
        assert_eq!(asked("", arguments).header(name), Some(value), "{arguments:?}");
    }
    let twice = asked("", &["-H", "X-Same: 1", "-H", "X-Same: 2"]);
    let values: Vec<_> = twice.headers.iter().filter(|(name, _)| name == "X-Same").map(|(_, value)| value).collect();
    assert_eq!(values, ["1", "2"]);
}

#[test]
fn credentials_in_the_url_are_sent_and_not_shown() {
    let plain = Plain::start();
    let url = plain.url().replace("http://", "http://me:s%65cret@");
    let proxy = plain.url();
    let ways: [(&[&str], _); 3] = [
        (&[], "Basic bWU6c2VjcmV0"),
        (&["-H", "authorization: mine"], "mine"),
        (&["--proxy", &proxy], "Basic bWU6c2VjcmV0"),
    ];
    for (arguments, expected) in ways {
        let ended = Run::new([&*url, "-n1"]).args(arguments.iter().copied()).finish();
        let printed = ended.stdout + &ended.stderr;
        assert!(printed.contains("//***@127.0.0.1"), "{printed}");
        assert!(!printed.contains("s%65cret") && !printed.contains("secret"), "{printed}");
        let asked = plain.requests().pop().unwrap();
        assert_eq!(asked.header("authorization"), Some(expected), "{arguments:?}");
        assert!(!asked.line.contains('@'), "{}", asked.line);
    }
}

#[test]
fn the_service_takes_what_is_written() {
    let service = service(ServiceSettings::default());
    let of = |path: &str, more: &[&str]| play(&(service.url() + path), &[&["-n4", "-c2"], more].concat()).outcomes();
    for protocol in [&[][..], &["--http2"]] {
        let with = |more: &[&'static str]| [protocol, more].concat();
        let (ok, denied) = (vec![("200".to_owned(), 4)], vec![("401".to_owned(), 4)]);
        assert_eq!(of("/basic-auth/me/secret", &with(&["--user", "me:secret"])), ok);
        assert_eq!(of("/basic-auth/me/secret", &with(&["--user", "me:wrong"])), denied);
        assert_eq!(of("/bearer", &with(&["--bearer", "token"])), ok);
        assert_eq!(of("/bearer", &with(&[])), denied);
    }
}

#[test]
fn bodies_go_there_and_back() {
    let service = service(ServiceSettings::default());
    let folder = Folder::new();
    let file = folder.write("large.txt", "0123456789".repeat(50_000));
    let url = service.url() + "/echo";
    for protocol in [&["--pipeline", "1"][..], &["--pipeline", "3"], &["--http2"], &["--http2", "--streams", "3"]] {
        let fixed = ["-n6", "-c1", "--data-file", file.to_str().unwrap()];
        let report = play(&url, &[&fixed, protocol].concat());
        report.all_well(6);
        for direction in ["sent", "received"] {
            let bytes = report.number(&format!("/bytes/{direction}"));
            assert!((3_000_000..3_100_000).contains(&bytes), "{protocol:?} {direction}: {bytes}");
        }
    }
}

#[test]
fn answers_without_a_body() {
    let service = service(ServiceSettings::default());
    for protocol in [&[][..], &["--http2"]] {
        let url = service.url() + "/bytes/1000000";
        let report = play(&url, &[&["-n5", "-c1", "-m", "HEAD"], protocol].concat());
        report.all_well(5);
        assert!(report.number("/bytes/received") < 5000, "{protocol:?}");
        for status in ["204", "304"] {
            let report = play(&(service.url() + "/status/" + status), &[&["-n5", "-c1"], protocol].concat());
            assert_eq!(report.outcomes(), [(status.to_owned(), 5)], "{protocol:?}");
            assert_eq!(report.requests("completed"), 5);
        }
    }
}

#[test]
fn compressed_answers_are_smaller() {
    let service = service(ServiceSettings { gzip: true, size: 100_000, ..ServiceSettings::default() });
    let received = |more: &[&str]| {
        let report = play(&service.url(), &[&["-n5", "-c1"], more].concat());
        report.all_well(5).number("/bytes/received")
    };
    assert!(received(&[]) > 500_000);
    assert!(received(&["--compressed"]) < 50_000);
}

#[test]
fn redirects_are_the_answer_unless_they_are_followed() {
    let service = service(ServiceSettings::default());
    let url = service.url() + "/redirect/3";
    for protocol in [&[][..], &["--http2"]] {
        let of = |more: &[&str]| play(&url, &[&["-n5", "-c2"], protocol, more].concat());
        let report = of(&[]);
        assert_eq!((report.outcomes(), report.requests("completed")), (vec![("302".to_owned(), 5)], 5));
        let before = service.stats().requests;
        let report = of(&["--redirects", "3"]);
        report.all_well(5);
        assert_eq!((report.requests("redirects_followed"), service.stats().requests - before), (15, 20));
        let report = of(&["--redirects", "2"]);
        assert_eq!(report.outcomes(), [("redirect".to_owned(), 5)]);
        assert_eq!(report.example("redirect"), "more than 2 redirects, the last to `0`");
    }
}

#[test]
fn redirects_to_others_leave_credentials_at_home() {
    let service = service(ServiceSettings::default());
    let plain = Plain::start();
    let from = |status: &str| format!("{}/redirect-to?status={status}&url={}", service.url(), plain.url());
    let more = ["-n1", "--redirects", "1", "--data", "a=1", "--bearer", "token"];
    play(&from("307"), &more).all_well(1);
    play(&from("303"), &more).all_well(1);
    let requests = plain.requests();
    assert_eq!((&*requests[0].line, &*requests[0].body), ("POST / HTTP/1.1", "a=1"));
    assert_eq!((&*requests[1].line, &*requests[1].body), ("GET / HTTP/1.1", ""));
    assert!(requests.iter().all(|asked| asked.header("authorization").is_none()));
    let away = format!("{}/redirect-to?url=gopher://example.com/", service.url());
    let report = play(&away, &["-n1", "--redirects", "1"]);
    assert_eq!(report.outcomes(), [("redirect".to_owned(), 1)]);
}

#[test]
fn a_file_of_urls_may_have_comments() {
    let plain = Plain::start();
    let url = plain.url();
    let text = format!("\u{feff}{url}a\r\n# nothing\r\n\tPOST\t{url}b   # a comment\r\n{url}c#part # x y z\r\n");
    let folder = Folder::new();
    let path = folder.write("urls.txt", text);
    Run::new(["--urls", path.to_str().unwrap(), "-n3", "-c1"]).report().all_well(3);
    let lines: Vec<_> = plain.requests().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /a HTTP/1.1", "POST /b HTTP/1.1", "GET /c HTTP/1.1"]);
}
