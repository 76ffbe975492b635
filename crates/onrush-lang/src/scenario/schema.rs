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
    definitions.insert("steps".to_owned(), json!({ "type": "array", "items": { "anyOf": steps } }));
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
        Kind::Request => json!({ "$ref": "#/definitions/request" }),
        Kind::List(of) => json!({ "type": "array", "items": value(of, definitions) }),
        Kind::Map(of) => json!({ "type": "object", "additionalProperties": value(of, definitions) }),
        Kind::Of(shape) => reference(shape, definitions),
        Kind::Any(kinds) => {
            json!({ "anyOf": kinds.iter().map(|kind| value(kind, definitions)).collect::<Vec<_>>() })
        }
    }
}
