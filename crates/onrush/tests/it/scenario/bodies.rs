//! Bodies that are more than text: forms of several parts, compressed ones, files, GraphQL. They are read by readers of
//! their own.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::{GzDecoder, ZlibDecoder};
use serde_json::{Value, json};

use super::kit::{self, file};
use crate::harness::Folder;
use crate::plain::{Asked, Plain, answer};

const TWICE: &str = "load: 2 iterations by 1 user";

/// Bytes that are no text, and look like the end of a part.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\x00\xff\r\n--onrush-0\r\n\r\n--";

/// What a service is asked by these steps.
fn asked(steps: &str) -> Vec<Asked> {
    let (plain, folder) = (Plain::start(), Folder::new());
    folder.write("picture.png", PICTURE);
    folder.write("empty.txt", "");
    folder.write("scene.yaml", file(&plain.url(), TWICE, steps));
    kit::run(&folder, &[]).report().all_well(2);
    plain.requests()
}

/// Where something begins within something else.
fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// The parts of a form: their heads, and their contents (RFC 7578, RFC 2046 §5.1).
fn parts(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let mut rest = body.strip_prefix(format!("--{boundary}").as_bytes()).expect("a boundary at the beginning");
    let mut parts = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let head = find(part, b"\r\n\r\n").expect("an end of the head");
        let (head, content) = (&part[..head], &part[head + 4..]);
        let between = format!("\r\n--{boundary}");
        let end = find(content, between.as_bytes()).expect("a boundary after the part");
        parts.push((String::from_utf8(head.to_vec()).unwrap(), content[..end].to_vec()));
        rest = &content[end + between.len()..];
    }
    assert_eq!(rest, b"--\r\n", "the end of the form");
    parts
}

#[test]
fn forms_of_several_parts() {
    let steps = "- post: /\n  multipart:\n    title: A picture by {{ user }}\n    note: { text: '{{ 1 + 1 }}', type: text/markdown }\n    'a\"b': ü\n    \
                 picture: { file: picture.png, type: image/png, name: 'mug \"1\".png' }\n    plain: { file: picture.png }\n    nothing: { file: empty.txt }\n";
    let named = |name: &str, further: &str| format!("Content-Disposition: form-data; name=\"{name}\"{further}");
    let bytes = "\r\nContent-Type: application/octet-stream";
    let expected = [
        (named("title", ""), &b"A picture by 0"[..]),
        (named("note", "\r\nContent-Type: text/markdown"), b"2"),
        (named("a%22b", ""), "ü".as_bytes()),
        (named("picture", "; filename=\"mug %221%22.png\"\r\nContent-Type: image/png"), PICTURE),
        (named("plain", &format!("; filename=\"picture.png\"{bytes}")), PICTURE),
        (named("nothing", &format!("; filename=\"empty.txt\"{bytes}")), b""),
    ];
    let expected = expected.map(|(head, content)| (head, content.to_vec()));
    let mut boundaries = BTreeSet::new();
    for asked in asked(steps) {
        let kind = asked.header("content-type").unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap_or_else(|| panic!("{kind}"));
        assert_eq!(parts(&asked.bytes, boundary), expected);
        boundaries.insert(boundary.to_owned());
    }
    assert_eq!(boundaries.len(), 2, "each request has a boundary of its own: {boundaries:?}");
}

#[test]
fn compressed_bodies() {
    let long = "a long text, ".repeat(1000);
    for (body, plain) in [
        ("body: same for all", b"same for all".to_vec()),
        (&format!("body: '{long}{{{{ 1 + 1 }}}}'"), format!("{long}2").into_bytes()),
        ("json: { n: '{{ 2 }}', s: ü }", "{\"n\":2,\"s\":\"ü\"}".as_bytes().to_vec()),
        ("form: { a: 'b c' }", b"a=b+c".to_vec()),
        ("file: picture.png", PICTURE.to_vec()),
        ("bulk: { records: 3, record: '{{ record }}', form: lines }", b"0\n1\n2\n".to_vec()),
    ] {
        for coding in ["gzip", "deflate"] {
            for asked in asked(&format!("- put: /\n  {body}\n  compress: {coding}")) {
                assert_eq!(asked.header("content-encoding"), Some(coding), "{body}");
                let mut decoded = Vec::new();
                match coding {
                    "gzip" => GzDecoder::new(&*asked.bytes).read_to_end(&mut decoded),
                    _ => ZlibDecoder::new(&*asked.bytes).read_to_end(&mut decoded),
                }
                .unwrap();
                assert_eq!(decoded, plain, "{body} {coding}");
                assert!(plain.len() < 1000 || asked.bytes.len() < 200, "{coding}: {}", asked.bytes.len());
            }
        }
    }
}

/// A service that knows one query.
fn graphql() -> Plain {
    Plain::answering(|asked| {
        let asked: Value = serde_json::from_str(&asked.body).unwrap();
        let body = match (asked["operationName"].as_str(), &asked["variables"]["id"]) {
            (Some("Product"), Value::Number(id)) => json!({ "data": { "product": { "id": id, "next": 8 } } }),
            _ => json!({ "data": null, "errors": [{ "message": "which?" }] }),
        };
        answer(200, &["Content-Type: application/json"], &body.to_string())
    })
}

#[test]
fn graphql_queries_and_what_they_answer() {
    let plain = graphql();
    let query = "query Product($id: ID!) { product(id: $id) { id next } }";
    let step = |id: &str, operation: &str| {
        format!(
            "- post: /graphql\n  graphql:\n    query: \"{query}\"\n    variables: {{ id: {id} }}\n{operation}  \
             save: {{ next: $.data.product.next | default 0 }}\n  check: {{ 'no errors': $.errors not exists }}\n"
        )
    };
    let operation = "    operation: Product\n";
    let steps = step("7", operation) + &step("'{{ next }}'", operation) + &step("9", "");
    let report = kit::play(&file(&plain.url(), TWICE, &steps), &[]);
    // Answers of GraphQL have status 200 whatever is wrong: a check tells.
    assert_eq!((report.requests("completed"), report.outcomes()), (4, vec![("200".into(), 6), ("check".into(), 2)]));
    assert!(report.example("check").starts_with("no errors: "), "{}", report.example("check"));
    let asked: Vec<Value> = plain.requests().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    let expected = |id: u64| json!({ "query": query, "variables": { "id": id }, "operationName": "Product" });
    assert_eq!(asked[..2], [expected(7), expected(8)]);
    assert_eq!(asked[2], json!({ "query": query, "variables": { "id": 9 } }));
    assert!(plain.requests().iter().all(|asked| asked.header("content-type") == Some("application/json")));
}
