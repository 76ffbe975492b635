//! OAuth 2 client credentials: a token is fetched once a worker, again before it expires, and who has none is told.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use onrush_target::{Hostile, HostileServer};

use super::kit::{self, file, targets};
use crate::harness::Folder;
use crate::plain::{Asked, Plain, answer};

/// A service that gives tokens with numbers, good for so many seconds, to those who ask as they should.
fn tokens(lasts: &'static str) -> Plain {
    let given = AtomicU64::new(0);
    Plain::answering(move |asked| match asked.target() {
        "/token" if asked.body.contains("client_credentials") => {
            let number = given.fetch_add(1, Relaxed);
            let body = format!(r#"{{"access_token":"tk{number}","token_type":"Bearer","expires_in":{lasts}}}"#);
            answer(200, &["Content-Type: application/json"], &body)
        }
        "/token" => answer(400, &[], "no"),
        _ => answer(200, &[], "ok"),
    })
}

fn oauth2(load: &str, token_url: &str) -> String {
    format!(
        "load: {load}\nauth:\n  oauth2:\n    token_url: {token_url}\n    client_id: shop\n    client_secret: hush\n    scope: read"
    )
}

fn fetched(plain: &Plain) -> usize {
    targets(plain).iter().filter(|target| *target == "/token").count()
}

#[test]
fn a_token_is_fetched_once() {
    let plain = tokens("3600");
    let head = oauth2("20 iterations by 4 users", &(plain.url() + "token"));
    let report = kit::play(&file(&plain.url(), &head, "- get: /x"), &[]);
    report.all_well(20);
    let asked = plain.requests();
    let (fetched, used): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| asked.target() == "/token");
    assert_eq!((fetched.len(), used.len()), (1, 20));
    let fetched = fetched[0];
    // `shop:hush`
    assert_eq!(fetched.header("authorization"), Some("Basic c2hvcDpodXNo"));
    assert_eq!(fetched.body, "grant_type=client_credentials&scope=read");
    assert!(used.iter().all(|asked| asked.header("authorization") == Some("Bearer tk0")));
    // What fetching it took is counted, but it is no request of the scenario.
    let bytes: usize = asked.iter().map(Asked::bytes).sum();
    assert_eq!((report.number("/bytes/sent"), report.number("/connections/opened")), (bytes as u64, 4));
}

