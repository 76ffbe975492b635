//! What a request came to.

use crate::clock::Instant;
use crate::failure::Failure;

/// The end of a request, and what passed on the way there.
#[derive(Debug)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Answer, Broken>,
    /// When its first frame was queued; `None` if its turn never came.
    pub opened: Option<Instant>,
    /// Bytes that were sent and received for it.
    pub traffic: Traffic,
}

/// One whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where a redirect points; only taken from 3xx answers.
    pub location: Option<Box<str>>,
    /// When its first byte was read.
    pub first_byte: Instant,
    /// When its last byte was read.
    pub ended: Instant,
}

/// A request without a whole answer.
#[derive(Clone, Debug)]
pub struct Broken {
    /// Why.
    pub failure: Failure,
    /// What follows for another attempt.
    pub again: Again,
}

/// Whether a request that has failed may be sent once more, over another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Again {
    /// It has been answered, if wrongly; or its failure was no accident.
    Never,
    /// The connection went away, and nobody knows whether the request was looked at.
    IfIdempotent,
    /// The peer has not looked at it.
    Safely,
}

/// Bytes, the heads of frames included. What passes for the connection as a whole is counted with the request
/// that ends next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes queued for sending; 0 if not one of them left.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
}

impl Traffic {
    pub(super) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.received += other.received;
    }
}
