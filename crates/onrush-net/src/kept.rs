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
    /// A head without any of [`TELLING`], met before: the next answer is likely to have the same.
    /// On the heap, or every user in flight would carry its room.
    plain: Option<Box<Plain>>,
    is_plain: bool,
}

#[derive(Debug, Default)]
struct Plain {
    head: Vec<u8>,
}

/// Fields that are looked for in every answer of a user with cookies, or whose body is read.
const TELLING: &[&str] = &["set-cookie", "content-encoding"];

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
        let head = if self.is_plain && TELLING.contains(&name) { &[] } else { &*self.head };
        // The name is compared before anything else is done.
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', head).map(|end| end + 1));
        starts.filter_map(move |start| {
            let line = &head[start..];
            let is_it = line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name.as_bytes());
            let line = line.get(name.len() + 1..).filter(|_| is_it)?;
            Some(line[..memchr::memchr(b'\n', line).unwrap_or(line.len())].trim_ascii())
        })
    }

    /// The answer is there: whether its head tells anything is found out once, and not at all if it is the last one.
    pub(crate) fn settle(&mut self) {
        if self.head.is_empty() {
            return;
        }
        let is_known = self.plain.as_ref().is_some_and(|plain| plain.head == self.head);
        if !is_known {
            if TELLING.iter().any(|name| self.headers(name).next().is_some()) {
                return;
            }
            self.plain.get_or_insert_default().head.clone_from(&self.head);
        }
        self.is_plain = true;
    }

    /// The answer begins, or another one after a repeat.
    pub(crate) fn begin(&mut self) {
        self.head.clear();
        self.body.clear();
        self.size = 0;
        self.is_plain = false;
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

    #[test]
    fn what_a_head_tells_is_told_whatever_came_before() {
        let mut kept = Kept::default();
        for (head, cookies) in [
            ("A: b\r\n", 0),
            ("A: b\r\n", 0),
            ("A: b\r\nset-COOKIE: c=d\r\nSet-Cookie: e=f\r\n", 2),
            ("A: b\r\n", 0),
            ("Set-Cookie: c=d\r\n", 1),
            ("Set-Cookie: c=d\r\n", 1),
        ] {
            kept = kept.wanting(true, 0);
            kept.take_head(head.as_bytes());
            kept.settle();
            assert_eq!(kept.headers("set-cookie").count(), cookies, "{head}");
            assert_eq!(kept.headers("a").count(), usize::from(head.starts_with('A')), "{head}");
        }
    }
}
