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
    getrlimit(Resource::Nofile).current.map(left_for_connections)
}

/// Where the limit is low, half of it is kept: that is enough for a few workers, and the run can begin.
fn left_for_connections(limit: u64) -> u64 {
    limit - RESERVED.min(limit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_leaves_room_for_connections_too() {
        for (limit, left) in [(20_000, 19_936), (1024, 960), (128, 64), (60, 30), (30, 15), (1, 1), (0, 0)] {
            assert_eq!(left_for_connections(limit), left, "{limit}");
        }
    }
}
