//! Ctrl-C, and being asked to end.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::exit::Wrong;

/// Calls `handle` on a thread of its own for every SIGINT, SIGTERM or SIGHUP, with how many there were.
pub(crate) fn on_signal(handle: impl Fn(u32) + Send + 'static) -> Result<(), Wrong> {
    let signals = AtomicU32::new(0);
    let handler = move || handle(signals.fetch_add(1, Ordering::Relaxed) + 1);
    ctrlc::set_handler(handler).map_err(|error| Wrong(format!("signals cannot be handled: {error}")))
}
