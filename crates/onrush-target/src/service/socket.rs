//! The socket of a connection: what is written is counted, and its end is gentle.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::context::Context;

/// How long a client may go on sending after we have ended.
const LINGER: Duration = Duration::from_secs(1);

/// A stream whose written bytes are counted; the connection counts as open while it lives.
///
/// When our side is shut down, it reads on while the client may still be sending: the system answers unread bytes with a reset,
/// which makes clients lose the answer before it (RFC 9112 section 9.6).
pub(super) struct Socket<S> {
    stream: S,
    context: Arc<Context>,
    end: End,
}

/// How far the end has come.
enum End {
    /// Our side is open.
    Open,
    /// It is shut down.
    Shut,
    /// The client may go on sending, until it ends or the time is over.
    Lingering(Pin<Box<Sleep>>),
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S, context: Arc<Context>) -> Self {
        context.counters().accepted();
        Self { stream, context, end: End::Open }
    }

    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.context.counters().sent(bytes);
        }
        written
    }
}

impl<S: AsyncRead + Unpin> Socket<S> {
    /// Reads what is there. `None` if the client has ended, otherwise whether there was anything.
    fn discard(&mut self, task: &mut Task<'_>) -> Option<bool> {
        let mut was_anything = false;
        loop {
            let mut bytes = [0; 4096];
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(task, &mut buffer) {
                Poll::Pending => return Some(was_anything),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => was_anything = true,
                Poll::Ready(_) => return None,
            }
        }
    }
}

impl<S> Drop for Socket<S> {
    fn drop(&mut self) {
        self.context.counters().closed();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Task<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Task<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, buffer);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, buffers);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let End::Open = this.end {
            ready!(Pin::new(&mut this.stream).poll_shutdown(task))?;
            this.end = End::Shut;
        }
        let was_anything = this.discard(task);
        // Connections that are not kept alive are ended by us alone; of the others those are idle that are ended.
        let may_send = was_anything.map(|was_anything| was_anything || !this.context.settings().keep_alive);
        if let (End::Shut, Some(true)) = (&this.end, may_send) {
            this.end = End::Lingering(Box::pin(tokio::time::sleep(LINGER)));
        }
        match (&mut this.end, was_anything) {
            (End::Lingering(time), Some(_)) => time.as_mut().poll(task).map(Ok),
            _ => Poll::Ready(Ok(())),
        }
    }
}
