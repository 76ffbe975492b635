//! The counters of a run. Which law holds between them is said here and tested in the engine:
//! `intended = started + dropped + unstarted` and `started = completed + failed + cut_off`
//! once a run has ended, and
//! `connections_reused + unanswered_repeats <= sent` always.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts of one interval or of a whole run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// The names of all counters, in an order to which new ones are only added at the end.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// All counters, in the order of [`Self::NAMES`].
            pub fn values(&self) -> impl Iterator<Item = u64> {
                [$(self.$name),*].into_iter()
            }

            /// Counters from values in the order of [`Self::NAMES`]; those that are missing are 0.
            pub fn from_values(values: impl IntoIterator<Item = u64>) -> Self {
                let mut values = values.into_iter();
                Self { $($name: values.next().unwrap_or(0),)* }
            }

            /// Adds every counter of `other`.
            pub fn merge(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }
        }
    };
}

counters! {
    /// Requests that were due: by the schedule (open), or because a user was free (closed).
    intended,
    /// Requests that a virtual user began.
    started,
    /// Requests answered whole and well.
    completed,
    /// Requests that ended in an error, a bad status included.
    failed,
    /// Due requests given up because the in-flight limit was reached and the plan says drop.
    dropped,
    /// Requests begun within the time of the load: what the generator is held to.
    started_in_time,
    /// Requests that ended, well or not, within the time of the load.
    ended_in_time,
    /// Requests in flight when the graceful period ended.
    cut_off,
    /// Due requests that still waited for a free place when the run ended.
    unstarted,
    /// Requests written to the wire: redirect hops and repeats on stale connections included.
    sent,
    /// Attempts at requests of scenarios: the first, those that a retry or a hedge added.
    attempts,
    /// Requests of scenarios whose first attempt failed, however they ended.
    failed_at_first,
    /// Second attempts beside a first that took long.
    hedges,
    /// Records sent in bulk requests that were answered well.
    records,
    /// Checks that held.
    checks_passed,
    /// Checks that did not.
    checks_failed,
    /// Redirects followed.
    redirects,
    /// Requests repeated that nobody had looked at: the service had closed the connection while it was idle, or
    /// refused the stream (HTTP/2).
    stale_retries,
    /// Requests repeated that had been written when the service closed the connection without an answer to them.
    unanswered_repeats,
    /// Bytes of requests, heads included, before TLS.
    bytes_sent,
    /// Bytes of responses, heads included, after TLS.
    bytes_received,
    /// Connections that were opened.
    connections_opened,
    /// Requests answered over a connection that had carried one before.
    connections_reused,
    /// Connection attempts that failed at one address before another address of the name answered.
    address_fallbacks,
}

impl Counters {
    /// Requests that have ended, well or not.
    pub fn ended(&self) -> u64 {
        self.completed + self.failed
    }
}
