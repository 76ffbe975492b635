//! Files that cannot be played: told before anything is sent, by `check` and by `run` alike.

use super::kit;
use crate::harness::{Folder, Run};
use crate::plain::Plain;

/// What both say about a file.
fn told(folder: &Folder, text: &str) -> String {
    let path = folder.write("scene.yaml", text);
    let checked = Run::new(["check", path.to_str().unwrap()]).finish();
    let ran = kit::run(folder, &[]).finish();
    assert_eq!((checked.code, ran.code), (104, 104), "{text}\n{}", ran.stderr);
    assert_eq!((&*checked.stdout, &*ran.stdout), ("", ""), "{text}");
    assert_eq!(checked.stderr, ran.stderr, "{text}");
    assert!(ran.stderr.starts_with("error"), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let (plain, folder) = (Plain::start(), Folder::new());
    folder.write("ragged.csv", "a,b\n1,2\n3\n");
    folder.write("empty.csv", "a,b\n");
    folder.write("nothing.csv", "");
    folder.write("latin.csv", b"a\n\xe4\n");
    folder.write("bad.json", "[{\"a\": 1}, {]");
    folder.write("bad.ndjson", "{\"a\": 1}\n{\n");
    let rows = |file: &str| format!("data: {{ row: {{ file: {file} }} }}\nsteps: [{{ get: '/{{{{ row.a }}}}' }}]");
    let get = "steps: [{ get: / }]";
    for (text, words) in [
        (format!("laod: 1/s for 1s\n{get}"), &["laod", "load", "scene.yaml:2"][..]),
        ("steps: [{ got: / }]".to_owned(), &["got"]),
        ("steps: [{ get: /, repaet: 2 }]".to_owned(), &["repaet"]),
        ("steps: 5".to_owned(), &["steps"]),
        (String::new(), &["steps"]),
        ("steps: [{ get: '/{{ who }}' }]".to_owned(), &["who"]),
        ("steps: [{ get: '/{{ 1 + }}' }]".to_owned(), &["scene.yaml:2"]),
        ("steps: [{ get: '/{{ 1 ' }]".to_owned(), &["scene.yaml:2"]),
        ("steps: [{ think: often }]".to_owned(), &["often"]),
        ("steps: [{ use: nothing }]".to_owned(), &["nothing"]),
        ("fragments: { a: [{ use: b }], b: [{ use: a }] }\nsteps: [{ use: a }]".to_owned(), &["a"]),
        (format!("thresholds: ['p99 is nice']\n{get}"), &["p99"]),
        (format!("thresholds: ['search p99 < 1s']\n{get}"), &["search"]),
        ("steps: [{ get: /, check: 'status equals 200' }]".to_owned(), &["status"]),
        ("steps: [{ get: /, save: { a: '$.[' } }]".to_owned(), &["$.["]),
        ("steps: [{ get: /, save: { a: 'regex \"(\"' } }]".to_owned(), &["regex"]),
        (rows("missing.csv"), &["missing.csv"]),
        (rows("ragged.csv"), &["ragged.csv", "3"]),
        (rows("empty.csv"), &["empty.csv"]),
        (rows("nothing.csv"), &["nothing.csv"]),
        (rows("latin.csv"), &["latin.csv", "UTF-8"]),
        (rows("bad.json"), &["bad.json"]),
        (rows("bad.ndjson"), &["bad.ndjson", "2"]),
        ("data: { row: { rows: [] } }\nsteps: [{ get: '/{{ row.a }}' }]".to_owned(), &["row"]),
        ("steps: [{ post: /, file: missing.bin }]".to_owned(), &["missing.bin"]),
        (format!("include: missing.yaml\n{get}"), &["missing.yaml"]),
        (format!("tls: {{ cacert: missing.pem }}\n{get}"), &["missing.pem"]),
        ("steps: [{ get: '/${NOT_SET_ANYWHERE}' }]".to_owned(), &["NOT_SET_ANYWHERE"]),
        (format!("{get}\n{get}"), &["steps"]),
        ("steps: [{ get: / ]".to_owned(), &["scene.yaml:2"]),
        ("steps: [{ get: gopher://example.com/ }]".to_owned(), &["gopher"]),
        (bomb(), &["100000 values"]),
        (format!("steps: {}", "[".repeat(500)), &["scene.yaml:2"]),
    ] {
        let text = format!("target: {}\n{text}\n", plain.url());
        let said = told(&folder, &text);
        assert!(words.iter().all(|word| said.contains(word)), "{words:?} is not in what is told: {said}\n{text}");
        assert!(said.len() < 4000, "{said}");
    }
    assert!(plain.requests().is_empty());
}

/// A billion laughs.
fn bomb() -> String {
    let mut lines = vec!["vars:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()];
    for level in 1..10 {
        let ten = vec![format!("*a{}", level - 1); 10].join(", ");
        lines.push(format!("  a{level}: &a{level} [{ten}]\n"));
    }
    lines.concat() + "steps: [{ get: / }]"
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    let missing = folder.path("missing.yaml");
    let latin = folder.write("latin.yaml", b"target: \xe4\n");
    for (path, told) in [(&missing, "missing.yaml"), (&latin, "UTF-8")] {
        for command in ["check", "run"] {
            let ended = Run::new([command, path.to_str().unwrap()]).finish();
            assert_eq!((ended.code, &*ended.stdout), (104, ""));
            assert!(ended.stderr.contains(told), "{}", ended.stderr);
        }
    }
}

#[test]
fn every_mistake_of_a_file_at_once() {
    let folder = Folder::new();
    let said =
        told(&folder, "target: http://127.0.0.1:9\nlaod: 1\nsteps:\n- got: /\n- get: /{{ who }}\n- think: often\n");
    assert!(["laod", "got", "who", "often"].iter().all(|word| said.contains(word)), "{said}");
}
