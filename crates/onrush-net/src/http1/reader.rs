//! Reads responses from bytes that may be split anywhere. Knows no I/O and no clock, and keeps bytes of
//! its own only while a head is incomplete.

use super::chunked::{Chunked, Spent};
use super::head::{self, Framing, Head};
use super::usual::Usual;

/// Interim answers (1xx) before the real one; more are a flood.
const MAX_INTERIM: u8 = 100;
/// An incomplete head is parsed again at every piece up to this size, so that nonsense is noticed at
/// once; past it only when its end is there, so that a drip of bytes cannot make reading quadratic.
const EAGER: usize = 4 * 1024;

/// What the request tells about its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// The request was a HEAD: its answer has no body whatever its head says.
    pub no_body: bool,
}

/// How much of a response is tolerated.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a head, interim answers each for themselves.
    pub head: usize,
    /// Bytes of a body, without the chunked coding.
    pub body: u64,
}

/// What the readers of a worker share: how much they tolerate, and what their services usually say.
#[derive(Debug)]
pub struct ReadContext {
    limits: Limits,
    usual: Usual,
}

impl ReadContext {
    /// Within these limits; nothing is usual yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, usual: Usual::default() }
    }
}

/// Takes what is read of a response. A function takes the body alone.
pub trait Sink {
    /// The bytes of the final head.
    fn take_head(&mut self, _bytes: &[u8]) {}

    /// Bytes of the body, in order and without the chunked coding.
    fn take_body(&mut self, bytes: &[u8]);
}

impl<F: FnMut(&[u8])> Sink for F {
    fn take_body(&mut self, bytes: &[u8]) {
        self(bytes);
    }
}

/// How far one piece of input has brought the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Bytes of the piece that belong to the response. Less than all of it only when `done`.
    pub used: usize,
    /// The response is whole.
    pub done: bool,
}

/// What a peer did that is not HTTP/1.1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The head does not parse.
    #[error("the response head is malformed: {0}")]
    Head(httparse::Error),
    /// What came is an alert of TLS (RFC 8446 §5.1).
    #[error("the service speaks TLS here: use https://")]
    Tls,
    /// What came is how a connection of HTTP/2 begins (RFC 9113 §3.4).
    #[error("the service speaks HTTP/2 here: use --http2")]
    Http2,
    /// The status is not one.
    #[error("the response has status {0:03}")]
    StatusCode(u16),
    /// The head does not end.
    #[error("the response head is longer than {0} bytes")]
    HeadTooLong(usize),
    /// A flood of headers.
    #[error("the response has more than {0} headers")]
    TooManyHeaders(usize),
    /// A flood of 1xx answers.
    #[error("more than {0} interim (1xx) responses")]
    TooManyInterim(u8),
    /// Not a number.
    #[error("`Content-Length: {0}` is not one number")]
    ContentLength(Box<str>),
    /// Two that differ.
    #[error("the response has two lengths: `Content-Length: {0}` and `{1}`")]
    TwoLengths(u64, u64),
    /// 101, and nothing was asked to be upgraded.
    #[error("the service switches protocols (status 101), and nobody had asked for it")]
    Upgrade,
    /// A body is announced that is longer than is tolerated.
    #[error("the response announces a body of {0} bytes, and {1} is the most")]
    BodyAnnounced(u64, u64),
    /// HTTP/1.0 has no transfer encodings.
    #[error("an HTTP/1.0 response has a Transfer-Encoding")]
    TransferEncodingIn10,
    /// A chunk's size line is malformed.
    #[error("a chunk's size line is malformed")]
    ChunkSize,
    /// A chunk is not followed by a line end.
    #[error("a chunk is longer than its size line says")]
    ChunkEnd,
    /// Too many bytes of chunk extensions.
    #[error("the chunk extensions are too long")]
    ChunkExtensions,
    /// Too many bytes of trailers.
    #[error("the trailers are too long")]
    Trailers,
    /// A trailer line does not end in a line feed.
    #[error("a trailer line is malformed")]
    TrailerLine,
    /// The body does not end.
    #[error("the response body is longer than {0} bytes")]
    BodyTooLong(u64),
    /// The connection was closed before the response was whole.
    #[error("closed after {0}")]
    Closed(Missing),
}

