//! HTTP/2 from the client's side, over `h2`: one connection that all lanes of a virtual user share.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::{cmp, io};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, SendStream};
use onrush_metrics::ErrorKind;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Mutex;

use crate::clock::Instant;
use crate::dial::Origin;
use crate::failure::Failure;
use crate::stream::Stream;

/// Large windows, so that flow control measures the service and not us.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;

/// The HTTP/2 connections of a user, one an origin.
#[derive(Debug, Default)]
pub struct Shared2 {
    links: RefCell<Vec<Rc<Link>>>,
    /// Held by the lane that opens a connection.
    pub(crate) connecting: Mutex<()>,
}

/// One HTTP/2 connection.
#[derive(Debug)]
pub(crate) struct Link {
    origin: Rc<Origin>,
    sender: SendRequest<Bytes>,
    bytes: Rc<Bytes2>,
}

/// A whole answer.
pub(crate) struct Answer2 {
    pub(crate) status: u16,
    pub(crate) location: Option<Box<str>>,
    pub(crate) first_byte: Instant,
    pub(crate) ended: Instant,
}

/// Why an exchange failed.
pub(crate) struct Broken2 {
    pub(crate) failure: Failure,
    /// The peer says that it did not look at the request.
    pub(crate) unprocessed: bool,
    /// The connection is of no further use.
    pub(crate) connection_gone: bool,
}

impl Shared2 {
    pub(crate) fn link(&self, origin: &Rc<Origin>) -> Option<Rc<Link>> {
        let links = self.links.borrow();
        links.iter().find(|link| Rc::ptr_eq(&link.origin, origin) || link.origin == *origin).cloned()
    }

    pub(crate) fn forget(&self, gone: &Rc<Link>) {
        self.links.borrow_mut().retain(|link| !Rc::ptr_eq(link, gone));
    }

    pub(crate) async fn open(&self, origin: &Rc<Origin>, stream: Stream) -> Result<Rc<Link>, Failure> {
        let bytes = Rc::new(Bytes2::default());
        let counted = Counted { stream, bytes: Rc::clone(&bytes) };
        let (sender, connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .enable_push(false)
            .handshake(counted)
            .await
            .map_err(|error| failure(&error))?;
        // Its end is told to every stream it carried, so nobody waits for this task.
        tokio::task::spawn_local(connection);
        let link = Rc::new(Link { origin: Rc::clone(origin), sender, bytes });
        self.links.borrow_mut().push(Rc::clone(&link));
        Ok(link)
    }
}

impl Link {
    /// Sends a request and reads its whole answer.
    pub(crate) async fn exchange(
        &self,
        head: &http::Request<()>,
        body: &Bytes,
        max_body: u64,
    ) -> Result<Answer2, Broken2> {
        let mut sender = self.sender.clone();
        poll_fn(|cx| sender.poll_ready(cx)).await?;
        let (answer, stream) = sender.send_request(head.clone(), body.is_empty())?;
        if !body.is_empty() {
            send_body(stream, body.clone()).await?;
        }
        let (head, body) = answer.await?.into_parts();
        let first_byte = Instant::now();
        let ended = if body.is_end_stream() { first_byte } else { drain(body, max_body).await? };
        let location = if head.status.is_redirection() { head.headers.get("location") } else { None };
        let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        Ok(Answer2 { status: head.status.as_u16(), location, first_byte, ended })
    }

    /// Bytes sent and received on the connection since this was last asked. Frames of other streams and
    /// of the connection itself are in it, so only sums over a connection mean something.
    pub(crate) fn take_bytes(&self) -> (u64, u64) {
        (self.bytes.sent.take(), self.bytes.received.take())
    }
}

async fn send_body(mut stream: SendStream<Bytes>, mut body: Bytes) -> Result<(), h2::Error> {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let Some(capacity) = poll_fn(|cx| stream.poll_capacity(cx)).await else {
            // The peer has answered without wanting the rest.
            return Ok(());
        };
        let part = body.split_to(cmp::min(capacity?, body.len()));
        stream.send_data(part, body.is_empty())?;
    }
    Ok(())
}

async fn drain(mut body: RecvStream, max: u64) -> Result<Instant, Broken2> {
    let mut seen = 0;
    while let Some(data) = body.data().await {
        let length = data?.len();
        seen += length as u64;
        if seen > max {
            let text = format!("the response body is longer than {max} bytes");
            return Err(Broken2 {
                failure: Failure::new(ErrorKind::Protocol, text),
                unprocessed: false,
                connection_gone: false,
            });
        }
        // Window updates go out together once half a window is used.
        body.flow_control().release_capacity(length)?;
    }
    body.trailers().await?;
    Ok(Instant::now())
}

impl From<h2::Error> for Broken2 {
    fn from(error: h2::Error) -> Self {
        let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let went_away = error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR);
        Self {
            unprocessed: is_refused || went_away,
            connection_gone: error.is_io() || error.is_go_away() || !error.is_reset(),
            failure: failure(&error),
        }
    }
}

fn failure(error: &h2::Error) -> Failure {
    match error.get_io() {
        // What h2 calls a broken pipe in words of its own is the end of the connection in good order.
        Some(io) if io.kind() == io::ErrorKind::BrokenPipe && io.get_ref().is_some() => {
            Failure::new(ErrorKind::ClosedEarly, "the peer closed the HTTP/2 connection before the answer was whole")
        }
        Some(io) => Failure::exchange(io),
        None if error.reason() == Some(h2::Reason::NO_ERROR) => {
            Failure::new(ErrorKind::ClosedEarly, "the peer closed the HTTP/2 connection")
        }
        None => Failure::new(ErrorKind::Protocol, error.to_string()),
    }
}

#[derive(Debug, Default)]
struct Bytes2 {
    sent: Cell<u64>,
    received: Cell<u64>,
}

/// A stream that counts what passes.
struct Counted {
    stream: Stream,
    bytes: Rc<Bytes2>,
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.bytes.received.set(self.bytes.received.get() + (buffer.filled().len() - before) as u64);
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        self.note_sent(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.note_sent(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Counted {
    fn note_sent(&self, written: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = written {
            self.bytes.sent.set(self.bytes.sent.get() + *count as u64);
        }
    }
}
