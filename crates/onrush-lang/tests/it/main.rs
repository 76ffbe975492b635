//! The load grammar and its diagnostics.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod diagnostics;
mod grammar;
