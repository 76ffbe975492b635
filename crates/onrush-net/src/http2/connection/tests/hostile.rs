//! Peers that do what RFC 9113 forbids: a row each, with the request's fate and the code in our last words.

use super::*;

const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 0x20;

const PROTOCOL: &str = "PROTOCOL_ERROR";
const SIZE: &str = "FRAME_SIZE_ERROR";
const FLOW: &str = "FLOW_CONTROL_ERROR";
const COMPRESSION: &str = "COMPRESSION_ERROR";
const CALM: &str = "ENHANCE_YOUR_CALM";

const WRONG_SIZE: &str = "a frame has not the size of its kind";
const INTERRUPTED: &str = "a header block was interrupted by another frame";
const NOT_CONTINUED: &str = "CONTINUATION without a header block to continue";

/// What comes after the peer's settings while request 1 is in flight, what becomes of it, and the code.
type Row<'a> = (Vec<u8>, &'a str, &'a str);

/// What becomes of the request and the last that we say.
fn fate(bytes: &[u8]) -> (String, String, bool) {
    let mut play = Play::greeted(&[]);
    let request = play.get();
    play.said();
    play.hears(bytes);
    let fate = (play.became(request), play.said().pop().unwrap_or_default(), play.connection.is_over());
    // Whatever comes after that, nothing breaks.
    play.hears(&[ping(), vec![0xff; 50]].concat());
    fate
}

