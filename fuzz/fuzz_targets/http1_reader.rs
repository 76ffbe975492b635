#![no_main]
//! Any bytes, split anywhere, into the HTTP/1.1 reader: it never panics, takes no byte of the next response,
//! always goes on, and what it makes of a stream does not depend on where the stream was split.

use libfuzzer_sys::fuzz_target;
use onrush_net::http1::{Expect, Limits, ReadContext, Reader};

/// Small, so that the fuzzer finds them.
const LIMITS: Limits = Limits { head: 2048, body: 4096 };

/// A whole response as its user sees it: status, keep-alive, body, bytes on the wire.
type Response = (u16, bool, Vec<u8>, usize);

fuzz_target!(|data: &[u8]| {
    // The first byte: bit 0 says HEAD, the others how many bytes of piece lengths follow. Then the stream.
    let Some((first, rest)) = data.split_first() else { return };
    let expect = Expect { no_body: first & 1 == 1 };
    let (lengths, stream) = rest.split_at(usize::from(first >> 1).min(rest.len()));
    // Shared: what the first reading has got used to, the second meets again.
    let mut context = ReadContext::new(LIMITS);
    let whole = read(stream, &[], expect, &mut context);
    let split = read(stream, lengths, expect, &mut context);
    assert_eq!(whole, split, "{lengths:?}: {}", stream.escape_ascii());
});

/// The responses of a stream, and whether it ended in good order. Pieces have the lengths given, in turn;
/// past the last one there is one more piece.
fn read(mut stream: &[u8], lengths: &[u8], expect: Expect, context: &mut ReadContext) -> (Vec<Response>, bool) {
    let mut reader = Reader::new();
    let (mut responses, mut body, mut wire) = (Vec::new(), Vec::new(), 0);
    let mut lengths = lengths.iter().map(|length| usize::from(*length).max(1));
    while !stream.is_empty() {
        let (mut piece, rest) = stream.split_at(lengths.next().unwrap_or(stream.len()).min(stream.len()));
        stream = rest;
        while !piece.is_empty() {
            let Ok((fed, head)) = reader.feed(piece, expect, context, &mut |data: &[u8]| body.extend_from_slice(data)) else {
                return (responses, false);
            };
            assert_eq!(fed.done, head.is_some());
            assert!(fed.used > 0 && (fed.used == piece.len() || (fed.done && fed.used < piece.len())), "{fed:?}");
            piece = &piece[fed.used..];
            wire += fed.used;
            assert!(body.len() <= wire && body.len() as u64 <= LIMITS.body);
            if let Some(head) = head {
                responses.push((head.status, head.keep_alive, std::mem::take(&mut body), std::mem::take(&mut wire)));
            }
        }
    }
    if reader.is_untouched() {
        assert_eq!(wire, 0);
        return (responses, true);
    }
    match reader.close() {
        Ok(head) => {
            responses.push((head.status, head.keep_alive, body, wire));
            (responses, true)
        }
        Err(_) => (responses, false),
    }
}
