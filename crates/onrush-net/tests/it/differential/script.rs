//! The other end of a connection, by script and without a runtime: each piece arrives by itself, once the
//! request has been written, and the peer closes only when it is told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use onrush_net::News;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Clones are the same connection: one is read by the client, one is kept by the test.
#[derive(Clone, Default)]
pub(super) struct Script(Rc<RefCell<Wire>>);

#[derive(Default)]
struct Wire {
    pieces: VecDeque<Vec<u8>>,
    /// The next piece has arrived, not only been sent.
    arrived: bool,
    closed: bool,
    written: Vec<u8>,
    requests: usize,
    reader: Option<Waker>,
}

impl Script {
    pub(super) fn new(pieces: Vec<Vec<u8>>) -> Self {
        let script = Self::default();
        script.0.borrow_mut().pieces = pieces.into();
        script
    }

    pub(super) fn close(&self) {
        let mut wire = self.0.borrow_mut();
        wire.closed = true;
        wire.wake();
    }

    /// Everything that was sent has arrived.
    pub(super) fn arrive(&self) {
        let mut wire = self.0.borrow_mut();
        let rest: Vec<u8> = wire.pieces.drain(..).flatten().collect();
        wire.pieces.extend((!rest.is_empty()).then_some(rest));
        wire.arrived = true;
    }

    /// How many requests have been written.
    pub(super) fn requests(&self) -> usize {
        self.0.borrow().requests
    }

    fn take(&self, cx: &mut Context<'_>, room: usize) -> Poll<Vec<u8>> {
        let mut wire = self.0.borrow_mut();
        if wire.requests == 0 || (wire.pieces.is_empty() && !wire.closed) {
            wire.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if !std::mem::replace(&mut wire.arrived, false) {
            wire.arrived = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let Some(mut piece) = wire.pieces.pop_front() else { return Poll::Ready(Vec::new()) };
        if piece.len() > room {
            wire.pieces.push_front(piece.split_off(room));
        }
        Poll::Ready(piece)
    }

    fn put(&self, data: &[u8]) -> Poll<io::Result<usize>> {
        let mut wire = self.0.borrow_mut();
        wire.written.extend_from_slice(data);
        wire.requests = wire.written.windows(4).filter(|four| four == b"\r\n\r\n").count();
        wire.wake();
        Poll::Ready(Ok(data.len()))
    }
}

impl Wire {
    fn wake(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }
}

impl AsyncRead for Script {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.take(cx, buffer.remaining()).map(|piece| {
            buffer.put_slice(&piece);
            Ok(())
        })
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.put(data)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl News for Script {
    fn has_news(&self) -> bool {
        true
    }
}

impl ::hyper::rt::Read for Script {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ::hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.take(cx, buffer.remaining()).map(|piece| {
            buffer.put_slice(&piece);
            Ok(())
        })
    }
}

impl ::hyper::rt::Write for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.put(data)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Polls until nothing can go on by itself.
pub(super) fn settle(mut poll: impl FnMut(&mut Context<'_>)) {
    struct Flag(AtomicBool);
    impl Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    while flag.0.swap(false, Relaxed) {
        poll(&mut Context::from_waker(&waker));
    }
}