/// What was missing when the connection was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Not a byte had come.
    Everything,
    /// Part of the head had come.
    Head,
    /// This many body bytes were announced and did not come.
    Length(u64),
    /// The last chunk had not come.
    Chunks,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Everything => f.write_str("the request, without an answer"),
            Self::Head => f.write_str("part of the response head"),
            Self::Length(missing) => write!(f, "part of the body: {missing} announced bytes are missing"),
            Self::Chunks => f.write_str("part of the body: the last chunk is missing"),
        }
    }
}

/// Reads one response after the other.
#[derive(Debug, Default)]
pub struct Reader {
    /// The response that has come in part. Most come at once, and then nothing is kept: an idle connection is small.
    part: Option<Box<Part>>,
}

/// A response as far as it has come.
#[derive(Debug, Default)]
struct Part {
    state: State,
    /// The beginning of a head that is not whole yet.
    carry: Vec<u8>,
    body_seen: u64,
    interim: u8,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Head,
    Length(Head, u64),
    Chunked(Head, Chunked, Spent),
    UntilClose(Head),
}

impl Reader {
    /// A reader at the beginning of a response.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a piece of the stream. The final head and body data go to `sink`. When the response is whole its head is
    /// returned, and the reader stands at the beginning of the next one.
    #[inline]
    pub fn feed(
        &mut self,
        input: &[u8],
        expect: Expect,
        context: &mut ReadContext,
        sink: &mut impl Sink,
    ) -> Result<(Fed, Option<Head>), ReadError> {
        if let Some(part) = &mut self.part {
            let fed = part.feed(input, expect, context, sink)?;
            if fed.0.done {
                self.part = None;
            }
            return Ok(fed);
        }
        let mut part = Part::default();
        let fed = part.feed(input, expect, context, sink)?;
        if !fed.0.done {
            self.part = Some(Box::new(part));
        }
        Ok(fed)
    }

    /// The stream has ended. A response whose end is the end of the connection is whole by that.
    pub fn close(&mut self) -> Result<Head, ReadError> {
        self.part.take().unwrap_or_default().close()
    }

    /// Not a byte of the current response has come.
    pub fn is_untouched(&self) -> bool {
        self.part.as_ref().is_none_or(|part| part.is_untouched())
    }
}

impl Part {
    #[inline]
    fn feed(
        &mut self,
        input: &[u8],
        expect: Expect,
        context: &mut ReadContext,
        sink: &mut impl Sink,
    ) -> Result<(Fed, Option<Head>), ReadError> {
        let mut used = 0;
        while matches!(self.state, State::Head) {
            let Some(more) = self.feed_head(&input[used..], expect, context, sink)? else {
                return Ok((Fed { used: input.len(), done: false }, None));
            };
            used += more;
        }
        used += self.feed_body(&input[used..], &context.limits, sink)?;
        let head = self.finished();
        Ok((Fed { used, done: head.is_some() }, head))
    }

    fn close(self) -> Result<Head, ReadError> {
        let missing = match self.state {
            State::UntilClose(head) => return Ok(head),
            State::Head if self.is_untouched() => Missing::Everything,
            State::Head => Missing::Head,
            State::Length(_, left) => Missing::Length(left),
            State::Chunked(..) => Missing::Chunks,
        };
        Err(ReadError::Closed(missing))
    }

    fn is_untouched(&self) -> bool {
        matches!(self.state, State::Head) && self.carry.is_empty() && self.interim == 0
    }

