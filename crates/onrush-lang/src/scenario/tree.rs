//! YAML as a small tree in which everything knows its place.

use std::ops::Range;
use std::rc::Rc;

/// A place: bytes of one of the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    /// Which text.
    pub(crate) source: usize,
    /// Where it begins.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
}

/// A value.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) kind: Kind,
    /// How many nodes it is, with all that it holds, aliases written out.
    pub(crate) size: usize,
    /// How deep it goes.
    pub(crate) depth: usize,
}

/// What a value is.
#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: At,
    pub(crate) value: Rc<Node>,
}

/// A text that may stand for something else.
#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Written without quotes: it may be a number, a truth value or nothing.
    pub(crate) is_plain: bool,
    /// Where it stands in the source word for word, if it does: then places within it are known.
    pub(crate) verbatim: Option<usize>,
    /// Its key says that it is a secret.
    pub(crate) is_secret: bool,
}

/// A scalar by the core schema of YAML 1.2.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Typed {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text,
}

impl At {
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl Node {
    pub(crate) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Whether there is nothing: `key:` or `key: null`.
    pub(crate) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.is_plain && typed(&scalar.text) == Typed::Null)
    }

    /// What kind of thing it is, for people.
    pub(crate) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Scalar(scalar) if !scalar.is_plain => "a text",
            Kind::Scalar(scalar) => match typed(&scalar.text) {
                Typed::Null => "nothing",
                Typed::Bool(_) => "true or false",
                Typed::Int(_) | Typed::Float(_) => "a number",
                Typed::Text => "a text",
            },
        }
    }
}

/// What a plain scalar stands for: the core schema of YAML 1.2.2, §10.3.
pub(crate) fn typed(text: &str) -> Typed {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Typed::Null,
        "true" | "True" | "TRUE" => return Typed::Bool(true),
        "false" | "False" | "FALSE" => return Typed::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Typed::Float(f64::NAN),
        _ => {}
    }
    let (sign, number) = match text.as_bytes() {
        [b'-', ..] => (-1.0, &text[1..]),
        [b'+', ..] => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if matches!(number, ".inf" | ".Inf" | ".INF") {
        return Typed::Float(sign * f64::INFINITY);
    }
    let radix = [("0x", 16), ("0o", 8)].into_iter().find_map(|(lead, radix)| Some((text.strip_prefix(lead)?, radix)));
    if let Some((digits, radix)) = radix {
        return i64::from_str_radix(digits, radix).map_or(Typed::Text, Typed::Int);
    }
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && number.contains(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !is_number {
        return Typed::Text;
    }
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(number), _) => Typed::Int(number),
        (_, Ok(number)) => Typed::Float(number),
        _ => Typed::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_typed_by_the_core_schema() {
        for (text, expected) in [
            ("", Typed::Null),
            ("~", Typed::Null),
            ("true", Typed::Bool(true)),
            ("yes", Typed::Text),
            ("on", Typed::Text),
            ("12", Typed::Int(12)),
            ("-12", Typed::Int(-12)),
            ("+12", Typed::Int(12)),
            ("0x1F", Typed::Int(31)),
            ("0o17", Typed::Int(15)),
            ("017", Typed::Int(17)),
            ("1.5", Typed::Float(1.5)),
            ("1e3", Typed::Float(1000.0)),
            (".5", Typed::Float(0.5)),
            ("-.inf", Typed::Float(f64::NEG_INFINITY)),
            ("1.2.3", Typed::Text),
            ("1_000", Typed::Text),
            ("1s", Typed::Text),
            (".", Typed::Text),
            ("e5", Typed::Text),
            ("infinity", Typed::Text),
            ("99999999999999999999", Typed::Float(1e20)),
        ] {
            assert_eq!(typed(text), expected, "{text}");
        }
    }
}
