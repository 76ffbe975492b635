//! The limits of this machine that a run may meet.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for everything that is not a connection: files, timers, event queues.
const RESERVED: u64 = 64;

/// Raises the process's soft limit on open files to its hard limit, so that nobody has to type
/// `ulimit -n`. Failing is no error: the limit stays as it was and is told by [`available_descriptors`].
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// How many connections the process may have open at a time; `None` where there is no limit.
pub fn available_descriptors() -> Option<u64> {
    getrlimit(Resource::Nofile).current.map(|limit| limit.saturating_sub(RESERVED))
}
