//! Why a request failed: a kind from the small vocabulary and a sentence. Failures are data, not errors
//! that end anything.

use std::io;

use onrush_metrics::ErrorKind;

use crate::tls::exchange_words;

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    kind: ErrorKind,
    detail: Box<str>,
    timed_out: bool,
}

impl Failure {
    /// A failure of `kind`, told in a sentence.
    pub fn new(kind: ErrorKind, detail: impl Into<Box<str>>) -> Self {
        let timed_out = matches!(kind, ErrorKind::Timeout | ErrorKind::ConnectTimeout);
        Self { kind, detail: detail.into(), timed_out }
    }

    /// A failure of `kind` for which a user waited as long as the limits allow.
    pub fn timed_out(kind: ErrorKind, detail: impl Into<Box<str>>) -> Self {
        Self { timed_out: true, ..Self::new(kind, detail) }
    }

    /// The same, told as what came of `whole`.
    #[must_use]
    pub fn of(self, whole: &str) -> Self {
        Self { detail: format!("{whole}: {}", self.detail).into(), ..self }
    }

    /// A user waited as long as the limits allow, and got nothing.
    pub fn is_timeout(&self) -> bool {
        self.timed_out
    }

    /// The kind it is counted as.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// An I/O error while connecting to `peer`.
    pub fn connect(error: &io::Error, peer: &dyn std::fmt::Display) -> Self {
        let kind = match error.kind() {
            _ if local(error).is_some() => local(error).unwrap_or(ErrorKind::LocalOther),
            io::ErrorKind::ConnectionRefused => ErrorKind::ConnectRefused,
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => ErrorKind::ConnectReset,
            io::ErrorKind::TimedOut => ErrorKind::ConnectTimeout,
            _ => ErrorKind::ConnectFailed,
        };
        Self::new(kind, format!("connecting to {peer}: {error}"))
    }

    /// An I/O error during an exchange.
    pub fn exchange(error: &io::Error) -> Self {
        let kind = match error.kind() {
            _ if local(error).is_some() => local(error).unwrap_or(ErrorKind::LocalOther),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
                ErrorKind::Reset
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected | io::ErrorKind::WriteZero => {
                ErrorKind::ClosedEarly
            }
            io::ErrorKind::TimedOut => ErrorKind::Timeout,
            io::ErrorKind::InvalidData => ErrorKind::Tls,
            _ => ErrorKind::Reset,
        };
        Self::new(kind, exchange_words(error))
    }
}

/// Errors that say something of this machine and nothing of the service.
fn local(error: &io::Error) -> Option<ErrorKind> {
    use rustix::io::Errno;
    match Errno::from_io_error(error)? {
        Errno::MFILE | Errno::NFILE => Some(ErrorKind::LocalDescriptors),
        Errno::ADDRNOTAVAIL | Errno::ADDRINUSE | Errno::AGAIN => Some(ErrorKind::LocalPorts),
        Errno::NOBUFS | Errno::NOMEM => Some(ErrorKind::LocalOther),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_have_names() {
        use rustix::io::Errno;
        for (errno, connecting, exchanging) in [
            (Errno::CONNREFUSED, "connect refused", "reset"),
            (Errno::CONNRESET, "connect reset", "reset"),
            (Errno::TIMEDOUT, "connect timeout", "timeout"),
            (Errno::NETUNREACH, "connect failed", "reset"),
            (Errno::MFILE, "local descriptors", "local descriptors"),
            (Errno::NFILE, "local descriptors", "local descriptors"),
            (Errno::ADDRNOTAVAIL, "local ports", "local ports"),
            (Errno::NOBUFS, "local", "local"),
            (Errno::PIPE, "connect reset", "reset"),
        ] {
            let error = io::Error::from(errno);
            let got = (Failure::connect(&error, &"x").kind().name(), Failure::exchange(&error).kind().name());
            assert_eq!(got, (connecting, exchanging), "{errno:?}");
        }
    }
}
