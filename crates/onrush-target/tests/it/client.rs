//! A small client by hyper, so that what the service says is judged by another implementation of HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use onrush_target::{Running, Service, ServiceSettings};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    pub(crate) async fn http1(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = http1::handshake(TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Self::Http1(sender)
    }

    pub(crate) async fn http2(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.unwrap();
        tokio::spawn(connection);
        Self::Http2(sender)
    }

    /// `what` is a method and a path, such as `GET /`.
    pub(crate) async fn try_send(&mut self, what: &str, headers: &[(&str, &str)], body: &str) -> hyper::Result<Answer> {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder().method(method);
        request = match self {
            Self::Http1(_) => request.uri(path).header("host", "localhost"),
            Self::Http2(_) => request.uri(format!("http://localhost{path}")),
        };
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
        let exchange = async {
            let response = match self {
                Self::Http1(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await?
                }
                Self::Http2(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await?
                }
            };
            let (head, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time")
    }

    pub(crate) async fn send(&mut self, what: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_send(what, headers, body).await.unwrap()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[], "").await
    }
}

pub(crate) fn start(settings: ServiceSettings) -> Running {
    Service::start(settings).unwrap()
}

pub(crate) async fn connect(address: SocketAddr) -> Client {
    Client::http1(TcpStream::connect(address).await.unwrap()).await
}

/// A service and one connection to it.
pub(crate) async fn start_and_connect(settings: ServiceSettings) -> (Running, Client) {
    let running = start(settings);
    let client = connect(running.addr()).await;
    (running, client)
}

/// Yields until the service says so.
pub(crate) async fn until(running: &Running, what: impl Fn(&onrush_target::Stats) -> bool) {
    let wait = async {
        while !what(&running.stats()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never came: {:?}", running.stats()));
}
