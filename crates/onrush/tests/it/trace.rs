//! `onrush check --trace`: what one user sends, gets and finds.

use onrush_target::{Running, Service, ServiceSettings};

use crate::harness::{Finished, Folder, Run};
use crate::plain::{Plain, answer};

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

/// What is expected stands there, one after the other.
fn holds_in_order(text: &str, all: &[&str]) {
    let mut rest = text;
    for expected in all {
        let found = rest.find(expected);
        assert!(found.is_some(), "`{expected}` is missing in\n{rest}\nof\n{text}");
        rest = &rest[found.unwrap() + expected.len()..];
    }
}

#[test]
fn a_trace_shows_what_one_user_does() {
    let traced = trace(&shop(), FILE, &[]);
    assert_eq!((traced.code, &*traced.stderr), (0, ""), "{}", traced.stdout);
    holds_in_order(
        &traced.stdout,
        &[
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
        ],
    );
    for secret in ["secret", "ghijk"] {
        assert!(!traced.stdout.contains(secret), "{}", traced.stdout);
    }
    assert!(traced.stdout.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn what_is_saved_under_the_name_of_a_secret_is_masked() {
    let plain = Plain::answering(|asked| match asked.target() {
        "/login" => answer(200, &[], r#"{"token":"zzz+9999","pin_token":98765,"n":1}"#),
        _ => answer(200, &[], "it is zzz+9999"),
    });
    let folder = Folder::new();
    let steps = "- post: /login\n  json: { password: 98765 }\n  save: { token: $.token }\n- get: /y?token={{ token }}&pin=${PIN:-1}\n  \
                 headers: { X-Own: '{{ token }}' }\n  check: body contains \"yyy\"\n";
    let file = format!("target: {}\nload: 1 user for 1h\nsecrets: [PIN]\nsteps:\n{steps}", plain.url());
    let path = folder.write("file.yaml", file);
    let traced = Run::new(["check", path.to_str().unwrap(), "--trace"]).finish();
    holds_in_order(
        &traced.stdout,
        &[
            "> POST /login HTTP/1.1\n> Host: 127.0.0.1:",
            "\"password\":***",
            "\"token\":\"***\",\"pin_token\":***,\"n\":***",
            "  saved    token = \"***\"",
            "> GET /y?token=***&pin=*** HTTP/1.1\n> Host: 127.0.0.1:",
            "> X-Own: ***\n",
            "it is ***",
        ],
    );
    assert!(!traced.stdout.contains("9999") && !traced.stdout.contains("98765"), "{}", traced.stdout);
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

#[test]
fn hedges_batches_and_bulk_over_both_protocols() {
    let shop = shop();
    let steps = "data: { row: { rows: [{ a: 1 }, { a: 2 }] } }\nsteps:\n\
                 - { get: /delay/200, hedge: 1ms }\n\
                 - batch: [{ get: /products/1, check: $.id == 1 }, { get: /products/2, save: { id: $.id } }]\n\
                 - post: /echo\n  bulk: { records: 3, record: { n: '{{ record }}', r: '{{ row.a }}' }, form: lines }\n\
                 - get: /redirect/1\n";
    for (http2, [first, answer]) in [
        (false, ["> GET /delay/200 HTTP/1.1\n", "< HTTP/1.1 200 OK\n"]),
        (true, ["> :method: GET\n> :scheme: http\n> :path: /delay/200\n", "< HTTP/2 200\n"]),
    ] {
        let traced = trace(&shop, &format!("load: 1 user for 1h\nhttp2: {http2}\n{steps}"), &[]);
        assert_eq!((traced.code, &*traced.stderr), (0, ""), "{}", traced.stdout);
        holds_in_order(
            &traced.stdout,
            &[
                first,
                answer,
                "< after 200 ms\n",
                "  hedge    a second attempt was sent beside the first\n",
                "> {\"n\":0,\"r\":1}\n> {\"n\":1,\"r\":2}\n> {\"n\":2,\"r\":1}\n",
                answer,
                "< {\"n\":0,\"r\":1}\n< {\"n\":1,\"r\":2}\n< {\"n\":2,\"r\":1}\n",
                "  redirect to http://127.0.0.1:",
                "  end      7 requests, 0 failed, ",
            ],
        );
        // Those of a batch end in any order; what was found stands behind the answer that it was found in.
        holds_in_order(&traced.stdout, &["/products/1", answer, "{\"id\":1,", "  passed   $.id == 1\n"]);
        holds_in_order(&traced.stdout, &["/products/2", answer, "{\"id\":2,", "  saved    id = 2\n"]);
        assert!(!traced.stdout.contains(":status"), "{}", traced.stdout);
    }
}
