#![no_main]
//! Any bytes, split anywhere, from the peer of an HTTP/2 connection: nothing panics, every request ends, what
//! waits to be written stays small, and where the bytes were split makes no difference.

use std::rc::Rc;

use libfuzzer_sys::fuzz_target;
use onrush_net::Failure;
use onrush_net::clock::Instant;
use onrush_net::http1::Limits;
use onrush_net::http2::{Connection, Key, Target, Wire};

/// Small, so that the fuzzer finds them.
const LIMITS: Limits = Limits { head: 2048, body: 4096 };
/// What our requests and the answers to the peer's frames come to at the most.
const MOST_WAITING: usize = 300_000;

/// What our requests come to, and everything that we say.
type Played = (Vec<Result<u16, Failure>>, Vec<u8>);

fuzz_target!(|data: &[u8]| {
    // The first byte: how many bytes of piece lengths follow. Then the stream.
    let Some((first, rest)) = data.split_first() else { return };
    let (lengths, stream) = rest.split_at(usize::from(*first).min(rest.len()));
    let now = Instant::now();
    assert!(play(stream, &[], now) == play(stream, lengths, now), "{lengths:?}: {}", stream.escape_ascii());
});

/// Three requests, and bytes in pieces of the lengths given; past the last one there is one more piece.
fn play(mut stream: &[u8], lengths: &[u8], now: Instant) -> Played {
    let mut connection = Connection::new(LIMITS);
    let keys =
        [("GET", 0), ("POST", 100_000), ("HEAD", 0)].map(|(method, length)| open(&mut connection, method, length, now));
    let mut lengths = lengths.iter().map(|length| usize::from(*length).max(1));
    while !stream.is_empty() {
        let (piece, rest) = stream.split_at(lengths.next().unwrap_or(stream.len()).min(stream.len()));
        stream = rest;
        connection.receive(piece, now);
        assert!(connection.waiting().len() < MOST_WAITING);
    }
    let said = connection.waiting().to_vec();
    connection.end(None, now);
    assert!(connection.is_over());
    let ends = keys.map(|key| connection.take(key).expect("every request ends").result);
    (ends.map(|end| end.map(|answer| answer.status).map_err(|broken| broken.failure)).into(), said)
}

fn open(connection: &mut Connection, method: &str, length: usize, now: Instant) -> Key {
    let target = Target { method, scheme: "http", authority: "a.example.com", path: "/" };
    let wire = Wire::new(&target, [], &vec![b'x'; length]).expect("a request that can be sent");
    connection.open(Rc::new(wire), now)
}
