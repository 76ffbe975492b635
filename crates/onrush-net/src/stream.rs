//! The byte streams that requests go over, without a box around each.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, SendFlags, recv, send};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A connected stream.
#[derive(Debug)]
pub enum Stream {
    /// TCP in clear text.
    Tcp(TcpStream),
    /// A Unix domain socket in clear text.
    Unix(UnixStream),
    /// TLS over either of them.
    Tls(Box<TlsStream<Stream>>),
}

impl Stream {
    /// The address at the other end of what carries it.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(tcp) => tcp.peer_addr().ok().map(|peer| peer.ip()),
            Self::Unix(_) => None,
            Self::Tls(tls) => tls.get_ref().0.address(),
        }
    }
}

/// Whether something came while nobody was reading. May say yes in vain, never no.
pub trait News {
    /// Costs no system call when nothing came.
    fn has_news(&self) -> bool;
}

impl News for Stream {
    fn has_news(&self) -> bool {
        // The closure runs only if the event loop has seen the socket become readable.
        let readable = match self {
            Self::Tcp(tcp) => tcp.try_io(Interest::READABLE, || Ok(())),
            Self::Unix(unix) => unix.try_io(Interest::READABLE, || Ok(())),
            Self::Tls(tls) => return tls.get_ref().0.has_news(),
        };
        readable.is_ok()
    }
}

/// For tests of the wire without sockets.
impl News for DuplexStream {
    fn has_news(&self) -> bool {
        true
    }
}

macro_rules! each {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            Self::Unix($stream) => $call,
            Self::Tls($stream) => $call,
        }
    };
}

/// Receives by a system call of our own: libc's is a cancellation point of threads, which costs as much again
/// as it does itself.
#[inline]
fn poll_receive(tcp: &TcpStream, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
    let room = buffer.initialize_unfilled();
    let asked = room.len();
    let received = loop {
        ready!(tcp.poll_read_ready(cx))?;
        if let Some(done) = once(tcp, Interest::READABLE, asked, || Ok(recv(tcp, &mut *room, RecvFlags::empty())?.0)) {
            break done?;
        }
    };
    buffer.advance(received);
    Poll::Ready(Ok(()))
}

/// A peer that has gone is an error, not a signal. Apple's systems have no such flag; there, what Rust's runtime
/// does for every program must do: it ignores the signal.
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Sends in the same way, but tries before it asks: a socket between requests is nearly always ready. The task's
/// budget is not asked either, since who sends more than the system takes must wait.
#[inline]
fn poll_send(tcp: &TcpStream, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
    loop {
        if let Some(done) = once(tcp, Interest::WRITABLE, data.len(), || Ok(send(tcp, data, NO_SIGNAL)?)) {
            return Poll::Ready(done);
        }
        ready!(tcp.poll_write_ready(cx))?;
    }
}

/// Tries once; `None` if the socket was not ready after all. Fewer bytes than `asked` for mean that it is not
/// ready any more, and the event loop is told so: the next try waits instead of asking the system in vain.
#[inline]
fn once(
    tcp: &TcpStream,
    interest: Interest,
    asked: usize,
    call: impl FnOnce() -> io::Result<usize>,
) -> Option<io::Result<usize>> {
    let mut part = None;
    let tried = tcp.try_io(interest, || match call()? {
        count if 0 < count && count < asked => {
            part = Some(count);
            Err(io::ErrorKind::WouldBlock.into())
        }
        count => Ok(count),
    });
    match (part, tried) {
        (Some(count), _) => Some(Ok(count)),
        (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => None,
        (None, tried) => Some(tried),
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => poll_receive(tcp, cx, buffer),
            Self::Unix(unix) => Pin::new(unix).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(tcp) => poll_send(tcp, cx, data),
            Self::Unix(unix) => Pin::new(unix).poll_write(cx, data),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, data),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, data))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
