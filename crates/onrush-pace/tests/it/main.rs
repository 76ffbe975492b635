//! The laws that every profile keeps, and tables of what people would calculate by hand.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod laws;
mod tables;
