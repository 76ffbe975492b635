//! A collector of one kind of message, over HTTP/1.1 or gRPC, that answers as it is told.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use prost::Message;

/// What came.
#[derive(Clone, Debug)]
pub(crate) struct Received<M> {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) request: M,
}

/// It runs until the test process ends.
pub(crate) struct Receiver<M> {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received<M>>>>,
}

/// What is answered: a message, in bytes, and the status of gRPC.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    pub(crate) response: Vec<u8>,
    pub(crate) grpc_status: u16,
}

impl<M: Message + Default + Clone + 'static> Receiver<M> {
    pub(crate) fn start(answered: Answered) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::<Mutex<Vec<Received<M>>>>::default();
        let shared = Arc::clone(&received);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (shared, answered) = (Arc::clone(&shared), answered.clone());
                    tokio::spawn(async move {
                        let service = service_fn(move |request| answer(request, Arc::clone(&shared), answered.clone()));
                        // The client going away is how a connection ends.
                        let _ =
                            Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                    });
                }
            });
        });
        Self { address, received }
    }

    pub(crate) fn received(&self) -> Vec<Received<M>> {
        self.received.lock().unwrap().clone()
    }
}

async fn answer<M: Message + Default>(
    request: Request<Incoming>,
    received: Arc<Mutex<Vec<Received<M>>>>,
    answered: Answered,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.unwrap().to_bytes();
    let is_grpc = head.headers["content-type"] == "application/grpc";
    if is_grpc {
        let frame = body.split_to(5);
        assert_eq!((frame[0], u32::from_be_bytes(frame[1..].try_into().unwrap()) as usize), (0, body.len()));
    }
    let path = head.uri.path().to_owned();
    let request = M::decode(body).unwrap();
    received.lock().unwrap().push(Received { path, headers: head.headers, request });
    let message = answered.response;
    if !is_grpc {
        return Ok(Response::new(Full::new(message.into()).boxed()));
    }
    let mut framed = vec![0];
    framed.extend((message.len() as u32).to_be_bytes());
    framed.extend(message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(answered.grpc_status));
    trailers.insert("grpc-message", HeaderValue::from_static("said so"));
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok(trailers)) });
    Ok(Response::builder().header("content-type", "application/grpc").body(body.boxed()).unwrap())
}
