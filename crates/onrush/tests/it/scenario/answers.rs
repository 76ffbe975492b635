//! What is done with answers: checks and saves.

use super::kit::{self, file, targets};
use crate::plain::{Plain, answer};

const JSON: &str = r#"{"token":"t1","items":[{"id":4},{"id":5},{"id":6}],"none":null}"#;
const HTML: &str =
    r#"<html><body><h1>Shop</h1><a class="next" href="/page/2">on</a>csrf=abc12;<p>1</p><p>2</p></body></html>"#;
const XML: &str = "<order><price>12.5</price><price>7</price></order>";
const ONCE: &str = "load: 1 iterations by 1 user";

fn server() -> Plain {
    Plain::answering(|asked| match asked.target() {
        "/json" => answer(200, &["Content-Type: application/json", "X-Id: 77", "Set-Cookie: sid=s9; Path=/"], JSON),
        "/html" => answer(200, &["Content-Type: text/html"], HTML),
        "/xml" => answer(200, &["Content-Type: application/xml"], XML),
        "/moved" => answer(302, &["Location: /there?x=1"], ""),
        "/created" => answer(201, &["Location: /orders/8"], ""),
        _ => answer(200, &[], "ok\n"),
    })
}

#[test]
fn what_is_saved_is_sent() {
    for (path, save, sent) in [
        ("/json", "$.token", "t1"),
        ("/json", "\"$.items[0].id\"", "4"),
        ("/json", "\"$.items[*].id | last\"", "6"),
        ("/json", "\"$.items[*].id | 1\"", "5"),
        ("/json", "\"$.items[*].id | count\"", "3"),
        ("/json", "\"$.items[*].id | all\"", "%5B4%2C5%2C6%5D"),
        ("/json", "$.missing | default 'none-such'", "none-such"),
        ("/json", "header X-Id", "77"),
        ("/json", "cookie sid", "s9"),
        ("/json", "status", "200"),
        ("/json", "size", &JSON.len().to_string()),
        ("/html", r#"'regex "csrf=(\w+)"'"#, "abc12"),
        ("/html", r#"'css "a.next" attr href'"#, "%2Fpage%2F2"),
        ("/html", r#"'css "h1"'"#, "Shop"),
        ("/html", r#"'css "p" | last'"#, "2"),
        ("/html", r#"'css "b" | default 1'"#, "1"),
        ("/xml", r#"'xpath "//price"'"#, "12.5"),
        ("/xml", r#"'xpath "//price" | 1'"#, "7"),
        ("/created", "header location", "%2Forders%2F8"),
        ("/other", "body", "ok%0A"),
    ] {
        let plain = server();
        let steps = format!("- get: {path}\n  save:\n    got: {save}\n- get: /sent/{{{{ got }}}}");
        let report = kit::play(&file(&plain.url(), ONCE, &steps), &[]);
        assert_eq!(targets(&plain)[1..], [format!("/sent/{sent}")], "{save}");
        assert_eq!(report.iterations(), [1, 0, 0], "{save}");
    }
}

#[test]
fn whole_urls_are_saved_and_followed() {
    let plain = server();
    let steps = "- get: /moved\n  redirects: 0\n  save: { to: location }\n- get: '{{ to }}'\n\
                 - get: /moved\n  save: { at: url }\n- get: '{{ at }}'";
    let report = kit::play(&file(&plain.url(), ONCE, steps), &[]);
    assert_eq!(targets(&plain), ["/moved", "/there?x=1", "/moved", "/there?x=1", "/there?x=1"]);
    assert_eq!((report.iterations(), report.requests("redirects_followed")), ([1, 0, 0], 1));
}

#[test]
fn what_is_required_and_missing_ends_the_iteration() {
    for (path, save, told) in [
        ("/json", "$.missing", "$.missing"),
        ("/json", "header X-None", "X-None"),
        ("/json", "cookie none", "none"),
        ("/html", r#"'regex "nothing=(\d+)"'"#, "nothing="),
        ("/html", r#"'css "b"'"#, "`b` finds nothing"),
        ("/xml", r#"'xpath "//none"'"#, "//none"),
        ("/json", "location", "Location"),
        ("/html", "$.a", "JSON"),
        ("/json", "\"$.items[*].id | 7\"", "$.items[*].id"),
    ] {
        let plain = server();
        let steps = format!("- get: {path}\n  save:\n    got: {save}\n- get: /never/{{{{ got }}}}");
        let report = kit::play(&file(&plain.url(), "load: 3 iterations by 1 user", &steps), &[]);
        assert_eq!(targets(&plain), [path; 3], "{save}");
        assert_eq!((report.iterations(), report.requests("completed")), ([0, 3, 0], 3), "{save}");
        let (kind, example) = report.broken("scene");
        assert_eq!(kind, "script", "{example}");
        assert!(example.contains("got") && example.contains(told), "{save}: {example}");
    }
}

#[test]
fn checks_show_what_they_expected_and_found() {
    for (path, check, found) in [
        ("/json", "status == 200", None),
        ("/json", "status is 2xx", None),
        ("/json", "\"status in [200, 201]\"", None),
        ("/json", "status == 204", Some("200")),
        ("/json", "status is 4xx", Some("200")),
        ("/json", "time < 1h", None),
        ("/json", "time < 0ms", Some("ms")),
        ("/json", "size < 10kB", None),
        ("/json", "size > 1MB", Some(&*JSON.len().to_string())),
        ("/json", "body contains \"token\"", None),
        ("/json", "body contains \"lamp\"", Some("token")),
        ("/json", "body not contains \"lamp\"", None),
        ("/json", r#"body matches "id.:\d""#, None),
        ("/json", r#"body matches "^\d+$""#, Some("token")),
        ("/json", "header content-type contains \"json\"", None),
        ("/json", "header content-type contains \"xml\"", Some("application/json")),
        ("/json", "header x-none not exists", None),
        ("/json", "header x-id == \"78\"", Some("77")),
        ("/json", "cookie sid exists", None),
        ("/json", "cookie other exists", Some("nothing")),
        ("/json", "$.token == \"t1\"", None),
        ("/json", "$.token == \"t2\"", Some("t1")),
        ("/json", "\"$.items[1].id > 4\"", None),
        ("/json", "\"$.items[1].id > 5\"", Some("5")),
        ("/json", "$.items exists", None),
        ("/json", "$.missing exists", Some("nothing")),
        ("/html", "css \"h1\" contains \"Shop\"", None),
        ("/html", "css \"h1\" contains \"Market\"", Some("Shop")),
        ("/json", "1 + 1 == 2", None),
        ("/json", "1 + 1 == 3", Some("")),
    ] {
        let plain = server();
        let steps = format!("- get: {path}\n  name: it\n  check: {check}\n- get: /after");
        let report = kit::play(&file(&plain.url(), "load: 2 iterations by 1 user", &steps), &[]);
        let (passed, failed) = if found.is_none() { (2, 0) } else { (0, 2) };
        let row = &report.series("requests", "it")["checks"][0];
        assert_eq!((row["passed"].as_u64(), row["failed"].as_u64()), (Some(passed), Some(failed)), "{check}: {row}");
        assert_eq!(report.number("/checks/failed"), failed);
        // A failed check is a failed request, and the iteration goes on.
        assert_eq!((report.requests("failed"), report.iterations()), (failed, [2, 0, 0]), "{check}");
        assert_eq!(plain.requests().len(), 4);
        if let Some(found) = found {
            let example = row["example"].as_str().unwrap();
            assert!(example.starts_with(check.trim_matches('"')) && example.contains(", found "), "{check}: {example}");
            assert!(example.split(", found ").last().unwrap().contains(found), "{check}: {example}");
            assert!(report.example("check").contains(example), "{check}");
        }
    }
}

#[test]
fn named_checks_and_statuses_that_are_fine() {
    let service = kit::service();
    let steps =
        "- get: /status/404\n  name: it\n  check:\n    gone: status == 404\n    quick: time < 1h\n    odd: size > 1MB";
    let report = kit::play(&file(&service.url(), "load: 5 iterations by 1 user", steps), &[]);
    let rows = report.series("requests", "it")["checks"].as_array().unwrap();
    let rows: Vec<_> =
        rows.iter().map(|row| (row["name"].as_str().unwrap(), row["passed"].as_u64().unwrap())).collect();
    assert_eq!(rows, [("gone", 5), ("quick", 5), ("odd", 0)]);
    assert_eq!(report.outcomes(), [("404".to_owned(), 5), ("check".to_owned(), 5)]);
    let steps = "- get: /status/404\n  check: status == 404\n- get: /status/500\n  check: time < 1h";
    let report = kit::play(&file(&service.url(), "load: 5 iterations by 1 user", steps), &[]);
    assert_eq!((report.requests("completed"), report.requests("failed")), (5, 5));
    assert_eq!(report.json["errors"][0]["kind"], "status");
}

#[test]
fn compressed_answers_are_read() {
    let service = kit::service();
    let steps = "- get: /gzip\n  check: $.gzipped == true\n  save: { it: $.gzipped }";
    kit::play(&file(&service.url(), "load: 3 iterations by 1 user", steps), &[]).all_well(3);
}
