//! Local addresses to connect from, used in turn, so that one machine can hold more connections to one
//! address than a single local address has ports.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};

use onrush_metrics::ErrorKind;
use tokio::net::{TcpSocket, TcpStream};

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
        if let Some(source) = self.pick(peer)? {
            socket.bind(SocketAddr::new(source, 0)).map_err(|error| bind_failure(&error, source))?;
        }
        Ok(socket)
    }

    fn pick(&self, peer: SocketAddr) -> Result<Option<IpAddr>, Failure> {
        if self.addresses.is_empty() {
            return Ok(None);
        }
        let count = self.addresses.len();
        for _ in 0..count {
            let source = self.addresses[self.next.get() % count];
            self.next.set((self.next.get() + 1) % count);
            if source.is_ipv4() == peer.is_ipv4() {
                return Ok(Some(source));
            }
        }
        let text = format!("none of the source addresses is of the same family as {peer}");
        Err(Failure::new(ErrorKind::ConnectFailed, text))
    }
}

/// Binding fails with "address not available" when the address is not ours, and with "address in use" when
/// its ports have run out.
fn bind_failure(error: &io::Error, source: IpAddr) -> Failure {
    if error.kind() == io::ErrorKind::AddrNotAvailable {
        let text = format!("source address {source} does not belong to this machine");
        return Failure::new(ErrorKind::ConnectFailed, text);
    }
    Failure::connect(error, &format!("from {source}"))
}
