//! Runs one hostile mode on a port, on a thread of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::Hostile;
use super::acts;
use super::wire::Wire;

/// Connections that are played at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// A hostile server that runs. Dropping it ends it and all of its connections.
#[derive(Debug)]
pub struct HostileServer {
    mode: Hostile,
    address: SocketAddr,
    tally: Tally,
    /// Holds the port that refuses.
    reserved: Option<Socket>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug, Default)]
struct Tally {
    connections: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl HostileServer {
    /// Starts on a free port of 127.0.0.1. Can be called from anywhere, also inside of a runtime.
    pub fn start(mode: Hostile) -> io::Result<Self> {
        Self::start_at(mode, (Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts on an address. Errors are those of binding it, and of making a thread.
    pub fn start_at(mode: Hostile, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // Without a listener on it, an address that may be reused could be taken by anybody.
        socket.set_reuse_address(mode != Hostile::Refuse)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut server = Self { mode, address, tally: Tally::default(), reserved: None, stop: None, thread: None };
        if mode == Hostile::Refuse {
            // Bound and not listening: the system refuses, and nobody else gets the port.
            server.reserved = Some(socket);
        } else {
            socket.listen(1024)?;
            server.spawn(socket.into())?;
        }
        Ok(server)
    }

    /// The mode.
    pub fn mode(&self) -> Hostile {
        self.mode
    }

    /// Where it is.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL up to the path, such as `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> u64 {
        self.tally.connections.load(Relaxed)
    }

    /// Requests read whole so far. Not all modes read.
    pub fn requests(&self) -> u64 {
        self.tally.requests.load(Relaxed)
    }

    fn spawn(&mut self, listener: std::net::TcpListener) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (mode, tally) = (self.mode, self.tally.clone());
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(mode, listener, &tally) => {}
                    _ = stopped => {}
                }
            });
        };
        self.thread = Some(std::thread::Builder::new().name(format!("onrush-{}", mode.name())).spawn(run)?);
        self.stop = Some(stop);
        Ok(())
    }
}

impl Drop for HostileServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // If it panicked it has said so on stderr.
            let _ = thread.join();
        }
    }
}

async fn accept(mode: Hostile, listener: std::net::TcpListener, tally: &Tally) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut open = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        while open.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        // A connection that is gone already says so when it is read.
        let _ = stream.set_nodelay(true);
        tally.connections.fetch_add(1, Relaxed);
        let wire = Wire::new(stream, Arc::clone(&tally.requests));
        open.spawn(async move {
            let _place = place;
            // The client going away is the only error there is, and what this is about.
            let _ = acts::play(mode, wire).await;
        });
    }
}
