//! Bodies of answers: in one piece, as a pattern of any length out of one shared block, or whatever a route made.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

/// The body of every answer.
#[derive(Debug)]
pub(crate) enum Body {
    /// One piece, or nothing.
    Whole(Option<Bytes>),
    /// Many pieces of a block.
    Pattern(Pattern),
    /// From the router.
    Routed(axum::body::Body),
}

impl Body {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty()))
    }

    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(piece) => Poll::Ready(piece.take().map(|piece| Ok(Frame::data(piece)))),
            Self::Pattern(pattern) => Poll::Ready(pattern.next().map(|piece| Ok(Frame::data(piece)))),
            Self::Routed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(piece) => piece.is_none(),
            // hyper would give a body that is known to be empty a Content-Length.
            Self::Pattern(pattern) => pattern.left == 0 && !pattern.chunked,
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(piece) => SizeHint::with_exact(piece.as_ref().map_or(0, Bytes::len) as u64),
            Self::Pattern(pattern) => pattern.size_hint(),
            Self::Routed(body) => body.size_hint(),
        }
    }
}

/// `hello` again and again: pieces of one block that is shared by all answers, so that a body of any length needs no memory.
#[derive(Debug)]
pub(crate) struct Pattern {
    block: Bytes,
    left: u64,
    piece: usize,
    chunked: bool,
}

/// Pieces of a body that is sent in chunks: small enough that there are several.
const CHUNK: usize = 12 * 1024;

impl Pattern {
    /// `left` bytes of `block`, whose length is a multiple of the pattern's. `chunked` hides the length.
    pub(crate) fn new(block: Bytes, left: u64, chunked: bool) -> Self {
        let piece = if chunked { CHUNK.min(block.len()) } else { block.len() };
        Self { block, left, piece, chunked }
    }

    /// All of `block` as one chunk.
    pub(crate) fn one_chunk(block: Bytes) -> Self {
        Self { left: block.len() as u64, piece: block.len(), block, chunked: true }
    }

    fn next(&mut self) -> Option<Bytes> {
        let length = self.left.min(self.piece as u64);
        self.left -= length;
        (length > 0).then(|| self.block.slice(..length as usize))
    }

    fn size_hint(&self) -> SizeHint {
        if self.chunked { SizeHint::default() } else { SizeHint::with_exact(self.left) }
    }
}

/// `count` numbered lines of JSON, a frame each.
pub(crate) struct Lines {
    next: u64,
    count: u64,
}

impl Lines {
    pub(crate) fn new(count: u64) -> Self {
        Self { next: 0, count }
    }
}

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.next == self.count {
            return Poll::Ready(None);
        }
        let line = format!("{{\"line\":{}}}\n", self.next);
        self.next += 1;
        Poll::Ready(Some(Ok(Frame::data(line.into()))))
    }
}
