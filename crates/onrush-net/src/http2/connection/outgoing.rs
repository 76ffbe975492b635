//! Requests become frames, as fast as the peer takes them.

use onrush_metrics::ErrorKind;

use super::super::fault::Fault;
use super::super::frame::{self, Code, END_STREAM, Head, Kind, MAX_31};
use super::super::outcome::Again;
use super::super::streams::Key;
use super::Connection;
use crate::clock::Instant;
use crate::failure::Failure;

/// Request bodies wait until no more than this is to be written before them.
const ENOUGH: usize = 64 * 1024;
/// The longest DATA frame: streams take turns.
const LONGEST: usize = 16 * 1024;

/// What came of a stream's turn to send some of its body.
enum Turn {
    Done,
    Sent,
    /// Its window is closed.
    Blocked,
}

impl Connection {
    /// Begins the requests that wait, as long as the peer takes them; ends them if it never will.
    pub(super) fn admit(&mut self, now: Instant) {
        while self.streams.open() < self.peer.max_streams as usize || !self.takes_streams() {
            let Some(key) = self.queue.pop_front() else { return };
            if self.takes_streams() {
                self.start(key, now);
            } else {
                let used_up = || Failure::new(ErrorKind::Protocol, "the connection's stream numbers are used up");
                let failure = self.leaving.clone().unwrap_or_else(used_up);
                self.fail(key, failure, Again::Safely);
            }
        }
    }

    fn start(&mut self, key: Key, now: Instant) {
        let Some(stream) = self.streams.get(key) else { return };
        let id = self.next;
        self.next += 2;
        stream.id = id;
        stream.opened = Some(now);
        stream.from = self.out.queued();
        stream.window = i64::from(self.peer.initial_window);
        let has_body = !stream.wire.body.is_empty();
        let flags = if has_body { 0 } else { END_STREAM };
        let encode = |out: &mut Vec<u8>| self.encoder.encode(&stream.wire.block, out);
        frame::write_headers(self.out.end(), id, flags, self.peer.max_payload, encode);
        stream.traffic.sent = self.out.queued() - stream.from;
        self.streams.opened(id, key);
        if has_body {
            self.bodies.push_back(key);
            self.send_bodies();
        }
    }

    /// Queues parts of the bodies, in turn, as far as the windows allow and somebody writes them.
    pub(super) fn send_bodies(&mut self) {
        let mut blocked = 0;
        while blocked < self.bodies.len() && self.window > 0 && self.out.waiting().len() < ENOUGH {
            let Some(key) = self.bodies.pop_front() else { return };
            match self.send_part(key) {
                Turn::Done => {}
                Turn::Sent => {
                    blocked = 0;
                    self.bodies.push_back(key);
                }
                Turn::Blocked => {
                    blocked += 1;
                    self.bodies.push_back(key);
                }
            }
        }
    }

    fn send_part(&mut self, key: Key) -> Turn {
        let Some(stream) = self.streams.get(key) else { return Turn::Done };
        let rest = &stream.wire.body[stream.body_sent..];
        let window = usize::try_from(self.window.min(stream.window)).unwrap_or(0);
        let size = rest.len().min(window).min(self.peer.max_payload).min(LONGEST);
        if size == 0 {
            return Turn::Blocked;
        }
        let is_last = size == rest.len();
        let flags = if is_last { END_STREAM } else { 0 };
        Head { length: size, kind: Kind::Data, flags, stream: stream.id }.write(self.out.end());
        self.out.end().extend_from_slice(&rest[..size]);
        stream.body_sent += size;
        stream.window -= size.cast_signed() as i64;
        self.window -= size.cast_signed() as i64;
        stream.traffic.sent += (frame::HEAD + size) as u64;
        if is_last { Turn::Done } else { Turn::Sent }
    }

    /// The window that streams begin with has changed: that of the open ones changes with it, and may become
    /// negative.
    pub(super) fn change_windows(&mut self, initial: u32) -> Result<(), Fault> {
        let change = i64::from(initial) - i64::from(self.peer.initial_window);
        self.peer.initial_window = initial;
        for stream in self.streams.iter_mut().filter(|stream| stream.id > 0 && stream.result.is_none()) {
            stream.window += change;
            if stream.window > i64::from(MAX_31) {
                return Err(Fault::new(Code::FLOW_CONTROL_ERROR, "a setting makes a window too large"));
            }
        }
        Ok(())
    }
}
