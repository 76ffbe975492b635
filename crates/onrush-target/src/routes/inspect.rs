//! Tells clients what they sent, as JSON.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri, Version};
use serde_json::{Map, Value, json};

/// Method, path, query, HTTP version, headers and body (as text, up to 2 MB).
pub(super) async fn everything(
    method: Method,
    uri: Uri,
    version: Version,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    Json(json!({
        "method": method.as_str(),
        "path": uri.path(),
        "query": gather(query),
        "version": format!("{version:?}"),
        "headers": gather(pairs(&headers)),
        "body": String::from_utf8_lossy(&body),
        "body_bytes": body.len(),
    }))
}

/// The headers alone.
pub(super) async fn headers(headers: HeaderMap) -> Json<Value> {
    Json(json!({ "headers": gather(pairs(&headers)) }))
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// An object of strings; of lists of strings where a name comes more than once.
fn gather(pairs: impl IntoIterator<Item = (String, String)>) -> Value {
    let mut object = Map::new();
    for (name, value) in pairs {
        match object.get_mut(&name) {
            None => {
                object.insert(name, value.into());
            }
            Some(Value::Array(list)) => list.push(value.into()),
            Some(one) => *one = json!([one.take(), value]),
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_come_again_become_lists() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")];
        let object = gather(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(object, json!({ "a": ["1", "3", "4"], "b": "2" }));
    }
}
