//! Bad weather during the run: each ends in a counted error with words that help, never in a panic or a hang.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use onrush_target::{Hostile, HostileServer};
use rustix::process::Signal;

use super::kit::{self, file, targets};
use crate::harness::{Folder, Run, until};
use crate::plain::{Plain, answer};

const FEW: &str = "load: 3 iterations by 1 user";

#[test]
fn what_cannot_go_on_says_why() {
    let service = kit::service();
    for (steps, requests, words) in [
        ("- get: /products\n  save: { a: $.none }\n- get: /never", 3, &["$.none", "a"][..]),
        ("- get: /shop\n  save: { a: $.none }\n- get: /never", 3, &["JSON"]),
        ("- get: /bytes/0\n  save: { a: $.none }", 3, &["JSON"]),
        ("- while: true\n  at_most: 4\n  steps: [{ get: /x }]\n- get: /never", 12, &["while", "4"]),
        ("- while: true\n  steps: [{ set: { a: 1 } }]\n- get: /never", 0, &["while", "1000"]),
        ("- get: /products\n  save: { a: $.total }\n- get: /{{ a.b.c }}", 3, &["a.b"]),
        ("- get: /products\n  save: { a: $.total }\n- for: x in a\n  steps: [{ get: /never }]", 3, &["list"]),
        (
            "- set: { a: x }\n- repeat: 60\n  steps: [{ set: { a: '{{ a ~ a }}' } }]\n- get: /{{ a }}",
            0,
            &["a ~ a", "too large"],
        ),
        ("- set: { a: x }\n- get: /{{ a * 1000000000 }}", 0, &["a * 1000000000"]),
        ("- get: /\n  headers: { A: \"{{ 'x\\ny' }}\" }", 0, &["A"]),
        ("- get: \"{{ 'gopher://x/' ~ 1 }}\"", 0, &["gopher"]),
        (
            "- get: \"{{ 'nonsense' ~ 1 }}\"\n  name: odd",
            0,
            &["`odd` was not sent", "scene.yaml:4:", "`nonsense1` is not a URL"],
        ),
        ("- repeat: 1 - 2\n  steps: [{ get: /never }]", 0, &["1 - 2", "-1"]),
        ("- get: /bytes/100000\n  keep: 1kB\n  save: { a: 'regex \"(z)\"' }", 3, &["1"]),
        ("- batch:\n  - get: /products\n    save: { a: $.none }\n  - get: /b\n  - get: /c", 9, &["$.none"]),
        ("- group: g\n  steps:\n  - get: /products\n    save: { a: $.none }\n  - get: /never", 3, &["$.none"]),
    ] {
        let before = service.stats().requests;
        let report = kit::play(&file(&service.url(), FEW, steps), &[]);
        assert_eq!((report.code, report.iterations()), (0, [0, 3, 0]), "{steps}");
        assert_eq!(service.stats().requests - before, requests, "{steps}");
        let (kind, told) = report.broken("scene");
        assert_eq!(kind, "script", "{steps}: {told}");
        assert!(words.iter().all(|word| told.contains(word)), "{steps}: {words:?} is not in {told:?}");
        assert!(told.len() < 1000, "{told}");
    }
}

#[test]
fn more_than_is_kept() {
    let service = kit::service();
    let steps = "- get: /bytes/50000000\n  keep: 1kB\n  check: [size == 50000000, size > 49MB]\n- get: /";
    kit::play(&file(&service.url(), "load: 2 iterations by 1 user", steps), &[]).all_well(4);
    for check in ["body == \"hello\"", "body contains \"hello, you\"", "body not contains \"goodbye\""] {
        let steps = format!("- get: /bytes/50000000\n  keep: 1kB\n  check: {check}\n- get: /");
        let report = kit::play(&file(&service.url(), "load: 2 iterations by 1 user", &steps), &[]);
        // What is not known is not taken for granted.
        assert_eq!((report.number("/checks/failed"), report.iterations()), (2, [2, 0, 0]), "{check}");
        assert!(report.example("check").contains("let the step keep more"), "{}", report.example("check"));
        let memory = report.json["generator"]["peak_memory_bytes"].as_u64().unwrap_or(0);
        assert!(memory < 100_000_000, "{memory}");
    }
}

