//! A visit to the shop, and everything that it refuses.

use onrush_target::ServiceSettings;
use serde_json::{Value, json};

use crate::client::{Answer, Client, connect, start, start_and_connect};

async fn login(client: &mut Client, email: &str) -> String {
    let body = json!({ "email": email, "password": "secret" }).to_string();
    let answer = client.send("POST /login", &[], &body).await;
    assert_eq!(answer.status, 200);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let cookie = format!("session={token}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(answer.header("set-cookie"), Some(cookie.as_str()));
    token
}

async fn ask(client: &mut Client, token: &str, what: &str, body: Value) -> Answer {
    let authorization = format!("Bearer {token}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    client.send(what, &[("authorization", &authorization)], &body).await
}

#[tokio::test]
async fn a_visit() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let home = client.get("/shop").await;
    assert_eq!(home.header("content-type"), Some("text/html; charset=utf-8"));
    let found = client.get("/products?q=mug").await.json();
    let (first, second) = (&found["items"][0], &found["items"][1]);
    let product = client.get(&format!("/products/{}", first["id"])).await;
    assert_eq!(&product.json(), first);
    assert!(client.get(&format!("/products/{}/reviews", first["id"])).await.json()["items"].is_array());

    let token = login(&mut client, "ann@example.com").await;
    ask(&mut client, &token, "POST /cart", json!({ "product": first["id"], "qty": 2 })).await;
    ask(&mut client, &token, "POST /cart", json!({ "product": second["id"] })).await;
    let remove = format!("DELETE /cart/{}", second["id"]);
    assert_eq!(ask(&mut client, &token, &remove, Value::Null).await.status, 200);
    let cart = client.send("GET /cart", &[("cookie", &format!("a=b; session={token}"))], "").await.json();
    let price = first["price"].as_f64().unwrap();
    let line = json!({ "product": first["id"], "name": first["name"], "qty": 2, "price": price });
    assert_eq!(cart, json!({ "items": [line], "total": price * 2.0 }));

    let order = ask(&mut client, &token, "POST /checkout", Value::Null).await;
    assert_eq!((order.status.as_u16(), order.header("location")), (201, Some("/orders/1")));
    let expected = json!({ "id": 1, "email": "ann@example.com", "items": [line], "total": price * 2.0 });
    assert_eq!(order.json(), expected);
    assert_eq!(ask(&mut client, &token, "GET /orders/1", Value::Null).await.json(), expected);
    assert_eq!(ask(&mut client, &token, "GET /cart", Value::Null).await.json(), json!({ "items": [], "total": 0.0 }));
}

#[tokio::test]
async fn what_it_refuses() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let ann = login(&mut client, "ann@example.com").await;
    let ben = login(&mut client, "ben@example.com").await;
    ask(&mut client, &ann, "POST /cart", json!({ "product": 1 })).await;
    ask(&mut client, &ann, "POST /checkout", Value::Null).await;
    let table = [
        ("", "POST /login", json!({ "email": "ann@example.com", "password": "wrong" }), 401, "do not go together"),
        ("", "POST /login", json!({ "email": "ann@example.org", "password": "secret" }), 401, "do not go together"),
        ("", "POST /login", json!({ "email": "@example.com", "password": "secret" }), 401, "do not go together"),
        ("", "POST /login", json!({ "email": "ann@example.com" }), 400, "missing field `password`"),
        ("", "GET /products/501", Value::Null, 404, "there is no product 501"),
        ("", "GET /products/0/reviews", Value::Null, 404, "there is no product 0"),
        ("", "GET /products?page=0", Value::Null, 400, "page counts from 1"),
        ("", "GET /products?per_page=101", Value::Null, 400, "from 1 to 100"),
        ("", "GET /cart", Value::Null, 401, "this needs a Bearer token or a session cookie"),
        ("", "POST /checkout", Value::Null, 401, "this needs a Bearer token"),
        ("unknown", "GET /cart", Value::Null, 401, "this session is unknown"),
        (&ben, "POST /cart", json!({ "product": 501, "qty": 1 }), 404, "there is no product 501"),
        (&ben, "POST /cart", json!({ "product": 1, "qty": 0 }), 422, "qty must be from 1 to 1000"),
        (&ben, "POST /cart", json!({ "product": 1, "qty": -1 }), 400, "this body does not do"),
        (&ben, "DELETE /cart/1", Value::Null, 404, "product 1 is not in the cart"),
        (&ben, "POST /checkout", Value::Null, 409, "the cart is empty"),
        (&ben, "GET /orders/1", Value::Null, 404, "there is no order 1"),
        (&ben, "GET /orders/2", Value::Null, 404, "there is no order 2"),
        ("", "GET /orders/1", Value::Null, 401, "log in to see your orders"),
    ];
    for (token, what, body, status, part) in table {
        let answer = ask(&mut client, token, what, body.clone()).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, status, "{what} {body}: {error}");
        assert!(error.contains(part), "{what} {body}: {error}");
    }
}

