//! Answers as they are looked at.

use std::time::Duration;

use onrush_plan::{Check, Constant, Expected, Operator, Play, RequestStep, Save, Secret, Source, Step, Subject, Which};
use onrush_user::{Answer, Looked};

use crate::plays::{answer, check, expr, first_call, play, request, save, user};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: one\r\nx-a:  two \r\nLocation: /next\r\n\
                    Set-Cookie: session=abc; Path=/\r\nset-cookie: other=\"q\"; Secure\r\n\r\n";
const BODY: &str = r#"{"token": "t-1", "items": [{"id": 7}, {"id": 8}, {"id": 9}], "n": null, "user": {"age": 5}}"#;
/// Places of variables: `secret` is the only constant, then `row`, `a`, `b`, `c`.
const A: usize = 2;
const B: usize = 3;

fn playing(step: RequestStep) -> Play {
    let secret = Constant::Secret(Secret(b"hunter2".to_vec()));
    play(vec![Step::Request(Box::new(step))], &[("secret", secret)], &[])
}

fn saving(saves: Vec<Save>, answer: &Answer<'_>) -> Result<String, String> {
    let step = RequestStep { saves, ..request("GET", "/") };
    let mut user = user(&playing(step));
    let call = first_call(&user);
    call.look(&mut user, answer, &mut Looked::new()).map_err(|trouble| trouble.to_string())?;
    Ok(format!("{:?}", user.value(A)))
}

fn json(path: &str) -> Source {
    Source::Json(path.to_owned())
}

#[test]
fn variables_get_what_is_found() {
    let answer = answer(201, HEAD, BODY);
    for (source, which, expected) in [
        (json("$.token"), Which::First, "'t-1'"),
        (json("$.items[*].id"), Which::First, "7"),
        (json("$.items[*].id"), Which::Last, "9"),
        (json("$.items[*].id"), Which::All, "[7, 8, 9]"),
        (json("$.items[*].id"), Which::Count, "3"),
        (json("$.items[*].id"), Which::At(1), "8"),
        (json("$.items[*].id"), Which::Any, "9"),
        (json("$.nothing"), Which::Count, "0"),
        (json("$.n"), Which::First, "None"),
        (json("$.user"), Which::First, "{'age': 5}"),
        (json("$.items[?@.id > 7].id"), Which::All, "[8, 9]"),
        (Source::Header("x-A".to_owned()), Which::First, "'one'"),
        (Source::Header("X-A".to_owned()), Which::Last, "'two'"),
        (Source::Cookie("session".to_owned()), Which::First, "'abc'"),
        (Source::Location, Which::First, "'/next'"),
        (Source::Regex("\"id\": (\\d)".to_owned()), Which::All, "['7', '8', '9']"),
        (Source::Regex("t-.".to_owned()), Which::First, "'t-1'"),
        (Source::Status, Which::First, "201"),
        (Source::Time, Which::First, "12.0"),
        (Source::Size, Which::First, "91"),
        (Source::Url, Which::First, "'http://shop.example.com:8080/final'"),
    ] {
        let found = saving(vec![save(A, source.clone(), which)], &answer);
        assert_eq!(found.as_deref(), Ok(expected), "{source:?} {which:?}");
    }
}

#[test]
fn what_had_to_be_there_and_is_not_is_told() {
    let html = "<html>\n<body>Bad gateway hunter2</body></html>";
    let found = |source, body| saving(vec![save(A, source, Which::First)], &answer(502, HEAD, body)).unwrap_err();
    assert_eq!(
        found(json("$.tokens"), r#"{"token": "hunter2"}"#),
        "`a` was not saved: `$.tokens` finds nothing in `{\"token\": \"***\"}` (status 502)"
    );
    assert_eq!(
        found(json("$.token"), html),
        "`a` was not saved: the body is not JSON (expected value at line 1 column 1); it is \
         `<html> <body>Bad gateway ***</body></html>`"
    );
    assert_eq!(
        found(json("$.token"), ""),
        "`a` was not saved: the body is not JSON (EOF while parsing a value at line 1 column 0); it is nothing"
    );
    assert_eq!(found(Source::Header("X-B".to_owned()), ""), "`a` was not saved: header `X-B` finds nothing");
    let long = "x".repeat(1_000);
    let told = found(Source::Regex("y".to_owned()), &long);
    assert!(told.len() < 250 && told.ends_with("x…` (status 502)"), "{told}");
}

#[test]
fn a_default_stands_in_but_not_for_a_missing_end() {
    let with_default = |answer: &Answer<'_>| {
        let save = Save { default: Some(expr("[1, 2]|last")), ..save(A, json("$.token"), Which::First) };
        saving(vec![save], answer)
    };
    assert_eq!(with_default(&answer(200, "", "{}")).unwrap(), "2");
    assert_eq!(with_default(&answer(200, "", "not JSON")).unwrap(), "2");
    let truncated = Answer { truncated: true, ..answer(200, "", "{\"token\": ") };
    assert_eq!(
        with_default(&truncated).unwrap_err(),
        "`a` was not saved: the body is longer than the 10 bytes that were kept of it: let the step keep more"
    );
}