#[test]
fn servers_that_misbehave() {
    for (mode, kind) in [
        (Hostile::Refuse, "connect refused"),
        (Hostile::AcceptAndSayNothing, "timeout"),
        (Hostile::ResetMidResponse, "reset"),
        (Hostile::Truncate, "closed early"),
        (Hostile::BadChunk, "protocol"),
        (Hostile::Garbage, "protocol"),
        (Hostile::EndlessHeader, "protocol"),
        (Hostile::EndlessChunks, "timeout"),
        (Hostile::HugeContentLength, "closed early"),
    ] {
        let server = HostileServer::start(mode).unwrap();
        let steps = "- get: /a\n  timeout: 200ms\n  keep: 1kB\n  check: body contains \"x\"\n- batch: [{ get: /b, timeout: 200ms }]";
        let report = kit::play(&file(&server.url(), "load: 2 iterations by 2 users", steps), &[]);
        let kinds: Vec<_> = report.outcomes().into_iter().filter(|(kind, _)| kind != "200").collect();
        assert_eq!((report.requests("failed"), report.iterations()), (4, [2, 0, 0]), "{mode:?}: {kinds:?}");
        assert_eq!(kinds, [(kind.to_owned(), 4)], "{mode:?}");
        assert_eq!(report.number("/checks/passed") + report.number("/checks/failed"), 0, "{mode:?}");
    }
}

#[test]
fn what_has_to_be_saved_from_an_answer_that_never_came() {
    let server = HostileServer::start(Hostile::Refuse).unwrap();
    let steps = "- get: /a\n  save: { a: $.a }\n- get: /{{ a }}";
    let report = kit::play(&file(&server.url(), FEW, steps), &[]);
    assert_eq!((report.requests("failed"), report.iterations()), (3, [0, 3, 0]));
    let (kind, told) = report.broken("scene");
    assert!(kind == "script" && told.contains('a') && told.contains("refused"), "{kind}: {told}");
    let steps = "- get: /a\n  save: { a: $.a | default 1 }\n- get: /{{ a }}";
    let report = kit::play(&file(&server.url(), FEW, steps), &[]);
    assert_eq!((report.requests("failed"), report.iterations()), (6, [3, 0, 0]));
}

/// Nobody listens: users wait longer and longer, as those of a one-liner do, and can be interrupted.
#[test]
fn nobody_listens() {
    let server = HostileServer::start(Hostile::Refuse).unwrap();
    let save = "- get: /\n  save: { a: $.a }";
    for steps in ["- get: /", save, "- get: /\n- get: /", "- group: g\n  steps: [{ get: / }]"] {
        let report = kit::play(&file(&server.url(), "load: 2 users for 500ms", steps), &[]);
        let failed = report.requests("failed");
        // 1, 2, 4 … 64, 100, 100 … ms: a dozen tries each.
        assert!((2..=100).contains(&failed), "{steps}: {failed} tries");
    }
}

/// Another scenario tells that the load is on, and that nobody starves beside such a flow.
#[test]
fn a_flow_that_never_waits_hears_an_interruption() {
    for steps in [
        "[{ set: { a: 1 } }]",
        "[{ when: chance(50%), steps: [{ set: { a: 1 } }] }]",
        "[{ repeat: 1000000, steps: [{ set: { a: 1 } }] }]",
    ] {
        let plain = Plain::start();
        let folder = Folder::new();
        folder.write(
            "scene.yaml",
            format!(
                "target: {}\ngraceful_stop: 100ms\nscenarios:\n  \
                 spins: {{ load: 3 users for 1h, steps: {steps} }}\n  \
                 tells: {{ load: 1 user for 1h, steps: [{{ get: /on }}, {{ think: 1h }}] }}\n",
                plain.url()
            ),
        );
        let playing = kit::run(&folder, &["--format", "json"]).start();
        until(|| !plain.requests().is_empty(), || "the load".to_owned());
        playing.signal(Signal::INT);
        let report = playing.finish().report();
        assert_eq!((report.code, report.text("/run/stopped")), (105, "interrupted"), "{steps}");
    }
}

