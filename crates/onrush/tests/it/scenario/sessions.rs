//! Sessions: cookies of each user, redirects, credentials, HTTP/2 and TLS.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use onrush_target::{Service, ServiceSettings, TlsSettings};

use super::kit::{self, file};
use crate::harness::Folder;
use crate::plain::{Asked, Plain, answer};

/// A server that gives each who has none a cookie with a number.
fn cookies() -> Plain {
    let next = AtomicU64::new(0);
    Plain::answering(move |asked| match (asked.target(), asked.header("cookie")) {
        ("/foreign", _) => answer(200, &["Set-Cookie: spy=1; Domain=example.com; Path=/"], ""),
        ("/narrow", _) => answer(200, &["Set-Cookie: narrow=1; Path=/narrow"], ""),
        ("/bye", _) => answer(200, &["Set-Cookie: sid=; Path=/; Max-Age=0"], ""),
        ("/hop", _) => answer(302, &["Location: /end", "Set-Cookie: hop=1; Path=/"], ""),
        (_, None) => answer(200, &[&format!("Set-Cookie: sid={}; Path=/", next.fetch_add(1, Relaxed))], ""),
        _ => answer(200, &[], ""),
    })
}

#[test]
fn each_user_keeps_cookies_of_its_own() {
    let plain = cookies();
    let steps = "- get: /first/{{ user }}\n- get: /then/{{ user }}\n- get: /then/{{ user }}";
    kit::play(&file(&plain.url(), "load: 2 iterations each by 5 users", steps), &["-t", "2"]).all_well(30);
    let mut of_user = BTreeMap::<String, BTreeSet<Option<String>>>::new();
    for asked in plain.requests() {
        let user = asked.target().rsplit('/').next().unwrap().to_owned();
        of_user.entry(user).or_default().insert(asked.header("cookie").map(str::to_owned));
    }
    assert_eq!(of_user.len(), 5);
    // Nothing at first, then always the same, which nobody else has; kept from iteration to iteration.
    assert!(of_user.values().all(|seen| seen.len() == 2 && seen.contains(&None)), "{of_user:?}");
    let all: BTreeSet<_> = of_user.values().flatten().flatten().collect();
    assert_eq!(all.len(), 5, "{of_user:?}");
}

#[test]
fn arrivals_are_new_users() {
    let plain = cookies();
    let report = kit::play(&file(&plain.url(), "load: 40/s for 250ms", "- get: /a\n- get: /b"), &[]);
    report.all_well(20);
    let with = |path: &str| {
        let asked = plain.requests().into_iter().filter(|asked| asked.target() == path);
        asked.filter(|asked| asked.header("cookie").is_some()).count()
    };
    assert_eq!((with("/a"), with("/b")), (0, 10));
}

#[test]
fn which_cookies_go_where() {
    for (head, steps, expected) in [
        ("", "- get: /a\n- get: /b", &[None, Some("sid=0")][..]),
        ("cookies: false", "- get: /a\n- get: /b", &[None, None]),
        ("", "- get: /foreign\n- get: /b\n", &[None, None]),
        ("", "- get: /narrow\n- get: /b\n- get: /narrow/x", &[None, None, Some("narrow=1; sid=0")]),
        ("", "- get: /a\n- get: /bye\n- get: /c", &[None, Some("sid=0"), None]),
        ("", "- get: /hop\n- get: /c", &[None, Some("hop=1"), Some("hop=1")]),
        (
            "",
            "- get: /hop\n  headers: { Cookie: mine=1 }\n- get: /c",
            &[Some("mine=1"), Some("mine=1; hop=1"), Some("hop=1")],
        ),
        (
            "cookies: false",
            "- get: /hop\n  headers: { Cookie: mine=1 }\n- get: /c",
            &[Some("mine=1"), Some("mine=1"), None],
        ),
        ("", "- get: /hop\n  redirects: 0\n- get: /c", &[None, Some("hop=1")]),
    ] {
        let plain = cookies();
        let head = format!("load: 1 iterations by 1 user\n{head}");
        kit::play(&file(&plain.url(), &head, steps), &[]);
        let asked = plain.requests();
        let sent: Vec<_> = asked.iter().map(|asked| asked.header("cookie")).collect();
        assert_eq!(sent, expected, "{head} {steps}");
    }
}

