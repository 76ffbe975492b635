//! Header blocks and bodies become answers.

use std::cell::RefCell;
use std::rc::Rc;

use onrush_metrics::ErrorKind;

use super::super::answer::{Gather, Head as Said, Part};
use super::super::fault::Fault;
use super::super::frame::{self, Code, END_HEADERS, END_STREAM, HEAD, Head};
use super::super::hpack::Malformed;
use super::super::outcome::{Again, Answer};
use super::super::streams::Key;
use super::{Connection, STREAM_WINDOW};
use crate::clock::Instant;
use crate::failure::Failure;
use crate::http1::Sink;
use crate::kept::Kept;

/// Interim answers (1xx) before the real one; more are a flood.
const MAX_INTERIM: u8 = 100;
/// The longest block that is remembered.
const REMEMBERED: usize = 128;

/// A header block of which some frames have come.
#[derive(Debug)]
pub(super) struct Partial {
    /// That of the HEADERS frame, with the lengths of all frames so far.
    head: Head,
    since: Instant,
    bytes: Vec<u8>,
    received: usize,
}

/// A block and what it said. As long as the table of the compression stays as it was, it says so again.
#[derive(Debug, Default)]
pub(super) struct Cached {
    block: Vec<u8>,
    changes: u64,
    said: Said,
}

impl Connection {
    pub(super) fn on_headers(&mut self, head: Head, payload: &[u8], since: Instant, now: Instant) -> Result<(), Fault> {
        self.check_stream(head, "HEADERS")?;
        let Some(block) = frame::fragment(head, payload) else {
            return Err(Fault::new(Code::PROTOCOL_ERROR, "a HEADERS frame has more padding than bytes"));
        };
        if head.has(END_HEADERS) {
            return self.on_block(head, block, since, now);
        }
        self.block = Some(Partial { head, since, bytes: block.to_vec(), received: HEAD + head.length });
        Ok(())
    }

    pub(super) fn on_continuation(&mut self, head: Head, payload: &[u8], now: Instant) -> Result<(), Fault> {
        let Some(mut block) = self.block.take().filter(|block| block.head.stream == head.stream) else {
            return Err(Fault::new(Code::PROTOCOL_ERROR, "CONTINUATION without a header block to continue"));
        };
        // The heads of frames count, so that empty ones come to an end, too.
        block.received += HEAD + head.length;
        block.head.length += HEAD + head.length;
        block.bytes.extend_from_slice(payload);
        if block.received > self.limits.head {
            let text = format!("the response head is longer than {} bytes", self.limits.head);
            return Err(Fault::new(Code::ENHANCE_YOUR_CALM, text));
        }
        if head.has(END_HEADERS) {
            return self.on_block(block.head, &block.bytes, block.since, now);
        }
        self.block = Some(block);
        Ok(())
    }

    /// Takes a whole header block.
    fn on_block(&mut self, head: Head, block: &[u8], since: Instant, now: Instant) -> Result<(), Fault> {
        let Some(key) = self.streams.find(head.stream) else {
            self.on_closed_stream(head, "HEADERS")?;
            return self.decode(Part::Trailers, block, None).map(drop);
        };
        let ends = head.has(END_STREAM);
        let Some(stream) = self.streams.get(key) else { return Ok(()) };
        stream.traffic.received += (HEAD + head.length) as u64;
        stream.first_byte.get_or_insert(since);
        let is_trailer = stream.head.is_some();
        let part = if is_trailer { Part::Trailers } else { Part::Head };
        let wire = stream.wire.kept.is_some().then(|| Rc::clone(&stream.wire));
        match self.decode(part, block, wire.as_deref().and_then(|wire| wire.kept.as_ref()))? {
            Err(what) => self.reject(key, Code::PROTOCOL_ERROR, what, now),
            Ok(_) if is_trailer && ends => self.finish(key, now),
            Ok(_) if is_trailer => {
                self.reject(key, Code::PROTOCOL_ERROR, "the response goes on after its trailers", now);
            }
            Ok(said) if said.status < 200 => self.on_interim(key, ends, now),
            Ok(said) => {
                let Some(stream) = self.streams.get(key) else { return Ok(()) };
                let announced = said.length.filter(|_| has_body(stream.wire.is_head, said.status));
                stream.head = Some(said);
                if let Some(length) = announced.filter(|length| *length > self.limits.body) {
                    let most = self.limits.body;
                    let what = format!("the response announces a body of {length} bytes, and {most} is the most");
                    self.reject(key, Code::CANCEL, what, now);
                    return Ok(());
                }
                if ends {
                    self.finish(key, now);
                }
            }
        }
        Ok(())
    }

