//! Spans of sampled requests, for those who collect traces.

use std::sync::Arc;

use crate::{ErrorKind, Singles};

/// A request as its user felt it, or an attempt at it. Times count from the start of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The trace of the request.
    pub trace: u128,
    /// Its own number: of an attempt the one that the service was told.
    pub id: u64,
    /// The place of the request in [`crate::RunInfo::series`]; 0 where there are none.
    pub series: u32,
    /// When it began, in ns: of a whole request when it was due.
    pub from_ns: u64,
    /// When it ended, in ns.
    pub until_ns: u64,
    /// The status of the answer; 0 without one.
    pub status: u16,
    /// Why it failed, if it did.
    pub error: Option<ErrorKind>,
    /// What was sent, if it is an attempt; `None` for the whole request.
    pub attempt: Option<Attempt>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The span of the whole request.
    pub whole: u64,
    /// How many attempts came before it.
    pub number: u32,
    /// The method.
    pub method: Arc<str>,
    /// The URL, without what is secret in it.
    pub url: Arc<str>,
    /// It was given up because another attempt beside it was answered first.
    pub is_beaten: bool,
}

/// Spans of an interval.
pub type Spans = Singles<Span, 100_000>;
