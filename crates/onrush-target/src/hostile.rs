//! Servers that misbehave on purpose, for tests of the wire and for everybody's clients. This file has the list of what there is;
//! `hostile/canned.rs` and `hostile/acts.rs` say how each does it, `hostile/server.rs` runs one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;

mod acts;
mod canned;
mod server;
mod wire;

pub use server::HostileServer;

/// One way to misbehave, or to behave well but unusually. Written as its name, some with a time: `drip=50ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// Accepts, reads and never answers.
    AcceptAndSayNothing,
    /// Refuses connections: the port is taken, and nobody listens.
    Refuse,
    /// Waits before the first byte of each answer.
    SlowFirstByte(Duration),
    /// Sends its answers a byte at a time, with a pause after each.
    Drip(Duration),
    /// Resets each connection when it is accepted.
    ResetOnAccept,
    /// Resets the connection in the middle of a body.
    ResetMidResponse,
    /// Closes before the body has its Content-Length.
    Truncate,
    /// Sends more than its Content-Length.
    TooLong,
    /// Sends a chunk that does not end where it said.
    BadChunk,
    /// Sends a chunk size that is no number.
    BadChunkSize,
    /// Sends header fields without end.
    EndlessHeader,
    /// Sends chunks without end.
    EndlessChunks,
    /// Announces 2⁶⁴ - 1 bytes, sends six and closes.
    HugeContentLength,
    /// Promises to keep connections, closes them after each answer.
    CloseBetweenIdle,
    /// Answers one request of a connection, closes on the second without an answer.
    CloseMid,
    /// Answers in HTTP/1.0 and closes.
    Http10,
    /// Answers in HTTP/1.0 and keeps the connection.
    Http10KeepAlive,
    /// Sends an answer before it is asked, and two to each request.
    Unasked,
    /// Answers with bytes that are not HTTP, and closes.
    Garbage,
    /// Answers, ends its side and goes on reading.
    HalfClose,
    /// Sends 100 Continue before each answer, asked or not.
    Continue100,
    /// Sends a hundred 103 Early Hints before each answer.
    Many1xx,
    /// Ends its lines with LF alone.
    BareLf,
    /// Leaves the reason, and the space before it, out of the status line.
    NoReason,
    /// Writes its header names in lower case.
    LowerCaseHeaders,
    /// Announces two lengths that differ.
    ConflictingContentLengths,
    /// Announces a length and sends chunks.
    ContentLengthAndChunked,
    /// Ends its body by closing the connection, without announcing a length.
    CloseDelimited,
    /// Sends a body after 204 No Content.
    Status204WithBody,
    /// Sends trailers after its chunks.
    Trailers,
    /// Switches to a protocol that nobody asked for.
    Upgrade101,
}

/// What is wrong with the name of a mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostileError(String);

impl Hostile {
    /// Every mode, those with a time with its default.
    pub const ALL: [Self; 31] = [
        Self::AcceptAndSayNothing,
        Self::Refuse,
        Self::SlowFirstByte(Duration::from_secs(1)),
        Self::Drip(Duration::from_millis(10)),
        Self::ResetOnAccept,
        Self::ResetMidResponse,
        Self::Truncate,
        Self::TooLong,
        Self::BadChunk,
        Self::BadChunkSize,
        Self::EndlessHeader,
        Self::EndlessChunks,
        Self::HugeContentLength,
        Self::CloseBetweenIdle,
        Self::CloseMid,
        Self::Http10,
        Self::Http10KeepAlive,
        Self::Unasked,
        Self::Garbage,
        Self::HalfClose,
        Self::Continue100,
        Self::Many1xx,
        Self::BareLf,
        Self::NoReason,
        Self::LowerCaseHeaders,
        Self::ConflictingContentLengths,
        Self::ContentLengthAndChunked,
        Self::CloseDelimited,
        Self::Status204WithBody,
        Self::Trailers,
        Self::Upgrade101,
    ];

