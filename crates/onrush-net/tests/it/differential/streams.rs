//! Responses by hand: good, odd, and broken in every way that we have seen or heard of.

use super::differences::DIFFERENCES;
use super::{Stream, ours};

/// Response, what ours makes of it, and the name of the difference if hyper makes something else of it.
type Row = (&'static str, &'static str, Option<&'static str>);

/// Differences that depend on what came in one piece: the end of an answer with what follows, a head.
const SEEN_BY_THE_CUT: [&str; 2] = ["bytes that nobody asked for", "nonsense is noticed at once"];

/// Checks a response whole, byte by byte, in two pieces cut anywhere, and in small pieces.
fn check(stream: &Stream, expected: &str, difference: Option<&str>) {
    let whole = ours::read(stream);
    assert_eq!(whole.to_string(), expected, "{stream:?}");
    let length = stream.bytes.len();
    let finely = [1, 2, 7, 64].map(|piece| stream.split((0..length).step_by(piece)));
    // Long ones are long because of repetition: some cuts are as good as all.
    let in_two = (0..length).step_by(1 + length / 100).map(|cut| stream.split([cut]));
    for split in finely.into_iter().chain(in_two).chain([stream.clone()]) {
        let found = match split.compare() {
            Ok(found) => found.map(|row| row.name),
            Err(outcomes) => panic!("{split:?}\n ours: {}\nhyper: {}", outcomes.0, outcomes.1),
        };
        if SEEN_BY_THE_CUT.iter().any(|name| difference == Some(name)) {
            assert!(found.is_none() || found == difference, "{split:?}: {found:?}");
        } else {
            assert_eq!(found, difference, "{split:?}");
            assert_eq!(ours::read(&split), whole, "{split:?}");
        }
    }
}

fn check_all(rows: &[Row]) {
    for (bytes, expected, difference) in rows {
        check(&Stream::whole(false, *bytes), expected, *difference);
    }
}

#[test]
fn lengths() {
    check_all(&[
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 ``, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 00005\r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length:5  \r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\ncOnTeNt-LeNgTh: 5\r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "200 `hello`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5,5,6\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: x\r\n\r\nhello!", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\nContent-Length: 6\r\n\r\nhello!", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5.0\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\nhello", "refused", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551613\r\n\r\nhello", "refused at the close", None),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhello",
            "refused at the close",
            Some("the two largest lengths"),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "refused at the close", None),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "200 `hello`, at the close", None),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 ``, at the close", None),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 `hello`, not reusable", None),
        ("HTTP/1.0 200 OK\r\n\r\nhello", "200 `hello`, at the close", None),
    ]);
}