#[test]
fn set_up_and_tear_down_are_of_the_file() {
    for (cookies, kept) in [("", Some("sid=0")), ("cookies: false\n", None)] {
        let plain = cookies_of_file(cookies);
        let asked = plain.requests();
        let told = |asked: &Asked| {
            let header = |name| asked.header(name).map(str::to_owned);
            (asked.target().to_owned(), header("x-file"), header("authorization"), header("cookie"))
        };
        let expected = |target: &str, cookie: Option<&str>| {
            let some = |text: &str| Some(text.to_owned());
            (target.to_owned(), some("f"), some("Bearer tok123"), cookie.map(str::to_owned))
        };
        let got: Vec<_> = asked.iter().filter(|asked| asked.target() != "/own").map(told).collect();
        assert_eq!(got, [expected("/a", None), expected("/b", kept), expected("/end", None)], "{cookies}");
    }
}

fn cookies_of_file(cookies: &str) -> Plain {
    let plain = self::cookies();
    let head = format!("target: {}\nload: 1 iterations by 1 user\n{cookies}", plain.url());
    let file = "headers: { X-File: f }\nauth: { bearer: tok123 }\nsetup: [{ get: /a }, { get: /b }]\nteardown: [{ get: /end }]\n";
    let scenario = "scenarios: { s: { headers: { X-File: own }, auth: none, steps: [{ get: /own }] } }\n";
    kit::play(&format!("{head}{file}{scenario}"), &[]);
    plain
}

#[test]
fn redirects() {
    let service = kit::service();
    for (step, outcomes, followed) in [
        ("get: /redirect/3", ("200", 2), 6),
        ("get: /redirect/3\n  redirects: 3", ("200", 2), 6),
        ("get: /redirect/3\n  redirects: 0", ("302", 2), 0),
        ("get: /redirect/3\n  redirects: 2", ("redirect", 2), 4),
        ("get: /redirect/11", ("redirect", 2), 20),
    ] {
        for http2 in ["", "\nhttp2: true"] {
            let head = format!("load: 2 iterations by 1 user{http2}");
            let report = kit::play(&file(&service.url(), &head, &format!("- {step}")), &[]);
            let got = (report.outcomes(), report.requests("redirects_followed"));
            assert_eq!(got, (vec![(outcomes.0.to_owned(), outcomes.1)], followed), "{step}{http2}");
        }
    }
}

#[test]
fn credentials() {
    let service = kit::service();
    let bearer = "auth: { bearer: token }";
    let basic = "auth: { basic: { user: me, password: secret } }";
    for (head, step, status) in [
        (basic, "get: /basic-auth/me/secret", 200),
        (basic, "get: /basic-auth/me/other", 401),
        (basic, "get: /basic-auth/me/secret\n  auth: none", 401),
        ("", "get: /basic-auth/me/secret\n  auth: { basic: { user: me, password: secret } }", 200),
        (basic, "get: http://me:other@HOST/basic-auth/me/secret", 200),
        ("", "get: http://me:secret@HOST/basic-auth/me/secret", 200),
        ("", "get: 'http://me:secret@{{ host }}/basic-auth/me/secret'", 200),
        ("", "get: '{{ url }}/basic-auth/me/secret'", 200),
        ("", "get: http://me:secret@HOST/basic-auth/me/secret\n  auth: none", 401),
        (bearer, "get: /bearer", 200),
        (bearer, "get: /bearer\n  auth: none", 401),
        ("", "get: /bearer", 401),
        ("", "get: /bearer\n  auth: { bearer: '{{ 1 + 1 }}' }", 200),
    ] {
        let url = service.url();
        let host = url.strip_prefix("http://").unwrap();
        let vars = format!("vars: {{ host: '{host}', url: 'http://me:secret@{host}' }}");
        let head = format!("load: 2 iterations by 1 user\n{head}\n{vars}");
        let report = kit::play(&file(&url, &head, &format!("- {}", step.replace("HOST", host))), &[]);
        assert_eq!(report.outcomes(), [(status.to_string(), 2)], "{head} {step}");
        assert!(!report.json.to_string().contains("me:secret"), "{}", report.json);
    }
    let target = service.url().replace("//", "//me:secret@");
    let play = file(&target, "load: 2 iterations by 1 user", "- get: /basic-auth/me/secret");
    assert_eq!(kit::play(&play, &[]).outcomes(), [("200".to_owned(), 2)]);
}