#[test]
fn a_set_up_that_fails_plays_nothing() {
    let service = kit::service();
    for (steps, told) in [
        ("- get: /status/500", "500"),
        ("- get: /products\n  save: { a: $.none }", "$.none"),
        ("- get: /products\n  check: $.total == 0", "$.total"),
        ("- get: /products\n- stop: run", "`stop: run`"),
    ] {
        let before = service.stats().requests;
        let folder = Folder::new();
        folder
            .write("scene.yaml", format!("target: {}\n{FEW}\nsetup:\n{steps}\nsteps: [{{ get: / }}]\n", service.url()));
        let ended = kit::run(&folder, &[]).finish();
        assert_eq!((ended.code, &*ended.stdout), (104, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("setup") || ended.stderr.contains("set-up"), "{}", ended.stderr);
        assert!(ended.stderr.contains(told), "{steps}: {}", ended.stderr);
        let names_step = ["GET /", "stop: run"].iter().any(|name| ended.stderr.contains(name));
        assert!(names_step, "the step is not named: {}", ended.stderr);
        assert_eq!(service.stats().requests - before, 1);
    }
}

#[test]
fn a_limit_of_the_file_is_not_one_of_the_machine() {
    let service = kit::service();
    let report = kit::play(&file(&service.url(), "load: 10/s for 500ms\nmax_in_flight: 3", "- get: /"), &[]);
    assert!(!report.stderr.contains("open-files"), "{}", report.stderr);
}

#[test]
fn iterations_that_cannot_go_on_are_told_in_the_summary() {
    let service = kit::service();
    let folder = Folder::new();
    folder.write("scene.yaml", file(&service.url(), FEW, "- get: /products\n  save: { a: $.none }\n- get: /never"));
    for (more, code) in [("", 99), ("thresholds: [iterations errors < 1%]", 99), ("thresholds: [errors < 1%]", 0)] {
        let fail_on: &[&str] = if more.is_empty() { &["--fail-on", "failures"] } else { &[] };
        // Some go on, all requests are fine, and yet not all is well.
        let steps =
            "- get: /products\n  save: { a: $.total }\n- when: iteration == 1\n  steps: [{ get: '/{{ a.b.c }}' }]";
        let report = kit::play(&file(&service.url(), &format!("{FEW}\n{more}"), steps), fail_on);
        assert_eq!((report.requests("failed"), report.iterations(), report.code), (0, [2, 1, 0], code), "{more}");
        assert!(fail_on.is_empty() != report.stderr.contains("1 of 3 iterations could not go on"), "{}", report.stderr);
    }
    let path = folder.path("summary.txt");
    let ended = kit::run(&folder, &["-o", &format!("summary={}", path.display()), "--fail-on", "failures"]).finish();
    assert_eq!(ended.code, 99, "{}", ended.stderr);
    let summary = std::fs::read_to_string(path).unwrap();
    for told in ["3 of 3 iterations could not go on", "broken off", "$.none"] {
        assert!(summary.contains(told), "{told}: {summary}{}", ended.stderr);
    }
}

/// What was measured until then is reported.
#[test]
fn a_tear_down_that_fails_takes_no_figures_with_it() {
    let service = kit::service();
    let text = format!("target: {}\n{FEW}\nsteps: [{{ get: / }}]\nteardown: [{{ get: /status/500 }}]\n", service.url());
    let report = kit::play(&text, &[]);
    assert_eq!((report.requests("completed"), report.iterations()), (3, [3, 0, 0]));
    assert!(report.stderr.contains("teardown") || report.stderr.contains("tear-down"), "{}", report.stderr);
    // 104 would say that nothing was played.
    assert_eq!(report.code, 99);
}

#[test]
fn an_interruption_during_set_up_is_heard() {
    let plain = Plain::start();
    let folder = Folder::new();
    let text = format!(
        "target: {}\n{FEW}\ngraceful_stop: 100ms\nsetup: [{{ get: /go }}, {{ think: 1h }}]\nsteps: [{{ get: /never }}]\n",
        plain.url()
    );
    folder.write("scene.yaml", text);
    let playing = kit::run(&folder, &[]).start();
    until(|| !plain.requests().is_empty(), || "the set-up".to_owned());
    playing.signal(Signal::INT);
    let ended = playing.finish();
    assert_eq!(ended.code, 105, "{}", ended.stderr);
    assert_eq!(targets(&plain), ["/go"]);
}

#[test]
fn redirects_without_end() {
    let count = AtomicU64::new(0);
    let plain = Plain::answering(move |_| {
        let next = count.fetch_add(1, Relaxed);
        answer(302, &[&format!("Location: /{next}"), "Set-Cookie: a=1; Path=/"], "")
    });
    let report = kit::play(&file(&plain.url(), FEW, "- get: /"), &[]);
    assert_eq!((report.outcomes(), plain.requests().len()), (vec![("redirect".to_owned(), 3)], 33));
    assert!(report.example("redirect").contains("more than 10 redirects"), "{}", report.example("redirect"));
    let plain = Plain::answering(|_| answer(302, &["Location: gopher://example.com/"], ""));
    let report = kit::play(&file(&plain.url(), FEW, "- get: /"), &[]);
    assert_eq!(report.outcomes(), [("redirect".to_owned(), 3)]);
}

#[test]
fn secrets_are_never_shown() {
    const SECRETS: [&str; 4] = ["hunter-one", "hunter-two", "hunter-three", "hunter-four"];
    let service = kit::service();
    let folder = Folder::new();
    let text = format!(
        "target: {}\nload: 2 iterations by 1 user\nsecrets: [PIN]\nvars: {{ api_key: hunter-four }}\nheaders: {{ X-Pin: '${{PIN}}' }}\nauth: {{ bearer: '${{TOKEN}}' }}\nsteps:\n\
         - post: /echo\n  name: echo\n  json: {{ a: '${{DB_PASSWORD}}', b: '${{PIN}}', c: '{{{{ api_key }}}}' }}\n  check: ['body == \"x\"', \"$.a == 'y'\", \"$.c == 'z'\", 'body not contains \"lamp\"']\n\
         - get: /inspect\n  check: ['body contains \"nothing\"', \"$.headers['authorization'] == 'x'\"]\n  save: {{ it: \"$.headers['x-pin']\" }}\n\
         - get: /redirect-to?url=gopher://${{PIN}}.example.com/{{{{ it }}}}\n\
         - get: /${{PIN}}/{{{{ api_key }}}}\n\
         - get: http://${{TOKEN}}.invalid/\n\
         - get: /echo\n  save: {{ never: 'regex \"${{PIN}}(x)\"' }}\n",
        service.url()
    );
    let path = folder.write("scene.yaml", text);
    let env = |run: Run| {
        run.env("DB_PASSWORD", SECRETS[0]).env("PIN", SECRETS[1]).args(["--env", &format!("TOKEN={}", SECRETS[2])])
    };
    let json = folder.path("out.json");
    let output = format!("json={}", json.display());
    for run in [
        Run::new(["check", path.to_str().unwrap()]),
        Run::new(["run", path.to_str().unwrap(), "-t", "1", "-o", &output]),
    ] {
        let ended = env(run).finish();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let written = std::fs::read_to_string(&json).unwrap_or_default();
        let printed = ended.stdout + &ended.stderr + &written;
        for secret in SECRETS {
            let around = printed.lines().find(|line| line.contains(secret));
            assert!(around.is_none(), "{secret} is shown: {around:?}");
        }
    }
    for (head, broken) in [
        ("", "- get: /{{ who }}${PIN}"),
        ("", "- think: ${PIN}"),
        ("", "- think: 1s to ${PIN}"),
        ("", "- get: /\n  check: status equals ${PIN}"),
        ("", "- get: /\n  check: header ${PIN} has it"),
        ("", "- get: /\n  save: { a: '${PIN} x' }"),
        ("", "- get: /\n  timeout: ${PIN}"),
        ("", "- get: /\n  retry: { on: ['${PIN}'] }"),
        ("", "- get: /\n  headers: { b: \"${PIN}\\n\" }"),
        ("", "- get: ${PIN}://x/"),
        ("", "- get: ${PIN}:/x"),
        ("", "- get: http://a b/${PIN}"),
        ("", "- use: ${PIN}"),
        ("", "- post: /\n  file: ${PIN}"),
        ("", "- repeat: ${PIN} +\n  steps: [{ get: / }]"),
        ("load: ${PIN}", "- get: /"),
        ("seed: ${PIN}", "- get: /"),
        ("timeout: ${PIN}", "- get: /"),
        ("thresholds: ['${PIN} p99 < 1s']", "- get: /"),
        ("thresholds: ['p99 < ${PIN}']", "- get: /"),
        ("data: { row: { file: '${PIN}' } }", "- get: /{{ row.a }}"),
        ("include: ${PIN}", "- get: /"),
        ("tls: { cacert: '${PIN}' }", "- get: /"),
        ("tls: { min: '${PIN}' }", "- get: /"),
    ] {
        folder.write("scene.yaml", file(&service.url(), &format!("secrets: [PIN]\n{head}"), broken));
        let ended = env(kit::run(&folder, &[])).finish();
        let printed = ended.stdout + &ended.stderr;
        assert!(!ended.stderr.is_empty() && !printed.contains(SECRETS[1]), "{head} {broken}: {printed}");
    }
}
