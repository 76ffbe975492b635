//! Why a client cannot be set up.

use std::net::IpAddr;

/// Why a client cannot be set up: something that was given cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// Certificates, keys, versions.
    #[error("{0}")]
    Tls(String),
    /// A local address to connect from.
    #[error("connections cannot come from {address}: {why}")]
    Source {
        /// The address.
        address: IpAddr,
        /// What the system says, in words.
        why: String,
    },
    /// A target of another family than all local addresses to connect from.
    #[error("{origin} cannot be reached from the source addresses: none of them is of its family (IPv4 or IPv6)")]
    Family {
        /// Host and port.
        origin: String,
    },
    /// A proxy's URL.
    #[error("`{url}` is not a proxy that can be used: {why}")]
    Proxy {
        /// The URL, without its password.
        url: String,
        /// What is wrong.
        why: &'static str,
    },
}
