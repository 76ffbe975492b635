//! The load grammar, scenario files, and what they say when something is wrong.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod anything;
mod diagnostics;
mod examples;
mod files;
mod grammar;
mod mistakes;
mod mutants;
mod plays;
