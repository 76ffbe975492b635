//! AWS Signature Version 4, worked out again from what came over the wire, as the service does it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};

use super::kit::{self, file};
use crate::harness::Folder;
use crate::plain::{Asked, Plain, answer};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn hashed(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
        out
    })
}

/// What stands between `name=` and a comma in an `Authorization` header.
fn part<'a>(authorization: &'a str, name: &str) -> &'a str {
    let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("{authorization}"));
    rest.split(',').next().unwrap()
}

/// The signature that a request should have. All but the secret is taken from the request itself.
fn expected(asked: &Asked) -> String {
    let authorization = asked.header("authorization").unwrap();
    let date = asked.header("x-amz-date").unwrap();
    let scope = part(authorization, "Credential").split_once('/').unwrap().1;
    let [day, region, service, "aws4_request"] = *scope.split('/').collect::<Vec<_>>() else { panic!("{scope}") };
    assert!(date.starts_with(day) && date.len() == 16, "{date} and {scope}");
    let (path, query) = asked.target().split_once('?').unwrap_or((asked.target(), ""));
    let path = if service == "s3" { path.to_owned() } else { encoded(path).replace("%2F", "/") };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> =
        pairs.map(|pair| if pair.contains('=') { pair.to_owned() } else { pair.to_owned() + "=" }).collect();
    pairs.sort_unstable();
    let names = part(authorization, "SignedHeaders");
    let headers = names.split(';').map(|name| format!("{name}:{}\n", asked.header(name).unwrap()));
    let canonical = format!(
        "{}\n{path}\n{}\n{}\n{names}\n{}",
        asked.line.split(' ').next().unwrap(),
        pairs.join("&"),
        headers.collect::<String>(),
        hashed(&asked.bytes)
    );
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hashed(canonical.as_bytes()));
    let by = |key: &[u8], text: &str| sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec();
    let first = format!("AWS4{SECRET}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| by(&key, part));
    assert_eq!(scope, format!("{day}/{region}/{service}/aws4_request"));
    hex(&by(&key, &to_sign))
}

/// Requests of the "aws-sig-v4-test-suite" that AWS published, and their signatures: what this file works out is right.
#[test]
fn published_signatures() {
    let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
    for (line, further, body, signature) in [
        ("GET /", &[][..], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (
            "GET /?Param2=value2&Param1=value1",
            &[],
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST /",
            &[("x-amz-security-token", token)],
            "",
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        ),
        (
            "POST /",
            &[("content-type", "application/x-www-form-urlencoded")],
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let mut headers = vec![("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        headers.extend(further);
        headers.sort_unstable();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let credential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
        let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature=?");
        headers.push(("authorization", &authorization));
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let asked = Asked {
            line: format!("{line} HTTP/1.1"),
            headers: headers.into_iter().map(owned).collect(),
            body: body.to_owned(),
            bytes: body.as_bytes().to_vec(),
        };
        assert_eq!(expected(&asked), signature, "{line} {further:?}");
    }
}

fn aws(service: &str, token: &str) -> String {
    format!(
        "auth:\n  aws:\n    access_key: AKIDEXAMPLE\n    secret_key: {SECRET}\n    region: eu-central-1\n    service: {service}\n{token}"
    )
}

#[test]
fn every_request_is_signed_as_it_is_sent() {
    let token = "    session_token: the/token==\n";
    for (service, token, step, signed) in [
        ("execute-api", "", "get: /", "host;x-amz-date"),
        ("execute-api", token, "get: /", "host;x-amz-date;x-amz-security-token"),
        ("execute-api", "", "get: /a b/{{ 'ü/&' }}/%2F?z=1&a={{ 'x y&=ü' }}&a=0&empty", "host;x-amz-date"),
        ("execute-api", "", "get: /\n  query: { tag: [red, blue], q: 'a+b c' }", "host;x-amz-date"),
        ("execute-api", "", "delete: /x\n  headers: { Host: shop.example.com }", "host;x-amz-date"),
        ("execute-api", "", "post: /\n  json: { n: '{{ user }}' }", "content-type;host;x-amz-date"),
        ("execute-api", "", "post: /\n  form: { n: 'a b' }\n  compress: gzip", "content-type;host;x-amz-date"),
        ("execute-api", "", "post: /\n  multipart: { n: x, f: { file: f.bin } }", "content-type;host;x-amz-date"),
        ("s3", token, "put: /a b/ü.bin\n  file: f.bin", ""),
    ] {
        let (plain, folder) = (Plain::start(), Folder::new());
        folder.write("f.bin", [0, 255, 13, 10]);
        let head = format!("load: 2 iterations by 1 user\n{}", aws(service, token));
        folder.write("scene.yaml", file(&plain.url(), &head, &format!("- {step}")));
        let report = kit::run(&folder, &[]).report();
        report.all_well(2);
        assert!(!report.json.to_string().contains("wJalr"));
        for asked in plain.requests() {
            let authorization = asked.header("authorization").unwrap();
            assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
            assert_eq!(part(authorization, "Signature"), expected(&asked), "{step}: {asked:?}");
            let names = part(authorization, "SignedHeaders");
            assert!(signed.is_empty() || names == signed, "{step}: {names}");
            let has_token = !token.is_empty();
            assert_eq!(asked.header("x-amz-security-token"), has_token.then_some("the/token=="));
            let hash = (service == "s3").then(|| hashed(&asked.bytes));
            assert_eq!(asked.header("x-amz-content-sha256").map(str::to_owned), hash, "{step}");
        }
    }
}

#[test]
fn what_is_sent_again_is_signed_again() {
    let other = Arc::new(Plain::start());
    let elsewhere = Arc::clone(&other);
    let plain = Plain::answering(move |asked| match asked.target() {
        "/hop" => answer(302, &["Location: /end?a=1"], ""),
        "/busy" => answer(503, &[], ""),
        "/away" => answer(302, &[&format!("Location: {}", elsewhere.url())], ""),
        _ => answer(200, &[], ""),
    });
    let head = format!("load: 1 iterations by 1 user\n{}", aws("execute-api", "    session_token: the/token\n"));
    let steps = "- get: /hop\n- get: /busy\n  retry: { attempts: 2, backoff: 1ms }\n- get: /away";
    kit::play(&file(&plain.url(), &head, steps), &[]);
    let asked = plain.requests();
    assert_eq!(kit::targets(&plain), ["/hop", "/end?a=1", "/busy", "/busy", "/away"]);
    for asked in asked {
        assert_eq!(part(asked.header("authorization").unwrap(), "Signature"), expected(&asked), "{}", asked.line);
    }
    // Who is somebody else gets nothing that proves who we are.
    let [stranger] = &*other.requests() else { panic!("{:?}", other.requests()) };
    let names = ["authorization", "x-amz-date", "x-amz-security-token"];
    assert_eq!(names.map(|name| stranger.header(name)), [None; 3]);
}
