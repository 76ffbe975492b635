//! How requests prove who they are from.

use std::time::Duration;

use onrush_plan::{Credentials, OAuth2, RequestStep, SigV4, Step};
use onrush_user::{Auth, Filled, Token};

use crate::plays::{first_call, play, request, template, user};

/// 2015-08-30 12:36:00 UTC, the date of AWS's test suite.
const DATE: Duration = Duration::from_secs(1_440_938_160);

fn signature(target: &str, method: &str, headers: &[(&str, &str)], body: &str) -> Vec<(&'static str, String)> {
    let step = RequestStep {
        base: Some(url::Url::parse("https://example.amazonaws.com").unwrap()),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), template(value))).collect(),
        body: match body {
            "" => onrush_plan::Body::None,
            body => onrush_plan::Body::Text { text: template(body), content_type: None },
        },
        auth: Some(Credentials::SigV4(Box::new(SigV4 {
            access_key: template("AKIDEXAMPLE"),
            secret_key: template("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            region: "us-east-1".to_owned(),
            service: "service".to_owned(),
        }))),
        ..request(method, target)
    };
    let mut user = user(&play(vec![Step::Request(Box::new(step))], &[], &[]));
    let call = first_call(&user);
    let mut filled = Filled::new();
    call.fill(&mut user, &mut filled).unwrap();
    assert!(!format!("{filled:?}").contains("wJalr"));
    filled.signature(&call, DATE)
}

/// From the "aws-sig-v4-test-suite" that AWS published: name, request, signature.
#[test]
fn signatures_are_those_of_the_published_suite() {
    for (name, method, target, headers, body, signed, expected) in [
        (
            "get-vanilla",
            "GET",
            "/",
            &[][..],
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-vanilla-empty-query-key",
            "GET",
            "/?Param1=value1",
            &[],
            "",
            "host;x-amz-date",
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        ),
        (
            "post-vanilla",
            "POST",
            "/",
            &[],
            "",
            "host;x-amz-date",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "post-x-www-form-urlencoded",
            "POST",
            "/",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        let added = signature(target, method, headers, body);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders={signed}, Signature={expected}"
        );
        let added: Vec<_> = added.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(added, [("X-Amz-Date", "20150830T123600Z"), ("Authorization", &authorization)], "{name}");
    }
}

#[test]
fn tokens_are_asked_for_and_read() {
    let oauth2 = OAuth2 {
        token_url: url::Url::parse("https://id.example.com/token").unwrap(),
        client_id: template("shop:{{ user }}"),
        client_secret: template("p ss"),
        scope: "read write".to_owned(),
    };
    let step = RequestStep { auth: Some(Credentials::OAuth2(Box::new(oauth2))), ..request("GET", "/") };
    let mut user = user(&play(vec![Step::Request(Box::new(step))], &[], &[]));
    let call = first_call(&user);
    let Auth::OAuth2(source) = call.auth() else { panic!() };
    let request = source.request(&mut user).unwrap();
    // `shop%3A0:p+ss`
    assert_eq!(request.header("authorization"), Some(&b"Basic c2hvcCUzQTA6cCtzcw=="[..]));
    assert_eq!(request.body(), b"grant_type=client_credentials&scope=read+write");
    assert_eq!((request.method(), request.url().as_str()), ("POST", "https://id.example.com/token"));
    assert_eq!(source.key(&mut user).unwrap(), source.key(&mut user).unwrap());

    let token =
        Token::of_answer(200, br#"{"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}"#).unwrap();
    assert_eq!((token.access_token.as_str(), token.expires_in), ("abc", Some(Duration::from_secs(3_600))));
    assert!(!format!("{token:?}").contains("abc"));
    for (status, body, expected) in [
        (401, "{\"error\":\"invalid_client\"}", "the server answered 401 with `{\"error\":\"invalid_client\"}`"),
        (200, "<html>", "the answer is not JSON with an `access_token`"),
    ] {
        assert_eq!(Token::of_answer(status, body.as_bytes()).unwrap_err().to_string(), expected);
    }
}
