//! Local addresses to connect from, used in turn, so that one machine can hold more connections to one
//! address than a single local address has ports.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use onrush_metrics::ErrorKind;
use tokio::net::{TcpSocket, TcpStream};

use crate::error::SetupError;
use crate::failure::Failure;

/// The local addresses of one worker's share.
#[derive(Debug)]
pub(crate) struct Sources {
    addresses: Vec<IpAddr>,
    next: Cell<usize>,
}

impl Sources {
    /// Workers start at different places, so that a short run uses all addresses as well.
    pub(crate) fn new(addresses: &[IpAddr], start: usize) -> Self {
        Self { addresses: addresses.to_vec(), next: Cell::new(start) }
    }

    /// Whether one of the addresses is of the family of `peer`, or the system chooses.
    pub(crate) fn reach(&self, peer: IpAddr) -> bool {
        self.addresses.is_empty() || self.addresses.iter().any(|source| source.is_ipv4() == peer.is_ipv4())
    }

    /// Connects to `peer` from the next address of its family.
    pub(crate) async fn connect(&self, peer: SocketAddr) -> Result<TcpStream, Failure> {
        let socket = self.socket(peer)?;
        let tcp = socket.connect(peer).await.map_err(|error| Failure::connect(&error, &peer))?;
        // Requests are written whole; waiting for more to send would only delay them.
        tcp.set_nodelay(true).map_err(|error| Failure::connect(&error, &peer))?;
        Ok(tcp)
    }

    fn socket(&self, peer: SocketAddr) -> Result<TcpSocket, Failure> {
        let socket = if peer.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let socket = socket.map_err(|error| Failure::connect(&error, &peer))?;
        if let Some(source) = self.pick(peer) {
            socket.bind(SocketAddr::new(source, 0)).map_err(|error| bind_failure(&error, source))?;
        }
        Ok(socket)
    }

    fn pick(&self, peer: SocketAddr) -> Option<IpAddr> {
        let count = self.addresses.len();
        (0..count).find_map(|_| {
            let source = self.addresses[self.next.get() % count];
            self.next.set((self.next.get() + 1) % count);
            (source.is_ipv4() == peer.is_ipv4()).then_some(source)
        })
    }
}

/// Tries each address once: what is not this machine's is told before anything is sent. UDP has the same
/// addresses as TCP, and leaves nothing behind.
pub(crate) fn check(addresses: &[IpAddr]) -> Result<(), SetupError> {
    for address in addresses {
        UdpSocket::bind((*address, 0)).map_err(|error| SetupError::Source { address: *address, why: words(&error) })?;
    }
    Ok(())
}

/// Nothing of this is the service's fault. "Address in use" says that the address has no ports left; that it
/// is not ours was told before the run, unless it has gone since.
fn bind_failure(error: &io::Error, source: IpAddr) -> Failure {
    let kind = if error.kind() == io::ErrorKind::AddrInUse { ErrorKind::LocalPorts } else { ErrorKind::LocalOther };
    Failure::new(kind, format!("connecting from {source}: {}", words(error)))
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => "the address does not belong to this machine".to_owned(),
        _ => error.to_string(),
    }
}
