//! The same bytes, split in the same places, read by us and by hyper's client: both must come to the same
//! status, body, verdict and reuse of the connection, except for the differences listed in `differences.rs`.

use std::fmt;

mod differences;
mod generated;
mod hyper;
mod ours;
mod script;
mod streams;

/// What a peer sends after it has read a request, and how.
#[derive(Clone)]
struct Stream {
    /// The request is a HEAD instead of a GET.
    head: bool,
    bytes: Vec<u8>,
    /// Where the bytes are split, in ascending order.
    cuts: Vec<usize>,
}

/// What a client makes of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Answer {
        status: u16,
        body: String,
        /// The answer was whole before the peer closed.
        before_close: bool,
        /// The connection may carry another request.
        reusable: bool,
    },
    /// The exchange failed for what came together with the end of its answer.
    Excess {
        status: u16,
        body: String,
    },
    Refused {
        before_close: bool,
    },
}

impl Stream {
    fn whole(head: bool, bytes: impl Into<Vec<u8>>) -> Self {
        Self { head, bytes: bytes.into(), cuts: Vec::new() }
    }

    fn split(&self, cuts: impl IntoIterator<Item = usize>) -> Self {
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| (1..self.bytes.len()).contains(cut)).collect();
        cuts.sort_unstable();
        cuts.dedup();
        Self { cuts, ..self.clone() }
    }

    fn pieces(&self) -> Vec<Vec<u8>> {
        let ends = self.cuts.iter().copied().chain([self.bytes.len()]);
        let mut start = 0;
        let pieces = ends.map(|end| self.bytes[std::mem::replace(&mut start, end)..end].to_vec());
        pieces.filter(|piece| !piece.is_empty()).collect()
    }

    /// Both outcomes, ours first, unless they are the same or differ as listed; then the list's row.
    fn compare(&self) -> Result<Option<&'static differences::Difference>, Box<(Outcome, Outcome)>> {
        let (ours, theirs) = (ours::read(self), hyper::read(self));
        if ours == theirs {
            return Ok(None);
        }
        match differences::explain(self, &ours, &theirs) {
            Some(difference) => Ok(Some(difference)),
            None => Err(Box::new((ours, theirs))),
        }
    }
}

/// As the tables write it: `200 "hello", reusable`.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { status, body, before_close, reusable } => {
                let after = match (before_close, reusable) {
                    (false, _) => "at the close",
                    (true, true) => "reusable",
                    (true, false) => "not reusable",
                };
                write!(f, "{status} `{body}`, {after}")
            }
            Self::Excess { status, body } => write!(f, "{status} `{body}`, refused for what followed"),
            Self::Refused { before_close: true } => f.write_str("refused"),
            Self::Refused { before_close: false } => f.write_str("refused at the close"),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.head { "HEAD" } else { "GET" };
        write!(f, "{method}, cut at {:?}: \"{}\"", self.cuts, self.bytes.escape_ascii())
    }
}
