//! What users say and hear, told through the public API alone.

mod answers;
mod plays;
mod requests;