fn checking(checks: Vec<Check>, saves: Vec<Save>, answer: &Answer<'_>) -> Vec<String> {
    let step = RequestStep { saves, checks, ..request("GET", "/") };
    let mut user = user(&playing(step));
    let call = first_call(&user);
    let mut looked = Looked::new();
    for _ in 0..2 {
        let _ = call.look(&mut user, answer, &mut looked);
    }
    assert_eq!(looked.outcomes().len(), call.checks().len());
    assert_eq!(looked.outcomes().iter().filter(|is_fine| !**is_fine).count(), looked.failed().len());
    looked.failed().iter().map(onrush_user::FailedCheck::told).collect()
}

#[test]
fn checks_hold_or_say_why_not() {
    use Operator::{
        AtLeast, AtMost, Contains, ContainsNot, Equal, Exists, ExistsNot, Greater, In, Less, Matches, NotEqual,
    };
    let value = |source: &str| Expected::Value(expr(source));
    let pattern = |pattern: &str| Expected::Pattern(pattern.to_owned());
    let header = |name: &str| Source::Header(name.to_owned());
    let answer = answer(201, HEAD, BODY);
    for (source, operator, expected, told) in [
        (Source::Status, Equal, value("201"), None),
        (Source::Status, Equal, value("200"), Some("a text, found 201")),
        (Source::Status, Equal, Expected::StatusClass(2), None),
        (Source::Status, Equal, Expected::StatusClass(4), Some("a text, found 201")),
        (Source::Status, NotEqual, Expected::StatusClass(5), None),
        (Source::Status, Less, Expected::StatusClass(4), None),
        (Source::Status, In, value("[200, 201]"), None),
        (Source::Status, In, value("[200, 204]"), Some("a text, found 201")),
        (Source::Time, Less, Expected::Time(Duration::from_millis(500)), None),
        (Source::Time, Less, Expected::Time(Duration::from_millis(5)), Some("a text, found 12 ms")),
        (Source::Size, AtMost, Expected::Bytes(1_024), None),
        (Source::Size, Greater, Expected::Bytes(1_024), Some("a text, found 91")),
        (header("Content-Length"), Equal, value("5"), None),
        (header("Content-Length"), AtLeast, value("5"), None),
        (header("X-A"), Equal, value("'two'"), Some("a text, found \"one\"")),
        (header("X-B"), Exists, Expected::Nothing, Some("a text, found nothing")),
        (header("X-B"), ExistsNot, Expected::Nothing, None),
        (header("X-B"), NotEqual, value("'x'"), None),
        (json("$.token"), Matches, pattern("^t-\\d$"), None),
        (json("$.token"), Matches, pattern("^x"), Some("a text, found \"t-1\"")),
        (json("$.token"), Equal, value("secret"), Some("a text (\"***\"), found \"t-1\"")),
        (json("$.user.age"), Equal, value("5.0"), None),
        (json("$.user.age"), Equal, value("'5'"), Some("a text, found 5")),
        (json("$.items"), Contains, value("{'id': 8}"), None),
        (json("$.items"), ContainsNot, value("{'id': 8}"), Some("a text, found [{\"id\":7},{\"id\":8},{\"id\":9}]")),
        (json("$.n"), Exists, Expected::Nothing, None),
        (json("$.token"), Less, value("3"), Some("a text, found \"t-1\"")),
        (json("$.token"), Equal, value("b"), Some("a text, found `b` has no value yet")),
        (Source::Body, Contains, value("'items'"), None),
    ] {
        let failed = checking(vec![check(source.clone(), operator, expected)], Vec::new(), &answer);
        assert_eq!(failed.first().map(String::as_str), told, "{source:?} {operator:?}");
    }
}

/// A check says what was written, and the value of what had to be worked out.
#[test]
fn failed_checks_read_naturally() {
    for (name, text, expected, told) in [
        ("status == 200", "status == 200", "200", "status == 200, found 503"),
        ("it worked", "status == 200", "200", "it worked: status == 200, found 503"),
        ("status == user + 200", "status == user + 200", "user + 200", "status == user + 200 (200), found 503"),
        ("it worked", "status == user + 200", "user + 200", "it worked: status == user + 200 (200), found 503"),
    ] {
        let check = Check {
            name: name.to_owned(),
            text: text.to_owned(),
            ..check(Source::Status, Operator::Equal, Expected::Value(expr(expected)))
        };
        let mut user = user(&playing(RequestStep { checks: vec![check], ..request("GET", "/") }));
        let (call, mut looked) = (first_call(&user), Looked::new());
        call.look(&mut user, &answer(503, HEAD, BODY), &mut looked).unwrap();
        assert_eq!(looked.failed()[0].told_of(name), told);
    }
}

