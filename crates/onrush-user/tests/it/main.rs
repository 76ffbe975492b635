//! What users say and hear, told through the public API alone.

#![expect(clippy::unwrap_used, reason = "tests end where their preparations fail")]

mod answers;
mod credentials;
mod draws;
mod plays;
mod requests;
