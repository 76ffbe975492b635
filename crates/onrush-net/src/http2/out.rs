//! Bytes that wait to be written.

/// Room that is kept while nothing waits.
const KEPT: usize = 2 * 1024;

/// Written bytes in front of others are let go once they are so many.
const COMPACTED: usize = 64 * 1024;

/// A queue of bytes that is written from its front.
#[derive(Debug, Default)]
pub(super) struct Out {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes that were ever written before these.
    before: u64,
}

impl Out {
    /// Where frames are appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn waiting(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Bytes that were ever queued.
    pub(super) fn queued(&self) -> u64 {
        self.before + self.bytes.len() as u64
    }

    /// Bytes that were ever written.
    pub(super) fn written(&self) -> u64 {
        self.before + self.written as u64
    }

    /// The first `count` bytes have been written.
    pub(super) fn advance(&mut self, count: usize) {
        self.written += count;
        if self.written == self.bytes.len() {
            self.before += self.written as u64;
            self.written = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
        } else if self.written >= COMPACTED {
            self.bytes.drain(..self.written);
            self.before += self.written as u64;
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_slowly_takes_no_more_room() {
        let mut out = Out::default();
        let mut expected = (0_u64, 0_u64);
        for round in 0..1000_u64 {
            out.end().extend_from_slice(&[round as u8; 10_000]);
            out.advance(if round == 0 { 1 } else { 10_000 });
            expected = (expected.0 + 10_000, expected.1 + if round == 0 { 1 } else { 10_000 });
            assert_eq!((out.queued(), out.written()), expected);
            assert_eq!(out.waiting().len(), 9999);
            assert!(out.bytes.len() < 2 * COMPACTED);
        }
    }
}