    /// Returns how many bytes of `input` ended a head, or `None` when all of it was kept for later.
    fn feed_head(
        &mut self,
        input: &[u8],
        expect: Expect,
        context: &mut ReadContext,
        sink: &mut impl Sink,
    ) -> Result<Option<usize>, ReadError> {
        let limits = &context.limits;
        let kept = self.carry.len();
        let parsed = if kept == 0 {
            context.usual.parse(input, expect.no_body)?
        } else {
            self.carry.extend_from_slice(input);
            if self.carry.len() <= EAGER || ends_a_head(&self.carry, kept) {
                head::parse(&self.carry, expect.no_body)?
            } else {
                None
            }
        };
        let Some((head, framing, length)) = parsed else {
            if kept == 0 {
                self.carry.extend_from_slice(input);
            }
            return if self.carry.len() > limits.head { Err(ReadError::HeadTooLong(limits.head)) } else { Ok(None) };
        };
        if length > limits.head {
            return Err(ReadError::HeadTooLong(limits.head));
        }
        if is_final(head.status) {
            sink.take_head(if kept == 0 { &input[..length] } else { &self.carry[..length] });
        }
        self.carry = Vec::new();
        self.begin_body(head, framing, limits)?;
        Ok(Some(length - kept))
    }

    fn begin_body(&mut self, head: Head, framing: Framing, limits: &Limits) -> Result<(), ReadError> {
        if head.status == 101 {
            return Err(ReadError::Upgrade);
        }
        if !is_final(head.status) {
            self.interim += 1;
            return if self.interim > MAX_INTERIM { Err(ReadError::TooManyInterim(MAX_INTERIM)) } else { Ok(()) };
        }
        self.body_seen = 0;
        self.state = match framing {
            Framing::Length(length) if length > limits.body => {
                return Err(ReadError::BodyAnnounced(length, limits.body));
            }
            Framing::Length(length) => State::Length(head, length),
            Framing::Chunked => State::Chunked(head, Chunked::Size, Spent::default()),
            Framing::UntilClose => State::UntilClose(head),
        };
        Ok(())
    }

    fn feed_body(&mut self, input: &[u8], limits: &Limits, sink: &mut impl Sink) -> Result<usize, ReadError> {
        let mut seen = self.body_seen;
        let used = match &mut self.state {
            State::Length(_, left) => {
                let stride = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                sink.take_body(&input[..stride]);
                *left -= stride as u64;
                seen += stride as u64;
                stride
            }
            State::Chunked(_, chunked, spent) => chunked.feed(spent, input, |data| {
                seen += data.len() as u64;
                sink.take_body(data);
            })?,
            State::UntilClose(_) => {
                sink.take_body(input);
                seen += input.len() as u64;
                input.len()
            }
            State::Head => 0,
        };
        self.body_seen = seen;
        if seen > limits.body { Err(ReadError::BodyTooLong(limits.body)) } else { Ok(used) }
    }

    fn finished(&mut self) -> Option<Head> {
        if !matches!(self.state, State::Length(_, 0) | State::Chunked(_, Chunked::End, _)) {
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Length(head, _) | State::Chunked(head, ..) => Some(head),
            _ => None,
        }
    }
}

fn is_final(status: u16) -> bool {
    status >= 200
}

