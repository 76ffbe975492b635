//! Values of variables: minijinja's, so that expressions need no conversion; and their ways in and out.

use std::io::Write as _;

use minijinja::value::{Value, ValueKind};
use onrush_plan::{Constant, Secret};

/// A value of the plan as one of a variable.
pub(crate) fn from_constant(constant: &Constant) -> Value {
    match constant {
        Constant::Null => Value::from(()),
        Constant::Bool(is) => Value::from(*is),
        Constant::Int(number) => Value::from(*number),
        Constant::Float(number) => Value::from(*number),
        Constant::Text(text) => Value::from(text.as_str()),
        Constant::Secret(Secret(bytes)) => Value::from(&*String::from_utf8_lossy(bytes)),
        Constant::List(entries) => entries.iter().map(from_constant).collect(),
        Constant::Map(entries) => {
            Value::from_pairs(entries.iter().map(|(name, value)| (name.as_str(), from_constant(value))))
        }
    }
}

/// The value of a variable as one that another thread can take without sharing anything.
pub(crate) fn to_constant(value: &Value) -> Constant {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Constant::Null,
        ValueKind::Bool => Constant::Bool(value.is_true()),
        ValueKind::Number => match value.as_i64().filter(|_| value.is_integer()) {
            Some(number) => Constant::Int(number),
            None => Constant::Float(f64::try_from(value.clone()).unwrap_or_default()),
        },
        ValueKind::Map => {
            let keys = value.try_iter().into_iter().flatten();
            let entry = |key: Value| (key.to_string(), to_constant(&value.get_item(&key).unwrap_or_default()));
            Constant::Map(keys.map(entry).collect())
        }
        ValueKind::Seq | ValueKind::Iterable => {
            Constant::List(value.try_iter().into_iter().flatten().map(|entry| to_constant(&entry)).collect())
        }
        _ => Constant::Text(value.to_string()),
    }
}

/// What keeps the bytes of a value apart from those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Nothing: as it is.
    None,
    /// Percent-encoding of all but RFC 3986's unreserved characters.
    Percent,
    /// The same with `+` for a space, as forms have it.
    Form,
    /// The inside of a JSON text.
    Json,
}

/// Writes text so that it stands for itself.
pub(crate) fn write_text(text: &str, escape: Escape, out: &mut Vec<u8>) {
    match escape {
        Escape::None => out.extend_from_slice(text.as_bytes()),
        Escape::Percent => percent(text, false, out),
        Escape::Form => percent(text, true, out),
        Escape::Json => json_inside(text, out),
    }
}

/// Writes a value as text.
pub(crate) fn write_value(value: &Value, escape: Escape, out: &mut Vec<u8>) {
    if let Some(text) = value.as_str() {
        return write_text(text, escape, out);
    }
    match value.kind() {
        ValueKind::Number if value.is_integer() && value.as_i64().is_some() => {
            let number = value.as_i64().unwrap_or_default();
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        ValueKind::Bytes => write_text(&String::from_utf8_lossy(value.as_bytes().unwrap_or_default()), escape, out),
        // These go into texts as JSON, which others can read, and not as the template language shows them (`True`).
        ValueKind::Bool | ValueKind::None | ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => {
            write_text(&to_json(value), escape, out);
        }
        _ => write_text(&value.to_string(), escape, out),
    }
}

/// Writes a value as JSON of its kind.
pub(crate) fn write_json(value: &Value, out: &mut Vec<u8>) {
    if let Some(text) = value.as_str() {
        out.push(b'"');
        json_inside(text, out);
        out.push(b'"');
        return;
    }
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        // Maps with keys that are no texts, and the like: better a text than half a document.
        out.truncate(before);
        let _ = write!(out, "{}", serde_json::Value::String(value.to_string()));
    }
}

/// A value as JSON of its kind.
pub(crate) fn to_json(value: &Value) -> String {
    let mut out = Vec::new();
    write_json(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn percent(text: &str, plus_for_space: bool, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
            b' ' if plus_for_space => out.push(b'+'),
            _ => out.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

fn json_inside(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(place) = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        out.extend_from_slice(&rest[..place]);
        match rest[place] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[place + 1..];
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_survive_the_way_in_and_out() {
        let constant = Constant::Map(vec![
            ("z".into(), Constant::List(vec![Constant::Int(-3), Constant::Float(0.5), Constant::Null])),
            ("a".into(), Constant::Map(vec![("long".into(), Constant::Text("x".repeat(40)))])),
            ("b".into(), Constant::Bool(true)),
        ]);
        assert_eq!(to_constant(&from_constant(&constant)), constant);
        let secret = Constant::Secret(Secret(b"s3cret".to_vec()));
        assert_eq!(to_constant(&from_constant(&secret)), Constant::Text("s3cret".into()));
    }

    #[test]
    fn text_is_kept_apart_from_what_is_around_it() {
        let text = "a b/ü\"\\\n\u{1}&=+~";
        for (escape, expected) in [
            (Escape::None, text),
            (Escape::Percent, "a%20b%2F%C3%BC%22%5C%0A%01%26%3D%2B~"),
            (Escape::Form, "a+b%2F%C3%BC%22%5C%0A%01%26%3D%2B~"),
            (Escape::Json, "a b/ü\\\"\\\\\\n\\u0001&=+~"),
        ] {
            let mut out = Vec::new();
            write_text(text, escape, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{escape:?}");
        }
    }

    #[test]
    fn values_are_written_as_their_kind() {
        let map = Value::from_pairs([("a", Value::from(vec![Value::from(1), Value::from("x")]))]);
        for (value, text, json) in [
            (Value::from("a\"b"), "a\"b", "\"a\\\"b\""),
            (Value::from(42), "42", "42"),
            (Value::from(u64::MAX), "18446744073709551615", "18446744073709551615"),
            (Value::from(2.5), "2.5", "2.5"),
            (Value::from(3.0), "3.0", "3.0"),
            (Value::from(true), "true", "true"),
            (Value::from(()), "null", "null"),
            (map, "{\"a\":[1,\"x\"]}", "{\"a\":[1,\"x\"]}"),
        ] {
            let mut out = Vec::new();
            write_value(&value, Escape::None, &mut out);
            assert_eq!((String::from_utf8(out).unwrap().as_str(), to_json(&value).as_str()), (text, json));
        }
    }
}
