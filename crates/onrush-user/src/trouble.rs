//! What can go wrong while a user speaks and listens: told with the place in the file, without secrets.

use std::fmt;

/// What went wrong; it ends the iteration as failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Trouble(Box<Told>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    kind: TroubleKind,
    place: String,
    message: String,
}

/// Which kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TroubleKind {
    /// An expression has no value: a variable without one, a function refused, too much work.
    Expression,
    /// Something grew past its bound.
    TooLarge,
    /// What was filled in makes no valid request: a line break in a header, a URL that is none.
    Request,
    /// What had to be saved was not found.
    NotFound,
    /// The body is not what it was read as: JSON, XML.
    Unreadable,
    /// A feeder has no further row; the message names it.
    Exhausted,
    /// The same of rows that are drawn one after the other until they end, as the plan says.
    AtEnd,
    /// The body was longer than what was kept of it.
    Truncated,
}

impl Trouble {
    /// Something that went wrong at a place of the file.
    pub(crate) fn new(kind: TroubleKind, place: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Told { kind, place: place.to_owned(), message: message.into() }))
    }

    /// Which kind of thing went wrong.
    pub fn kind(&self) -> TroubleKind {
        self.0.kind
    }

    /// Where in the file; empty where that is not known.
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// What went wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same with another message.
    pub(crate) fn reworded(mut self, reword: impl FnOnce(&str) -> String) -> Self {
        self.0.message = reword(&self.0.message);
        self
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.message),
            place => write!(f, "{place}: {}", self.message),
        }
    }
}
