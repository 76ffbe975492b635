//! The static table (RFC 7541, Appendix A) and the dynamic one, under one numbering that begins at 1.

use std::collections::VecDeque;
use std::rc::Rc;

/// The size in bytes that a peer may use: the initial value of `SETTINGS_HEADER_TABLE_SIZE`, which we leave.
pub(super) const MAX_SIZE: usize = 4096;
/// What an entry counts beside its bytes (RFC 7541 §4.1).
const OVERHEAD: usize = 32;

#[rustfmt::skip]
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""), ("cache-control", ""),
    ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""), ("content-length", ""),
    ("content-location", ""), ("content-range", ""), ("content-type", ""), ("cookie", ""), ("date", ""), ("etag", ""),
    ("expect", ""), ("expires", ""), ("from", ""), ("host", ""), ("if-match", ""), ("if-modified-since", ""),
    ("if-none-match", ""), ("if-range", ""), ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""),
    ("location", ""), ("max-forwards", ""), ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""),
    ("referer", ""), ("refresh", ""), ("retry-after", ""), ("server", ""), ("set-cookie", ""),
    ("strict-transport-security", ""), ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""),
    ("www-authenticate", ""),
];

/// The dynamic table of one direction of a connection.
#[derive(Debug)]
pub(super) struct Table {
    /// The newest first.
    entries: VecDeque<Rc<Entry>>,
    size: usize,
    max: usize,
}

/// A name and a value in one piece.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    text: Box<[u8]>,
    name: usize,
}

impl Entry {
    /// A field whose name takes the first `name` bytes of `text`.
    pub(super) fn new(text: &[u8], name: usize) -> Self {
        Self { text: text.into(), name }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0, max: MAX_SIZE }
    }
}

impl Table {
    /// The field with a number, of either table.
    pub(super) fn get(&self, number: usize) -> Option<(&[u8], &[u8])> {
        let place = number.checked_sub(1)?;
        match STATIC.get(place) {
            Some((name, value)) => Some((name.as_bytes(), value.as_bytes())),
            None => self.entries.get(place - STATIC.len()).map(|entry| entry.text.split_at(entry.name)),
        }
    }

    /// The number of an entry of the dynamic table.
    pub(super) fn find(&self, entry: &Rc<Entry>) -> Option<usize> {
        let place = self.entries.iter().position(|known| Rc::ptr_eq(known, entry) || known == entry)?;
        Some(STATIC.len() + 1 + place)
    }

    /// Adds an entry. One that is larger than the whole table empties it.
    pub(super) fn add(&mut self, entry: Rc<Entry>) {
        let size = entry.text.len() + OVERHEAD;
        self.shrink_to(self.max.saturating_sub(size));
        if size <= self.max {
            self.size += size;
            self.entries.push_front(entry);
        }
    }

    /// The greatest size.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// Changes the greatest size.
    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.shrink_to(max);
    }

    fn shrink_to(&mut self, size: usize) {
        while self.size > size {
            let Some(oldest) = self.entries.pop_back() else { return };
            self.size -= oldest.text.len() + OVERHEAD;
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> usize {
        self.size
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
