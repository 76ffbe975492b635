//! What is kept of an answer for those who look at it.

use std::cell::RefCell;

use crate::http1::Sink;

/// The head and the beginning of the body of one answer. It keeps its memory: use one again for the next request.
#[derive(Debug, Default)]
pub struct Kept {
    wants_head: bool,
    /// Bytes of the body that are kept.
    most: usize,
    head: Vec<u8>,
    body: Vec<u8>,
    /// Bytes of the body that came, kept or not.
    size: u64,
}

impl Kept {
    /// Empty again, for an answer of which the head is wanted, and up to `body` bytes of the body.
    #[must_use]
    pub fn wanting(mut self, head: bool, body: usize) -> Self {
        (self.wants_head, self.most) = (head, body);
        self.begin();
        self
    }

    /// The fields of the head: all of it in HTTP/1.1, lines of `name: value` in HTTP/2.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// The body as it came, as far as it is kept.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The bytes of the body as it came, kept or not.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The body was longer than what is kept of it.
    pub fn is_truncated(&self) -> bool {
        self.size > self.body.len() as u64
    }

    /// The values of a field by its name in whatever case, in order.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        // Looked for in every answer whose cookies are kept: the name is compared before anything else is done.
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', &self.head).map(|end| end + 1));
        starts.filter_map(move |start| {
            let line = &self.head[start..];
            let is_it = line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name.as_bytes());
            let line = line.get(name.len() + 1..).filter(|_| is_it)?;
            Some(line[..memchr::memchr(b'\n', line).unwrap_or(line.len())].trim_ascii())
        })
    }

    /// The answer begins, or another one after a repeat.
    pub(crate) fn begin(&mut self) {
        self.head.clear();
        self.body.clear();
        self.size = 0;
    }

    /// A field of an HTTP/2 answer.
    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) {
        if self.wants_head {
            for part in [name, b": ", value, b"\r\n"] {
                self.head.extend_from_slice(part);
            }
        }
    }
}

impl Sink for Kept {
    #[inline]
    fn take_head(&mut self, bytes: &[u8]) {
        if self.wants_head {
            self.head.extend_from_slice(bytes);
        }
    }

    #[inline]
    fn take_body(&mut self, bytes: &[u8]) {
        let room = self.most - self.body.len();
        self.body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.size += bytes.len() as u64;
    }
}

/// Somebody may look at the answer, or nobody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keeper<'a>(pub(crate) Option<&'a RefCell<Kept>>);

impl Sink for Keeper<'_> {
    #[inline]
    fn take_head(&mut self, bytes: &[u8]) {
        if let Some(kept) = self.0 {
            kept.borrow_mut().take_head(bytes);
        }
    }

    #[inline]
    fn take_body(&mut self, bytes: &[u8]) {
        if let Some(kept) = self.0 {
            kept.borrow_mut().take_body(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_is_wanted() {
        let mut kept = Kept::default().wanting(true, 5);
        kept.take_head(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a:  2 \r\n\r\n");
        kept.take_body(b"abc");
        assert!(!kept.is_truncated());
        kept.take_body(b"defg");
        assert_eq!((kept.body(), kept.is_truncated(), kept.size()), (&b"abcde"[..], true, 7));
        assert_eq!(kept.headers("x-a").collect::<Vec<_>>(), [b"1", b"2"]);
        let mut kept = kept.wanting(false, 0);
        kept.take_head(b"HTTP/1.1 200 OK\r\n\r\n");
        kept.take_body(b"");
        assert_eq!((kept.head(), kept.body(), kept.is_truncated()), (&b""[..], &b""[..], false));
    }
}
