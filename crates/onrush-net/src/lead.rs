//! Where a connection leads, so that it can be left when its name leads elsewhere.

use std::cell::Cell;
use std::net::IpAddr;

/// The address that a connection was opened to.
#[derive(Clone, Debug)]
pub(crate) struct Lead {
    /// `None` where there is none: a Unix socket.
    pub(crate) address: Option<IpAddr>,
    /// The generation of names when the address was last known to be one of them.
    pub(crate) generation: Cell<u64>,
}
