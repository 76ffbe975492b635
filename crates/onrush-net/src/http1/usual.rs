//! The head that a service sends again and again.

use super::ReadError;
use super::head::{self, Framing, Head};

/// Longer heads are not kept: comparing must cost little where nothing ever repeats.
const MAX: usize = 1024;

/// The final head that was read last. A head that is byte for byte the same means the same, and comparing is
/// several times cheaper than parsing: a head changes once a second where only its date does.
#[derive(Debug, Default)]
pub(super) struct Usual {
    bytes: Vec<u8>,
    means: Option<Means>,
}

#[derive(Clone, Copy, Debug)]
struct Means {
    answers_head: bool,
    status: u16,
    keep_alive: bool,
    framing: Framing,
}

impl Usual {
    /// Does what [`head::parse`] does.
    #[inline]
    pub(super) fn parse(
        &mut self,
        input: &[u8],
        answers_head: bool,
    ) -> Result<Option<(Head, Framing, usize)>, ReadError> {
        match self.means {
            Some(Means { answers_head: same, status, keep_alive, framing })
                if same == answers_head && input.starts_with(&self.bytes) =>
            {
                let head = Head { status, keep_alive, location: None };
                Ok(Some((head, framing, self.bytes.len())))
            }
            _ => self.parse_and_keep(input, answers_head),
        }
    }

    fn parse_and_keep(
        &mut self,
        input: &[u8],
        answers_head: bool,
    ) -> Result<Option<(Head, Framing, usize)>, ReadError> {
        let parsed = head::parse(input, answers_head)?;
        if let Some((Head { status: status @ 200.., keep_alive, location: None }, framing, length @ ..=MAX)) = parsed {
            self.bytes.clear();
            self.bytes.extend_from_slice(&input[..length]);
            self.means = Some(Means { answers_head, status, keep_alive, framing });
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One after the other: heads that repeat, that differ in one place, that go on where another ended, that
    /// answer another method, that say nothing new but too much.
    #[test]
    fn what_is_recognised_means_what_it_meant() {
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: {}\r\n\r\n", "x".repeat(MAX));
        let heads = [
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\n",
            "nonsense\r\n\r\n",
            "",
            &long,
        ];
        let mut usual = Usual::default();
        for (first, second) in heads.iter().flat_map(|first| heads.iter().map(move |second| (first, second))) {
            for (head, answers_head) in [(first, false), (first, false), (second, false), (second, true), (first, true)]
            {
                let input = format!("{head}what follows");
                let found = usual.parse(input.as_bytes(), answers_head);
                assert_eq!(found, head::parse(input.as_bytes(), answers_head), "{head:?} after {first:?}");
            }
        }
    }
}
