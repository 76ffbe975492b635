//! Many items in one request, as a JSON array or one JSON value a line, and an answer for each. Open to everybody: it is the back
//! door of the warehouse.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::{Shop, State as Inside};

/// More items than this are refused, before any is taken.
const MAX_ITEMS: usize = 10_000;

/// And so are more bytes.
const MAX_BYTES: usize = 16 << 20;

/// The longest name of a product, and of a category.
const MAX_NAME: usize = 200;

/// The highest price.
const MAX_PRICE: f64 = 1e9;

type Outcome = Result<u64, Refusal>;

#[derive(Deserialize)]
struct NewProduct {
    name: String,
    price: f64,
    #[serde(default)]
    category: String,
}

#[derive(Deserialize)]
struct NewOrder {
    product: u32,
    qty: u32,
}

/// Adds products: `{"name": …, "price": …, "category": …}` each.
pub(super) async fn products(State(shop): State<Arc<Shop>>, body: Body) -> Result<Json<Value>, Refusal> {
    take(&shop, &read(body).await?, |inside, new: NewProduct| {
        let too_long = new.name.len() > MAX_NAME || new.category.len() > MAX_NAME;
        if new.name.is_empty() || too_long {
            return Err(Refusal::unprocessable(format!(
                "a name has 1 to {MAX_NAME} bytes, a category up to {MAX_NAME}"
            )));
        }
        if !(0.0..=MAX_PRICE).contains(&new.price) {
            return Err(Refusal::unprocessable("a price goes from 0 to 1e9"));
        }
        let cents = (new.price * 100.0).round() as u64;
        Ok(inside.catalogue.add(new.name, new.category, cents).into())
    })
}

/// Makes orders that everybody may see: `{"product": …, "qty": …}` each.
pub(super) async fn orders(State(shop): State<Arc<Shop>>, body: Body) -> Result<Json<Value>, Refusal> {
    take(&shop, &read(body).await?, |inside, new: NewOrder| {
        inside.check_line(new.product, new.qty)?;
        Ok(inside.order(&[(new.product, new.qty)].into(), None).id)
    })
}

/// Reads the body to its end, also when it is too large: a client that is still sending would not see the answer.
async fn read(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Refusal::bad_request(format!("the body broke off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        total += data.len();
        if total <= MAX_BYTES {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
    }
    if total > MAX_BYTES {
        return Err(too_large(format!("more than {MAX_BYTES} bytes in one request")));
    }
    Ok(bytes)
}

fn too_large(sentence: String) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
}

fn take<T: DeserializeOwned>(
    shop: &Shop,
    body: &[u8],
    mut one: impl FnMut(&mut Inside, T) -> Outcome,
) -> Result<Json<Value>, Refusal> {
    let items = split(body)?;
    let mut inside = shop.lock();
    let outcomes = items.into_iter().map(|item| one(&mut inside, item.and_then(parse)?));
    let outcomes: Vec<Outcome> = outcomes.collect();
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let items: Vec<Value> = outcomes.into_iter().map(show).collect();
    Ok(Json(json!({ "taken": items.len() - failed, "failed": failed, "items": items })))
}

/// The items, where an unreadable line is an item that fails, and an unreadable array a request that does.
fn split(body: &[u8]) -> Result<Vec<Result<Value, Refusal>>, Refusal> {
    let items: Vec<_> = if body.trim_ascii_start().starts_with(b"[") {
        let items: Vec<Value> =
            serde_json::from_slice(body).map_err(|error| Refusal::bad_request(format!("this is no array: {error}")))?;
        items.into_iter().map(Ok).collect()
    } else {
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        lines.take(MAX_ITEMS + 1).map(|line| serde_json::from_slice(line).map_err(unreadable)).collect()
    };
    match items.len() {
        0 => Err(Refusal::bad_request("there are no items in this: send a JSON array, or a JSON value a line")),
        n if n > MAX_ITEMS => Err(too_large(format!("more than {MAX_ITEMS} items in one request"))),
        _ => Ok(items),
    }
}

fn parse<T: DeserializeOwned>(item: Value) -> Result<T, Refusal> {
    serde_json::from_value(item).map_err(unreadable)
}

#[expect(clippy::needless_pass_by_value, reason = "it is an argument of map_err")]
fn unreadable(error: serde_json::Error) -> Refusal {
    Refusal::bad_request(error.to_string())
}

fn show(outcome: Outcome) -> Value {
    match outcome {
        Ok(id) => json!({ "status": 201, "id": id }),
        Err(refusal) => json!({ "status": refusal.status.as_u16(), "error": refusal.sentence }),
    }
}
