//! What is sent, read back with the types that OpenTelemetry's own definitions make.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod otlp;
mod receiver;
mod spans;
