//! One connection that speaks HTTP/1.1: writes requests prepared beforehand, reads their answers in
//! order, stamps the time. It decides nothing about retries, pools or redirects.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use onrush_metrics::ErrorKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Expect, Head, ReadContext, ReadError, Reader};
use crate::clock::Instant;
use crate::failure::Failure;
use crate::kept::Keeper;
use crate::stream::News;

/// A connection and what has been read of its next answer.
#[derive(Debug)]
pub struct Connection<S> {
    stream: S,
    reader: Reader,
    /// Requests answered so far.
    served: u32,
    /// Nothing is under way, and every flight so far has ended so that another may follow.
    is_idle: bool,
}

/// Requests written in one go, and how far they are.
#[derive(Debug)]
pub struct Flight<'a> {
    /// What has not been handed to the system yet.
    unwritten: &'a [u8],
    /// What has not been answered yet.
    unanswered: &'a [Expect],
    first_byte: Option<Instant>,
    received: u64,
    /// Who looks at the answers.
    keeper: Keeper<'a>,
    answered: u32,
    started: bool,
    flushed: bool,
}

/// One whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its head.
    pub head: Head,
    /// When its first byte was read.
    pub first_byte: Instant,
    /// When its last byte was read.
    pub ended: Instant,
    /// Its bytes, interim answers and the head included.
    pub received: u64,
}

/// Why a flight ended before all of it was answered.
#[derive(Debug)]
pub enum Broken {
    /// The connection had been closed by the peer, or was while nothing of the answer had come. On a
    /// connection that had carried requests before, that is the usual race of keep-alive.
    Stale(Failure),
    /// A real failure.
    Failed(Failure),
}

impl<'a> Flight<'a> {
    /// A flight of one request for each entry of `expects`, whose bytes together are `wire`.
    pub fn new(wire: &'a [u8], expects: &'a [Expect]) -> Self {
        Self {
            unwritten: wire,
            unanswered: expects,
            first_byte: None,
            received: 0,
            keeper: Keeper::default(),
            answered: 0,
            started: false,
            flushed: false,
        }
    }

    /// The same flight, of whose answer something is kept.
    #[must_use]
    pub(crate) fn keeping(self, keeper: Keeper<'a>) -> Self {
        Self { keeper, ..self }
    }

    /// Bytes not handed to the system yet.
    pub fn unwritten(&self) -> usize {
        self.unwritten.len()
    }

    /// Requests that were answered.
    pub fn answered(&self) -> usize {
        self.answered as usize
    }

    /// Bytes that came and are of no answer: of the one that is being read, or of one that cannot be.
    pub fn received(&self) -> u64 {
        self.received
    }
}

impl<S: AsyncRead + AsyncWrite + News + Unpin> Connection<S> {
    /// A connection that has carried nothing yet.
    pub fn new(stream: S) -> Self {
        Self { stream, reader: Reader::new(), served: 0, is_idle: true }
    }

    /// What it goes over.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// Requests answered so far.
    pub fn served(&self) -> u32 {
        self.served
    }

    /// Whether it may carry a flight: no longer once one was broken or given up, or an answer ended the connection.
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Drives a flight. `on_answer` gets each answer with its place in the flight. After anything but
    /// `Ok`, or an answer without keep-alive, the connection is of no further use.
    ///
    /// `scratch` is only used within the call: idle connections own no buffer.
    #[inline]
    pub fn poll_flight(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        flight: &mut Flight<'_>,
        context: &mut ReadContext,
        on_answer: &mut impl FnMut(usize, Answer),
    ) -> Poll<Result<(), Broken>> {
        if !flight.started {
            flight.started = true;
            self.is_idle = false;
            if self.served > 0 && self.stream.has_news() {
                self.check_idle(cx, scratch)?;
            }
        }
        // A peer may answer before it has taken the whole request, so an unfinished write goes on to read.
        if let Poll::Ready(Err(error)) = self.poll_write(cx, flight) {
            return self.after_failed_write(cx, scratch, flight, context, on_answer, &error);
        }
        self.poll_read(cx, scratch, flight, context, on_answer)
    }

