//! One message to a server over HTTP/1.1, or HTTP/2 for gRPC, and what came of it. A connection for each: there is one
//! every few seconds, and what is behind a name may move.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::link::{LinkError, shown};
use crate::message::{Found, find};

/// Answers that are longer are not read to their end.
const LONGEST: usize = 64 * 1024;
/// So much of an answer is told.
const TOLD: usize = 160;

/// Where messages go.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// What may be printed.
    pub(crate) shown: String,
    host: String,
    port: u16,
    path: String,
    authority: String,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    headers: HeaderMap,
    expected: Expected,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A status.
    Http,
    /// A status, and a message about how many of what were left out.
    Otlp(&'static str),
    /// gRPC's status, and the same message.
    Grpc(&'static str),
}

/// What came of a message.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It was taken.
    Taken,
    /// It was taken in part; why the rest was not.
    InPart(String),
    /// It may be taken later; why, and when at the earliest if that was said.
    Later(String, Option<Duration>),
    /// It will never be.
    Never(String),
}

impl Expected {
    fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc(_))
    }
}

impl Endpoint {
    pub(crate) fn new(url: &Url, headers: Vec<(String, String)>, expected: Expected) -> Result<Self, LinkError> {
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(LinkError(format!("`{other}:` is not a scheme that metrics can be sent to"))),
        };
        let Some(host) = url.host_str() else { return Err(LinkError("there is no host in the URL".to_owned())) };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        let tls = match is_tls {
            true => {
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|error| LinkError(format!("{host} is no name that TLS can carry: {error}")))?;
                Some((tls_config(expected.is_grpc())?, name))
            }
            false => None,
        };
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        Ok(Self {
            shown: shown(url),
            path: url[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            authority: authority.to_owned(),
            headers: header_map(headers)?,
            host,
            port,
            tls,
            expected,
        })
    }

    /// Sends a message. How long that may take is the caller's to say.
    pub(crate) async fn post(&self, body: Bytes) -> Answer {
        let answer = match self.connect_and_send(self.request(Method::POST, body)).await {
            Ok(answer) => answer,
            Err(why) => return Answer::Later(why, None),
        };
        let (head, body) = answer.into_parts();
        let collected = match Limited::new(body, LONGEST).collect().await {
            Ok(collected) => collected,
            // It was decided before its words were there.
            Err(_) if head.status.is_success() && !self.expected.is_grpc() => return Answer::Taken,
            Err(error) => return Answer::Later(format!("the answer broke off: {error}"), None),
        };
        let trailers = collected.trailers().cloned().unwrap_or_default();
        let body = collected.to_bytes();
        if !head.status.is_success() {
            return judge_status(head.status, &head.headers, &body);
        }
        match self.expected {
            Expected::Http => Answer::Taken,
            Expected::Otlp(what) => judge_part(&body, what),
            Expected::Grpc(what) => judge_grpc(&head.headers, &trailers, &body, what),
        }
    }

    /// What is there, if it is no longer than `longest`.
    pub(crate) async fn get(&self, longest: usize) -> Result<Bytes, String> {
        let answer = self.connect_and_send(self.request(Method::GET, Bytes::new())).await?;
        let (head, body) = answer.into_parts();
        if !head.status.is_success() {
            return Err(format!("answered {}", head.status.as_u16()));
        }
        let collected = Limited::new(body, longest).collect().await;
        collected.map(http_body_util::Collected::to_bytes).map_err(|error| format!("gave no whole answer: {error}"))
    }

    async fn connect_and_send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String> {
        let address = (&*self.host, self.port);
        let stream =
            TcpStream::connect(address).await.map_err(|error| format!("cannot be reached: {}", plain(&error)))?;
        match &self.tls {
            None => self.send(stream, request).await,
            Some((config, name)) => {
                let connecting = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream);
                let stream = connecting.await.map_err(|error| format!("cannot be reached by TLS: {error}"))?;
                self.send(stream, request).await
            }
        }
    }

    async fn send<S>(&self, stream: S, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = TokioIo::new(stream);
        let told = |error: hyper::Error| format!("gave no answer: {}", innermost(&error));
        if self.expected.is_grpc() {
            let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await;
            let (mut sender, connection) = made.map_err(told)?;
            tokio::spawn(connection);
            sender.send_request(request).await.map_err(told)
        } else {
            let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(told)?;
            tokio::spawn(connection);
            sender.send_request(request).await.map_err(told)
        }
    }

    fn request(&self, method: Method, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.headers_mut() = self.headers.clone();
        let uri = if self.expected.is_grpc() {
            *request.version_mut() = Version::HTTP_2;
            let scheme = if self.tls.is_some() { "https" } else { "http" };
            format!("{scheme}://{}{}", self.authority, self.path)
        } else {
            if let Ok(host) = HeaderValue::from_str(&self.authority) {
                request.headers_mut().insert(http::header::HOST, host);
            }
            self.path.clone()
        };
        // What a URL has is what a URI may have.
        *request.uri_mut() = uri.parse().unwrap_or_default();
        request
    }
}

