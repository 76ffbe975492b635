//! Which core runs what.

use rustix::thread::{CpuSet, sched_setaffinity};

/// Where servers run.
pub(crate) const SERVER: usize = 0;
/// Where clients run.
pub(crate) const CLIENT: usize = 1;

/// Keeps the calling thread, and all that it starts from now on, on one core.
pub(crate) fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    if let Err(error) = sched_setaffinity(None, &set) {
        eprintln!("note: cannot keep to core {core} ({error}); figures are less steady");
    }
}