#[test]
fn chunks() {
    let good: &[(&str, &str)] = &[
        ("5\r\nhello\r\n0\r\n\r\n", "200 `hello`, reusable"),
        ("0\r\n\r\n", "200 ``, reusable"),
        ("000\r\n\r\n", "200 ``, reusable"),
        ("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "200 `hello!`, reusable"),
        ("a\r\n0123456789\r\n0\r\n\r\n", "200 `0123456789`, reusable"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "200 `0123456789`, reusable"),
        ("0005\r\nhello\r\n0\r\n\r\n", "200 `hello`, reusable"),
        ("5 \t\r\nhello\r\n0\r\n\r\n", "200 `hello`, reusable"),
        ("5;a\r\nhello\r\n0;b=c\r\n\r\n", "200 `hello`, reusable"),
        ("5 ; a = \"x;y\"\r\nhello\r\n0\r\n\r\n", "200 `hello`, reusable"),
        ("5\r\nhello\r\n0\r\nA: b\r\n\r\n", "200 `hello`, reusable"),
        ("5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n", "200 `hello`, reusable"),
        ("5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n", "200 `hello`, reusable"),
        ("2\r\n\r\n\r\n0\r\n\r\n", "200 `\\r\\n`, reusable"),
    ];
    let bad: &[(&str, &str)] = &[
        ("5\r\nhello\r\n0\r\n", "refused at the close"),
        ("5\r\nhello\r\n0\r\n\r", "refused at the close"),
        ("5\r\nhello\r\n", "refused at the close"),
        ("5\r\nhel", "refused at the close"),
        ("5", "refused at the close"),
        ("", "refused at the close"),
        ("\r\n", "refused"),
        (" 5\r\nhello\r\n0\r\n\r\n", "refused"),
        (";a\r\nhello\r\n0\r\n\r\n", "refused"),
        ("+5\r\nhello\r\n0\r\n\r\n", "refused"),
        ("-5\r\nhello\r\n0\r\n\r\n", "refused"),
        ("0x5\r\nhello\r\n0\r\n\r\n", "refused"),
        ("g\r\nhello\r\n0\r\n\r\n", "refused"),
        ("5 5\r\nhello\r\n0\r\n\r\n", "refused"),
        ("5\nhello\r\n0\r\n\r\n", "refused"),
        ("5;a\nhello\r\n0\r\n\r\n", "refused"),
        ("5\rhello\r\n0\r\n\r\n", "refused"),
        ("5\r\nhello!\r\n0\r\n\r\n", "refused"),
        ("5\r\nhello\n0\r\n\r\n", "refused"),
        ("5\r\nhello\r0\r\n\r\n", "refused"),
        ("6\r\nhello\r\n0\r\n\r\n", "refused"),
        ("5\r\nhello\r\n0\r\n\rX", "refused"),
        ("5\r\nhello\r\n0\r\nA: b\rX", "refused"),
        ("ffffffffffffffff\r\nhello", "refused at the close"),
        ("10000000000000000\r\nhello", "refused"),
        ("fffffffffffffffff\r\nhello", "refused"),
    ];
    for coding in ["chunked", "Chunked", "gzip, chunked", "gzip,chunked ", "gzip\r\nTransfer-Encoding: chunked"] {
        for (body, expected) in good.iter().chain(bad) {
            let bytes = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n{body}");
            check(&Stream::whole(false, bytes), expected, None);
        }
    }
}

#[test]
fn trailers_and_extensions_are_bounded() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5";
    let skipped = Some("trailers are not looked into");
    for (body, expected, difference) in [
        (format!(";{}\r\nhello\r\n0\r\n\r\n", "x".repeat(16_000)), "200 `hello`, reusable", None),
        (format!(";{}\r\nhello\r\n0\r\n\r\n", "x".repeat(17_000)), "refused", None),
        (format!("\r\nhello\r\n0\r\nA: {}\r\n\r\n", "x".repeat(16_000)), "200 `hello`, reusable", None),
        (format!("\r\nhello\r\n0\r\nA: {}\r\n\r\n", "x".repeat(17_000)), "refused", None),
        (format!("\r\nhello\r\n0\r\n{}\r\n", "A: b\r\n".repeat(100)), "200 `hello`, reusable", None),
        (format!("\r\nhello\r\n0\r\n{}\r\n", "A: b\r\n".repeat(101)), "200 `hello`, reusable", skipped),
        ("\r\nhello\r\n0\r\nno colon\r\n\r\n".to_owned(), "200 `hello`, reusable", skipped),
    ] {
        check(&Stream::whole(false, format!("{head}{body}")), expected, difference);
    }
}

#[test]
fn codings_beside_lengths_and_versions() {
    check_all(&[
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "200 `hello`, reusable",
            None,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "200 `hello`, reusable",
            None,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", "200 `hello`, at the close", None),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello", "200 `hello`, at the close", None),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\nhello", "200 `hello`, at the close", None),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nhello", "200 `hello`, at the close", None),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nhello", "200 `hello`, at the close", None),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\nhello",
            "200 `hello`, at the close",
            None,
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhello",
            "200 `hello`, at the close",
            None,
        ),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "refused", None),
        ("HTTP/1.0 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204 ``, not reusable", None),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 ``, reusable", None),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304 ``, reusable", None),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "304 ``, reusable", None),
        ("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", "205 ``, reusable", None),
        ("HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", "204 ``, reusable", None),
    ]);
}