/// Of a long body only the beginning is there. What that does not decide is not taken for granted.
#[test]
fn the_beginning_of_a_body_decides_what_it_can() {
    use Operator::{AtLeast, Contains, ContainsNot, Equal, Exists, ExistsNot, Greater, Less, Matches};
    const LONGER: &str =
        "a text, found the body is longer than the 11 bytes that were kept of it: let the step keep more";
    let value = |source: &str| Expected::Value(expr(source));
    let pattern = |pattern: &str| Expected::Pattern(pattern.to_owned());
    let bytes = Expected::Bytes;
    for (source, operator, expected, size, told) in [
        (Source::Body, Contains, value("'hello'"), None, None),
        (Source::Body, Contains, value("'goodbye'"), None, Some(LONGER)),
        (Source::Body, ContainsNot, value("'hello'"), None, Some("a text, found `hello world`")),
        (Source::Body, ContainsNot, value("'goodbye'"), None, Some(LONGER)),
        (Source::Body, Matches, pattern("h.*o\\b"), None, None),
        (Source::Body, Matches, pattern("world$"), None, Some(LONGER)),
        (Source::Body, Equal, value("'hello world'"), None, Some(LONGER)),
        (Source::Body, Exists, Expected::Nothing, None, None),
        (json("$.error"), ExistsNot, Expected::Nothing, None, Some(LONGER)),
        (Source::Size, Equal, bytes(50), Some(50), None),
        (Source::Size, Equal, bytes(11), Some(50), Some("a text, found 50")),
        (Source::Size, Equal, bytes(50), None, Some(LONGER)),
        (Source::Size, Greater, bytes(11), None, None),
        (Source::Size, AtLeast, value("13"), None, Some(LONGER)),
        (Source::Size, Less, bytes(12), None, Some("a text, found more than 11")),
    ] {
        let answer = Answer { truncated: true, size, ..answer(200, HEAD, "hello world") };
        let failed = checking(vec![check(source.clone(), operator, expected)], Vec::new(), &answer);
        assert_eq!(failed.first().map(String::as_str), told, "{source:?} {operator:?}");
    }
}

#[test]
fn checks_see_what_the_step_saved_and_run_even_if_a_save_fails() {
    let of_value = |source: &str, operator, expected| Check {
        subject: Subject::Value(expr(source)),
        ..check(Source::Status, operator, expected)
    };
    let checks = vec![
        of_value("a|length > 2", Operator::Equal, Expected::Value(expr("true"))),
        of_value("b", Operator::Exists, Expected::Nothing),
        check(Source::Status, Operator::Equal, Expected::Value(expr("200"))),
    ];
    let saves = vec![save(A, json("$.token"), Which::First), save(B, json("$.nothing"), Which::First)];
    assert_eq!(checking(checks, saves, &answer(500, HEAD, BODY)), ["a text, found nothing", "a text, found 500"]);
}

#[test]
fn a_wait_is_asked_for_in_seconds_or_until_a_date() {
    let now = Duration::from_secs(784_111_777);
    for (value, expected) in [
        ("120", Some(120)),
        ("Sun, 06 Nov 1994 08:50:00 GMT", Some(23)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("soon", None),
        ("-1", None),
    ] {
        let head = format!("HTTP/1.1 503 x\r\nRetry-After: {value}\r\n\r\n");
        let wait = answer(503, &head, "").retry_after(now);
        assert_eq!(wait, expected.map(Duration::from_secs), "{value}");
    }
    assert_eq!(answer(503, "", "").retry_after(now), None);
}

#[test]
fn only_what_is_looked_at_is_asked_for() {
    for (source, head, body, status) in [
        (Source::Status, false, false, true),
        (Source::Header("a".to_owned()), true, false, false),
        (Source::Cookie("a".to_owned()), true, false, false),
        (json("$"), false, true, false),
        (Source::Time, false, false, false),
    ] {
        let checks = vec![check(source, Operator::Exists, Expected::Nothing)];
        let user = user(&playing(RequestStep { checks, ..request("GET", "/") }));
        let call = first_call(&user);
        assert_eq!((call.wants_head(), call.wants_body(), call.judges_status()), (head, body, status));
        assert_eq!(call.keep(), 1 << 20);
    }
}
