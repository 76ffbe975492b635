//! The state of a connection: bytes and requests in, bytes and outcomes out. No I/O, and no clock of its own.

mod incoming;
mod messages;
mod outgoing;

use std::collections::VecDeque;
use std::rc::Rc;

use onrush_metrics::ErrorKind;

use super::frame::{self, Code, FIRST_WINDOW, MAX_31, MAX_PAYLOAD, setting};
use super::hpack::{Decoder, Encoder};
use super::out::Out;
use super::outcome::{Again, Answer, Broken, Outcome, Traffic};
use super::splitter::Splitter;
use super::streams::{GivenUp, Key, Stream, Streams};
use super::wire::Wire;
use crate::clock::Instant;
use crate::failure::Failure;
use crate::http1::Limits;

/// Large windows, so that flow control measures the service and not us.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;
/// Streams that are opened before the peer has said how many it takes: the least that RFC 9113 §6.5.2 recommends.
const FIRST_MAX_STREAMS: u32 = 100;

/// A client's side of a connection.
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    peer: Peer,
    splitter: Splitter,
    encoder: Encoder,
    decoder: Decoder,
    /// A header block whose end has not come.
    block: Option<messages::Partial>,
    /// The head of the last answer, which the next one mostly repeats.
    last: messages::Cached,
    streams: Streams,
    given_up: GivenUp,
    /// The number of the next stream.
    next: u32,
    /// Requests that wait until the peer takes another stream.
    queue: VecDeque<Key>,
    /// Streams whose request bodies have not been queued to their ends.
    bodies: VecDeque<Key>,
    out: Out,
    /// Answers to the peer's own frames since everything that waited was written.
    replies: u32,
    /// What the peer lets us send on the connection.
    window: i64,
    /// Bytes of DATA that came since we last made the peer's window larger.
    used: u32,
    /// What passed that belongs to no stream.
    loose: Traffic,
    ended: Vec<Key>,
    /// Something of an answer is, or was, to be kept.
    is_looked_at: bool,
    /// Why there will be no more streams.
    leaving: Option<Failure>,
}

/// What the peer has said of itself.
#[derive(Debug)]
struct Peer {
    /// Its settings have come.
    greeted: bool,
    max_streams: u32,
    initial_window: u32,
    max_payload: usize,
}

impl Connection {
    /// A connection on which our first words wait to be written.
    pub fn new(limits: Limits) -> Self {
        let mut out = Out::default();
        out.end().extend_from_slice(frame::PREFACE);
        let max_head = u32::try_from(limits.head).unwrap_or(u32::MAX);
        let settings = [
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (setting::MAX_HEADER_LIST_SIZE, max_head),
        ];
        frame::write_settings(out.end(), &settings);
        frame::write_window_update(out.end(), 0, CONNECTION_WINDOW - FIRST_WINDOW);
        let loose = Traffic { sent: out.queued(), received: 0 };
        let peer = Peer {
            greeted: false,
            max_streams: FIRST_MAX_STREAMS,
            initial_window: FIRST_WINDOW,
            max_payload: MAX_PAYLOAD,
        };
        Self {
            limits,
            peer,
            splitter: Splitter::default(),
            encoder: Encoder::default(),
            decoder: Decoder::default(),
            block: None,
            last: messages::Cached::default(),
            streams: Streams::default(),
            given_up: GivenUp::default(),
            next: 1,
            queue: VecDeque::new(),
            bodies: VecDeque::new(),
            out,
            replies: 0,
            window: i64::from(FIRST_WINDOW),
            used: 0,
            loose,
            is_looked_at: false,
            ended: Vec::new(),
            leaving: None,
        }
    }

    /// Begins a request, or lets it wait for its turn if the peer takes no more at a time.
    pub fn open(&mut self, wire: Rc<Wire>, now: Instant) -> Key {
        self.is_looked_at |= wire.kept.is_some();
        let key = self.streams.add(Stream::new(wire));
        self.queue.push_back(key);
        self.admit(now);
        key
    }

    /// The outcome of a request that has ended; its key is of no further use then.
    pub fn take(&mut self, key: Key) -> Option<Outcome> {
        let result = self.streams.get(key)?.result.take()?;
        let stream = self.streams.remove(key)?;
        let mut traffic = stream.traffic;
        traffic.add(std::mem::take(&mut self.loose));
        Some(Outcome { result, opened: stream.opened, traffic })
    }

    /// Ends a request for a reason of our own, if it has not ended yet.
    pub fn cancel(&mut self, key: Key, failure: Failure, now: Instant) {
        let Some(stream) = self.streams.get(key).filter(|stream| stream.result.is_none()) else { return };
        if stream.id > 0 {
            self.abort(key, Code::CANCEL);
        }
        self.queue.retain(|waiting| *waiting != key);
        self.fail(key, failure, Again::Never);
        self.admit(now);
    }

