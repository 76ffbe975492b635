//! The byte streams that requests go over, without a box around each.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

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

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, data))
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
