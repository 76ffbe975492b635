//! The report as a page that is served while the run goes on, and follows it.
//!
//! The server has a thread of its own. It ends with the run: whoever looks then gets the result, and keeps it.

mod host;
mod stream;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State as Given};
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::unfold;
use onrush_metrics::{Event, RunInfo};
use tokio::sync::{Semaphore, oneshot, watch};

use self::stream::{Latest, Shared, State, Watcher};
use crate::html::View;
use crate::output::Output;

/// Who may look at a time.
const MOST_WATCHERS: usize = 64;
/// How long the end of a run waits for watchers to take it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves the page of a run.
pub struct WebOutput {
    address: SocketAddr,
    shared: Shared,
    latest: watch::Sender<Latest>,
    /// Dropped, it ends the server.
    running: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What requests are answered from.
#[derive(Clone)]
struct Watched {
    shared: Shared,
    latest: watch::Receiver<Latest>,
    places: Arc<Semaphore>,
}

impl WebOutput {
    /// Listens at the first of the addresses that can be had; port 0 is any that is free.
    pub fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let listener = TcpListener::bind(addresses)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let state = State { view: View::new(RunInfo::default()), number: 1, run: String::new() };
        let shared = Arc::new(Mutex::new(state));
        let (latest, seen) = watch::channel(Latest { number: 1, change: None, is_last: false });
        let watched =
            Watched { shared: Arc::clone(&shared), latest: seen, places: Arc::new(Semaphore::new(MOST_WATCHERS)) };
        let (running, ends) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("web".to_owned()).spawn(move || {
            runtime.block_on(serve(listener, address, watched, ends));
            // Connections that nobody reads from are no reason to wait.
            runtime.shutdown_background();
        })?;
        Ok(Self { address, shared, latest, running: Some(running), thread: Some(thread) })
    }

    /// Where the page is, from this machine.
    pub fn url(&self) -> String {
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}/")
    }

    /// Waits until watchers have the end, but not for long.
    fn end(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // It has nothing to tell.
            let _ = thread.join();
        }
    }
}

impl Output for WebOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        let latest = {
            let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.view.on_event(event);
            if let Event::Started(info) = event {
                state.run = format!("{:x}", info.started_at.as_nanos());
            }
            // The server has one receiver for itself.
            state.change(self.latest.receiver_count() > 1)
        };
        let is_last = latest.is_last;
        self.latest.send_replace(latest);
        if is_last {
            self.end();
        }
        Ok(())
    }
}

impl Drop for WebOutput {
    fn drop(&mut self) {
        self.end();
    }
}

async fn serve(listener: TcpListener, address: SocketAddr, watched: Watched, ends: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let allowed = from_fn(move |request: Request, next: Next| async move {
        let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        match host::may_ask(named.or(request.uri().authority().map(Authority::as_str)), address) {
            true => next.run(request).await,
            false => {
                (StatusCode::FORBIDDEN, "This page is for the machine that it runs on: ask for it as localhost.\n")
                    .into_response()
            }
        }
    });
    let pages = Router::new().route("/", get(whole)).route("/events", get(events)).layer(allowed).with_state(watched);
    let (stop, stopped) = oneshot::channel::<()>();
    let served = axum::serve(listener, pages).with_graceful_shutdown(async move {
        // Dropped or told, it is the end either way.
        let _ = ends.await;
        drop(stop);
    });
    let late = async {
        let _ = stopped.await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        // The listener is gone: nobody can look any more, and the run goes on.
        _ = served.into_future() => {}
        () = late => {}
    }
}

async fn whole(Given(watched): Given<Watched>) -> Response {
    let page = watched.shared.lock().unwrap_or_else(PoisonError::into_inner).page();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    ];
    (headers, page).into_response()
}

/// What follows after the change that is named, as server-sent events.
async fn events(Given(watched): Given<Watched>, RawQuery(query): RawQuery) -> Response {
    let Watched { shared, latest, places } = watched;
    let Ok(place) = places.try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many watch already\n").into_response();
    };
    let after = query.as_deref().and_then(|query| query.strip_prefix("after=")).unwrap_or_default();
    let seen = shared.lock().unwrap_or_else(PoisonError::into_inner).number_in(after);
    let watcher = Watcher::new(shared, latest, seen, place);
    Sse::new(unfold(watcher, Watcher::next)).keep_alive(KeepAlive::default()).into_response()
}