    /// Something came while nobody was reading: the peer's goodbye, or an answer that nobody asked for.
    #[cold]
    fn check_idle(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Result<(), Broken> {
        let mut buffer = ReadBuf::new(scratch);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => {
                Err(Broken::Stale(Failure::new(ErrorKind::ClosedEarly, "the idle connection had been closed")))
            }
            Poll::Ready(Ok(())) => Err(Broken::Failed(unasked(buffer.filled().len()))),
            Poll::Ready(Err(error)) => Err(Broken::Stale(Failure::exchange(&error))),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, flight: &mut Flight<'_>) -> Poll<io::Result<()>> {
        while !flight.unwritten.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, flight.unwritten))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => flight.unwritten = &flight.unwritten[written..],
            }
        }
        // TLS buffers what the socket did not take; a plain socket has nothing to flush.
        if !flight.flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            flight.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// The peer stopped reading. If it answered before that (413, say), the answer is the truth; and if it said
    /// in TLS why, that is.
    #[cold]
    fn after_failed_write(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        flight: &mut Flight<'_>,
        context: &mut ReadContext,
        on_answer: &mut impl FnMut(usize, Answer),
        error: &io::Error,
    ) -> Poll<Result<(), Broken>> {
        match self.poll_read(cx, scratch, flight, context, on_answer) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err(Broken::Failed(said))) if said.kind() == ErrorKind::Tls => {
                Poll::Ready(Err(Broken::Failed(said)))
            }
            _ => Poll::Ready(Err(self.broken(Failure::exchange(error)))),
        }
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        flight: &mut Flight<'_>,
        context: &mut ReadContext,
        on_answer: &mut impl FnMut(usize, Answer),
    ) -> Poll<Result<(), Broken>> {
        loop {
            let mut buffer = ReadBuf::new(scratch);
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                return Poll::Ready(Err(self.broken(Failure::exchange(&error))));
            }
            let now = Instant::now();
            let input = buffer.filled();
            if input.is_empty() {
                return Poll::Ready(self.on_close(flight, now, on_answer));
            }
            if self.take(input, now, flight, context, on_answer)? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Hands `input` to the reader; true when the whole flight is answered.
    #[inline]
    fn take(
        &mut self,
        mut input: &[u8],
        now: Instant,
        flight: &mut Flight<'_>,
        context: &mut ReadContext,
        on_answer: &mut impl FnMut(usize, Answer),
    ) -> Result<bool, Broken> {
        while !input.is_empty() {
            let Some(expect) = flight.unanswered.first() else {
                flight.received += input.len() as u64;
                return Err(Broken::Failed(unasked(input.len())));
            };
            let first_byte = *flight.first_byte.get_or_insert(now);
            let (fed, head) = self.reader.feed(input, *expect, context, &mut flight.keeper).map_err(|error| {
                flight.received += input.len() as u64;
                protocol(&error)
            })?;
            input = &input[fed.used..];
            flight.received += fed.used as u64;
            if let Some(head) = head {
                let keep_alive = head.keep_alive;
                let answer = Answer { head, first_byte, ended: now, received: flight.received };
                self.answered(flight, answer, on_answer);
                if !keep_alive || (flight.unanswered.is_empty() && input.is_empty()) {
                    self.is_idle = keep_alive && flight.unwritten.is_empty();
                    return Self::end_of_flight(flight, keep_alive);
                }
            }
        }
        Ok(false)
    }

    fn answered(&mut self, flight: &mut Flight<'_>, mut answer: Answer, on_answer: &mut impl FnMut(usize, Answer)) {
        // An answer that overtakes its own request leaves the connection in an unknown state.
        answer.head.keep_alive &= flight.unwritten.is_empty();
        self.served = self.served.saturating_add(1);
        flight.first_byte = None;
        flight.received = 0;
        flight.unanswered = &flight.unanswered[1..];
        on_answer(flight.answered as usize, answer);
        flight.answered += 1;
    }

    /// After the last answer, or one that ends the connection: what is unanswered then never will be.
    fn end_of_flight(flight: &Flight<'_>, keep_alive: bool) -> Result<bool, Broken> {
        let unanswered = flight.unanswered.len();
        if keep_alive || unanswered == 0 {
            return Ok(true);
        }
        Err(Broken::Stale(Failure::new(
            ErrorKind::ClosedEarly,
            format!("the peer ended the connection with {unanswered} pipelined requests unanswered"),
        )))
    }

    fn on_close(
        &mut self,
        flight: &mut Flight<'_>,
        now: Instant,
        on_answer: &mut impl FnMut(usize, Answer),
    ) -> Result<(), Broken> {
        match self.reader.close() {
            Ok(head) => {
                let answer = Answer {
                    head,
                    first_byte: flight.first_byte.unwrap_or(now),
                    ended: now,
                    received: flight.received,
                };
                self.answered(flight, answer, on_answer);
                Self::end_of_flight(flight, false).map(drop)
            }
            Err(error @ ReadError::Closed(_)) => {
                let failure = Failure::new(ErrorKind::ClosedEarly, error.to_string());
                Err(if self.served > 0 && flight.received == 0 {
                    Broken::Stale(failure)
                } else {
                    Broken::Failed(failure)
                })
            }
            Err(error) => Err(protocol(&error)),
        }
    }

    fn broken(&self, failure: Failure) -> Broken {
        let gone = matches!(failure.kind(), ErrorKind::Reset | ErrorKind::ClosedEarly);
        if gone && self.served > 0 && self.reader.is_untouched() {
            Broken::Stale(failure)
        } else {
            Broken::Failed(failure)
        }
    }
}

#[cold]
fn protocol(error: &ReadError) -> Broken {
    Broken::Failed(Failure::new(ErrorKind::Protocol, error.to_string()))
}

#[cold]
fn unasked(bytes: usize) -> Failure {
    Failure::new(ErrorKind::Protocol, format!("the server sent {bytes} bytes that nobody had asked for"))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::http1::Limits;

    const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

    /// Takes everything at once but passes it on late, as TLS over a full socket does, and answers what it has
    /// passed on.
    #[derive(Debug, Default)]
    struct Reluctant {
        flushes: u32,
        answered: bool,
    }

    impl News for Reluctant {
        fn has_news(&self) -> bool {
            false
        }
    }

    impl AsyncRead for Reluctant {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if self.flushes < 3 || self.answered {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.answered = true;
            to.put_slice(ANSWER);
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Reluctant {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(data.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            if self.flushes >= 3 {
                return Poll::Ready(Ok(()));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_the_stream_holds_back_is_flushed_until_it_has_gone() {
        let mut connection = Connection::new(Reluctant::default());
        let mut context = ReadContext::new(Limits { head: 1024, body: 1024 });
        let expects = [Expect { no_body: false }];
        let mut flight = Flight::new(b"GET / HTTP/1.1\r\n\r\n", &expects);
        let (mut scratch, mut status) = ([0; 1024], None);
        let mut polls = 0;
        let flown = poll_fn(|cx| {
            polls += 1;
            assert!(polls < 10, "the rest of the request never goes out");
            let on_answer = &mut |_, answer: Answer| status = Some(answer.head.status);
            connection.poll_flight(cx, &mut scratch, &mut flight, &mut context, on_answer)
        });
        flown.await.unwrap();
        assert_eq!((status, connection.stream.flushes), (Some(204), 3));
    }
}
