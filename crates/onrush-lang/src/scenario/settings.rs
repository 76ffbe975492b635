//! What a file says about the run and the wire, for the binary to merge with its flags.

use std::time::Duration;

use onrush_plan::{TlsSettings, Until, WhenFull};
use url::Url;

/// Settings of a file. What it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Names and URLs of the services, the default first; its name is empty if there is only one.
    pub targets: Vec<(String, Url)>,
    /// The time for a whole request.
    pub timeout: Option<Duration>,
    /// The time for setting up a connection.
    pub connect_timeout: Option<Duration>,
    /// How many redirects are followed: 10, unless the file says otherwise.
    pub redirects: u32,
    /// Whether HTTP/2 is spoken.
    pub http2: Option<bool>,
    /// TLS of all scenarios that have none of their own.
    pub tls: Option<TlsSettings>,
    /// From which every random choice flows.
    pub seed: Option<u64>,
    /// The beginning of the run whose figures are left out.
    pub warmup: Option<Duration>,
    /// When the run ends before its load does.
    pub until: Option<Until>,
    /// How long what is in flight may take to finish.
    pub graceful_stop: Option<Duration>,
    /// The most requests of an open load in flight.
    pub max_in_flight: Option<u32>,
    /// What an arrival does that finds the limit reached.
    pub when_full: Option<WhenFull>,
    /// Pages of the services' own figures, to be read beside the run: URLs, with series after `#` if only some of them are
    /// wanted.
    pub observe: Vec<String>,
}
