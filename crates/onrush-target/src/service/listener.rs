//! Sockets that listen: one for each thread. What they accept is served in `connection`.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use socket2::{Domain, Protocol, Socket, Type};

use crate::settings::Bind;

/// Connections that may wait to be accepted: load tests open many at once. The system may have a lower limit.
const BACKLOG: i32 = 4096;

/// One thread's share of the port.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

/// Binds `count` listeners to one address, and says what it has become.
pub(super) fn bind(bind: &Bind, count: usize) -> io::Result<(Bind, Vec<Listener>)> {
    match bind {
        Bind::Tcp(address) => bind_tcp(*address, count),
        Bind::Unix(path) => {
            let first = bind_unix(path)?;
            let mut listeners =
                (1..count).map(|_| first.try_clone().map(Listener::Unix)).collect::<io::Result<Vec<_>>>()?;
            listeners.push(Listener::Unix(first));
            Ok((Bind::Unix(path.clone()), listeners))
        }
    }
}

fn bind_tcp(address: SocketAddr, count: usize) -> io::Result<(Bind, Vec<Listener>)> {
    let shared = count > 1;
    if shared && address.port() != 0 {
        // Sharing would let us slip in beside another process that shares, too: find that out first.
        drop(tcp(address, false)?);
    }
    let first = tcp(address, shared)?;
    let address = first.local_addr()?;
    let mut listeners = vec![Listener::Tcp(first)];
    for _ in 1..count {
        listeners.push(Listener::Tcp(tcp(address, shared)?));
    }
    Ok((Bind::Tcp(address), listeners))
}

fn tcp(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bind_unix(path: &Path) -> io::Result<std::os::unix::net::UnixListener> {
    if is_left_over(path) {
        std::fs::remove_file(path)?;
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A socket file whose owner is gone.
fn is_left_over(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    is_socket && UnixStream::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