#[test]
fn answers_to_head_have_no_body() {
    for (bytes, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 ``, reusable"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 ``, reusable"),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 ``, reusable"),
        ("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", "404 ``, not reusable"),
        ("HTTP/1.0 200 OK\r\n\r\n", "200 ``, not reusable"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "200 ``, reusable"),
    ] {
        check(&Stream::whole(true, bytes), expected, None);
    }
    let with_body = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    check(&Stream::whole(true, with_body), "200 ``, refused for what followed", Some("bytes that nobody asked for"));
}

#[test]
fn interim_answers() {
    check_all(&[
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 `ok`, reusable", None),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "200 `ok`, reusable",
            None,
        ),
        (
            "HTTP/1.1 100 Continue\r\nConnection: close\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "200 `ok`, reusable",
            None,
        ),
        ("HTTP/1.1 100 Continue\r\n\r\n", "refused at the close", None),
        ("HTTP/1.1 100 Continue\r\n\r\nHTT", "refused at the close", None),
        ("HTTP/1.1 100 Continue\r\n\r\nnonsense", "refused", None),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            "refused",
            Some("an upgrade that nobody asked for"),
        ),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "refused", Some("an upgrade that nobody asked for")),
        (
            "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 5\r\n\r\n",
            "refused",
            Some("an upgrade that nobody asked for"),
        ),
    ]);
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let hundred = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
    check(&Stream::whole(false, format!("{hundred}{good}")), "200 ``, reusable", None);
    let more = format!("{hundred}HTTP/1.1 100 Continue\r\n\r\n{good}");
    check(&Stream::whole(false, more), "refused", Some("a flood of interim answers"));
}

#[test]
fn connection_options() {
    for (version, options, is_kept, difference) in [
        ("1.1", "", true, None),
        ("1.1", "Connection: keep-alive\r\n", true, None),
        ("1.1", "Connection: close\r\n", false, None),
        ("1.1", "connection: CLOSE\r\n", false, None),
        ("1.1", "Connection: foo, close , bar\r\n", false, None),
        ("1.1", "Connection: closed, xclose, close-x\r\n", true, None),
        ("1.1", "Connection:\r\n", true, None),
        ("1.1", "Proxy-Connection: close\r\n", true, None),
        ("1.1", "Connection: keep-alive\r\nConnection: close\r\n", false, None),
        ("1.1", "Connection: keep-alive, close\r\n", false, None),
        ("1.1", "Connection: close\r\nConnection: keep-alive\r\n", false, None),
        ("1.1", "Connection: close, \u{e9}\r\n", false, Some("options beside odd bytes")),
        ("1.0", "", false, None),
        ("1.0", "Connection: keep-alive\r\n", true, None),
        ("1.0", "Connection: Keep-Alive, foo\r\nKeep-Alive: timeout=5\r\n", true, None),
        ("1.0", "Connection: keep-alivee\r\n", false, None),
        ("1.0", "Connection: close\r\n", false, None),
        ("1.0", "Connection: close, keep-alive\r\n", false, None),
        ("1.0", "Connection: keep-alive\r\nConnection: close\r\n", false, None),
    ] {
        let bytes = format!("HTTP/{version} 200 OK\r\n{options}Content-Length: 2\r\n\r\nok");
        let expected = if is_kept { "200 `ok`, reusable" } else { "200 `ok`, not reusable" };
        check(&Stream::whole(false, bytes), expected, difference);
    }
}

