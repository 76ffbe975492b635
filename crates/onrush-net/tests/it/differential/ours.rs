//! What our connection makes of a stream; the reader alone must agree with it.

use std::cell::RefCell;
use std::task::Poll;

use onrush_net::http1::{Answer, Connection, Expect, Flight, Limits, ReadContext, Reader};

use super::script::{Script, settle};
use super::{Outcome, Stream};

/// As large as what hyper takes into its buffer.
const LIMITS: Limits = Limits { head: 400 * 1024, body: u64::MAX };
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a.example.com\r\n\r\n";

thread_local! {
    /// Goes from stream to stream, as a worker's goes from connection to connection.
    static CONTEXT: RefCell<ReadContext> = RefCell::new(ReadContext::new(LIMITS));
}

pub(super) fn read(stream: &Stream) -> Outcome {
    let script = Script::new(stream.pieces());
    let mut connection = Connection::new(script.clone());
    let expects = [Expect { no_body: stream.head }];
    let mut flight = Flight::new(REQUEST, &expects);
    let mut answer = None;
    let first = fly(&mut connection, &mut flight, &mut answer);
    let before_close = first.is_some();
    let ended = first.or_else(|| {
        script.close();
        fly(&mut connection, &mut flight, &mut answer)
    });
    let is_answered = ended.expect("an answer or an error once the peer has closed");
    let Some(answer) = answer else { return Outcome::Refused { before_close } };
    let (status, body) = read_alone(stream, &answer);
    if !is_answered {
        return Outcome::Excess { status, body };
    }
    let reusable = before_close && answer.head.keep_alive && carries_another(&mut connection, &script);
    Outcome::Answer { status, body, before_close, reusable }
}

/// Drives a flight as far as it goes; whether it was answered, if it ended.
fn fly(connection: &mut Connection<Script>, flight: &mut Flight<'_>, answer: &mut Option<Answer>) -> Option<bool> {
    let mut scratch = [0; 4096];
    let mut ended = None;
    settle(|cx| {
        if ended.is_none() {
            let on_answer = &mut |_, whole| *answer = Some(whole);
            let flown =
                CONTEXT.with_borrow_mut(|context| connection.poll_flight(cx, &mut scratch, flight, context, on_answer));
            ended = match flown {
                Poll::Ready(done) => Some(done.is_ok()),
                Poll::Pending => None,
            };
        }
    });
    ended
}

/// Whether the next request goes out and waits for its answer.
fn carries_another(connection: &mut Connection<Script>, script: &Script) -> bool {
    script.arrive();
    let expects = [Expect { no_body: false }];
    let ended = fly(connection, &mut Flight::new(REQUEST, &expects), &mut None);
    ended.is_none() && script.requests() == 2
}

/// The body, which connections do not keep, from the reader by itself.
fn read_alone(stream: &Stream, answer: &Answer) -> (u16, String) {
    let (mut reader, mut context) = (Reader::new(), ReadContext::new(LIMITS));
    let mut body = Vec::new();
    let expect = Expect { no_body: stream.head };
    let mut done = None;
    for piece in stream.pieces() {
        let fed = reader.feed(&piece, expect, &mut context, &mut |data: &[u8]| body.extend_from_slice(data));
        let (fed, head) = fed.expect("the connection has taken it");
        assert!(fed.used == piece.len() || (fed.done && fed.used < piece.len()), "{fed:?} of {}", piece.len());
        if head.is_some() {
            done = head;
            break;
        }
    }
    let head = done.unwrap_or_else(|| reader.close().expect("the connection has taken it"));
    assert_eq!(head, answer.head);
    (head.status, body.escape_ascii().to_string())
}
