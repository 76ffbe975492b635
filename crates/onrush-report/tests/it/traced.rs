//! What a trace looks like.

use std::time::Duration;

use onrush_metrics::{Traced, TracedAnswer, TracedBody, TracedEnd, TracedExchange, TracedPart};
use onrush_report::{Style, traced};

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn body(text: &str, bytes: u64, is_cut: bool) -> TracedBody {
    TracedBody { text: Some(text.to_owned()), bytes, is_cut }
}

fn exchange(request: &[&str], sent: TracedBody, answer: Option<(&[&str], TracedBody)>, micros: u64) -> Traced {
    let answer = answer.map(|(head, body)| TracedAnswer { head: lines(head), body });
    let time = Duration::from_micros(micros);
    Traced::Sent(Box::new(TracedExchange { request: lines(request), body: sent, answer, time }))
}

fn ended(part: TracedPart, end: TracedEnd, requests: u64, failed: u64) -> Traced {
    Traced::Ended { part, end, requests, failed, took: Duration::from_millis(123) }
}

/// A bit of everything.
fn story() -> Vec<Traced> {
    let ms = Duration::from_millis;
    let buy = || TracedPart::Scenario("buy".to_owned());
    let (name, checked) = (str::to_owned, |name: &str, failed| Traced::Checked { name: name.to_owned(), failed });
    vec![
        Traced::Began(TracedPart::Setup),
        exchange(
            &["GET /products HTTP/1.1", "Host: 127.0.0.1:7070"],
            TracedBody::default(),
            Some((
                &["HTTP/1.1 200 OK", "content-type: image/png"],
                TracedBody { bytes: 12_345, ..TracedBody::default() },
            )),
            1_234,
        ),
        ended(TracedPart::Setup, TracedEnd::Completed, 1, 0),
        Traced::Began(buy()),
        exchange(
            &["POST /login HTTP/1.1", "Host: 127.0.0.1:7070", "Authorization: Basic YW5u…"],
            body(r#"{"email":"ann@example.com","password":"***"}"#, 47, false),
            Some((&["HTTP/1.1 302 Found", "set-cookie: sid=0123…; Path=/", "location: /home"], TracedBody::default())),
            12_300,
        ),
        Traced::Cookie { name: name("sid"), refused: None },
        Traced::Cookie { name: name("ad"), refused: Some(name("`a.test` set a cookie for another domain: `b.test`")) },
        Traced::Redirected { to: name("http://127.0.0.1:7070/home") },
        exchange(
            &["GET /home HTTP/1.1", "Cookie: sid=0123…"],
            TracedBody::default(),
            Some((&["HTTP/1.1 503 Service Unavailable"], body(&"long and dull ".repeat(8), 5_000, true))),
            250,
        ),
        Traced::Saved { name: name("token"), value: Ok(name("\"abc\"")) },
        Traced::Saved {
            name: name("id"),
            value: Err(name("`id` was not saved: `$.id` finds nothing in `{}` (status 503)")),
        },
        checked("status == 200", Some(name("status == 200, found 503"))),
        checked("it was quick", None),
        Traced::Retried { attempt: 2, of: 3, after: ms(150) },
        exchange(&["GET /home HTTP/1.1"], TracedBody::default(), None, 1_000_000),
        Traced::Failed(name("no answer within 1 s")),
        Traced::Hedged,
        Traced::GivenUp(name("the scenario's retry budget is spent")),
        Traced::Thought(ms(1_200)),
        Traced::Paced(ms(10_000)),
        ended(buy(), TracedEnd::Failed(name("`id` was not saved: no answer within 1 s")), 3, 1),
        Traced::Began(TracedPart::Teardown),
        ended(TracedPart::Teardown, TracedEnd::Stopped("iteration"), 0, 0),
    ]
}

fn told(style: Style) -> String {
    story().iter().map(|what| traced(what, style)).collect()
}

#[test]
fn a_trace() {
    insta::assert_snapshot!(told(Style::default()));
}

#[test]
fn a_trace_keeps_to_its_width_and_its_letters() {
    let ascii = told(Style { unicode: false, ..Style::default() });
    assert!(ascii.is_ascii(), "{ascii}");
    for width in [40, 80] {
        let text = told(Style { width, ..Style::default() });
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
    }
    assert!(told(Style { colour: true, ..Style::default() }).contains("\u{1b}[31mFAILED"));
}

#[test]
fn an_answer_cannot_move_the_cursor() {
    let harmful = exchange(&["GET / HTTP/1.1"], body("a\u{1b}[2Jb\u{202e}c\u{7}", 9, false), None, 1);
    assert!(traced(&harmful, Style::default()).contains("> a·[2Jb·c·\n"));
}
