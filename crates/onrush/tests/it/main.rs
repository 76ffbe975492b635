//! The binary from outside: what it prints, how it ends, and whether what it reports is what happened.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod cli;
mod collector;
mod compare;
mod flow;
mod harness;
mod interop;
mod observe;
mod page;
mod picture;
mod plain;
mod proxy;
mod scenario;
mod slowest;
mod starter;
mod trace;
mod traces;
mod tutorial;
mod weather;
