//! A connection under test: what the peer sends, byte for byte, what we say to that, and what becomes of requests.

mod hostile;
mod properties;
mod windows;

use std::collections::HashMap;
use std::time::Duration;

use super::*;
use crate::http2::frame::{ACK, END_HEADERS, END_STREAM, HEAD, Head, Kind};
use crate::http2::wire::Target;

pub(super) const LIMITS: Limits = Limits { head: 4096, body: 10_000 };
/// `:status: 200`, of the static table.
pub(super) const OK: &[u8] = b"\x88";

/// A frame as a peer sends it.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub(super) fn data(flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    frame(0, flags, stream, payload)
}

pub(super) fn headers(flags: u8, stream: u32, block: &[u8]) -> Vec<u8> {
    frame(1, flags | END_HEADERS, stream, block)
}

pub(super) fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(3, 0, stream, &code.to_be_bytes())
}

pub(super) fn settings(list: &[(u16, u32)]) -> Vec<u8> {
    let entry = |(number, value): &(u16, u32)| [&number.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(4, 0, 0, &list.iter().flat_map(entry).collect::<Vec<_>>())
}

pub(super) fn ping() -> Vec<u8> {
    frame(6, 0, 0, b"12345678")
}

pub(super) fn go_away(last: u32, code: u32) -> Vec<u8> {
    frame(7, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

pub(super) fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(8, 0, stream, &increment.to_be_bytes())
}

/// A literal field that enters no table, as it stands in a block.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
}

/// A connection, with requests that are known by the order in which they were begun.
pub(super) struct Play {
    pub(super) connection: Connection,
    pub(super) keys: Vec<Key>,
    now: Instant,
}

impl Play {
    pub(super) fn new() -> Self {
        let mut play = Self { connection: Connection::new(LIMITS), keys: Vec::new(), now: Instant::now() };
        assert_eq!(play.said(), ["PRI", "SETTINGS 0 18 bytes", "WINDOW_UPDATE 0 +67043329"]);
        play
    }

    /// A connection whose peer has introduced itself and lets us introduce ourselves.
    pub(super) fn greeted(list: &[(u16, u32)]) -> Self {
        let mut play = Self::new();
        play.hears(&settings(list));
        assert_eq!(play.said(), ["SETTINGS 0 ACK"]);
        play
    }

    pub(super) fn get(&mut self) -> usize {
        self.send("GET", &[])
    }

    pub(super) fn send(&mut self, method: &str, body: &[u8]) -> usize {
        let target = Target { method, scheme: "http", authority: "a.example.com", path: "/" };
        let wire = Wire::new(&target, [], body).unwrap();
        self.keys.push(self.connection.open(Rc::new(wire), self.now));
        self.keys.len() - 1
    }

    /// The peer's bytes come, a second after those before.
    pub(super) fn hears(&mut self, bytes: &[u8]) {
        self.now += Duration::from_secs(1);
        self.connection.receive(bytes, self.now);
    }

    /// What we want to say, which is written at that.
    pub(super) fn said(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while !self.connection.waiting().is_empty() {
            let waiting = self.connection.waiting().to_vec();
            said.extend(described(&waiting));
            self.connection.advance(waiting.len());
        }
        said
    }

    /// What has become of a request; `…` while it is in flight.
    pub(super) fn became(&mut self, number: usize) -> String {
        let Some(outcome) = self.connection.take(self.keys[number]) else { return "…".to_owned() };
        match outcome.result {
            Ok(answer) => answer.status.to_string(),
            Err(Broken { failure, again }) => {
                let again =
                    HashMap::from([(Again::Never, ""), (Again::IfIdempotent, "?"), (Again::Safely, "!")])[&again];
                format!("{}{again}: {failure}", failure.kind().name())
            }
        }
    }

    /// What passed for a request that is given up, and what is said to that.
    pub(super) fn given_up(&mut self, number: usize) -> (Traffic, Vec<String>) {
        let key = self.keys[number];
        self.connection.cancel(key, Failure::new(ErrorKind::Timeout, "too late"), self.now);
        let passed = self.connection.take(key).map(|outcome| outcome.traffic);
        (passed.unwrap_or_default(), self.said())
    }

    pub(super) fn ends(&mut self) {
        self.connection.end(None, self.now);
    }
}

/// Frames of ours, for people.
pub(super) fn described(mut bytes: &[u8]) -> Vec<String> {
    let mut list = Vec::new();
    if let Some(rest) = bytes.strip_prefix(frame::PREFACE) {
        list.push("PRI".to_owned());
        bytes = rest;
    }
    while let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() {
        let head = Head::parse(head);
        let (payload, rest) = rest.split_at(head.length);
        bytes = rest;
        list.push(describe(head, payload));
    }
    assert_eq!(bytes, b"", "whole frames");
    list
}

fn describe(head: Head, payload: &[u8]) -> String {
    let Head { stream, length, .. } = head;
    let end = if head.has(END_STREAM) { " END" } else { "" };
    match head.kind {
        Kind::Data => format!("DATA {stream} {length} bytes{end}"),
        Kind::Headers => format!("HEADERS {stream}{end}"),
        Kind::Reset => format!("RST_STREAM {stream} {}", frame::code(payload).unwrap()),
        Kind::Settings if head.has(ACK) => format!("SETTINGS {stream} ACK"),
        Kind::Settings => format!("SETTINGS {stream} {length} bytes"),
        Kind::Ping if head.has(ACK) => format!("PING ACK {}", String::from_utf8_lossy(payload)),
        Kind::GoAway => format!("GOAWAY {}", frame::code(&payload[4..]).unwrap()),
        Kind::WindowUpdate => format!("WINDOW_UPDATE {stream} +{}", frame::number(payload).unwrap()),
        Kind::Continuation => format!("CONTINUATION {stream} {length} bytes"),
        kind => panic!("we never send {kind:?}"),
    }
}

#[test]
fn a_request_and_its_answer() {
    let mut play = Play::greeted(&[]);
    let request = play.get();
    let length = play.connection.waiting().len() as u64;
    assert_eq!(play.said(), ["HEADERS 1 END"]);
    assert_eq!(play.became(request), "…");
    play.hears(&headers(0, 1, OK));
    play.hears(&data(0, 1, b"he"));
    play.hears(&data(END_STREAM, 1, b"llo"));
    assert_eq!(play.connection.drain_ended().collect::<Vec<_>>(), [play.keys[request]]);
    let outcome = play.connection.take(play.keys[request]).unwrap();
    let answer = outcome.result.unwrap();
    assert_eq!((answer.status, answer.ended - answer.first_byte), (200, Duration::from_secs(2)));
    assert_eq!(answer.first_byte - outcome.opened.unwrap(), Duration::from_secs(1));
    // With it goes what is nobody's: preface, settings, window and acknowledgement; the peer's settings.
    let expected = Traffic { sent: length + 24 + 27 + 13 + 9, received: 10 + 11 + 12 + 9 };
    assert_eq!(outcome.traffic, expected);
    assert!(play.said().is_empty() && play.connection.takes_streams());
}

#[test]
fn heads_are_timed_from_their_first_byte() {
    let mut play = Play::greeted(&[]);
    let request = play.get();
    let pieces = [frame(1, END_STREAM, 1, OK), frame(9, END_HEADERS, 1, &field("server", "x"))].concat();
    pieces.iter().for_each(|byte| play.hears(&[*byte]));
    let answer = play.connection.take(play.keys[request]).unwrap().result.unwrap();
    assert_eq!(answer.ended - answer.first_byte, Duration::from_secs(pieces.len() as u64 - 1));
}

/// What comes on stream 1, and what becomes of the request: with which method, and what the peer is told.
#[test]
fn answers_in_all_their_forms() {
    let length = |length: &str| field("content-length", length);
    let interim = headers(0, 1, &field(":status", "103"));
    for (method, frames, became) in [
        ("GET", headers(END_STREAM, 1, OK), "200"),
        ("GET", headers(END_STREAM, 1, &[OK, &length("0")].concat()), "200"),
        ("GET", [headers(0, 1, OK), data(END_STREAM, 1, b"")].concat(), "200"),
        ("GET", [headers(0, 1, OK), data(END_STREAM | 8, 1, b"\x02a\0\0")].concat(), "200"),
        ("GET", [headers(0, 1, &[OK, &length("1")].concat()), data(END_STREAM | 8, 1, b"\x02a\0\0")].concat(), "200"),
        ("GET", [headers(0, 1, OK), data(0, 1, b"a"), headers(END_STREAM, 1, &field("x-sum", "1"))].concat(), "200"),
        ("GET", [interim.clone(), interim.clone(), headers(END_STREAM, 1, OK)].concat(), "200"),
        ("GET", frame(1, END_STREAM | END_HEADERS | 8 | 0x20, 1, b"\x01\0\0\0\0\x10\x88\0"), "200"),
        ("HEAD", headers(END_STREAM, 1, &[OK, &length("500")].concat()), "200"),
        ("GET", headers(END_STREAM, 1, &[&b"\x8b"[..], &length("500")].concat()), "304"),
        ("GET", headers(END_STREAM, 1, b"\x89"), "204"),
        ("GET", [headers(0, 1, OK), reset(1, 0)].concat(), "protocol: the peer reset the stream: NO_ERROR"),
        ("GET", [headers(END_STREAM, 1, OK), reset(1, 0), window_update(1, 7)].concat(), "200"),
        ("POST", [headers(END_STREAM, 1, OK), reset(1, 0)].concat(), "200"),
        ("GET", reset(1, 2), "protocol: the peer reset the stream: INTERNAL_ERROR"),
        ("GET", reset(1, 99), "protocol: the peer reset the stream: error code 99"),
        ("GET", reset(1, 7), "protocol!: the peer reset the stream: REFUSED_STREAM"),
        ("GET", [frame(2, 0, 1, b"12345"), frame(99, 255, 77, b"?"), headers(END_STREAM, 1, OK)].concat(), "200"),
    ] {
        let mut play = Play::greeted(&[]);
        let request = play.send(method, &[]);
        play.said();
        play.hears(&frames);
        assert_eq!(
            (play.became(request).as_str(), play.said()),
            (became, vec![]),
            "{method} {}",
            frames.escape_ascii()
        );
        assert!(play.connection.takes_streams());
    }
}

#[test]
fn requests_wait_for_their_turn() {
    let mut play = Play::greeted(&[(3, 1)]);
    let [first, second, third, fourth] = [play.get(), play.get(), play.get(), play.get()];
    assert_eq!(play.said(), ["HEADERS 1 END"]);
    play.hears(&headers(END_STREAM, 1, OK));
    assert_eq!((play.became(first).as_str(), play.said()), ("200", vec!["HEADERS 3 END".to_owned()]));
    assert_eq!(play.given_up(third), (Traffic::default(), vec![]), "what waits is given up without a word");
    play.hears(&settings(&[(3, 2)]));
    assert_eq!(play.said(), ["SETTINGS 0 ACK", "HEADERS 5 END"]);
    play.hears(&[headers(END_STREAM, 5, OK), headers(END_STREAM, 3, OK)].concat());
    assert_eq!([second, fourth].map(|number| play.became(number)), ["200", "200"]);
}

#[test]
fn a_peer_is_not_flooded_before_it_has_said_what_it_takes() {
    let mut play = Play::new();
    for _ in 0..150 {
        play.get();
    }
    assert_eq!(play.said().len(), 100);
    play.hears(&settings(&[]));
    assert_eq!(play.said().len(), 51);
}

#[test]
fn what_is_given_up_may_still_be_answered() {
    let mut play = Play::greeted(&[]);
    let (first, second) = (play.get(), play.get());
    play.said();
    let (passed, said) = play.given_up(first);
    assert!(passed.sent > 100, "{passed:?}");
    assert_eq!(said, ["RST_STREAM 1 CANCEL"]);
    // Its head changes the state of the compression all the same.
    let entry = [OK, b"\x40\x01a\x01b"].concat();
    play.hears(&[headers(0, 1, &entry), data(END_STREAM, 1, b"late"), headers(END_STREAM, 3, b"\x88\xbe")].concat());
    assert_eq!((play.became(second).as_str(), play.said()), ("200", vec![]));
    assert_eq!(play.became(first), "…");
}

#[test]
fn a_connection_that_is_left_is_over() {
    let mut play = Play::greeted(&[]);
    play.connection.leave(play.now);
    assert_eq!(play.said(), ["GOAWAY NO_ERROR"]);
    assert!(play.connection.is_over() && !play.connection.takes_streams());
    let late = play.get();
    assert_eq!(play.became(late), "closed early!: the connection is not wanted any more");
}

#[test]
fn stream_numbers_come_to_an_end() {
    let mut play = Play::greeted(&[]);
    play.connection.next = MAX_31;
    let (last, late) = (play.get(), play.get());
    assert_eq!(play.said(), ["HEADERS 2147483647 END"]);
    assert_eq!(play.became(late), "protocol!: the connection's stream numbers are used up");
    assert!(!play.connection.takes_streams() && !play.connection.is_over());
    play.hears(&headers(END_STREAM, MAX_31, OK));
    assert_eq!(play.became(last), "200");
    assert!(play.connection.is_over());
}

#[test]
fn heads_are_told_once_and_then_referred_to() {
    let mut play = Play::greeted(&[]);
    let lengths = [(); 3].map(|()| {
        play.get();
        let length = play.connection.waiting().len() - HEAD;
        play.said();
        length
    });
    assert_eq!(lengths, [15, 4, 4]);
    // A peer may want a smaller table, or none: it is told of that before it gets the next head.
    play.hears(&settings(&[(1, 0)]));
    play.said();
    play.get();
    assert_eq!(play.connection.waiting()[HEAD], 0x20);
    assert_eq!(play.connection.waiting().len() - HEAD, 16);
}

/// A peer that leaves: with which words, after how many of two requests, and what becomes of them.
#[test]
fn peers_go_away() {
    const CLOSED: &str = "the peer closed the HTTP/2 connection before the answer was whole";
    const WENT: &str = "the peer ended the HTTP/2 connection";
    for (frames, first, second) in [
        (vec![], format!("closed early?: {CLOSED}"), format!("closed early?: {CLOSED}")),
        (headers(0, 1, OK), format!("closed early: {CLOSED}"), format!("closed early?: {CLOSED}")),
        (
            go_away(1, 0),
            format!("closed early?: {CLOSED}; before that, {WENT}: NO_ERROR"),
            format!("closed early!: {WENT}: NO_ERROR"),
        ),
        (
            [go_away(1, 0), headers(END_STREAM, 1, OK)].concat(),
            "200".to_owned(),
            format!("closed early!: {WENT}: NO_ERROR"),
        ),
        (
            [go_away(MAX_31, 0), go_away(0, 11)].concat(),
            format!("protocol!: {WENT}: ENHANCE_YOUR_CALM"),
            format!("protocol!: {WENT}: ENHANCE_YOUR_CALM"),
        ),
    ] {
        let mut play = Play::greeted(&[]);
        let (one, two) = (play.get(), play.get());
        play.said();
        play.hears(&frames);
        play.ends();
        assert_eq!((play.became(one), play.became(two)), (first, second));
        assert!(play.connection.is_over() && !play.connection.takes_streams());
    }
}

#[test]
fn what_never_left_may_go_again() {
    let mut play = Play::greeted(&[]);
    let request = play.get();
    play.ends();
    let outcome = play.connection.take(play.keys[request]).unwrap();
    assert_eq!(outcome.traffic.sent, 24 + 27 + 13 + 9, "only what was said before");
    assert_eq!(outcome.result.unwrap_err().again, Again::Safely);
}
