//! The life of a request in the service: freezes, the gate, latency and errors in this order, then the generic answer or a route.
//! The path that most load takes (no body, no query, nothing to wait for) is answered in place, before any routing.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use axum::Router;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::sync::Notify;
use tower_service::Service as _;

use crate::body::Body;
use crate::context::Context;
use crate::generic::{Overrides, text};
use crate::latency::Latency;
use crate::routes;

/// The service of one connection, as hyper calls it.
#[derive(Clone)]
pub(crate) struct Governor {
    context: Arc<Context>,
    router: Router,
    /// Nothing in the settings makes a request wait, but freezes.
    quick: bool,
    /// Told after each answer, where connections are not kept alive.
    answered: Option<Arc<Notify>>,
}

/// An answer that is there, or one that takes its time.
pub(crate) enum Answering {
    Now(Option<Response<Body>>),
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(response) => Poll::Ready(Ok(response.take().expect("a future is not polled after its end"))),
            Self::Later(future) => future.as_mut().poll(context).map(Ok),
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Governor {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        if let Some(answer) = self.at_once(&request) {
            return Answering::Now(Some(answer));
        }
        let governor = self.clone();
        Answering::Later(Box::pin(governor.serve(request)))
    }
}

impl Governor {
    pub(crate) fn new(context: Arc<Context>, router: Router, answered: Option<Arc<Notify>>) -> Self {
        let settings = context.settings();
        let quick = settings.latency == Latency::None && settings.capacity.is_none();
        Self { context, router, quick, answered }
    }

    fn at_once(&self, request: &Request<Incoming>) -> Option<Response<Body>> {
        let uri = request.uri();
        let is_simple = self.quick && uri.query().is_none() && request.body().is_end_stream();
        if !is_simple || request.method() == Method::HEAD || routes::owns(uri.path()) || self.is_frozen() {
            return None;
        }
        self.context.counters().received();
        let answer = self.failure().unwrap_or_else(|| self.context.shared.generic.plain(request.headers()));
        Some(self.count(answer))
    }

    fn is_frozen(&self) -> bool {
        self.context.settings().freeze.is_some_and(|freeze| !freeze.wait(self.context.shared.elapsed()).is_zero())
    }

    async fn serve(self, request: Request<Incoming>) -> Response<Body> {
        if request.uri().path() == routes::STATS {
            return routes::stats(&self.context.shared.stats()).map(Body::Routed);
        }
        if request.uri().path() == routes::METRICS {
            return routes::metrics(self.context.shared.metrics()).map(Body::Routed);
        }
        let _in_flight = self.context.counters().begun();
        self.context.counters().received();
        let is_bare = request.method() == Method::HEAD && request.version() == Version::HTTP_2;
        let mut answer = self.govern(request).await;
        if is_bare {
            strip(&mut answer);
        }
        self.count(answer)
    }

    async fn govern(&self, mut request: Request<Incoming>) -> Response<Body> {
        let context = &*self.context;
        let is_generic = !routes::owns(request.uri().path());
        let overrides = if is_generic { Overrides::from_uri(request.uri()) } else { Ok(Overrides::default()) };
        if is_generic {
            drain(request.body_mut()).await;
        }
        context.thaw().await;
        let worker = match &context.shared.gate {
            Some(gate) => gate.enter().await.map(Some),
            None => Some(None),
        };
        let answer = match (&worker, overrides) {
            (None, _) => refusal(StatusCode::SERVICE_UNAVAILABLE, "the service is at its capacity\n"),
            (_, Err(sentence)) => refusal(StatusCode::BAD_REQUEST, sentence + "\n"),
            (Some(_), Ok(overrides)) => self.work(is_generic, &overrides, request).await,
        };
        context.thaw().await;
        drop(worker);
        answer
    }

    /// What is done while holding a worker.
    async fn work(&self, is_generic: bool, overrides: &Overrides, request: Request<Incoming>) -> Response<Body> {
        let context = &*self.context;
        let latency = overrides.latency.unwrap_or(context.settings().latency);
        context.sleeper.sleep(latency.sample(&context.dice)).await;
        if let Some(failure) = self.failure() {
            return failure;
        }
        if is_generic {
            return context.shared.generic.answer(overrides, request.headers());
        }
        let Ok(answer) = self.router.clone().call(request).await;
        answer.map(Body::Routed)
    }

    /// The answer of the requests that fail.
    fn failure(&self) -> Option<Response<Body>> {
        let settings = self.context.settings();
        if settings.errors <= 0.0 || self.context.dice.unit() >= settings.errors {
            return None;
        }
        let status = StatusCode::from_u16(settings.error_status).expect("the settings were checked");
        Some(refusal(status, "this request was chosen to fail\n"))
    }

    fn count(&self, answer: Response<Body>) -> Response<Body> {
        self.context.counters().answered(answer.status().as_u16());
        if let Some(answered) = &self.answered {
            answered.notify_one();
        }
        answer
    }
}

fn refusal(status: StatusCode, sentence: impl Into<bytes::Bytes>) -> Response<Body> {
    text(status, Body::whole(sentence))
}

/// Reads the rest of a body, so that the connection can be used again.
async fn drain(body: &mut Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// The answer to HEAD over HTTP/2, where hyper would send the body. Over HTTP/1.1 it knows.
fn strip(answer: &mut Response<Body>) {
    let body = std::mem::replace(answer.body_mut(), Body::empty());
    if let Some(length) = body.size_hint().exact() {
        answer.headers_mut().entry(hyper::header::CONTENT_LENGTH).or_insert_with(|| length.into());
    }
}