    /// The requests that have ended since this was last called.
    pub fn drain_ended(&mut self) -> impl Iterator<Item = Key> {
        self.ended.drain(..)
    }

    /// Whether a request may be begun here.
    pub fn takes_streams(&self) -> bool {
        self.leaving.is_none() && self.next <= MAX_31
    }

    /// Whether nothing more will happen here, once the bytes that wait are written.
    pub fn is_over(&self) -> bool {
        self.streams.open() == 0 && self.queue.is_empty() && !self.takes_streams()
    }

    /// The bytes that wait to be written.
    pub fn waiting(&self) -> &[u8] {
        self.out.waiting()
    }

    /// So many of the bytes that wait have been written.
    pub fn advance(&mut self, count: usize) {
        self.out.advance(count);
        if self.out.waiting().is_empty() {
            self.replies = 0;
        }
        self.send_bodies();
    }

    /// Takes what was read.
    pub fn receive(&mut self, input: &[u8], now: Instant) {
        if self.is_over() {
            return;
        }
        let mut splitter = std::mem::take(&mut self.splitter);
        let fed = splitter.feed(input, now, |frame, since| self.on_frame(frame, since, now));
        self.splitter = splitter;
        if let Err(fault) = fed
            && !self.is_over()
        {
            frame::write_go_away(self.out.end(), fault.code);
            self.fail_all(&Failure::new(ErrorKind::Protocol, fault.to_string()), now);
        }
    }

    /// Nothing more can be read: the peer has closed the connection, or there was a failure.
    pub fn end(&mut self, failure: Option<Failure>, now: Instant) {
        let failure = failure.unwrap_or_else(|| {
            let text = "the peer closed the HTTP/2 connection before the answer was whole";
            let said = self.leaving.iter().map(|reason| format!("; before that, {reason}"));
            Failure::new(ErrorKind::ClosedEarly, format!("{text}{}", said.collect::<String>()))
        });
        self.fail_all(&failure, now);
    }

    /// Nobody here wants the connection any more.
    pub fn leave(&mut self, now: Instant) {
        if self.leaving.is_none() {
            frame::write_go_away(self.out.end(), Code::NO_ERROR);
        }
        self.fail_all(&Failure::new(ErrorKind::ClosedEarly, "the connection is not wanted any more"), now);
    }

    /// Ends every request that has not ended, and the connection.
    fn fail_all(&mut self, failure: &Failure, now: Instant) {
        self.leaving = Some(failure.clone());
        for key in self.streams.open_from(0) {
            let again = self.again(key, failure);
            self.fail(key, failure.clone(), again);
        }
        self.admit(now);
    }

    /// Whether the request of a stream may be sent again after the connection has failed.
    fn again(&mut self, key: Key, failure: &Failure) -> Again {
        let written = self.out.written();
        let Some(stream) = self.streams.get(key) else { return Again::Never };
        let has_left = stream.from < written;
        let is_answered = stream.first_byte.is_some();
        if !has_left {
            stream.traffic.sent = 0;
        }
        match failure.kind() {
            _ if !has_left => Again::Safely,
            ErrorKind::Reset | ErrorKind::ClosedEarly if !is_answered => Again::IfIdempotent,
            _ => Again::Never,
        }
    }

    /// Ends a request without an answer.
    fn fail(&mut self, key: Key, failure: Failure, again: Again) {
        self.settle(key, Err(Broken { failure, again }));
    }

    /// Ends a request. If it was open, the peer knows.
    fn settle(&mut self, key: Key, result: Result<Answer, Broken>) {
        let Some(stream) = self.streams.get(key) else { return };
        let (id, is_sent) = (stream.id, stream.is_sent());
        stream.result = Some(result);
        self.ended.push(key);
        if id > 0 {
            self.streams.closed(id);
        }
        if !is_sent {
            self.bodies.retain(|sending| *sending != key);
        }
    }

    /// Tells the peer that a stream is of no further interest.
    fn abort(&mut self, key: Key, code: Code) {
        let Some(stream) = self.streams.get(key) else { return };
        let (id, is_sent) = (stream.id, stream.is_sent());
        stream.traffic.sent += frame::NUMBER_LENGTH;
        frame::write_reset(self.out.end(), id, code);
        self.given_up.add(id);
        self.streams.closed(id);
        if !is_sent {
            self.bodies.retain(|sending| *sending != key);
        }
    }
}

#[cfg(test)]
mod tests;
