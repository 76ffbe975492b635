//! What a peer may not do.

use std::borrow::Cow;

use super::frame::Code;

/// What a peer did that ends the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} ({code})")]
pub struct Fault {
    pub(super) code: Code,
    what: Cow<'static, str>,
}

impl Fault {
    #[cold]
    pub(super) fn new(code: Code, what: impl Into<Cow<'static, str>>) -> Self {
        Self { code, what: what.into() }
    }

    pub(super) const fn fixed(code: Code, what: &'static str) -> Self {
        Self { code, what: Cow::Borrowed(what) }
    }
}