#[test]
fn lines_of_the_head() {
    check_all(&[
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "200 `ok`, reusable", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nok", "200 `ok`, reusable", None),
        ("HTTP/1.1 200 OK\nContent-Length: 2\r\n\nok", "200 `ok`, reusable", None),
        ("\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 `ok`, reusable", None),
        ("\r\n", "refused at the close", None),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "200 `ok`, reusable", None),
        ("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "200 `ok`, reusable", None),
        ("HTTP/1.1 200  a b\tc \u{fc}\r\nContent-Length: 2\r\n\r\nok", "200 `ok`, reusable", None),
        ("HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\nok", "999 `ok`, reusable", None),
        ("HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/1.1 20 OK\r\n\r\n", "refused", None),
        ("HTTP/1.1 2000 OK\r\n\r\n", "refused", None),
        ("HTTP/1.1 -20 OK\r\n\r\n", "refused", None),
        ("HTTP/1.1  200 OK\r\n\r\n", "refused", None),
        ("HTTP/1.1\t200 OK\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 O\0K\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/2.0 200 OK\r\n\r\n", "refused", None),
        ("HTTP/1.2 200 OK\r\n\r\n", "refused", None),
        ("http/1.1 200 OK\r\n\r\n", "refused", None),
        ("ICY 200 OK\r\n\r\n", "refused", None),
        ("SSH-2.0-Server_9.2\r\n", "refused", None),
        ("<html>", "refused", None),
        ("H\rTP", "refused", Some("nonsense is noticed at once")),
        ("\x15\x03\x03\x00\x02\x02\x50", "refused", None),
        ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 2\r\n\r\nok", "refused", None),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 OK\r\n: empty\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 OK\r\nA\u{e9}: b\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "refused", None),
        ("HTTP/1.1 200 OK\r\nA: \u{e9}\r\nContent-Length: 0\r\n\r\n", "200 ``, reusable", None),
        ("HTTP/1.1 200 OK\r\nA:\r\nB:  \r\nContent-Length: 0\r\n\r\n", "200 ``, reusable", None),
        ("HTTP/1.1 200 OK\r\nA: b\r\n\rContent-Length: 0\r\n\r\n", "refused", None),
        ("", "refused at the close", None),
        ("H", "refused at the close", None),
        ("HTTP/1.1 200 OK\r\nContent-Le", "refused at the close", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "refused at the close", None),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", "refused at the close", None),
    ]);
}

#[test]
fn long_heads() {
    let with = |lines: &str| Stream::whole(false, format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\nok"));
    check(&with(&"A: b\r\n".repeat(99)), "200 `ok`, reusable", None);
    check(&with(&"A: b\r\n".repeat(100)), "refused", None);
    check(&with(&format!("A: {}\r\n", "b".repeat(20_000))), "200 `ok`, reusable", None);
    let reason = format!("HTTP/1.1 200 {}\r\nContent-Length: 2\r\n\r\nok", "so good ".repeat(1000));
    check(&Stream::whole(false, reason), "200 `ok`, reusable", None);
}

#[test]
fn what_comes_after_the_answer() {
    let difference = Some("bytes that nobody asked for");
    check_all(&[
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!", "200 `ok`, refused for what followed", difference),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n", "200 `ok`, refused for what followed", difference),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
            "200 ``, refused for what followed",
            difference,
        ),
        ("HTTP/1.1 204 No Content\r\n\r\nhello", "204 ``, refused for what followed", difference),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "200 ``, refused for what followed",
            difference,
        ),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok!", "200 `ok`, not reusable", None),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok!", "200 `ok`, not reusable", None),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\nbinary", "refused", Some("an upgrade that nobody asked for")),
    ]);
}

#[test]
fn every_listed_difference_is_one() {
    let mut names: Vec<_> = DIFFERENCES.iter().map(|difference| difference.name).collect();
    let source = include_str!("streams.rs");
    names.retain(|name| !source.contains(&format!("\"{name}\"")));
    assert_eq!(names, [""; 0], "a row of the list without a stream that shows it");
}