#[test]
fn tls_and_http2() {
    let tls = TlsSettings { require_client_certificate: true, ..TlsSettings::default() };
    let service = Service::start(ServiceSettings { tls: Some(tls), ..ServiceSettings::default() }).unwrap();
    let identity = service.client_identity().unwrap();
    let folder = Folder::new();
    folder.write("ca.pem", service.ca_pem().unwrap());
    folder.write("cert.pem", &identity.certificate_pem);
    folder.write("key.pem", &identity.key_pem);
    for (http2, batch) in [(false, 3), (true, 1)] {
        let before = service.stats().accepted;
        let head = format!(
            "load: 8 iterations by 2 users\nhttp2: {http2}\ntls: {{ cacert: ca.pem, cert: cert.pem, key: key.pem }}"
        );
        let steps = "- get: /inspect\n  check: $.version contains \"HTTP\"\n  save: { spoken: $.version }\n\
                     - batch: [{ get: /a }, { get: /b }, { get: /c }]";
        folder.write("scene.yaml", file(&service.url(), &head, steps));
        let report = kit::run(&folder, &[]).report();
        report.all_well(32);
        assert_eq!(service.stats().accepted - before, 2 * batch, "http2: {http2}");
    }
    // Of one scenario alone.
    let text = format!(
        "target: {}\nscenarios:\n  known:\n    load: 3 iterations by 1 user\n    tls: {{ cacert: ca.pem, cert: cert.pem, key: key.pem }}\n    steps: [{{ get: / }}]\n  stranger:\n    load: 3 iterations by 1 user\n    tls: {{ cacert: ca.pem }}\n    steps: [{{ get: / }}]\n",
        service.url()
    );
    folder.write("scene.yaml", text);
    let report = kit::run(&folder, &[]).report();
    assert_eq!((report.requests("completed"), report.requests("failed")), (3, 3), "{}", report.json["errors"]);
    // Set-up and tear-down have the file's TLS, and the first scenario's only where the file has none.
    for (of_file, of_first, code) in [
        ("tls: { cacert: ca.pem, cert: cert.pem, key: key.pem }", "tls: { cacert: ca.pem, max: 1.2 }", 0),
        ("seed: 1", "tls: { cacert: ca.pem, cert: cert.pem, key: key.pem }", 0),
        ("tls: { cacert: ca.pem }", "tls: { cert: cert.pem, key: key.pem }", 104),
    ] {
        let text = format!(
            "target: {}\nload: 1 iterations by 1 user\n{of_file}\nsetup: [{{ get: / }}]\nteardown: [{{ get: / }}]\n\
             scenarios:\n  first:\n    {of_first}\n    steps: [{{ get: / }}]\n",
            service.url()
        );
        folder.write("scene.yaml", text);
        let ended = kit::run(&folder, &[]).finish();
        assert_eq!(ended.code, code, "{of_file}; {of_first}: {}", ended.stderr);
    }
}

#[test]
fn the_time_for_a_request_is_for_all_its_redirects() {
    let plain = Plain::answering(|asked| {
        std::thread::park_timeout(std::time::Duration::from_millis(250));
        match asked.target() {
            "/1" => answer(302, &["Location: /2"], ""),
            "/2" => answer(302, &["Location: /3"], ""),
            _ => answer(200, &[], "ok"),
        }
    });
    for (timeout, outcome) in [("400ms", "timeout"), ("20s", "200")] {
        let steps = format!("- get: /1\n  timeout: {timeout}");
        let report = kit::play(&file(&plain.url(), "load: 1 iterations by 1 user", &steps), &[]);
        assert_eq!(report.outcomes(), [(outcome.to_owned(), 1)], "{timeout}");
    }
}
