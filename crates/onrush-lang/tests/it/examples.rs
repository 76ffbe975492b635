//! The files that people begin with: the starter, the examples, and every example of the documents.

use std::path::PathBuf;

use onrush_lang::{Document, Files, Overrides, STARTER, describe, parse_scenario, scenario_schema};

use crate::files::{memory, parse};

/// Files below a folder.
struct Folder(PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example(name: &str) -> Document {
    let folder = Folder(root().join("examples"));
    let text = String::from_utf8(folder.read(name).unwrap()).unwrap();
    parse_scenario(name, &text, &folder, &Overrides::default()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_starter() {
    let document = parse_scenario("scenario.yaml", STARTER, &memory(), &Overrides::default());
    let document = document.unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(document.warnings, []);
    insta::assert_snapshot!(describe(&document));
}

#[test]
fn the_shop() {
    let document = example("shop.yaml");
    assert_eq!(document.warnings, []);
    insta::assert_snapshot!(describe(&document));
}

#[test]
fn the_schema_is_what_the_code_makes() {
    let path = root().join("docs/scenario.schema.json");
    if std::env::var_os("ONRUSH_UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, scenario_schema()).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == scenario_schema(), "write it: ONRUSH_UPDATE_REFERENCE=1 cargo test -p onrush-lang schema");
}

/// Blocks of the document that are files: whole ones, steps, or keys of a file or of a request.
#[test]
fn every_example_of_the_document() {
    let documented = documented();
    assert!(documented.len() > 20, "{} examples", documented.len());
    for (number, file) in documented {
        let document = parse(&file).unwrap_or_else(|faults| panic!("block {number}:\n{faults}\n{file}"));
        assert!(!describe(&document).is_empty());
    }
}

/// The same blocks as whole files, with their numbers.
pub(crate) fn documented() -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(root().join("docs/scenarios.md")).unwrap();
    let blocks = text.split("```").enumerate().filter(|(number, _)| number % 2 == 1);
    let files = blocks.filter_map(|(number, block)| {
        let (kind, yaml) = block.split_once('\n').unwrap();
        let file = match kind {
            "yaml" => yaml.to_owned(),
            "yaml file" => format!("{yaml}\n{}", rest_of_file(yaml)),
            "yaml steps" => format!("{PREAMBLE}steps:\n{}\n", indented(yaml)),
            "yaml request" => format!("{PREAMBLE}steps:\n  - post: /x\n{}\n", indented(&indented(yaml))),
            _ => return None,
        };
        Some((number, file))
    });
    files.collect()
}

/// What the examples of steps and requests may name.
const PREAMBLE: &str = "target: { shop: \"http://127.0.0.1:7070\", pay: \"http://127.0.0.1:7071\" }\nload: 1 user for 1s\n\
                        vars: { token: abc, product: 7, cart: { size: 1, items: [1], total: 2 }, price: 3, n: 2 }\n\
                        data: { shopper: { file: shoppers.csv }, orders: { file: orders.ndjson } }\n\
                        fragments: { login: [{ post: /login }] }\n";

fn indented(text: &str) -> String {
    text.lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

/// Keys that a piece of a file does not show.
fn rest_of_file(yaml: &str) -> String {
    let has = |key: &str| yaml.lines().any(|line| line.starts_with(&format!("{key}:")));
    let mut rest = String::new();
    for (key, value) in [("target", "http://127.0.0.1:7070"), ("load", "1 user for 1s")] {
        if !has(key) {
            rest.extend([key, ": ", value, "\n"]);
        }
    }
    if !has("steps") && !has("scenarios") {
        rest.push_str("steps: [{ get: /, name: home }]\n");
    }
    rest
}
