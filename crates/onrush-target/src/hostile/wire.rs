//! One connection of a hostile server: reads requests whole, writes whatever it is told, ends in every way there is.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Heads longer than this are not read any further: the connection ends.
const HEAD_LIMIT: usize = 64 * 1024;

/// A connection and what was read ahead.
pub(super) struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
    requests: Arc<AtomicU64>,
}

/// How a request says where its body ends.
#[derive(Debug, PartialEq)]
enum Body {
    Length(usize),
    Chunked,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, requests: Arc<AtomicU64>) -> Self {
        Self { stream, ahead: Vec::new(), requests }
    }

    /// Reads one request with its body. `false` when the client has ended instead.
    pub(super) async fn request(&mut self) -> io::Result<bool> {
        let Some(end) = self.read_until(b"\r\n\r\n", HEAD_LIMIT).await? else { return Ok(false) };
        let body = body_of(&self.ahead[..end]);
        self.ahead.drain(..end);
        let is_whole = match body {
            Body::Length(length) => self.skip(length).await?,
            Body::Chunked => self.skip_chunks().await?,
        };
        self.requests.fetch_add(u64::from(is_whole), Relaxed);
        Ok(is_whole)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Ends our side; the other stays.
    pub(super) async fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }

    /// Ends both sides in order: unread bytes would turn the end into a reset.
    pub(super) async fn close(mut self) -> io::Result<()> {
        self.finish().await?;
        let mut buffer = [0; 4096];
        while self.stream.try_read(&mut buffer).is_ok_and(|read| read > 0) {}
        Ok(())
    }

    /// Reads until the client ends.
    pub(super) async fn listen(&mut self) -> io::Result<()> {
        self.ahead.clear();
        while self.read_more().await? {
            self.ahead.clear();
        }
        Ok(())
    }

    /// Ends both sides by a reset.
    pub(super) fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO))
    }

    async fn read_until(&mut self, mark: &[u8], limit: usize) -> io::Result<Option<usize>> {
        loop {
            if let Some(at) = self.ahead.windows(mark.len()).position(|window| window == mark) {
                return Ok(Some(at + mark.len()));
            }
            if self.ahead.len() > limit || !self.read_more().await? {
                return Ok(None);
            }
        }
    }

    async fn skip(&mut self, length: usize) -> io::Result<bool> {
        let mut left = length;
        loop {
            let here = left.min(self.ahead.len());
            self.ahead.drain(..here);
            left -= here;
            if left == 0 {
                return Ok(true);
            }
            if !self.read_more().await? {
                return Ok(false);
            }
        }
    }

    async fn skip_chunks(&mut self) -> io::Result<bool> {
        loop {
            let Some(end) = self.read_until(b"\r\n", HEAD_LIMIT).await? else { return Ok(false) };
            let size = chunk_size(&self.ahead[..end]);
            self.ahead.drain(..end);
            let Some(size) = size else { return Ok(false) };
            if !self.skip(size.saturating_add(2)).await? {
                return Ok(false);
            }
            if size == 0 {
                return Ok(true);
            }
        }
    }

    async fn read_more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let read = self.stream.read(&mut buffer).await?;
        self.ahead.extend_from_slice(&buffer[..read]);
        Ok(read > 0)
    }
}

fn body_of(head: &[u8]) -> Body {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    if value("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        return Body::Chunked;
    }
    Body::Length(value("content-length").and_then(|length| length.parse().ok()).unwrap_or(0))
}

fn chunk_size(line: &[u8]) -> Option<usize> {
    let line = std::str::from_utf8(line).ok()?;
    usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_bodies_end() {
        let table = [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Body::Length(0)),
            ("POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n", Body::Length(12)),
            ("POST / HTTP/1.1\r\ncontent-length:x\r\n\r\n", Body::Length(0)),
            ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", Body::Chunked),
        ];
        for (head, expected) in table {
            assert_eq!(body_of(head.as_bytes()), expected, "{head}");
        }
        for (line, expected) in [("1f\r\n", Some(31)), ("5;name=value\r\n", Some(5)), ("x\r\n", None)] {
            assert_eq!(chunk_size(line.as_bytes()), expected, "{line}");
        }
    }
}