/// Whether an empty line, which ends a head, ends within what was added after `kept`.
fn ends_a_head(carry: &[u8], kept: usize) -> bool {
    let from = kept.saturating_sub(3);
    carry[from..].windows(2).any(|pair| pair == b"\n\n") || carry[from..].windows(3).any(|three| three == b"\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { head: 1024, body: 1 << 20 };

    /// Reads `input` in pieces of `piece` bytes; the status, body and keep-alive, or the error.
    fn read(input: &[u8], piece: usize, no_body: bool) -> Result<(u16, String, bool, usize), ReadError> {
        let (mut reader, mut context) = (Reader::new(), ReadContext::new(LIMITS));
        let mut body = Vec::new();
        let mut used = 0;
        for part in input.chunks(piece) {
            let (fed, head) =
                reader.feed(part, Expect { no_body }, &mut context, &mut |data: &[u8]| body.extend_from_slice(data))?;
            used += fed.used;
            if let Some(head) = head {
                return Ok((head.status, String::from_utf8(body).unwrap(), head.keep_alive, used));
            }
        }
        reader.close().map(|head| (head.status, String::from_utf8(body).unwrap(), head.keep_alive, used))
    }

    /// The same result however the bytes are split.
    fn check(input: &str, expected: Result<(u16, &str, bool), &str>) {
        for piece in [1, 2, 3, 7, input.len().max(1)] {
            let got = read(input.as_bytes(), piece, false).map(|(status, body, keep, _)| (status, body, keep));
            let got =
                got.as_ref().map(|(status, body, keep)| (*status, body.as_str(), *keep)).map_err(ToString::to_string);
            assert_eq!(got, expected.map_err(ToOwned::to_owned), "{input:?} in pieces of {piece}");
        }
    }

    #[test]
    fn every_framing() {
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Ok((200, "hello", true)));
        check("HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\nhello", Ok((200, "hello", true)));
        check("HTTP/1.1 200\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n", Ok((200, "", false)));
        check("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", Ok((200, "ok", false)));
        check("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", Ok((200, "ok", true)));
        check("HTTP/1.1 200 OK\r\n\r\nuntil the end", Ok((200, "until the end", false)));
        check("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", Ok((204, "", true)));
        check("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Ok((304, "", true)));
        check("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", Ok((200, "ok", true)));
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            Ok((200, "ok", true)),
        );
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", Ok((200, "abc", false)));
    }

    #[test]
    fn chunks() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n";
        for (body, expected) in [
            ("5\r\nhello\r\n0\r\n\r\n", Ok((200, "hello", true))),
            ("5 ;ext=\"a\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\nC: d\r\n\r\n", Ok((200, "hello!", true))),
            ("A\r\n0123456789\r\n0\r\n\r\n", Ok((200, "0123456789", true))),
            ("5\r\nhello", Err("closed after part of the body: the last chunk is missing")),
            ("5\r\nhello!\r\n", Err("a chunk is longer than its size line says")),
            ("\r\n", Err("a chunk's size line is malformed")),
            ("5\nhello", Err("a chunk's size line is malformed")),
            ("-1\r\n", Err("a chunk's size line is malformed")),
            ("fffffffffffffffff\r\n", Err("a chunk's size line is malformed")),
            ("0\r\nA: b\rX", Err("a trailer line is malformed")),
        ] {
            check(&format!("{head}{body}"), expected);
        }
    }

    #[test]
    fn broken_responses_have_a_name() {
        for (input, error) in [
            ("", "closed after the request, without an answer"),
            ("HTTP/1.1 20", "closed after part of the response head"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
                "closed after part of the body: 4 announced bytes are missing",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                "the response has two lengths: `Content-Length: 5` and `6`",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n",
                "the response announces a body of 2000000 bytes, and 1048576 is the most",
            ),
            (
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tea\r\n\r\nmilk first",
                "the service switches protocols (status 101), and nobody had asked for it",
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "`Content-Length: -5` is not one number"),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "`Content-Length: 99999999999999999999` is not one number",
            ),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "an HTTP/1.0 response has a Transfer-Encoding"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "the response head is malformed: invalid HTTP version"),
        ] {
            check(input, Err(error));
        }
        let http2 = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\0\x08\x07\0\0\0\0\0";
        assert_eq!(read(http2, http2.len(), false), Err(ReadError::Http2));
        let flood = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101));
        assert_eq!(read(flood.as_bytes(), flood.len(), false), Err(ReadError::TooManyHeaders(100)));
        let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(2000));
        assert_eq!(read(endless.as_bytes(), 100, false), Err(ReadError::HeadTooLong(1024)));
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(101);
        assert_eq!(read(interim.as_bytes(), 10, false), Err(ReadError::TooManyInterim(100)));
    }

    #[test]
    fn what_follows_a_response_is_not_taken() {
        let two = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404";
        assert_eq!(read(two, two.len(), false).unwrap().3, two.len() - 12);
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(head, head.len(), true).unwrap().3, head.len() - 2);
    }

    #[test]
    fn a_drip_of_bytes_into_a_long_head_stays_linear() {
        let mut context = ReadContext::new(Limits { head: 1 << 20, body: 0 });
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: {}\r\n\r\n", "b".repeat(500_000));
        let mut reader = Reader::new();
        let done = long.bytes().filter(|byte| {
            let fed = reader.feed(&[*byte], Expect { no_body: false }, &mut context, &mut |_: &[u8]| {});
            fed.unwrap().1.is_some()
        });
        assert_eq!(done.count(), 1);
    }
}
