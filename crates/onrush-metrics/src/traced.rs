//! What one user did, told step by step to whoever writes a scenario: plain values in which secrets are masked already.

use std::time::Duration;

/// One thing that a traced user did or met.
#[derive(Clone, Debug, PartialEq)]
pub enum Traced {
    /// A part of the file begins.
    Began(TracedPart),
    /// A request was sent, and answered or not; every attempt and every hop of a redirect is one.
    Sent(Box<TracedExchange>),
    /// A variable got a value of the answer, or why it did not.
    Saved {
        /// The variable.
        name: String,
        /// Its value as JSON, shortened.
        value: Result<String, String>,
    },
    /// A check was held against the answer.
    Checked {
        /// The check.
        name: String,
        /// What was expected and found, in words, if it failed.
        failed: Option<String>,
    },
    /// An answer set a cookie.
    Cookie {
        /// Its name.
        name: String,
        /// Why it was not kept, if it was not.
        refused: Option<String>,
    },
    /// An attempt has failed although no check says so: there was no answer, or its status says so.
    Failed(String),
    /// A redirect is followed.
    Redirected {
        /// Where it leads.
        to: String,
    },
    /// The request is sent again.
    Retried {
        /// Which attempt comes now, from 2.
        attempt: u32,
        /// How many there may be.
        of: u32,
        /// The wait before it.
        after: Duration,
    },
    /// The request is not sent again although it could have been, and why.
    GivenUp(String),
    /// A second attempt was sent beside the first.
    Hedged,
    /// A think time that was not waited for.
    Thought(Duration),
    /// The time from the beginning of this iteration to that of the next at the earliest, which was not waited for.
    Paced(Duration),
    /// The part has ended.
    Ended {
        /// Which.
        part: TracedPart,
        /// How.
        end: TracedEnd,
        /// Requests sent.
        requests: u64,
        /// Requests that failed in the end.
        failed: u64,
        /// How long it took.
        took: Duration,
    },
}

/// A part of a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracedPart {
    /// Before the load.
    Setup,
    /// One iteration of a scenario.
    Scenario(String),
    /// After the load.
    Teardown,
}

/// How a part has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TracedEnd {
    /// Its last step was done.
    Completed,
    /// A `stop` step said so: of the `iteration`, the `user`, the `run`.
    Stopped(&'static str),
    /// It could not go on.
    Failed(String),
}

/// A request and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedExchange {
    /// The request line and the fields, or those of HTTP/2.
    pub request: Vec<String>,
    /// What was sent as its body.
    pub body: TracedBody,
    /// What came back, if anything did.
    pub answer: Option<TracedAnswer>,
    /// From the first byte written to the last byte read.
    pub time: Duration,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedAnswer {
    /// The status line and the fields.
    pub head: Vec<String>,
    /// Its body, decoded.
    pub body: TracedBody,
}

/// A body as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracedBody {
    /// Its beginning, if it is text.
    pub text: Option<String>,
    /// How many bytes of it are known.
    pub bytes: u64,
    /// Whether the text is the beginning only.
    pub is_cut: bool,
}