/// The whole connection suffers.
fn check_fatal(rows: &[Row<'_>]) {
    for (bytes, what, code) in rows {
        let expected = (format!("protocol: {what} ({code})"), format!("GOAWAY {code}"), true);
        assert_eq!(fate(bytes), expected, "{}", bytes[..bytes.len().min(40)].escape_ascii());
    }
}

/// Only the stream suffers.
fn check_stream(rows: &[Row<'_>]) {
    for (bytes, what, code) in rows {
        let expected = (format!("protocol: {what}"), format!("RST_STREAM 1 {code}"), false);
        assert_eq!(fate(bytes), expected, "{}", bytes[..bytes.len().min(40)].escape_ascii());
    }
}

#[test]
fn frames_where_they_have_no_place() {
    check_fatal(&[
        (data(0, 0, b"a"), "DATA on stream 0, which is the connection itself", PROTOCOL),
        (headers(0, 0, OK), "HEADERS on stream 0, which is the connection itself", PROTOCOL),
        (frame(2, 0, 0, b"12345"), "PRIORITY on stream 0, which is the connection itself", PROTOCOL),
        (reset(0, 0), "RST_STREAM on stream 0, which is the connection itself", PROTOCOL),
        (data(0, 3, b"a"), "DATA on stream 3, which is not open", PROTOCOL),
        (data(0, 2, b"a"), "DATA on stream 2, which is not open", PROTOCOL),
        (headers(0, 3, OK), "HEADERS on stream 3, which is not open", PROTOCOL),
        (headers(0, 2, OK), "HEADERS on stream 2, which is not open", PROTOCOL),
        (reset(5, 0), "RST_STREAM on stream 5, which is not open", PROTOCOL),
        (window_update(3, 1), "WINDOW_UPDATE on stream 3, which is not open", PROTOCOL),
        (frame(4, 0, 1, b""), "SETTINGS on a stream, where it is about the connection", PROTOCOL),
        (frame(6, 0, 1, b"12345678"), "PING on a stream, where it is about the connection", PROTOCOL),
        (frame(7, 0, 1, b"12345678"), "GOAWAY on a stream, where it is about the connection", PROTOCOL),
        (frame(5, 4, 1, b"\0\0\0\x02\x82"), "the peer promised a push, which we do not take", PROTOCOL),
        (b"HTTP/1.1 400 Bad Request".to_vec(), "the peer answered in HTTP/1, not in HTTP/2", PROTOCOL),
    ]);
}

#[test]
fn frames_of_the_wrong_form() {
    let open = headers(0, 1, OK);
    check_fatal(&[
        (frame(99, 0, 0, &vec![0; 16_385]), "a frame has 16385 bytes, where 16384 are allowed", SIZE),
        (frame(3, 0, 1, b"123"), WRONG_SIZE, SIZE),
        (frame(3, 0, 1, b"12345"), WRONG_SIZE, SIZE),
        (frame(4, 0, 0, b"12345"), WRONG_SIZE, SIZE),
        (frame(4, ACK, 0, b"123456"), WRONG_SIZE, SIZE),
        (frame(6, 0, 0, b"123456789"), WRONG_SIZE, SIZE),
        (frame(7, 0, 0, b"1234567"), WRONG_SIZE, SIZE),
        (frame(8, 0, 0, b"123"), WRONG_SIZE, SIZE),
        ([open, data(PADDED, 1, b"\x02a")].concat(), "a DATA frame has more padding than bytes", PROTOCOL),
        (data(PADDED, 1, b""), "a padded DATA frame is empty", SIZE),
        (headers(PADDED, 1, b"\x02\x88"), "a HEADERS frame has more padding than bytes", PROTOCOL),
        (headers(WITH_PRIORITY, 1, b"\0\0\0\0"), "a HEADERS frame has more padding than bytes", PROTOCOL),
    ]);
}

#[test]
fn settings_and_windows_beyond_their_limits() {
    check_fatal(&[
        (settings(&[(2, 1)]), "the peer's setting ENABLE_PUSH cannot be 1", PROTOCOL),
        (settings(&[(4, 1 << 31)]), "the peer's setting INITIAL_WINDOW_SIZE cannot be 2147483648", FLOW),
        (settings(&[(5, 16_383)]), "the peer's setting MAX_FRAME_SIZE cannot be 16383", PROTOCOL),
        (settings(&[(5, 1 << 24)]), "the peer's setting MAX_FRAME_SIZE cannot be 16777216", PROTOCOL),
        (window_update(0, 0), "the peer made the connection's window larger by 0", PROTOCOL),
        (window_update(0, MAX_31), "the peer made the connection's window too large", FLOW),
        (ping().repeat(1001), "the peer wants 1000 answers and reads none", CALM),
        (settings(&[]).repeat(1001), "the peer wants 1000 answers and reads none", CALM),
    ]);
    check_stream(&[
        (window_update(1, 0), "the peer made the stream's window larger by 0", PROTOCOL),
        (window_update(1, MAX_31), "the peer made the stream's window too large", FLOW),
    ]);
}

#[test]
fn header_blocks_that_are_none() {
    let begun = |next: Vec<u8>| [frame(1, 0, 1, OK), next].concat();
    let whole = |next: Vec<u8>| [headers(0, 1, OK), next].concat();
    let too_long = "the response head is longer than 4096 bytes";
    check_fatal(&[
        (frame(9, 0, 1, OK), NOT_CONTINUED, PROTOCOL),
        (whole(frame(9, END_HEADERS, 1, OK)), NOT_CONTINUED, PROTOCOL),
        (begun(frame(9, END_HEADERS, 3, OK)), NOT_CONTINUED, PROTOCOL),
        (begun(ping()), INTERRUPTED, PROTOCOL),
        (begun(data(0, 1, b"")), INTERRUPTED, PROTOCOL),
        (begun(headers(0, 1, OK)), INTERRUPTED, PROTOCOL),
        (begun(frame(99, 0, 0, b"")), INTERRUPTED, PROTOCOL),
        (begun(frame(9, 0, 1, &[0x88; 100]).repeat(40)), too_long, CALM),
        (begun(frame(9, 0, 1, b"").repeat(500)), too_long, CALM),
        (headers(0, 1, b"\xbe"), "a field's index is beyond the table", COMPRESSION),
        (headers(0, 1, b"\x3f\xe2\x1f\x88"), "a table size update is larger than was allowed", COMPRESSION),
        (headers(0, 1, b"\x88\x00"), "a header block ends inside of a field", COMPRESSION),
        (headers(0, 1, b"\x00\x81\xff\x00"), "a string's Huffman code is malformed", COMPRESSION),
    ]);
}

#[test]
fn heads_that_are_none() {
    let head = |fields: &[Vec<u8>]| headers(END_STREAM, 1, &[OK, &fields.concat()].concat());
    let bare = |fields: &[Vec<u8>]| headers(END_STREAM, 1, &fields.concat());
    let long = field("a", &"b".repeat(100));
    let interim = headers(0, 1, &field(":status", "100"));
    check_stream(&[
        (bare(&[]), "the response has no :status", PROTOCOL),
        (bare(&[field("a", "b")]), "the response has no :status", PROTOCOL),
        (bare(&[field("a", "b"), OK.into()]), "the response has its :status after other fields", PROTOCOL),
        (head(&[OK.into()]), "the response has more than one :status", PROTOCOL),
        (head(&[field("Server", "x")]), "`Server` is not the name of a field in HTTP/2", PROTOCOL),
        (head(&[field("upgrade", "x")]), "field `upgrade` has no place in HTTP/2", PROTOCOL),
        (head(&vec![long; 40]), "the response head is longer than 4096 bytes", PROTOCOL),
        (bare(&[field(":status", "100")]), "the response ended with an interim (1xx) one", PROTOCOL),
        (interim.repeat(101), "more than 100 interim (1xx) responses", CALM),
    ]);
}

#[test]
fn bodies_that_are_not_what_was_said() {
    let said = |length: &str| headers(0, 1, &[OK, &field("content-length", length)].concat());
    let open = headers(0, 1, OK);
    let all_missing = headers(END_STREAM, 1, &[OK, &field("content-length", "5")].concat());
    check_stream(&[
        (data(END_STREAM, 1, b"a"), "the response began with its body", PROTOCOL),
        (all_missing, "the response ended with 5 announced bytes of its body missing", PROTOCOL),
        (
            [said("5"), data(END_STREAM, 1, b"abc")].concat(),
            "the response ended with 2 announced bytes of its body missing",
            PROTOCOL,
        ),
        (
            [said("5"), data(0, 1, b"abcdef")].concat(),
            "the response body is longer than the 5 bytes that it may have",
            PROTOCOL,
        ),
        (
            [headers(0, 1, b"\x89"), data(0, 1, b"a")].concat(),
            "the response body is longer than the 0 bytes that it may have",
            PROTOCOL,
        ),
        (
            [open.clone(), data(0, 1, &[b'a'; 10_001])].concat(),
            "the response body is longer than 10000 bytes",
            "CANCEL",
        ),
        ([open.clone(), headers(0, 1, &field("a", "b"))].concat(), "the response goes on after its trailers", PROTOCOL),
        ([open, headers(END_STREAM, 1, OK)].concat(), "the trailers have a :status", PROTOCOL),
    ]);
}

/// The request has ended well, so that it does not suffer; another one does.
#[test]
fn nothing_comes_after_the_end_of_a_stream() {
    for (name, bytes) in [("HEADERS", headers(END_STREAM, 1, OK)), ("DATA", data(0, 1, b"a"))] {
        let mut play = Play::greeted(&[]);
        let (first, second) = (play.get(), play.get());
        play.said();
        play.hears(&[headers(END_STREAM, 1, OK), bytes].concat());
        assert_eq!(play.became(first), "200");
        assert_eq!(play.became(second), format!("protocol: {name} on stream 1, which is closed (STREAM_CLOSED)"));
        assert_eq!(play.said(), ["GOAWAY STREAM_CLOSED"]);
    }
}

#[test]
fn a_peer_that_says_something_else_first_is_none() {
    for bytes in [ping(), frame(4, ACK, 0, b""), headers(END_STREAM, 1, OK)] {
        let mut play = Play::new();
        let request = play.get();
        play.said();
        play.hears(&bytes);
        assert_eq!(play.became(request), "protocol: the peer did not begin with its settings (PROTOCOL_ERROR)");
        assert_eq!(play.said(), ["GOAWAY PROTOCOL_ERROR"]);
    }
}

#[test]
fn closing_at_every_byte_is_closing_early() {
    let head = headers(0, 1, &[OK, &field("a", "b")].concat());
    let answer = [settings(&[(3, 100)]), head, data(END_STREAM, 1, b"hello")].concat();
    for cut in 0..answer.len() {
        let mut play = Play::new();
        let request = play.get();
        play.said();
        play.hears(&answer[..cut]);
        play.ends();
        assert!(play.became(request).starts_with("closed early"), "{cut}");
    }
}

/// Pings are answered one by one if the peer reads the answers, however many there are.
#[test]
fn many_pings_are_no_flood() {
    let mut play = Play::greeted(&[]);
    for _ in 0..5000 {
        play.hears(&ping());
        assert_eq!(play.said(), ["PING ACK 12345678"]);
    }
}
