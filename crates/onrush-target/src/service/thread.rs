//! One thread of the service: its event loop accepts, and waits for its connections at the end.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{Connections, Stream};
use super::listener::Listener;
use super::phase::Phase;
use crate::context::{Context, Shared};

/// Out of descriptors or memory: let some connections end before the next try.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(10);

/// Runs until the phase says to end. Tells `ready` once that it is, or why it cannot.
pub(super) fn run(
    number: usize,
    listener: Listener,
    shared: &Arc<Shared>,
    phase: watch::Receiver<Phase>,
    ready: &mpsc::Sender<io::Result<()>>,
) {
    let started = tokio::runtime::Builder::new_current_thread().enable_all().build().and_then(|runtime| {
        let _inside = runtime.enter();
        let listener = Accepting::new(listener)?;
        let connections = Connections::new(Arc::new(Context::new(Arc::clone(shared), number)), phase.clone());
        Ok((runtime, listener, connections))
    });
    // The receiver waits for exactly this message.
    let _ = match started {
        Err(error) => ready.send(Err(error)),
        Ok((runtime, listener, connections)) => {
            let sent = ready.send(Ok(()));
            runtime.block_on(serve(listener, &connections, phase, shared.settings.grace));
            sent
        }
    };
}

async fn serve(listener: Accepting, connections: &Connections, mut phase: watch::Receiver<Phase>, grace: Duration) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = phase.wait_for(|phase| *phase != Phase::Serving) => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    open.spawn(connections.serve(stream));
                }
                Err(_) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
            }
        }
    }
    drop(listener);
    tokio::select! {
        () = async { while open.join_next().await.is_some() {} } => {}
        () = tokio::time::sleep(grace) => {}
        _ = phase.wait_for(|phase| *phase == Phase::Ending) => {}
    }
}

/// A listener inside the event loop.
enum Accepting {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Accepting {
    fn new(listener: Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Tcp(listener) => Self::Tcp(TcpListener::from_std(listener)?),
            Listener::Unix(listener) => Self::Unix(UnixListener::from_std(listener)?),
        })
    }

    async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A connection that is gone already says so when it is read.
                let _ = stream.set_nodelay(true);
                Stream::Tcp(stream)
            }
            Self::Unix(listener) => Stream::Unix(listener.accept().await?.0),
        })
    }
}