    /// The fields of a block, or what is wrong with them. What is wrong with the block itself is a fault.
    /// `kept` gets the fields of a head.
    fn decode(
        &mut self,
        part: Part,
        block: &[u8],
        kept: Option<&RefCell<Kept>>,
    ) -> Result<Result<Said, Box<str>>, Fault> {
        let kept = kept.filter(|_| part == Part::Head);
        if let Some(kept) = kept {
            // An interim head may have come before.
            kept.borrow_mut().begin();
        }
        let before = self.decoder.changes();
        if kept.is_none()
            && part == Part::Head
            && before == self.last.changes
            && *block == *self.last.block
            && !block.is_empty()
        {
            return Ok(Ok(self.last.said.clone()));
        }
        let mut gather = Gather::new(part, self.limits.head);
        let decoded = self.decoder.decode(block, |name, value| {
            gather.field(name, value);
            if let Some(kept) = kept {
                kept.borrow_mut().field(name, value);
            }
        });
        decoded.map_err(|Malformed(what)| Fault::new(Code::COMPRESSION_ERROR, what))?;
        let said = gather.finish();
        if let Ok(said @ Said { location: None, .. }) = &said
            && part == Part::Head
            && block.len() <= REMEMBERED
            && before == self.decoder.changes()
        {
            self.last.block.clear();
            self.last.block.extend_from_slice(block);
            self.last.changes = before;
            self.last.said = said.clone();
        }
        Ok(said)
    }

    fn on_interim(&mut self, key: Key, ends: bool, now: Instant) {
        let Some(stream) = self.streams.get(key) else { return };
        stream.interim += 1;
        if ends {
            self.reject(key, Code::PROTOCOL_ERROR, "the response ended with an interim (1xx) one", now);
        } else if stream.interim > MAX_INTERIM {
            let what = format!("more than {MAX_INTERIM} interim (1xx) responses");
            self.reject(key, Code::ENHANCE_YOUR_CALM, what, now);
        }
    }

    /// Takes a DATA frame of an open stream.
    pub(super) fn on_body(&mut self, key: Key, head: Head, padding: usize, now: Instant) {
        let Some(stream) = self.streams.get(key) else { return };
        stream.traffic.received += (HEAD + head.length) as u64;
        stream.used += head.length as u32;
        stream.seen += (head.length - padding) as u64;
        let (seen, is_too_much) = (stream.seen, stream.used > STREAM_WINDOW);
        let Some(said) = &stream.head else {
            return self.reject(key, Code::PROTOCOL_ERROR, "the response began with its body", now);
        };
        let most = if has_body(stream.wire.is_head, said.status) { said.length } else { Some(0) };
        if is_too_much {
            self.reject(key, Code::FLOW_CONTROL_ERROR, "the peer sent more than the stream's window", now);
        } else if let Some(most) = most.filter(|most| seen > *most) {
            let what = format!("the response body is longer than the {most} bytes that it may have");
            self.reject(key, Code::PROTOCOL_ERROR, what, now);
        } else if seen > self.limits.body {
            let what = format!("the response body is longer than {} bytes", self.limits.body);
            self.reject(key, Code::CANCEL, what, now);
        } else if head.has(END_STREAM) {
            self.finish(key, now);
        } else if stream.used >= STREAM_WINDOW / 2 {
            stream.traffic.sent += frame::NUMBER_LENGTH;
            let used = std::mem::take(&mut stream.used);
            frame::write_window_update(self.out.end(), head.stream, used);
        }
    }

    /// Bytes of a body, for those who look at them.
    pub(super) fn on_piece(&mut self, stream: u32, bytes: &[u8]) {
        let key = self.streams.find(stream);
        if let Some(kept) = key.and_then(|key| self.streams.get(key)?.wire.kept.as_ref()) {
            kept.borrow_mut().take_body(bytes);
        }
    }

    /// The peer has ended a stream whose head has come.
    fn finish(&mut self, key: Key, now: Instant) {
        let Some(stream) = self.streams.get(key) else { return };
        let Some(said) = stream.head.take() else { return };
        let announced = said.length.filter(|_| has_body(stream.wire.is_head, said.status));
        if let Some(missing) = announced.and_then(|length| length.checked_sub(stream.seen)).filter(|less| *less > 0) {
            let what = format!("the response ended with {missing} announced bytes of its body missing");
            return self.reject(key, Code::PROTOCOL_ERROR, what, now);
        }
        let first_byte = stream.first_byte.unwrap_or(now);
        let answer = Answer { status: said.status, location: said.location, first_byte, ended: now };
        if !stream.is_sent() {
            // The peer has answered without wanting the rest.
            self.abort(key, Code::CANCEL);
        }
        self.settle(key, Ok(answer));
        self.admit(now);
    }

    /// Ends a request because of what the peer did on its stream; the others go on.
    #[cold]
    pub(super) fn reject(&mut self, key: Key, code: Code, what: impl Into<Box<str>>, now: Instant) {
        self.abort(key, code);
        self.fail(key, Failure::new(ErrorKind::Protocol, what), Again::Never);
        self.admit(now);
    }
}

/// RFC 9110 §6.4.1.
fn has_body(is_head: bool, status: u16) -> bool {
    !is_head && !matches!(status, 204 | 304)
}