#[tokio::test]
async fn pages_of_products() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let table =
        [("", 20, 500, 25), ("?page=25", 20, 500, 25), ("?page=26", 0, 500, 25), ("?per_page=100", 100, 500, 5)];
    for (query, items, total, pages) in table {
        let page = client.get(&format!("/products{query}")).await.json();
        let got = (page["items"].as_array().unwrap().len(), &page["total"], &page["pages"]);
        assert_eq!(got, (items, &total.into(), &pages.into()), "{query}");
    }
}

#[tokio::test]
async fn a_seed_makes_the_same_shop() {
    let page = async |seed| {
        let (_running, mut client) = start_and_connect(ServiceSettings { seed, ..ServiceSettings::default() }).await;
        client.get("/products").await.body
    };
    assert_eq!(page(1).await, page(1).await);
    assert_ne!(page(1).await, page(2).await);
}

#[tokio::test]
async fn all_threads_have_the_same_shop() {
    let running = start(ServiceSettings { threads: 3, ..ServiceSettings::default() });
    let token = login(&mut connect(running.addr()).await, "ann@example.com").await;
    for _ in 0..12 {
        let mut client = connect(running.addr()).await;
        assert_eq!(ask(&mut client, &token, "GET /cart", Value::Null).await.status, 200);
    }
}

#[tokio::test]
async fn many_items_in_one_request() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let lines =
        "{\"name\":\"Tin Whistle\",\"price\":9.99}\n\n{\"name\":\"\",\"price\":1}\r\n{\"name\":\n{\"price\":1}\n";
    let answer = client.send("POST /bulk/products", &[], lines).await;
    // Whether maps keep their order depends on what else is built.
    let mut json = answer.json();
    json.sort_all_objects();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap(), @r#"
    {
      "failed": 3,
      "items": [
        {
          "id": 1001,
          "status": 201
        },
        {
          "error": "a name has 1 to 200 bytes, a category up to 200",
          "status": 422
        },
        {
          "error": "EOF while parsing a value at line 1 column 8",
          "status": 400
        },
        {
          "error": "missing field `name`",
          "status": 400
        }
      ],
      "taken": 1
    }
    "#);
    assert_eq!(client.get("/products?q=whistle").await.json()["items"][0]["price"], 9.99);

    let orders = json!([{ "product": 1001, "qty": 3 }, { "product": 9, "qty": 0 }]).to_string();
    let answer = client.send("POST /bulk/orders", &[], &orders).await.json();
    let statuses: Vec<&Value> = answer["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, [201, 422]);
    assert_eq!(client.get("/orders/1").await.json()["total"], 29.97);
}

#[tokio::test]
async fn too_many_items_and_none() {
    let (_running, mut client) = start_and_connect(ServiceSettings::default()).await;
    let line = "{\"product\":1,\"qty\":1}\n";
    let array = |count| format!("[{}]", vec![line; count].join(","));
    let table = [
        (line.repeat(10_000), 200),
        (line.repeat(10_001), 413),
        (array(10_000), 200),
        (array(10_001), 413),
        (" ".repeat((16 << 20) + 1), 413),
        (line.repeat(2), 200),
        (String::new(), 400),
        ("[]".to_owned(), 400),
        ("[{]".to_owned(), 400),
    ];
    for (body, status) in table {
        let answer = client.send("POST /bulk/orders", &[], &body).await;
        assert_eq!(answer.status, status, "{} bytes", body.len());
    }
}
