//! A page that Prometheus scrapes, served on a thread of its own. Whoever asks is answered, a bounded number at a time,
//! each for a bounded time.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use onrush_metrics::Event;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::book::Book;
use crate::link::{Link, LinkError, Settings};
use crate::page::{PROTOBUF, TEXT, messages, text};

/// The port that exporters of OpenTelemetry's SDKs have for Prometheus.
const PORT: u16 = 9464;
/// Scrapes at a time. Further ones wait.
const AT_ONCE: usize = 16;
/// Nobody may take longer to ask and to read.
const PATIENCE: Duration = Duration::from_secs(10);
/// What is served.
const PATH: &str = "/metrics";

/// Serves the figures of a run until it is over.
#[derive(Debug)]
pub struct Scrape {
    served: Arc<Served>,
    address: SocketAddr,
    linger: Duration,
}

#[derive(Debug)]
struct Served {
    labels: Vec<(String, String)>,
    state: Mutex<State>,
    scraped: Condvar,
}

#[derive(Debug, Default)]
struct State {
    book: Book,
    is_over: bool,
    last_values_scraped: bool,
}

impl Scrape {
    /// Listens at the address of a link: `PORT`, `HOST:PORT` or `HOST`. Without a host, on loopback.
    pub fn new(link: &Link, settings: &Settings<'_>) -> Result<Self, LinkError> {
        let linger = link.time("linger")?.unwrap_or_default();
        if settings.is_replay && linger.is_zero() {
            return Err(LinkError(format!(
                "the run is over, so its page would go at once: say how long it waits to be read, as in prometheus={},linger=5m",
                link.target()
            )));
        }
        let wrong = |error: io::Error| LinkError(format!("cannot listen at {}: {error}", link.target()));
        let listener = listen(link.target()).map_err(wrong)?;
        let address = listener.local_addr().map_err(wrong)?;
        let labels = settings.labels.to_vec();
        let served = Arc::new(Served { labels, state: Mutex::default(), scraped: Condvar::new() });
        let mine = Arc::clone(&served);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(wrong)?;
        let listener = {
            let _inside = runtime.enter();
            listener.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(listener)).map_err(wrong)?
        };
        let serve = move || runtime.block_on(mine.serve(listener));
        thread::Builder::new().name("metrics".to_owned()).spawn(serve).map_err(wrong)?;
        Ok(Self { served, address, linger })
    }

    /// Where it is to be found.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// How long it waits at the end for somebody who reads the last values: not at all unless asked.
    pub fn linger(&self) -> Duration {
        self.linger
    }

    /// Takes an event; waits only at the end, and only if that was asked for.
    pub fn on_event(&mut self, event: &Event) {
        let mut state = self.served.lock();
        state.book.on_event(event);
        if matches!(event, Event::Finished(_)) {
            state.is_over = true;
            let unread = |state: &mut State| !state.last_values_scraped;
            // Whether somebody came or not: it was waited for as long as was asked.
            let _ = self.served.scraped.wait_timeout_while(state, self.linger, unread);
        }
    }
}

/// Every way to write an address, loopback and the usual port where they are left out.
fn listen(target: &str) -> io::Result<TcpListener> {
    if let Ok(port) = target.trim_start_matches(':').parse::<u16>() {
        return TcpListener::bind(("127.0.0.1", port));
    }
    let has_port = target
        .rsplit_once(':')
        .is_some_and(|(host, port)| port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']')));
    if has_port { TcpListener::bind(target) } else { TcpListener::bind((target.trim_matches(['[', ']']), PORT)) }
}

impl Served {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever died holding it has left a book that can be read.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn serve(self: Arc<Self>, listener: tokio::net::TcpListener) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                // Most likely there are no descriptors left; some will be.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let served = Arc::clone(&self);
            tokio::spawn(async move {
                let had_last_values = AtomicBool::new(false);
                let service = service_fn(|request| {
                    let answer = served.answer(&request, &had_last_values);
                    async { Ok::<_, Infallible>(answer) }
                });
                let serving = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
                // Whoever goes away or is slow has got what it has got.
                if matches!(timeout(PATIENCE, serving).await, Ok(Ok(()))) && had_last_values.load(Ordering::Relaxed) {
                    served.lock().last_values_scraped = true;
                    served.scraped.notify_all();
                }
                drop(place);
            });
        }
    }

    fn answer(&self, request: &Request<Incoming>, had_last_values: &AtomicBool) -> Response<Full<Bytes>> {
        let (status, kind, body) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, PATH) => {
                let state = self.lock();
                let is_protobuf = wants_protobuf(request.headers());
                let body = match is_protobuf {
                    true => messages(&state.book, &self.labels),
                    false => text(&state.book, &self.labels).into_bytes(),
                };
                had_last_values.store(state.is_over, Ordering::Relaxed);
                (StatusCode::OK, if is_protobuf { PROTOBUF } else { TEXT }, body)
            }
            (&Method::GET | &Method::HEAD, _) => {
                (StatusCode::NOT_FOUND, TEXT, format!("the metrics are at {PATH}\n").into_bytes())
            }
            _ => (StatusCode::METHOD_NOT_ALLOWED, TEXT, b"only GET\n".to_vec()),
        };
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        response
    }
}

/// Whether messages are accepted, and no less than text.
fn wants_protobuf(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let (mut protobuf, mut text) = (0.0_f64, 0.0_f64);
    for row in accepted.flat_map(|value| value.split(',')) {
        let mut parts = row.split(';').map(|part| part.trim().to_ascii_lowercase());
        let kind = parts.next().unwrap_or_default();
        let (mut weight, mut is_ours, mut is_delimited) = (1.0, false, false);
        for part in parts {
            match part.split_once('=') {
                Some(("q", value)) => weight = value.parse().unwrap_or(0.0),
                Some(("proto", value)) => is_ours = value == "io.prometheus.client.metricfamily",
                Some(("encoding", value)) => is_delimited = value == "delimited",
                _ => {}
            }
        }
        match &*kind {
            "application/vnd.google.protobuf" if is_ours && is_delimited => protobuf = protobuf.max(weight),
            "text/plain" | "text/*" | "*/*" => text = text.max(weight),
            _ => {}
        }
    }
    protobuf > 0.0 && protobuf >= text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_what_is_served() {
        let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
        let prometheus =
            format!("{native},application/openmetrics-text;version=1.0.0;q=0.8,text/plain;q=0.5,*/*;q=0.1");
        let refused = format!("{native};q=0,text/plain");
        let less = format!("text/plain;version=0.0.4,{native};q=0.3");
        for (accept, expected) in [
            (&*prometheus, true),
            (&refused, false),
            (&less, false),
            ("application/vnd.google.protobuf", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(wants_protobuf(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn addresses_are_loopback_unless_they_say_otherwise() {
        for (target, expected) in
            [("0", "127.0.0.1"), (":0", "127.0.0.1"), ("0.0.0.0:0", "0.0.0.0"), ("[::1]:0", "::1")]
        {
            match listen(target) {
                Ok(listener) => assert_eq!(listener.local_addr().unwrap().ip().to_string(), expected, "{target}"),
                Err(error) => assert!(target.contains("::1"), "{target}: {error}"),
            }
        }
        assert!(listen("no such host.example:0").is_err());
    }
}
