//! Which paths are routes, and those that are tools for trying clients out. The shop has its own; the rest is `generic`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use axum::{Json, Router};
use base64::Engine as _;
use serde::Deserialize;
use serde_json::json;

use crate::body::Lines;
use crate::context::Context;
use crate::generic;
use crate::shop;
use crate::stats::Stats;

mod inspect;

/// The counters as JSON. Not a route like the others: it is answered whatever the settings ask for, and is not counted.
pub(crate) const STATS: &str = "/stats";
/// The same for Prometheus, with how things stand.
pub(crate) const METRICS: &str = "/metrics";

/// Whether a path belongs to a route, by its first segment.
pub(crate) fn owns(path: &str) -> bool {
    let first = path.get(1..).and_then(|rest| rest.split('/').next()).unwrap_or("");
    matches!(
        first,
        "delay"
            | "status"
            | "bytes"
            | "redirect"
            | "redirect-to"
            | "echo"
            | "inspect"
            | "headers"
            | "basic-auth"
            | "bearer"
            | "gzip"
            | "stream"
            | "health"
            | "stats"
            | "metrics"
            | "shop"
            | "products"
            | "login"
            | "cart"
            | "checkout"
            | "orders"
            | "bulk"
    )
}

/// All routes.
pub(crate) fn router(context: Arc<Context>) -> Router {
    let shop = shop::router(Arc::clone(&context.shared.shop));
    Router::new()
        .route("/delay/{ms}", any(delay))
        .route("/status/{code}", any(status))
        .route("/bytes/{n}", get(bytes))
        .route("/redirect/{n}", any(redirect))
        .route("/redirect-to", any(redirect_to))
        .route("/echo", any(echo))
        .route("/inspect", any(inspect::everything))
        .route("/headers", any(inspect::headers))
        .route("/basic-auth/{user}/{pass}", any(basic_auth))
        .route("/bearer", any(bearer))
        .route("/gzip", get(gzip))
        .route("/stream/{n}", get(stream))
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
        .with_state(context)
        .merge(shop)
}

/// The answer of `/stats`.
pub(crate) fn stats(stats: &Stats) -> Response<Body> {
    Json(stats).into_response()
}

/// The answer of `/metrics`.
pub(crate) fn metrics(text: String) -> Response<Body> {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

type Refusal = (StatusCode, String);

fn bad(sentence: impl Into<String>) -> Refusal {
    (StatusCode::BAD_REQUEST, sentence.into() + "\n")
}

/// Waits so many milliseconds, up to an hour, in addition to the latency of the settings.
async fn delay(State(context): State<Arc<Context>>, Path(ms): Path<f64>) -> Result<String, Refusal> {
    if !(0.0..=3_600_000.0).contains(&ms) {
        return Err(bad(format!("a delay of {ms} ms is not within 0 to an hour")));
    }
    context.sleeper.sleep(Duration::from_secs_f64(ms / 1000.0)).await;
    Ok(format!("after {ms} ms\n"))
}

async fn status(Path(code): Path<u16>) -> Result<StatusCode, Refusal> {
    generic::final_status(code).map_err(bad)
}

/// So many bytes, with a Content-Length.
async fn bytes(State(context): State<Arc<Context>>, Path(n): Path<u64>) -> Response<Body> {
    let body = Body::new(context.shared.generic.pattern(n, false));
    ([(CONTENT_TYPE, "application/octet-stream")], body).into_response()
}

/// As many hops as the number says, by locations relative to the path.
async fn redirect(Path(n): Path<u32>) -> Response<Body> {
    match n.checked_sub(1) {
        Some(next) => (StatusCode::FOUND, [(LOCATION, next.to_string())]).into_response(),
        None => "here\n".into_response(),
    }
}

#[derive(Deserialize)]
struct Target {
    url: String,
    status: Option<u16>,
}

/// Redirects to any URL, with 302 or the redirection that was asked for.
async fn redirect_to(Query(target): Query<Target>) -> Result<Response<Body>, Refusal> {
    let status = generic::final_status(target.status.unwrap_or(302)).map_err(bad)?;
    if !status.is_redirection() {
        return Err(bad(format!("{status} is no redirection")));
    }
    let location = HeaderValue::try_from(target.url).map_err(|_| bad("that URL cannot be written into a header"))?;
    Ok((status, [(LOCATION, location)]).into_response())
}

/// Sends the body back as it comes, of any length.
async fn echo(request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(body);
    if let Some(kind) = head.headers.get(CONTENT_TYPE) {
        response.headers_mut().insert(CONTENT_TYPE, kind.clone());
    }
    response
}

async fn basic_auth(Path((user, pass)): Path<(String, String)>, headers: HeaderMap) -> Response<Body> {
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{pass}"));
    if credentials(&headers, "basic") == Some(&expected) {
        return Json(json!({ "authenticated": true, "user": user })).into_response();
    }
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"onrush\"")]).into_response()
}

async fn bearer(headers: HeaderMap) -> Response<Body> {
    match credentials(&headers, "bearer") {
        Some(token) => Json(json!({ "authenticated": true, "token": token })).into_response(),
        None => (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")]).into_response(),
    }
}

/// What follows the scheme in the Authorization header; schemes are written in any case.
pub(crate) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (got, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    got.eq_ignore_ascii_case(scheme).then_some(rest.trim()).filter(|rest| !rest.is_empty())
}

/// A compressed answer, accepted or not.
async fn gzip() -> Response<Body> {
    let body = generic::gzip(json!({ "gzipped": true }).to_string().as_bytes());
    ([(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")], body).into_response()
}

/// So many lines of JSON, a chunk each.
async fn stream(Path(n): Path<u64>) -> Response<Body> {
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::new(Lines::new(n))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_decides() {
        let table = [
            ("/", false),
            ("*", false),
            ("/hello", false),
            ("/stats", true),
            ("/delay/5", true),
            ("/delays", false),
            ("//delay", false),
            ("/redirect-to", true),
        ];
        for (path, expected) in table {
            assert_eq!(owns(path), expected, "{path}");
        }
    }
}
