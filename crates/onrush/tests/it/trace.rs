//! `onrush check --trace`: what one user sends, gets and finds.

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Finished, Folder, Run};

const FILE: &str = r#"
load: 1 user for 1h
cookies: true
setup:
  - get: /products
    save: { total: $.total }
scenarios:
  buy:
    auth: { bearer: "${SHOP_TOKEN}" }
    pace: 10s
    steps:
      - post: /login
        json: { email: "ann@example.com", password: "${SHOP_PASSWORD}" }
        check:
          it worked: status == 200
          it was quick: time < 1h
        save: { token: $.token }
      - think: 30s
      - get: /products?q=${SHOP_TOKEN}
        save: { product: "$.items[0].id | default none" }
  other:
    steps:
      - get: /echo
teardown:
  - get: /products/1
"#;

fn shop() -> Running {
    Service::start(ServiceSettings::default()).unwrap()
}

fn trace(shop: &Running, file: &str, more: &[&str]) -> Finished {
    let folder = Folder::new();
    let path = folder.write("file.yaml", format!("target: {}\n{file}", shop.url()));
    let known = [
        "check",
        path.to_str().unwrap(),
        "--trace",
        "--env",
        "SHOP_PASSWORD=secret",
        "--env",
        "SHOP_TOKEN=ab cdef/ghijk",
    ];
    Run::new(known.iter().chain(more).copied()).finish()
}

#[test]
fn a_trace_shows_what_one_user_does() {
    let traced = trace(&shop(), FILE, &[]);
    assert_eq!((traced.code, &*traced.stderr), (0, ""), "{}", traced.stdout);
    let mut rest = &*traced.stdout;
    for expected in [
        "The set-up\n",
        "> GET /products HTTP/1.1\n> Host: 127.0.0.1:",
        "< HTTP/1.1 200 OK\n",
        "  saved    total = ",
        "One user, once through buy\n",
        "> POST /login HTTP/1.1\n",
        "> Authorization: Bearer ***\n",
        "\"password\":\"***\"",
        "< HTTP/1.1 200 OK\n",
        "  time     ",
        "  saved    token = ",
        "  passed   it worked\n",
        "  passed   it was quick\n",
        "(think 30.0 s, skipped)\n",
        "> GET /products?q=*** HTTP/1.1\n",
        "  saved    product = null",
        "(pace 10.0 s, skipped)\n",
        "  end      2 requests, 0 failed, ",
        "One user, once through other\n",
        "> GET /echo HTTP/1.1\n",
        "The tear-down\n",
    ] {
        let found = rest.find(expected);
        assert!(found.is_some(), "`{expected}` is missing in\n{rest}\nof\n{}", traced.stdout);
        rest = &rest[found.unwrap() + expected.len()..];
    }
    for secret in ["secret", "ghijk"] {
        assert!(!traced.stdout.contains(secret), "{}", traced.stdout);
    }
    assert!(traced.stdout.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn one_scenario_is_traced_where_one_is_asked_for() {
    let traced = trace(&shop(), FILE, &["--scenario", "other"]);
    assert_eq!(traced.code, 0);
    assert!(traced.stdout.contains("through other") && !traced.stdout.contains("through buy"), "{}", traced.stdout);
}

#[test]
fn what_fails_is_shown_and_makes_the_exit_code() {
    let shop = shop();
    for (steps, code, shown) in [
        ("- get: /products\n  check: status == 201", 99, "  FAILED   status == 201, found 200\n"),
        ("- get: /products/999999", 99, "  FAILED   status 404\n"),
        (
            "- get: /products\n  save: { id: $.nothing }",
            99,
            "  missing  `id` was not saved: `$.nothing` finds nothing in",
        ),
        (
            "- get: /products/999999\n  retry: { attempts: 2, on: [4xx], backoff: 1ms }",
            99,
            "  retry    attempt 2 of 2, after ",
        ),
        ("- get: http://127.0.0.1:1/", 99, ", and no answer\n"),
        ("- stop: iteration", 0, ": `stop: iteration` ended it\n"),
        ("- get: /{{ nobody }}", 104, ""),
    ] {
        let traced = trace(&shop, &format!("load: 1 user for 1s\nsteps:\n{steps}\n"), &[]);
        assert_eq!(traced.code, code, "{steps}\n{}{}", traced.stdout, traced.stderr);
        assert!(traced.stdout.contains(shown), "{steps}\n{}", traced.stdout);
    }
}
