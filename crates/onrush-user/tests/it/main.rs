//! What users say and hear, told through the public API alone.

mod plays;
mod requests;
