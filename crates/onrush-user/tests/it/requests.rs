//! Requests as they are written.

use onrush_plan::{AtEnd, Play};
use onrush_plan::{
    Body, Bulk, BulkForm, Compression, Constant, Credentials, FormPart, Json, PartContent, Pick, RequestStep, Secret,
    Step, Tracing,
};
use onrush_user::{Filled, Script};

use crate::plays::{expr, first_call, play, request, template, user};

fn constants() -> Vec<(&'static str, Constant)> {
    vec![
        ("token", Constant::Secret(Secret(b"s3cr3t".to_vec()))),
        ("path", Constant::Text("a b/c?d".to_owned())),
        ("count", Constant::Int(3)),
        ("link", Constant::Text("http://pay.example.com/x?y=1".to_owned())),
        ("item", Constant::Map(vec![("id".to_owned(), Constant::Text("i\"7".to_owned()))])),
        ("breaks", Constant::Text("a\r\nB: c".to_owned())),
    ]
}

fn playing(step: RequestStep) -> Play {
    play(
        vec![Step::Request(Box::new(step))],
        &constants(),
        &[("name,mail|Ann,a@example.com", Pick::Sequential, AtEnd::Recycle)],
    )
}

fn wire(step: RequestStep) -> Result<String, String> {
    let play = playing(step);
    let mut user = user(&play);
    let call = first_call(&user);
    let mut filled = Filled::new();
    call.fill(&mut user, &mut filled).map_err(|trouble| trouble.to_string())?;
    let plain = filled.request(&call, None, &[]).map_err(|error| error.to_string())?;
    assert_eq!(plain.body(), filled.body(&call));
    assert_eq!(plain.url().host_str(), filled.url(&call).host_str());
    let wire = filled.http1(&call, None, &[]).to_vec();
    Ok(String::from_utf8_lossy(&wire).replace(concat!("onrush/", env!("CARGO_PKG_VERSION")), "onrush/0"))
}

#[test]
fn a_request_says_what_was_asked() {
    let mut step = request("POST", "/carts/{{ path }}/{{ row.name }}");
    step.query = vec![("q q".to_owned(), template("1&{{ count + 1 }}"))];
    step.headers = vec![
        ("X-Token".to_owned(), template("{{ token }}")),
        ("X-Fixed".to_owned(), template("yes")),
        ("X-Item".to_owned(), template("<{{ item.id }}>")),
    ];
    let object = vec![
        (template("n"), Json::Text(template("{{ count }}"))),
        (template("s"), Json::Text(template("{{ item.id }}!"))),
        (template("l"), Json::List(vec![Json::Null, Json::Float(0.5), Json::Text(template("{{ item }}"))])),
    ];
    step.body = Body::Json(Json::Object(object));
    let expected = "POST /carts/a%20b%2Fc%3Fd/Ann?q%20q=1%264 HTTP/1.1\r\n\
                    Host: shop.example.com:8080\r\nUser-Agent: onrush/0\r\nAccept: */*\r\n\
                    X-Token: s3cr3t\r\nX-Fixed: yes\r\nX-Item: <i\"7>\r\nContent-Type: application/json\r\n\
                    Content-Length: 48\r\n\r\n{\"n\":3,\"s\":\"i\\\"7!\",\"l\":[null,0.5,{\"id\":\"i\\\"7\"}]}";
    assert_eq!(wire(step).unwrap(), expected);
}

#[test]
fn targets_go_where_they_say() {
    for (target, base, expected) in [
        ("/a?b={{ path }}", true, "/a?b=a%20b%2Fc%3Fd shop.example.com:8080"),
        ("a b/ü#top", true, "/a%20b/%C3%BC shop.example.com:8080"),
        ("", true, "/ shop.example.com:8080"),
        ("//x", true, "//x shop.example.com:8080"),
        ("?x=1", true, "/?x=1 shop.example.com:8080"),
        ("{{ link }}", true, "/x?y=1 pay.example.com"),
        ("{{ link }}", false, "/x?y=1 pay.example.com"),
        ("{{ '/x/../y' }}", true, "/y shop.example.com:8080"),
        ("http://{{ 'a.example.com:81' }}/p/{{ path }}", false, "/p/a%20b%2Fc%3Fd a.example.com:81"),
        ("http://a.example.com/p?q#r", false, "/p?q a.example.com"),
    ] {
        let mut step = request("GET", target);
        step.base = step.base.filter(|_| base);
        let wire = wire(step).unwrap();
        let lines: Vec<&str> = wire.lines().collect();
        let path = lines[0].strip_prefix("GET ").unwrap().strip_suffix(" HTTP/1.1").unwrap();
        assert_eq!(format!("{path} {}", lines[1].strip_prefix("Host: ").unwrap()), expected, "{target}");
    }
}