#[test]
fn waiting_for_a_token_is_no_lag_of_the_generator() {
    let plain = Plain::answering(|asked| match asked.target() {
        "/token" => {
            std::thread::park_timeout(std::time::Duration::from_millis(300));
            answer(200, &["Content-Type: application/json"], r#"{"access_token": "tk", "token_type": "Bearer"}"#)
        }
        _ => answer(200, &[], ""),
    });
    let folder = Folder::new();
    let head = oauth2("20 iterations by 4 users", &(plain.url() + "token"));
    folder.write("scene.yaml", file(&plain.url(), &head, "- get: /x"));
    let summary = folder.path("summary.txt");
    let report = kit::run(&folder, &["-o", &format!("summary={}", summary.display())]).report();
    report.all_well(20);
    // All four users wait, and what they wait for is in their response times.
    assert!(report.number("/response_time_ns/max") >= 300_000_000);
    let summary = std::fs::read_to_string(summary).unwrap();
    let lag = summary.lines().find(|line| line.trim_start().starts_with("start lag")).unwrap();
    let words: Vec<&str> = lag.split_whitespace().collect();
    let is_long = |pair: &[&str]| match pair {
        [time, "ms"] => time.parse::<f64>().is_ok_and(|millis| millis >= 200.0),
        [time, "s"] => time.parse::<f64>().is_ok(),
        _ => false,
    };
    assert!(!words.windows(2).any(is_long), "{lag}");
}

#[test]
fn each_worker_fetches_one() {
    for threads in ["1", "2", "3"] {
        let plain = tokens("3600");
        let head = oauth2("5 iterations each by 6 users", &(plain.url() + "token"));
        kit::play(&file(&plain.url(), &head, "- get: /x"), &["-t", threads]).all_well(30);
        assert_eq!(fetched(&plain).to_string(), threads);
    }
}

#[test]
fn a_token_is_fetched_again_before_it_expires() {
    // A tenth of its time before, so the thought is longer than it is used, and shorter than it is good for.
    for (lasts, expected) in [("0.2", ["tk0", "tk1"]), ("3600", ["tk0", "tk0"])] {
        let plain = tokens(lasts);
        let head = oauth2("1 iterations by 1 user", &(plain.url() + "token"));
        kit::play(&file(&plain.url(), &head, "- get: /x\n- think: 185ms\n- get: /x"), &[]).all_well(2);
        let asked = plain.requests();
        let used = asked.iter().filter_map(|asked| asked.header("authorization")?.strip_prefix("Bearer "));
        assert_eq!(used.collect::<Vec<_>>(), expected, "{lasts}");
    }
    let plain = tokens("0");
    let head = oauth2("20 iterations by 4 users", &(plain.url() + "token"));
    kit::play(&file(&plain.url(), &head, "- get: /x"), &[]).all_well(20);
    assert_eq!(fetched(&plain), 20);
}

#[test]
fn no_token_is_a_counted_failure_that_names_who_gave_none() {
    let (plain, service) = (Plain::start(), kit::service());
    let nobody = HostileServer::start(Hostile::Refuse).unwrap();
    for (url, kind, told) in [
        (plain.url() + "token?key=quiet", "script", "the answer is not JSON with an `access_token`"),
        (service.url() + "/status/403", "script", "the server answered 403"),
        (nobody.url() + "/token", "connect refused", "connecting to"),
    ] {
        let head = oauth2("20 iterations by 4 users", &url);
        let report = kit::play(&file(&plain.url(), &head, "- get: /x"), &[]);
        assert_eq!((report.requests("failed"), report.outcomes()), (20, vec![(kind.to_owned(), 20)]));
        let place = url.split('?').next().unwrap();
        let (example, expected) = (report.example(kind), format!("no token from {place}: {told}"));
        assert!(example.starts_with(&expected), "{example}, and not {expected}");
        assert!(!report.json.to_string().contains("hush") && !example.contains("quiet"));
    }
    assert!(targets(&plain).iter().all(|target| target.starts_with("/token")));
}

#[test]
fn a_failure_to_fetch_is_not_kept() {
    let asked = AtomicU64::new(0);
    let plain = Plain::answering(move |request| match (request.target(), asked.fetch_add(1, Relaxed)) {
        ("/token", 0) => answer(503, &[], "later"),
        ("/token", _) => answer(200, &[], r#"{"access_token": "late"}"#),
        _ => answer(200, &[], "ok"),
    });
    let head = oauth2("3 iterations by 1 user", &(plain.url() + "token"));
    let report = kit::play(&file(&plain.url(), &head, "- get: /x"), &[]);
    assert_eq!(report.outcomes(), [("200".to_owned(), 2), ("script".to_owned(), 1)]);
    assert_eq!(targets(&plain), ["/token", "/token", "/x", "/x"]);
}

#[test]
fn a_token_server_that_hangs_takes_no_request_longer_than_its_time() {
    let plain = Plain::start();
    let hanging = HostileServer::start(Hostile::AcceptAndSayNothing).unwrap();
    let head = oauth2("8 iterations by 8 users", &(hanging.url() + "/token"));
    let report = kit::play(&file(&plain.url(), &head, "- get: /x\n  timeout: 400ms"), &[]);
    assert_eq!(report.outcomes(), [("timeout".to_owned(), 8)]);
    // One after the other they would take 400 ms each.
    assert!(report.number("/response_time_ns/max") < 1_600_000_000, "{}", report.number("/response_time_ns/max"));
    assert!(targets(&plain).is_empty());
}
