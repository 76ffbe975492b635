//! Why a client cannot be set up.

/// Why a client cannot be set up: something that was given cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Certificates, keys, versions.
    #[error("{0}")]
    Tls(String),
    /// A proxy's URL.
    #[error("`{url}` is not a proxy that can be used: {why}")]
    Proxy {
        /// The URL, without its password.
        url: String,
        /// What is wrong.
        why: &'static str,
    },
}
