//! Users that loop: who is there when.

use std::time::Duration;

use crate::segment::Segment;
use crate::stage::Stage;

/// A closed phase: a number of users that changes piecewise evenly. User `j` is there while the exact
/// number is above `j`, so a ramp brings (and sends) its users one by one, evenly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pieces: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: Duration,
    lasts: Duration,
    from: u32,
    to: u32,
}

/// One user and when it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserShare {
    /// Its number, from 0.
    pub number: u32,
    /// When it is there, in order and apart from each other.
    pub spans: Vec<Span>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Duration,
    /// Its end.
    pub until: Duration,
}

impl Closed {
    pub(crate) fn new(stages: &[Stage]) -> Self {
        let mut start = Duration::ZERO;
        let mut pieces = Vec::new();
        for stage in stages {
            if let Stage::Users { from, to, lasts } = *stage {
                pieces.push(Piece { start, lasts, from, to });
                start += lasts;
            }
        }
        Self { pieces }
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.pieces.last().map_or(Duration::ZERO, |piece| piece.start + piece.lasts)
    }

    /// The most users that are there at a time.
    pub fn max_users(&self) -> u32 {
        self.pieces.iter().map(|piece| piece.from.max(piece.to)).max().unwrap_or(0)
    }

    /// The users of a segment.
    pub fn users(&self, segment: Segment) -> impl Iterator<Item = UserShare> + '_ {
        segment.numbers(self.max_users().into()).map(|number| self.user(number as u32))
    }

    fn user(&self, number: u32) -> UserShare {
        let mut spans: Vec<Span> = Vec::new();
        for span in self.pieces.iter().filter_map(|piece| piece.span_of(number)) {
            match spans.last_mut() {
                Some(last) if last.until == span.from => last.until = span.until,
                _ => spans.push(span),
            }
        }
        UserShare { number, spans }
    }
}

impl Piece {
    /// When user `number` is there within this piece.
    fn span_of(&self, number: u32) -> Option<Span> {
        let end = self.start + self.lasts;
        let span = match (self.from > number, self.to > number) {
            (false, false) => return None,
            (true, true) => Span { from: self.start, until: end },
            (false, true) => Span { from: self.start + self.crossing(number), until: end },
            (true, false) => Span { from: self.start, until: self.start + self.crossing(number) },
        };
        (span.from < span.until).then_some(span)
    }

    /// When the number of users, which changes in this piece, passes `number`.
    fn crossing(&self, number: u32) -> Duration {
        let part = u128::from(self.from.abs_diff(number));
        let whole = u128::from(self.from.abs_diff(self.to));
        let nanos = self.lasts.as_nanos() * part / whole;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
