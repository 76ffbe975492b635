//! The modes that are the same bytes to every request, and what follows on them.

use std::borrow::Cow;

use super::Hostile;

/// A well-behaved answer, in place of which the others are sent.
pub(super) const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n";

/// What follows on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The next request.
    Next,
    /// Both sides are closed.
    Close,
    /// Our side ends, theirs is read.
    HalfClose,
    /// A reset.
    Reset,
}

/// The bytes of a mode that consists of bytes.
pub(super) fn of(mode: Hostile) -> Option<(Cow<'static, str>, Then)> {
    let (answer, then) = match mode {
        Hostile::Many1xx => {
            let hint = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
            return Some((Cow::Owned(hint.repeat(100) + GOOD), Then::Next));
        }
        Hostile::HalfClose => (GOOD, Then::HalfClose),
        Hostile::CloseBetweenIdle => {
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 6\r\n\r\nhello\n", Then::Close)
        }
        _ => length(mode).or_else(|| chunks(mode)).or_else(|| dialect(mode))?,
    };
    Some((Cow::Borrowed(answer), then))
}

/// Those about the length of the body.
fn length(mode: Hostile) -> Option<(&'static str, Then)> {
    Some(match mode {
        Hostile::ResetMidResponse => ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part", Then::Reset),
        Hostile::Truncate => ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part", Then::Close),
        Hostile::TooLong => ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\nand more than was said", Then::Next),
        Hostile::HugeContentLength => {
            ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nhello\n", Then::Close)
        }
        Hostile::ConflictingContentLengths => {
            ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 5\r\n\r\nhello\n", Then::Next)
        }
        Hostile::CloseDelimited => ("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n", Then::Close),
        Hostile::Status204WithBody => ("HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nhello\n", Then::Next),
        _ => return None,
    })
}

/// Those about chunks.
fn chunks(mode: Hostile) -> Option<(&'static str, Then)> {
    Some(match mode {
        Hostile::BadChunk => {
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\nand more\r\n0\r\n\r\n", Then::Next)
        }
        Hostile::BadChunkSize => {
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsix\r\nhello\n\r\n0\r\n\r\n", Then::Next)
        }
        Hostile::ContentLengthAndChunked => (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n",
            Then::Next,
        ),
        Hostile::Trailers => (
            "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\nX-Sum: 42\r\n\r\n",
            Then::Next,
        ),
        _ => return None,
    })
}

/// Those about how things are written.
fn dialect(mode: Hostile) -> Option<(&'static str, Then)> {
    Some(match mode {
        Hostile::Http10 => ("HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", Then::Close),
        Hostile::Http10KeepAlive => {
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 6\r\n\r\nhello\n", Then::Next)
        }
        Hostile::Garbage => ("\u{0}\u{1}\u{7f} SSH-2.0 is not what you want\r\n\r\n", Then::Close),
        Hostile::Continue100 => (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n",
            Then::Next,
        ),
        Hostile::BareLf => ("HTTP/1.1 200 OK\nContent-Length: 6\n\nhello\n", Then::Next),
        Hostile::NoReason => ("HTTP/1.1 200\r\nContent-Length: 6\r\n\r\nhello\n", Then::Next),
        Hostile::LowerCaseHeaders => {
            ("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nhello\n", Then::Next)
        }
        Hostile::Upgrade101 => {
            ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tea\r\n\r\nmilk first", Then::Next)
        }
        _ => return None,
    })
}
