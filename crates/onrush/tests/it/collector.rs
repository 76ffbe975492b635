//! A collector of OpenTelemetry's traces, over HTTP and gRPC, in the clear and with TLS. What comes is read with the types
//! that OpenTelemetry's own definitions make.

use std::collections::BTreeMap;
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
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// It runs until the test process ends.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    /// Whom to trust, where it speaks TLS.
    pub(crate) pem: Option<String>,
    spans: Arc<Mutex<Vec<v1::Span>>>,
}

/// A span in words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty where there is none.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) is_client: bool,
    pub(crate) is_error: bool,
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::serve(None)
    }

    pub(crate) fn with_tls() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let mut config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut collector = Self::serve(Some(TlsAcceptor::from(Arc::new(config))));
        collector.pem = Some(made.cert.pem());
        collector
    }

    fn serve(tls: Option<TlsAcceptor>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let spans = Arc::<Mutex<Vec<_>>>::default();
        let shared = Arc::clone(&spans);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                    tokio::spawn(async move {
                        match tls {
                            None => talk(stream, shared).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    talk(stream, shared).await;
                                }
                            }
                        }
                    });
                }
            });
        });
        Self { address, pem: None, spans }
    }

    /// Everything that came, in the order of traces and times.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<_> = self.spans.lock().unwrap().iter().map(Span::of).collect();
        spans.sort_by_key(|span| (span.trace.clone(), span.from, span.is_client, span.until));
        spans
    }
}

impl Span {
    fn of(span: &v1::Span) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let attribute = |row: &opentelemetry_proto::tonic::common::v1::KeyValue| {
            let value = match row.value.as_ref().unwrap().value.as_ref().unwrap() {
                Value::StringValue(text) => text.clone(),
                Value::IntValue(number) => number.to_string(),
                Value::BoolValue(flag) => flag.to_string(),
                other => panic!("{other:?}"),
            };
            (row.key.clone(), value)
        };
        Self {
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            name: span.name.clone(),
            is_client: span.kind() == v1::span::SpanKind::Client,
            is_error: span.status.as_ref().is_some_and(|status| status.code() == v1::status::StatusCode::Error),
            from: span.start_time_unix_nano,
            until: span.end_time_unix_nano,
            attributes: span.attributes.iter().map(attribute).collect(),
        }
    }

    /// An attribute; empty where it is not there.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map(String::as_str).unwrap_or_default()
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, spans: Arc<Mutex<Vec<v1::Span>>>) {
    let service = service_fn(move |request| take(request, Arc::clone(&spans)));
    // The client going away is how a connection ends.
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn take(
    request: Request<Incoming>,
    spans: Arc<Mutex<Vec<v1::Span>>>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut body = body.collect().await.unwrap().to_bytes();
    let is_grpc = head.headers["content-type"] == "application/grpc";
    let expected = if is_grpc { "/opentelemetry.proto.collector.trace.v1.TraceService/Export" } else { "/v1/traces" };
    assert_eq!(head.uri.path(), expected);
    if is_grpc {
        let _ = body.split_to(5);
    }
    let message = ExportTraceServiceRequest::decode(body).unwrap();
    let of_scopes = message.resource_spans.into_iter().flat_map(|of_resource| of_resource.scope_spans);
    spans.lock().unwrap().extend(of_scopes.flat_map(|of_scope| of_scope.spans));
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    // An empty message of gRPC, whose length is before it.
    let body = Full::new(Bytes::from_static(if is_grpc { &[0; 5] } else { &[] }));
    let body = if is_grpc { body.with_trailers(async { Some(Ok(trailers)) }).boxed() } else { body.boxed() };
    let content = if is_grpc { "application/grpc" } else { "application/x-protobuf" };
    Ok(Response::builder().header("content-type", content).body(body).unwrap())
}