    /// Its name, without its time.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// What it does, in a few words: "resets each connection when it is accepted".
    pub const fn about(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::AcceptAndSayNothing => ("accept-and-say-nothing", "accepts, reads and never answers"),
            Self::Refuse => ("refuse", "refuses connections: the port is taken, and nobody listens"),
            Self::SlowFirstByte(_) => ("slow-first-byte", "waits before the first byte of each answer"),
            Self::Drip(_) => ("drip", "sends its answers a byte at a time, with a pause after each"),
            Self::ResetOnAccept => ("reset-on-accept", "resets each connection when it is accepted"),
            Self::ResetMidResponse => ("reset-mid-response", "resets the connection in the middle of a body"),
            Self::Truncate => ("truncate", "closes before the body has its Content-Length"),
            Self::TooLong => ("too-long", "sends more than its Content-Length"),
            Self::BadChunk => ("bad-chunk", "sends a chunk that does not end where it said"),
            Self::BadChunkSize => ("bad-chunk-size", "sends a chunk size that is no number"),
            Self::EndlessHeader => ("endless-header", "sends header fields without end"),
            Self::EndlessChunks => ("endless-chunks", "sends chunks without end"),
            Self::HugeContentLength => ("huge-content-length", "announces 2⁶⁴ - 1 bytes, sends six and closes"),
            Self::CloseBetweenIdle => {
                ("close-between-idle", "promises to keep connections, closes them after each answer")
            }
            Self::CloseMid => ("close-mid", "answers one request, closes on the second without an answer"),
            Self::Http10 => ("http10", "answers in HTTP/1.0 and closes"),
            Self::Http10KeepAlive => ("http10-keepalive", "answers in HTTP/1.0 and keeps the connection"),
            Self::Unasked => ("unasked", "sends an answer before it is asked, and two to each request"),
            Self::Garbage => ("garbage", "answers with bytes that are not HTTP, and closes"),
            Self::HalfClose => ("half-close", "answers, ends its side and goes on reading"),
            Self::Continue100 => ("continue-100", "sends 100 Continue before each answer, asked or not"),
            Self::Many1xx => ("many-1xx", "sends a hundred 103 Early Hints before each answer"),
            Self::BareLf => ("bare-lf", "ends its lines with LF alone"),
            Self::NoReason => ("no-reason", "leaves the reason, and the space before it, out of the status line"),
            Self::LowerCaseHeaders => ("lower-case-headers", "writes its header names in lower case"),
            Self::ConflictingContentLengths => ("conflicting-content-lengths", "announces two lengths that differ"),
            Self::ContentLengthAndChunked => ("content-length-and-chunked", "announces a length and sends chunks"),
            Self::CloseDelimited => {
                ("close-delimited", "ends its body by closing the connection, without announcing a length")
            }
            Self::Status204WithBody => ("status-204-with-body", "sends a body after 204 No Content"),
            Self::Trailers => ("trailers", "sends trailers after its chunks"),
            Self::Upgrade101 => ("upgrade-101", "switches to a protocol that nobody asked for"),
        }
    }

    const fn time(self) -> Option<Duration> {
        match self {
            Self::SlowFirstByte(time) | Self::Drip(time) => Some(time),
            _ => None,
        }
    }

    fn with_time(self, time: Duration) -> Option<Self> {
        match self {
            Self::SlowFirstByte(_) => Some(Self::SlowFirstByte(time)),
            Self::Drip(_) => Some(Self::Drip(time)),
            _ => None,
        }
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time() {
            Some(time) => write!(f, "{}={time:?}", self.name()),
            None => f.write_str(self.name()),
        }
    }
}

impl FromStr for Hostile {
    type Err = HostileError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, time) = text.trim().split_once('=').map_or((text.trim(), None), |(name, time)| (name, Some(time)));
        let mode = Self::ALL.into_iter().find(|mode| mode.name() == name).ok_or_else(|| unknown(name))?;
        let Some(time) = time else { return Ok(mode) };
        let time = duration::parse(time).map_err(HostileError)?;
        mode.with_time(time).ok_or_else(|| HostileError(format!("`{name}` takes no time")))
    }
}

fn unknown(name: &str) -> HostileError {
    let names: Vec<&str> = Hostile::ALL.iter().map(|mode| mode.name()).collect();
    HostileError(format!("`{name}` is no hostile mode; there are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mode_reads_back() {
        for mode in Hostile::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
            assert_eq!(mode.name().parse(), Ok(mode), "the time has a default");
        }
    }

    #[test]
    fn names_with_times() {
        let ms = Duration::from_millis;
        let table = [
            ("drip", Ok(Hostile::Drip(ms(10)))),
            ("drip=1.5ms", Ok(Hostile::Drip(Duration::from_micros(1500)))),
            (" slow-first-byte=2s ", Ok(Hostile::SlowFirstByte(ms(2000)))),
            ("garbage=1s", Err("`garbage` takes no time")),
            ("drip=x", Err("`x` is not a duration")),
            ("evil", Err("`evil` is no hostile mode; there are accept-and-say-nothing, refuse, slow-first-byte, ")),
        ];
        for (text, expected) in table {
            match (text.parse::<Hostile>(), expected) {
                (Err(HostileError(message)), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
                (got, expected) => assert_eq!(got.ok(), expected.ok(), "{text}"),
            }
        }
    }
}