#[test]
fn a_url_may_say_who_asks() {
    let ann = Some((template("ann"), template("{{ token }}")));
    let (given, own) = ("Basic YW5uOnMzY3IzdA==", "Basic YmVuOnBANA==");
    for (target, login, auth, expected) in [
        ("/x", ann.clone(), None, Some(given)),
        ("/x", ann.clone(), Some(Credentials::None), None),
        ("/x", ann.clone(), Some(Credentials::Bearer(template("t"))), Some("Bearer t")),
        ("/x", None, None, None),
        ("{{ '/x' }}", ann.clone(), None, Some(given)),
        ("{{ 'http://shop.example.com:8080/x' }}", ann.clone(), None, Some(given)),
        ("{{ link }}", ann.clone(), None, None),
        ("{{ 'http://ben:p%404@shop.example.com' }}", ann.clone(), None, Some(own)),
        ("{{ 'http://ben:p%404@shop.example.com' }}", ann, Some(Credentials::None), None),
        ("{{ 'http://ben:p%404@b' }}", None, None, Some(own)),
    ] {
        let step = RequestStep { login, auth, ..request("GET", target) };
        let wire = wire(step).unwrap();
        let found: Vec<_> = wire.lines().filter_map(|line| line.strip_prefix("Authorization: ")).collect();
        assert_eq!(found, Vec::from_iter(expected), "{target}");
        assert!(!wire.contains('@'), "{wire}");
    }
    let step = RequestStep { headers: vec![("authorization".to_owned(), template("own"))], ..request("GET", "/") };
    let step = RequestStep { login: Some((template("a"), template("b"))), ..step };
    assert!(wire(step).unwrap().contains("\r\nauthorization: own\r\n"));
    let wrong = wire(request("GET", "{{ 'http://ben:hunter2@' }}")).unwrap_err();
    assert!(wrong.contains("`http://***@` is not a URL"), "{wrong}");
}

#[test]
fn what_makes_no_request_is_told_with_its_place() {
    let header = |value: &str| {
        let mut step = request("GET", "/");
        step.headers = vec![("X-A".to_owned(), template(value))];
        step
    };
    let mut relative = request("GET", "{{ path }}");
    relative.base = None;
    let mut endless = request("POST", "/");
    endless.body = Body::Bulk(Box::new(Bulk {
        records: expr("1000000000000"),
        record: Json::Text(template("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ record }}")),
        draws: Vec::new(),
        form: BulkForm::Lines,
        around: (template(""), template("")),
    }));
    for (step, expected) in [
        (
            header("{{ breaks }}"),
            "shop.yaml:1:2: the value of header `X-A` has a line break or another control character",
        ),
        (header("{{ a }}"), "shop.yaml:1:2: `a` has no value yet"),
        (header("{{ a.b }}"), "shop.yaml:1:2: `a.b` has no value: `a` has none yet"),
        (header("{{ row.nothing }}"), "shop.yaml:1:2: `row.nothing` has no value"),
        (header("{{ count / 0 }}"), "shop.yaml:1:2: `count / 0` "),
        (header("{{ range(100000)|join(token * 100) }}"), "shop.yaml:1:2: "),
        (header("{{ [0]|map('no' ~ token) }}"), "shop.yaml:1:2: "),
        (relative, "shop.yaml:1:2: `a b/c?d` is not a URL: relative URL without a base"),
        (request("GET", "{{ 'nonsense' ~ 1 }}"), "shop.yaml:1:2: `nonsense1` is not a URL: begin it with http://"),
        (request("GET", "{{ '' }}"), "shop.yaml:1:2: `` is not a URL: begin it with http://"),
        (request("GET", "{{ 'ftp://a.example.com' }}"), "shop.yaml:1:2: `ftp://a.example.com` is not a URL: use http"),
        (endless, "shop.yaml:1:2: what is sent grows past 16 MiB"),
    ] {
        let told = wire(step).unwrap_err();
        assert!(told.starts_with(expected), "{told}\n{expected}");
        assert!(!told.contains("s3cr3t"), "{told}");
    }
}

#[test]
fn bodies_are_what_their_type_says() {
    let form =
        Body::Form(vec![("a b".to_owned(), template("x y&{{ path }}")), ("n".to_owned(), template("{{ count }}"))]);
    let bulk = |form| {
        Body::Bulk(Box::new(Bulk {
            records: expr("count"),
            record: Json::Object(vec![(template("r"), Json::Text(template("{{ record }}")))]),
            draws: vec![0],
            form,
            around: (template(""), template("")),
        }))
    };
    for (body, kind, expected) in [
        (form, "application/x-www-form-urlencoded", "a+b=x+y%26a+b%2Fc%3Fd&n=3"),
        (bulk(BulkForm::Array), "application/json", "[{\"r\":0},{\"r\":1},{\"r\":2}]"),
        (bulk(BulkForm::Lines), "application/x-ndjson", "{\"r\":0}\n{\"r\":1}\n{\"r\":2}\n"),
        (Body::Text { text: template("<{{ count }}>"), content_type: Some("text/xml") }, "text/xml", "<3>"),
        (Body::Bytes(b"\x01".to_vec()), "application/octet-stream", "\u{1}"),
    ] {
        let mut step = request("POST", "/");
        step.body = body;
        let wire = wire(step).unwrap();
        let (head, body) = wire.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\nContent-Type: {kind}\r\n")), "{head}");
        assert!(head.ends_with(&format!("\r\nContent-Length: {}", expected.len())), "{head}");
        assert_eq!(body, expected);
    }
}

