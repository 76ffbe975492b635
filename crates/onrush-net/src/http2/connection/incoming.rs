//! Frames as they come: what each kind may look like, and what it does to the connection.

use onrush_metrics::ErrorKind;

use super::super::fault::Fault;
use super::super::frame::{self, ACK, Code, HEAD, Head, Kind, MAX_31, setting};
use super::super::outcome::{Again, Traffic};
use super::super::splitter::Frame;
use super::{CONNECTION_WINDOW, Connection};
use crate::clock::Instant;
use crate::failure::Failure;

/// Answers to settings and pings that may wait to be written. More are a flood by somebody who does not read.
const MOST_REPLIES: u32 = 1000;
const WRONG_SIZE: Fault = Fault::fixed(Code::FRAME_SIZE_ERROR, "a frame has not the size of its kind");

impl Connection {
    /// Takes a frame whose first byte came at `since`.
    pub(super) fn on_frame(&mut self, frame: Frame<'_>, since: Instant, now: Instant) -> Result<(), Fault> {
        if self.is_over() {
            return Ok(());
        }
        let (head, payload) = match frame {
            Frame::Piece { stream, bytes } => {
                // Mostly nobody looks into bodies.
                if self.is_looked_at {
                    self.on_piece(stream, bytes);
                }
                return Ok(());
            }
            Frame::Data { head, .. } => (head, &[][..]),
            Frame::Other { head, payload } => (head, payload),
        };
        if !self.peer.greeted && (head.kind != Kind::Settings || head.has(ACK)) {
            return Err(Fault::new(Code::PROTOCOL_ERROR, "the peer did not begin with its settings"));
        }
        if self.block.is_some() && head.kind != Kind::Continuation {
            return Err(Fault::new(Code::PROTOCOL_ERROR, "a header block was interrupted by another frame"));
        }
        match (frame, head.kind) {
            (Frame::Data { padding, .. }, _) => return self.on_data(head, padding, now),
            (_, Kind::Headers) => return self.on_headers(head, payload, since, now),
            (_, Kind::Continuation) => return self.on_continuation(head, payload, now),
            (_, Kind::Reset) => return self.on_reset(head, payload, now),
            (_, Kind::Settings) => self.on_settings(head, payload, now)?,
            (_, Kind::Ping) => self.on_ping(head, payload)?,
            (_, Kind::GoAway) => self.on_go_away(head, payload, now)?,
            (_, Kind::WindowUpdate) => self.on_window_update(head, payload, now)?,
            (_, Kind::PushPromise) => {
                return Err(Fault::new(Code::PROTOCOL_ERROR, "the peer promised a push, which we do not take"));
            }
            (_, Kind::Priority) if head.stream == 0 => return Err(on_connection("PRIORITY")),
            (_, Kind::Priority | Kind::Data | Kind::Other) => {}
        }
        self.loose.received += (HEAD + head.length) as u64;
        Ok(())
    }

    /// A frame that belongs to a stream: one that we have opened.
    pub(super) fn check_stream(&self, head: Head, name: &str) -> Result<(), Fault> {
        match head.stream {
            0 => Err(on_connection(name)),
            id if id % 2 == 0 || id >= self.next => {
                Err(Fault::new(Code::PROTOCOL_ERROR, format!("{name} on stream {id}, which is not open")))
            }
            _ => Ok(()),
        }
    }

    fn on_data(&mut self, head: Head, padding: usize, now: Instant) -> Result<(), Fault> {
        self.check_stream(head, "DATA")?;
        self.used += head.length as u32;
        if self.used > CONNECTION_WINDOW {
            return Err(Fault::new(Code::FLOW_CONTROL_ERROR, "the peer sent more than the connection's window"));
        }
        if self.used >= CONNECTION_WINDOW / 2 {
            self.loose.sent += frame::NUMBER_LENGTH;
            frame::write_window_update(self.out.end(), 0, std::mem::take(&mut self.used));
        }
        match self.streams.find(head.stream) {
            Some(key) => self.on_body(key, head, padding, now),
            None => self.on_closed_stream(head, "DATA")?,
        }
        Ok(())
    }

    /// What comes on a stream that we have given up is nobody's; on one that the peer has ended nothing may come.
    pub(super) fn on_closed_stream(&mut self, head: Head, name: &str) -> Result<(), Fault> {
        if !self.given_up.has(head.stream) {
            let text = format!("{name} on stream {}, which is closed", head.stream);
            return Err(Fault::new(Code::STREAM_CLOSED, text));
        }
        self.loose.received += (HEAD + head.length) as u64;
        Ok(())
    }

    fn on_reset(&mut self, head: Head, payload: &[u8], now: Instant) -> Result<(), Fault> {
        self.check_stream(head, "RST_STREAM")?;
        let code = frame::code(payload).filter(|_| payload.len() == 4).ok_or(WRONG_SIZE)?;
        let passed = Traffic { sent: 0, received: (HEAD + head.length) as u64 };
        // After the whole answer it says nothing that matters.
        let Some(key) = self.streams.find(head.stream) else {
            self.loose.add(passed);
            return Ok(());
        };
        if let Some(stream) = self.streams.get(key) {
            stream.traffic.add(passed);
        }
        let again = if code == Code::REFUSED_STREAM { Again::Safely } else { Again::Never };
        self.fail(key, Failure::new(ErrorKind::Protocol, format!("the peer reset the stream: {code}")), again);
        self.admit(now);
        Ok(())
    }

