//! The vocabulary of failures: small, stable, the same in the summary, in JSON and in thresholds.

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal),* $(,)?) => {
        /// Why a request failed. New kinds may be added; names never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorKind {
            $($(#[doc = $doc])* $variant,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of a request's life.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What it means, in a sentence.
            pub const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),*).trim_ascii(),)*
                }
            }
        }
    };
}

kinds! {
    /// The name could not be resolved.
    Dns = "dns",
    /// Nobody listens at the port.
    ConnectRefused = "connect refused",
    /// The connection did not come about in time.
    ConnectTimeout = "connect timeout",
    /// The peer reset the connection while it was being set up.
    ConnectReset = "connect reset",
    /// The connection failed in another way (unreachable, not permitted, …).
    ConnectFailed = "connect failed",
    /// The proxy refused or misspoke.
    Proxy = "proxy",
    /// The TLS handshake failed or the certificate was not accepted.
    Tls = "tls",
    /// The whole answer was not there in time.
    Timeout = "timeout",
    /// The peer broke the rules of HTTP.
    Protocol = "protocol",
    /// The peer reset the connection during the exchange.
    Reset = "reset",
    /// The peer closed before the answer was whole.
    ClosedEarly = "closed early",
    /// More redirects than allowed, or one that leads nowhere.
    Redirect = "redirect",
    /// The answer came, with a status of 400 or above.
    Status = "status",
    /// A check failed.
    Check = "check",
    /// A step of a scenario could not be done: a value that it needs was not there, an expression failed, data ran out.
    Script = "script",
    /// This machine has no file descriptors left: not the service's fault.
    LocalDescriptors = "local descriptors",
    /// This machine has no local ports left: not the service's fault.
    LocalPorts = "local ports",
    /// Another limit of this machine (memory, buffers): not the service's fault.
    LocalOther = "local",
}

impl ErrorKind {
    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The generator's machine is to blame, not the service.
    pub const fn is_local(self) -> bool {
        matches!(self, Self::LocalDescriptors | Self::LocalPorts | Self::LocalOther)
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorKind;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ErrorKind::ALL.len());
    }
}