#[test]
fn a_multipart_body_has_a_boundary_of_its_own() {
    let part = |name: &str, content, kind: Option<&str>| FormPart {
        name: name.to_owned(),
        content,
        content_type: kind.map(str::to_owned),
    };
    let mut step = request("POST", "/");
    step.body = Body::Multipart(vec![
        part("a\"b", PartContent::Text(template("{{ count }}")), None),
        part("f", PartContent::File("x.png".to_owned(), b"png".to_vec()), Some("image/png")),
    ]);
    let wire = wire(step).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    let boundary = head.split_once("multipart/form-data; boundary=").unwrap().1.lines().next().unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n3\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"f\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\npng\r\n\
         --{boundary}--\r\n"
    );
    assert_eq!(body, expected);
    assert_eq!(boundary.len(), 23);
}

#[test]
fn bodies_are_compressed_on_their_way() {
    use std::io::Read as _;
    for (compression, name) in [(Compression::Gzip, "gzip"), (Compression::Deflate, "deflate")] {
        for text in ["fixed text", "{{ count }} with a hole"] {
            let mut step = request("PUT", "/");
            step.body = Body::Text { text: template(text), content_type: None };
            step.compression = Some(compression);
            let play = playing(step);
            let mut user = user(&play);
            let call = first_call(&user);
            let mut filled = Filled::new();
            call.fill(&mut user, &mut filled).unwrap();
            let mut plain = String::new();
            match compression {
                Compression::Gzip => flate2::read::GzDecoder::new(filled.body(&call)).read_to_string(&mut plain),
                Compression::Deflate => flate2::read::ZlibDecoder::new(filled.body(&call)).read_to_string(&mut plain),
            }
            .unwrap();
            assert_eq!(plain, text.replace("{{ count }}", "3"));
            let head = String::from_utf8_lossy(filled.http1(&call, None, &[])).into_owned();
            assert!(head.contains(&format!("\r\nContent-Encoding: {name}\r\n")), "{head}");
        }
    }
}

#[test]
fn headers_of_the_step_come_before_those_of_the_scenario() {
    let mut step = request("GET", "/");
    step.headers = vec![("x-a".to_owned(), template("step")), ("Cookie".to_owned(), template("own={{ count }}"))];
    let mut play = playing(step);
    play.scenarios[0].headers = vec![
        ("X-A".to_owned(), template("scenario")),
        ("X-B".to_owned(), template("b")),
        ("User-Agent".to_owned(), template("mine")),
        ("Host".to_owned(), template("other")),
    ];
    play.scenarios[0].auth = Some(Credentials::Basic { user: template("ann"), password: template("{{ token }}") });
    let mut user = user(&play);
    let call = first_call(&user);
    let mut filled = Filled::new();
    call.fill(&mut user, &mut filled).unwrap();
    let expected = "GET / HTTP/1.1\r\nAccept: */*\r\nX-B: b\r\nUser-Agent: mine\r\nHost: other\r\nx-a: step\r\n\
                    Authorization: Basic YW5uOnMzY3IzdA==\r\nCookie: own=3; s=1\r\nX-Extra: e\r\n\r\n";
    let extra = [("X-Extra", "e")];
    assert_eq!(std::str::from_utf8(filled.http1(&call, Some("s=1"), &extra)).unwrap(), expected);
    let plain = filled.request(&call, Some("s=1"), &extra).unwrap();
    let headers: Vec<_> = plain.headers().iter().map(|header| (header.name(), header.value())).collect();
    assert_eq!(headers.len(), 7);
    assert_eq!(plain.header("cookie"), Some(&b"own=3; s=1"[..]));
    assert_eq!(plain.url().as_str(), "http://shop.example.com:8080/");
}

#[test]
fn a_play_that_cannot_be_played_is_refused() {
    let mut bad_name = request("GET", "/");
    bad_name.headers = vec![("X A".to_owned(), template("b"))];
    let mut reserved = request("GET", "/");
    reserved.headers = vec![("Content-Length".to_owned(), template("5"))];
    for (step, expected) in [
        (request("G T", "/"), "`G T` is not an HTTP method"),
        (bad_name, "`X A` is not a header name"),
        (reserved, "header `Content-Length` is written by Onrush itself"),
        (request("GET", "/{{ 1 + }}"), "shop.yaml:1:2: "),
    ] {
        let error = Script::new(&playing(step), 1, Tracing::default()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