    fn on_settings(&mut self, head: Head, payload: &[u8], now: Instant) -> Result<(), Fault> {
        if head.stream != 0 {
            return Err(off_connection("SETTINGS"));
        }
        if head.has(ACK) {
            return if payload.is_empty() { Ok(()) } else { Err(WRONG_SIZE) };
        }
        if !payload.len().is_multiple_of(6) {
            return Err(WRONG_SIZE);
        }
        if !std::mem::replace(&mut self.peer.greeted, true) {
            self.peer.max_streams = u32::MAX;
        }
        for (number, value) in frame::settings(payload) {
            self.on_setting(number, value)?;
        }
        self.reply(frame::write_settings_ack)?;
        // Only now: to the peer its settings hold from the acknowledgement on.
        self.send_bodies();
        self.admit(now);
        Ok(())
    }

    fn on_setting(&mut self, number: u16, value: u32) -> Result<(), Fault> {
        let bad = |code, name: &str| Err(Fault::new(code, format!("the peer's setting {name} cannot be {value}")));
        match number {
            setting::HEADER_TABLE_SIZE => self.encoder.allow(value),
            setting::ENABLE_PUSH if value != 0 => return bad(Code::PROTOCOL_ERROR, "ENABLE_PUSH"),
            setting::MAX_CONCURRENT_STREAMS => self.peer.max_streams = value,
            setting::INITIAL_WINDOW_SIZE if value > MAX_31 => {
                return bad(Code::FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE");
            }
            setting::INITIAL_WINDOW_SIZE => self.change_windows(value)?,
            setting::MAX_FRAME_SIZE if !(1 << 14..1 << 24).contains(&value) => {
                return bad(Code::PROTOCOL_ERROR, "MAX_FRAME_SIZE");
            }
            setting::MAX_FRAME_SIZE => self.peer.max_payload = value as usize,
            _ => {}
        }
        Ok(())
    }

    fn on_ping(&mut self, head: Head, payload: &[u8]) -> Result<(), Fault> {
        if head.stream != 0 {
            return Err(off_connection("PING"));
        }
        if payload.len() != 8 {
            return Err(WRONG_SIZE);
        }
        if head.has(ACK) { Ok(()) } else { self.reply(|out| frame::write_ping_ack(out, payload)) }
    }

    /// Queues the answer to a frame of the peer's.
    fn reply(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Fault> {
        self.replies += 1;
        if self.replies > MOST_REPLIES {
            let text = format!("the peer wants {MOST_REPLIES} answers and reads none");
            return Err(Fault::new(Code::ENHANCE_YOUR_CALM, text));
        }
        let before = self.out.queued();
        write(self.out.end());
        self.loose.sent += self.out.queued() - before;
        Ok(())
    }

    fn on_go_away(&mut self, head: Head, payload: &[u8], now: Instant) -> Result<(), Fault> {
        if head.stream != 0 {
            return Err(off_connection("GOAWAY"));
        }
        let (Some(last), Some(code)) = (frame::number(payload), payload.get(4..).and_then(frame::code)) else {
            return Err(WRONG_SIZE);
        };
        let kind = if code == Code::NO_ERROR { ErrorKind::ClosedEarly } else { ErrorKind::Protocol };
        let failure = Failure::new(kind, format!("the peer ended the HTTP/2 connection: {code}"));
        for key in self.streams.open_from(last + 1) {
            self.fail(key, failure.clone(), Again::Safely);
        }
        self.leaving = Some(failure);
        self.admit(now);
        Ok(())
    }

    fn on_window_update(&mut self, head: Head, payload: &[u8], now: Instant) -> Result<(), Fault> {
        let increment = frame::number(payload).filter(|_| payload.len() == 4).ok_or(WRONG_SIZE)?;
        if head.stream == 0 {
            self.window += i64::from(increment);
            if increment == 0 {
                return Err(Fault::new(Code::PROTOCOL_ERROR, "the peer made the connection's window larger by 0"));
            }
            if self.window > i64::from(MAX_31) {
                return Err(Fault::new(Code::FLOW_CONTROL_ERROR, "the peer made the connection's window too large"));
            }
        } else {
            self.check_stream(head, "WINDOW_UPDATE")?;
            let Some(key) = self.streams.find(head.stream) else { return Ok(()) };
            let Some(stream) = self.streams.get(key) else { return Ok(()) };
            stream.window += i64::from(increment);
            if increment == 0 {
                self.reject(key, Code::PROTOCOL_ERROR, "the peer made the stream's window larger by 0", now);
            } else if stream.window > i64::from(MAX_31) {
                self.reject(key, Code::FLOW_CONTROL_ERROR, "the peer made the stream's window too large", now);
            }
        }
        self.send_bodies();
        Ok(())
    }
}

#[cold]
fn on_connection(name: &str) -> Fault {
    Fault::new(Code::PROTOCOL_ERROR, format!("{name} on stream 0, which is the connection itself"))
}

#[cold]
fn off_connection(name: &str) -> Fault {
    Fault::new(Code::PROTOCOL_ERROR, format!("{name} on a stream, where it is about the connection"))
}
