//! The shop over HTTP, but for the bulk routes. Bodies are read as JSON whatever their Content-Type says.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::catalogue::Product;
use super::refusal::Refusal;
use super::{Contents, Order, Shop, bulk};
use crate::routes::credentials;

/// Products on a page, unless `per_page` says otherwise.
const PER_PAGE: usize = 20;
const MAX_PER_PAGE: usize = 100;

/// The routes of the shop.
pub(crate) fn router(shop: Arc<Shop>) -> Router {
    Router::new()
        .route("/shop", get(home))
        .route("/products", get(products))
        .route("/products/{id}", get(product))
        .route("/products/{id}/reviews", get(reviews))
        .route("/login", post(login))
        .route("/cart", get(cart).post(add))
        .route("/cart/{product}", delete(remove))
        .route("/checkout", post(checkout))
        .route("/orders/{id}", get(order))
        .route("/bulk/products", post(bulk::products))
        .route("/bulk/orders", post(bulk::orders))
        .with_state(shop)
}

type Shared = State<Arc<Shop>>;

async fn home() -> Html<&'static str> {
    Html(include_str!("home.html"))
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
    page: Option<usize>,
    per_page: Option<usize>,
}

async fn products(State(shop): Shared, Query(search): Query<Search>) -> Result<Json<Value>, Refusal> {
    let (page, per_page) = (search.page.unwrap_or(1), search.per_page.unwrap_or(PER_PAGE));
    if page == 0 || per_page == 0 || per_page > MAX_PER_PAGE {
        return Err(Refusal::bad_request(format!("page counts from 1, and per_page goes from 1 to {MAX_PER_PAGE}")));
    }
    let state = shop.lock();
    let found: Vec<&Product> = state.catalogue.search(&search.q).collect();
    let items: Vec<Value> =
        found.iter().skip((page - 1).saturating_mul(per_page)).take(per_page).map(|product| show(product)).collect();
    let (total, pages) = (found.len(), found.len().div_ceil(per_page));
    Ok(Json(json!({ "items": items, "total": total, "page": page, "pages": pages })))
}

async fn product(State(shop): Shared, Path(id): Path<u32>) -> Result<Json<Value>, Refusal> {
    shop.lock().catalogue.get(id).map(|product| Json(show(product))).ok_or_else(|| missing(id))
}

async fn reviews(State(shop): Shared, Path(id): Path<u32>) -> Result<Json<Value>, Refusal> {
    let state = shop.lock();
    state.catalogue.get(id).ok_or_else(|| missing(id))?;
    let items = state.catalogue.reviews(id);
    Ok(Json(json!({ "total": items.len(), "items": items })))
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: String,
}

async fn login(State(shop): Shared, body: Bytes) -> Result<Response, Refusal> {
    let Credentials { email, password } = read(&body)?;
    let token = shop.lock().login(&email, &password)?;
    let cookie = format!("session={token}; Path=/; HttpOnly; SameSite=Lax");
    let name = email.split('@').next().unwrap_or_default();
    let answer = Json(json!({ "token": token, "user": { "email": email, "name": name } }));
    Ok(([(SET_COOKIE, cookie)], answer).into_response())
}

async fn cart(State(shop): Shared, headers: HeaderMap) -> Result<Json<Contents>, Refusal> {
    shop.lock().cart(bearer(&headers)?).map(Json)
}

#[derive(Deserialize)]
struct Wanted {
    product: u32,
    #[serde(default = "one")]
    qty: u32,
}

const fn one() -> u32 {
    1
}

async fn add(State(shop): Shared, headers: HeaderMap, body: Bytes) -> Result<Json<Contents>, Refusal> {
    let token = bearer(&headers)?;
    let Wanted { product, qty } = read(&body)?;
    shop.lock().add(token, product, qty).map(Json)
}

async fn remove(State(shop): Shared, Path(product): Path<u32>, headers: HeaderMap) -> Result<Json<Contents>, Refusal> {
    shop.lock().remove(bearer(&headers)?, product).map(Json)
}

async fn checkout(State(shop): Shared, headers: HeaderMap) -> Result<Response, Refusal> {
    let order = shop.lock().checkout(bearer(&headers)?)?;
    let location = format!("/orders/{}", order.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(order)).into_response())
}

async fn order(State(shop): Shared, Path(id): Path<u64>, headers: HeaderMap) -> Result<Json<Order>, Refusal> {
    shop.lock().find_order(token(&headers), id).map(Json)
}

fn show(product: &Product) -> Value {
    json!({ "id": product.id, "name": product.name, "category": product.category, "price": product.price() })
}

fn missing(id: u32) -> Refusal {
    Refusal::not_found(format!("there is no product {id}"))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::bad_request(format!("this body does not do: {error}")))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    token(headers).ok_or_else(|| Refusal::unauthorized("this needs a Bearer token or a session cookie: log in"))
}

/// From the Authorization header, or else from the cookie.
fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = || headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = || cookies().flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix("session="));
    credentials(headers, "bearer").or_else(session)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn where_the_token_is() {
        let table = [
            (vec![], None),
            (vec![(AUTHORIZATION, "Bearer a")], Some("a")),
            (vec![(AUTHORIZATION, "Basic a")], None),
            (vec![(COOKIE, "theme=dark; session=b")], Some("b")),
            (vec![(COOKIE, "theme=dark"), (COOKIE, "session=c")], Some("c")),
            (vec![(COOKIE, "session=b"), (AUTHORIZATION, "Bearer a")], Some("a")),
        ];
        for (pairs, expected) in table {
            let mut headers = HeaderMap::new();
            for (name, value) in &pairs {
                headers.append(name, HeaderValue::from_static(value));
            }
            assert_eq!(token(&headers), expected, "{pairs:?}");
        }
    }
}
