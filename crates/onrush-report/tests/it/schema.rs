//! `docs/report.schema.json` is written from the tables of `docs/json.md`, and real documents are held to it.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::fixtures::ALL;

const PAGE: &str = include_str!("../../../../docs/json.md");

/// The schema that the page describes. Programs that read documents should leave alone what they do not know, so that
/// further fields are allowed everywhere.
fn schema() -> Value {
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The JSON of a run of Onrush",
        "description": "What `--format json` and `-o json=FILE` write; docs/json.md says more.",
        "type": "object",
    });
    let mut of = String::new();
    for line in PAGE.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.trim_matches('|').split(" |").map(str::trim).collect();
        let Some(path) = cells[0].strip_prefix('`').and_then(|path| path.strip_suffix('`')) else {
            if cells[0].starts_with("field") {
                cells[0].split('`').nth(1).unwrap_or_default().clone_into(&mut of);
            }
            continue;
        };
        let may_be_null = cells.get(3).is_some_and(|when| !when.is_empty());
        let mut field = of_type(cells[1], may_be_null);
        if !cells[2].is_empty() {
            field["description"] = cells[2].into();
        }
        let at = if of.is_empty() { &mut root } else { entry(entry(&mut root, "$defs"), &of) };
        put(at, path, field);
    }
    root
}

/// The schema of a type, by its name on the page.
fn of_type(kind: &str, may_be_null: bool) -> Value {
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let mut schema = match kind {
        "text" => json!({ "type": "string" }),
        "boolean" => json!({ "type": "boolean" }),
        "integer" | "ns" | "bytes" => whole(),
        "number" | "share" => json!({ "type": "number" }),
        "texts" => json!({ "type": "array", "items": { "type": "string" } }),
        "pairs" => {
            json!({ "type": "array", "items": { "type": "array", "items": whole(), "minItems": 2, "maxItems": 2 } })
        }
        "times" | "counts" => json!({ "$ref": format!("#/$defs/{kind}") }),
        _ => panic!("`{kind}` is not a type"),
    };
    if may_be_null {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

fn entry<'a>(map: &'a mut Value, key: &str) -> &'a mut Value {
    let map = map.as_object_mut().expect("a map");
    map.entry(key).or_insert_with(|| Value::Object(Map::new()))
}

/// Puts the schema of a field below that of an object: `a.b[].c`, or `a.<name>` for fields of any name.
fn put(object: &mut Value, path: &str, field: Value) {
    object["type"] = "object".into();
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if name.starts_with('<') {
        object["additionalProperties"] = field;
        return;
    }
    let key = name.trim_end_matches("[]");
    let required = object.as_object_mut().expect("a map").entry("required").or_insert_with(|| json!([]));
    let required = required.as_array_mut().expect("a list");
    if !required.iter().any(|known| known == key) {
        required.push(key.into());
    }
    let place = entry(entry(object, "properties"), key);
    match rest {
        None => *place = field,
        Some(rest) if name.ends_with("[]") => {
            place["type"] = "array".into();
            put(entry(place, "items"), rest, field);
        }
        Some(rest) => put(place, rest, field),
    }
}

/// What in a document does not keep to a schema, as far as ours goes.
fn faults(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = root.pointer(name.trim_start_matches('#')).expect("a definition");
        return faults(root, schema, value, path);
    }
    let is_a = |kind: &Value| match kind.as_str() {
        Some("null") => value.is_null(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_u64(),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => panic!("{kind} is not a type of our schema"),
    };
    let fits = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(is_a),
        kind => is_a(kind),
    };
    if !fits {
        return vec![format!("{path} is {value}")];
    }
    let mut found = Vec::new();
    if let Some(fields) = value.as_object() {
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        found.extend(required.filter(|key| !fields.contains_key(*key)).map(|key| format!("{path}.{key} is missing")));
        for (key, value) in fields {
            match (&schema["properties"][key], &schema["additionalProperties"]) {
                (Value::Null, Value::Null) => found.push(format!("{path}.{key} is unknown")),
                (Value::Null, any) => found.extend(faults(root, any, value, &format!("{path}.{key}"))),
                (known, _) => found.extend(faults(root, known, value, &format!("{path}.{key}"))),
            }
        }
    }
    if let Some(items) = value.as_array() {
        let length = |key: &str| schema[key].as_u64().map(|length| length as usize);
        if length("minItems").is_some_and(|least| items.len() < least)
            || length("maxItems").is_some_and(|most| items.len() > most)
        {
            found.push(format!("{path} has {} items", items.len()));
        }
        found.extend(items.iter().flat_map(|item| faults(root, &schema["items"], item, &format!("{path}[]"))));
    }
    found
}

#[test]
fn the_schema_is_written_from_the_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/report.schema.json");
    let text = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    if std::env::var_os("ONRUSH_UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &text).expect("the docs can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == text,
        "docs/report.schema.json is not that of docs/json.md; to write it: ONRUSH_UPDATE_REFERENCE=1 cargo test -p \
         onrush-report schema"
    );
}

#[test]
fn every_document_keeps_to_the_schema() {
    let schema = schema();
    for (name, make) in ALL {
        let document = serde_json::from_str(&onrush_report::json(&make())).expect("JSON");
        assert_eq!(faults(&schema, &schema, &document, ""), [""; 0], "{name}");
    }
}

#[test]
fn what_does_not_keep_to_it_is_found() {
    let schema = schema();
    let whole: Value = serde_json::from_str(&onrush_report::json(&crate::fixtures::shop())).expect("JSON");
    for (at, value, expected) in [
        ("/version", json!("1"), ".version is \"1\""),
        ("/requests/started", json!(-1), ".requests.started is -1"),
        ("/response_time_ns/samples", Value::Null, ".response_time_ns.samples is null"),
        ("/series/1/checks/0", json!({}), ".series[].checks[].name is missing"),
        ("/series/1/statuses/200", json!("many"), ".series[].statuses.200 is \"many\""),
        ("/response_time_histogram/upper_edge_ns_and_count/0", json!([1]), ".upper_edge_ns_and_count[] has 1 items"),
    ] {
        let mut document = whole.clone();
        *document.pointer_mut(at).expect("a field") = value;
        let found = faults(&schema, &schema, &document, "");
        assert!(found.first().is_some_and(|fault| fault.ends_with(expected)), "{at}: {found:?}");
    }
}
