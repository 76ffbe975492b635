//! The JSON Schema of scenario files, for editors: made from the table of keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keys::{FILE, Key, Kind, METHODS, STEP, Shape};

/// Values that come from the environment may stand anywhere.
const FROM_ENVIRONMENT: &str = r"\$\{";

/// The JSON Schema (draft 7) of scenario files.
pub fn scenario_schema() -> String {
    let mut definitions = BTreeMap::new();
    let mut root = object(&FILE, &mut definitions);
    let steps: Vec<Value> = STEP.iter().map(|shape| reference(shape, &mut definitions)).collect();
    let requests = STEP.iter().filter(|shape| METHODS.contains(&shape.name));
    let requests: Vec<Value> = requests.map(|shape| reference(shape, &mut definitions)).collect();
    definitions
        .insert("steps".to_owned(), json!({ "type": "array", "items": value(&Kind::Step, &mut BTreeMap::new()) }));
    definitions.insert("step".to_owned(), json!({ "anyOf": steps }));
    definitions.insert("request".to_owned(), json!({ "anyOf": requests }));
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Onrush scenario file",
    });
    let Value::Object(mut schema) = head else { return String::new() };
    if let Value::Object(root) = &mut root {
        schema.append(root);
    }
    schema.insert("definitions".to_owned(), Value::Object(definitions.into_iter().collect()));
    format!("{:#}\n", Value::Object(schema))
}

