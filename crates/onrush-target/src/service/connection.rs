//! One connection: the TLS handshake where there is one, and HTTP by hyper.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

use super::phase::Phase;
use super::socket::Socket;
use crate::context::Context;
use crate::governor::Governor;
use crate::routes;

/// A client that does not finish its handshake is let go.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// More than load generators ask for on one HTTP/2 connection; hyper's own limit is 200.
const MAX_STREAMS: u32 = 1000;

/// A connection as it was accepted.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What all connections of a thread share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connections {
    context: Arc<Context>,
    router: Router,
    http: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    phase: watch::Receiver<Phase>,
}

impl Connections {
    pub(super) fn new(context: Arc<Context>, phase: watch::Receiver<Phase>) -> Self {
        let settings = context.settings();
        let mut http = Builder::new(TokioExecutor::new());
        // Not `pipeline_flush`: with it hyper 1.12 keeps answers back while there is more to read, and on a connection that it
        // closes then it never sends them.
        http.http1().keep_alive(settings.keep_alive);
        http.http2().max_concurrent_streams(MAX_STREAMS);
        let http = match (settings.http1, settings.http2) {
            (true, false) => http.http1_only(),
            (false, true) => http.http2_only(),
            _ => http,
        };
        let tls = context.shared.tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.config)));
        Self { router: routes::router(Arc::clone(&context)), context, http, tls, phase }
    }

    /// Serves one connection to its end, which is no error however it comes.
    pub(super) fn serve(&self, stream: Stream) -> impl Future<Output = ()> + Send + use<> {
        let this = self.clone();
        async move {
            match stream {
                Stream::Tcp(stream) => this.secure(stream).await,
                Stream::Unix(stream) => this.secure(stream).await,
            }
        }
    }

    async fn secure<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Socket::new(stream, Arc::clone(&self.context));
        let Some(tls) = self.tls.clone() else { return self.talk(stream).await };
        if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            self.talk(stream).await;
        }
    }

    async fn talk<S>(mut self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let answered = (!self.context.settings().keep_alive).then(|| Arc::new(Notify::new()));
        let governor = Governor::new(self.context, self.router, answered.clone());
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), governor));
        let finishing = async {
            tokio::select! {
                _ = self.phase.wait_for(|phase| *phase != Phase::Serving) => {}
                () = told(answered.as_deref()) => {}
            }
        };
        tokio::select! {
            biased;
            // Clients break off as they like: what they saw is for them to tell.
            _ = connection.as_mut() => return,
            () = finishing => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn told(answered: Option<&Notify>) {
    match answered {
        Some(answered) => answered.notified().await,
        None => std::future::pending().await,
    }
}