fn header_map(headers: Vec<(String, String)>) -> Result<HeaderMap, LinkError> {
    let mut map = HeaderMap::new();
    map.insert(http::header::USER_AGENT, HeaderValue::from_static(concat!("onrush/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in headers {
        let wrong = || LinkError(format!("the header {name} is not one that can be sent"));
        let mut made = HeaderValue::from_str(&value).map_err(|_| wrong())?;
        made.set_sensitive(name.eq_ignore_ascii_case("authorization"));
        map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?, made);
    }
    Ok(map)
}

/// Whom to trust: those whom the system trusts (`SSL_CERT_FILE` included), or Mozilla where it has nobody.
fn tls_config(is_grpc: bool) -> Result<Arc<ClientConfig>, LinkError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| LinkError(error.to_string()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    if is_grpc {
        config.alpn_protocols = vec![b"h2".to_vec()];
    }
    Ok(Arc::new(config))
}

fn judge_status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Answer {
    let why = format!("answered {}{}", status.as_u16(), words(body));
    match status.as_u16() {
        // OTLP leaves 500 out of those that are tried again, Prometheus does not; another try harms neither.
        408 | 429 | 500..=599 => {
            let after = headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Answer::Later(why, after.map(Duration::from_secs))
        }
        300..=399 => Answer::Never(format!("{why}: redirects are not followed")),
        _ => Answer::Never(why),
    }
}

fn judge_grpc(head: &HeaderMap, trailers: &HeaderMap, body: &[u8], what: &str) -> Answer {
    let of = |name: &str| trailers.get(name).or_else(|| head.get(name)).and_then(|value| value.to_str().ok());
    let Some(status) = of("grpc-status") else {
        return Answer::Never("does not speak gRPC: there is no grpc-status in its answer".to_owned());
    };
    let why = format!("answered gRPC status {status}{}", words(of("grpc-message").unwrap_or_default().as_bytes()));
    match status {
        "0" => judge_part(body.get(5..).unwrap_or_default(), what),
        // Cancelled, deadline, exhausted, aborted, out of range, unavailable, data loss: as the specification has it.
        "1" | "4" | "8" | "10" | "11" | "14" | "15" => Answer::Later(why, None),
        _ => Answer::Never(why),
    }
}

/// A message `ExportMetricsServiceResponse` or `ExportTraceServiceResponse`, which are alike.
fn judge_part(body: &[u8], what: &str) -> Answer {
    let Some(Found::Bytes(part)) = find(body, 1) else { return Answer::Taken };
    let rejected = match find(part, 1) {
        Some(Found::Number(rejected)) => rejected,
        _ => 0,
    };
    let text = match find(part, 2) {
        Some(Found::Bytes(text)) => words(text),
        _ => String::new(),
    };
    match (rejected, &*text) {
        (0, "") => Answer::Taken,
        _ => Answer::InPart(format!("did not take {rejected} {what}{text}")),
    }
}

/// The beginning of what a server says, in one line.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.trim().lines().next().unwrap_or_default().chars().filter(|c| !c.is_control());
    let line: String = line.take(TOLD).collect();
    if line.is_empty() { line } else { format!(": {line}") }
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => plain(error),
        None => error.to_string(),
    }
}

/// Without the number of the system.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_by_what_may_change() {
        for (status, later) in [(429, true), (500, true), (503, true), (400, false), (401, false), (301, false)] {
            let answer = judge_status(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), b"no\nmore");
            assert_eq!(matches!(answer, Answer::Later(..)), later, "{status}: {answer:?}");
            assert!(format!("{answer:?}").contains(": no"), "{answer:?}");
        }
        for (status, later) in [("14", true), ("8", true), ("3", false), ("16", false)] {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_str(status).unwrap());
            let answer = judge_grpc(&HeaderMap::new(), &trailers, b"", "points");
            assert_eq!(matches!(answer, Answer::Later(..)), later, "{status}: {answer:?}");
        }
    }
}