fn object(shape: &'static Shape, definitions: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = Map::new();
    for Key { name, kind, about } in shape.keys.iter().flat_map(|group| group.iter()) {
        let mut value = value(kind, definitions);
        if let Value::Object(fields) = &mut value {
            // Beside a reference draft 7 ignores everything else.
            if let Some(reference) = fields.remove("$ref") {
                fields.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
            }
            fields.insert("description".to_owned(), Value::from(*about));
        }
        properties.insert((*name).to_owned(), value);
    }
    let mut object = json!({
        "type": "object",
        "description": shape.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !shape.required.is_empty() {
        object["required"] = json!(shape.required);
    }
    object
}

fn reference(shape: &'static Shape, definitions: &mut BTreeMap<String, Value>) -> Value {
    let is_step = STEP.iter().any(|step| std::ptr::eq(step, shape));
    let name = format!("{}{}", if is_step { "step_" } else { "" }, shape.name);
    if !definitions.contains_key(&name) {
        // It may refer to itself.
        definitions.insert(name.clone(), Value::Null);
        let object = object(shape, definitions);
        definitions.insert(name.clone(), object);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn value(kind: &'static Kind, definitions: &mut BTreeMap<String, Value>) -> Value {
    match kind {
        Kind::Text => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Scalar => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Bool => json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": FROM_ENVIRONMENT }] }),
        Kind::Count => json!({ "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": format!("^[0-9_]+(\\.[0-9]+)?[kK]?$|{FROM_ENVIRONMENT}") },
        ] }),
        Kind::Number => {
            json!({ "anyOf": [{ "type": "number" }, { "type": "string", "pattern": FROM_ENVIRONMENT }] })
        }
        Kind::Time => {
            json!({ "type": "string", "pattern": format!("^([0-9._]+(ns|us|µs|ms|s|m|min|h|d))+$|{FROM_ENVIRONMENT}") })
        }
        Kind::Words(words) => {
            let numbers = words.iter().filter_map(|word| word.parse::<f64>().ok()).map(Value::from);
            let all: Vec<Value> = words.iter().map(|word| Value::from(*word)).chain(numbers).collect();
            json!({ "anyOf": [{ "enum": all }, { "type": "string", "pattern": FROM_ENVIRONMENT }] })
        }
        Kind::Anything => json!({}),
        Kind::Steps => json!({ "$ref": "#/definitions/steps" }),
        Kind::Step => json!({ "$ref": "#/definitions/step" }),
        Kind::Request => json!({ "$ref": "#/definitions/request" }),
        Kind::List(of) => json!({ "type": "array", "items": value(of, definitions) }),
        Kind::Map(of) => json!({ "type": "object", "additionalProperties": value(of, definitions) }),
        Kind::Of(shape) => reference(shape, definitions),
        Kind::Any(kinds) => {
            json!({ "anyOf": kinds.iter().map(|kind| value(kind, definitions)).collect::<Vec<_>>() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::tree::{Kind as Tree, Node, Typed, typed};
    use crate::scenario::yaml;

    fn plain(node: &Node) -> Value {
        match &node.kind {
            Tree::List(items) => items.iter().map(|item| plain(item)).collect(),
            Tree::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), plain(&entry.value))).collect())
            }
            Tree::Scalar(scalar) if scalar.is_plain => match typed(&scalar.text) {
                Typed::Null => Value::Null,
                Typed::Bool(value) => value.into(),
                Typed::Int(value) => value.into(),
                Typed::Float(value) => value.into(),
                Typed::Text => scalar.text.clone().into(),
            },
            Tree::Scalar(scalar) => scalar.text.clone().into(),
        }
    }

    fn is_type(value: &Value, kind: &str) -> bool {
        match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            "integer" => value.is_i64() || value.is_u64(),
            _ => value.is_number(),
        }
    }

    /// As much of JSON Schema as the schema uses.
    fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
        let all = |key: &str| schema[key].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        if let Some(name) = schema["$ref"].as_str() {
            return fits(value, root.pointer(name.trim_start_matches('#')).unwrap(), root);
        }
        let types = match &schema["type"] {
            Value::String(kind) => is_type(value, kind),
            Value::Array(kinds) => kinds.iter().any(|kind| is_type(value, kind.as_str().unwrap())),
            _ => true,
        };
        let pattern = schema["pattern"].as_str().zip(value.as_str());
        let fields = value.as_object().into_iter().flatten().all(|(key, value)| {
            match (schema["properties"].get(key), &schema["additionalProperties"]) {
                (Some(own), _) => fits(value, own, root),
                (None, Value::Bool(allowed)) => *allowed,
                (None, other) => fits(value, other, root),
            }
        });
        types
            && fields
            && all("allOf").all(|one| fits(value, one, root))
            && (all("anyOf").len() == 0 || all("anyOf").any(|one| fits(value, one, root)))
            && (all("enum").len() == 0 || all("enum").any(|one| one == value))
            && all("required").all(|key| value.get(key.as_str().unwrap()).is_some())
            && pattern.is_none_or(|(pattern, text)| regex::Regex::new(pattern).unwrap().is_match(text))
            && (!schema["items"].is_object()
                || value.as_array().into_iter().flatten().all(|item| fits(item, &schema["items"], root)))
    }

    fn document_fits(text: &str) -> bool {
        let schema: Value = serde_json::from_str(&scenario_schema()).unwrap();
        fits(&plain(&yaml::read(0, text).root.unwrap()), &schema, &schema)
    }

    #[test]
    fn editors_take_what_the_reader_takes() {
        let page = include_str!("../../../../docs/scenarios.md");
        for block in page.split("```").skip(1).step_by(2) {
            let (kind, yaml) = block.split_once('\n').unwrap();
            let inner: String = yaml.lines().flat_map(|line| ["    ", line, "\n"]).collect();
            let text = match kind {
                "yaml" | "yaml file" => yaml.to_owned(),
                "yaml steps" => format!("steps:\n{inner}"),
                "yaml request" => format!("steps:\n  - post: /\n{inner}"),
                _ => continue,
            };
            assert!(document_fits(&text), "{text}");
        }
        assert!(document_fits(include_str!("../../../../examples/shop.yaml")));
        assert!(document_fits(crate::STARTER));
        for wrong in [
            "laod: 1/s for 1s",
            "seed: many",
            "steps: [{ gte: / }]",
            "steps: [{ get: /, chek: x }]",
            "timeout: 5",
            "when_full: no",
        ] {
            assert!(!document_fits(wrong), "{wrong}");
        }
    }
}
