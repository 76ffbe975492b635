//! Reads values out of a JSON body. Paths of names, places and wildcards are walked while the text is parsed: nothing
//! that is not asked for is built. Others (filters, slices, `..`) need the whole document.

use std::fmt;

use minijinja::value::Value;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json_path::JsonPath;

use crate::show::beginning;
use crate::syntax::SyntaxError;
use crate::trouble::{Trouble, TroubleKind};

/// All paths of a call.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    sources: Vec<String>,
    tree: Tree,
    /// All paths once more, if one of them needs the whole document.
    queries: Vec<JsonPath>,
    needs_document: bool,
}

/// Where paths go on.
#[derive(Debug, Default)]
struct Tree {
    names: Vec<(Box<str>, Tree)>,
    places: Vec<(usize, Tree)>,
    every: Option<Box<Tree>>,
    /// Paths that end here.
    ends: Vec<usize>,
}

/// What one path finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Hits {
    #[default]
    None,
    One(Value),
    Many(Vec<Value>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(Box<str>),
    Place(usize),
    Every,
}

/// JSONPaths are read by descent: more brackets than this could exhaust the stack.
const MOST_BRACKETS: usize = 64;

/// Why a text is no JSONPath (RFC 9535), and from where on.
pub fn check_path(source: &str) -> Result<(), SyntaxError> {
    parse(source).map(drop)
}

fn parse(source: &str) -> Result<JsonPath, SyntaxError> {
    if source.matches(['[', '(']).count() > MOST_BRACKETS {
        return Err(SyntaxError { message: format!("it has more than {MOST_BRACKETS} brackets"), span: None });
    }
    JsonPath::parse(source).map_err(|error| {
        let start = error.position().min(source.len());
        SyntaxError { message: error.message().to_owned(), span: Some(start..source.len()) }
    })
}

impl Paths {
    /// Adds a path; says its place.
    pub(crate) fn add(&mut self, source: &str) -> Result<usize, Trouble> {
        if let Some(place) = self.sources.iter().position(|known| known == source) {
            return Ok(place);
        }
        let query = parse(source).map_err(|error| {
            Trouble::new(TroubleKind::Expression, "", format!("`{source}` is not a JSONPath: {error}"))
        })?;
        let place = self.sources.len();
        self.sources.push(source.to_owned());
        self.queries.push(query);
        match simple(source) {
            Some(steps) => self.needs_document |= !self.tree.add(&steps, place),
            None => self.needs_document = true,
        }
        Ok(place)
    }

    /// What each path finds in a body.
    pub(crate) fn read(&self, body: &[u8], hits: &mut Vec<Hits>) -> Result<(), Trouble> {
        hits.clear();
        hits.resize(self.sources.len(), Hits::None);
        let read = if self.needs_document { self.query(body, hits) } else { self.walk(body, hits) };
        read.map_err(|error| {
            hits.fill(Hits::None);
            let message = format!("the body is not JSON ({error}); it is {}", beginning(body));
            Trouble::new(TroubleKind::Unreadable, "", message)
        })
    }

    fn walk(&self, body: &[u8], hits: &mut [Hits]) -> Result<(), serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        Walk { tree: &self.tree, hits }.deserialize(&mut deserializer)?;
        deserializer.end()
    }

    fn query(&self, body: &[u8], hits: &mut [Hits]) -> Result<(), serde_json::Error> {
        let document: serde_json::Value = serde_json::from_slice(body)?;
        for (query, hits) in self.queries.iter().zip(hits) {
            for node in query.query(&document).iter() {
                hits.push(Value::deserialize(*node)?);
            }
        }
        Ok(())
    }
}

impl Hits {
    pub(crate) fn as_slice(&self) -> &[Value] {
        match self {
            Self::None => &[],
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }

    fn push(&mut self, value: Value) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(value),
            Self::One(first) => Self::Many(vec![first, value]),
            Self::Many(mut values) => {
                values.push(value);
                Self::Many(values)
            }
        };
    }
}

impl Tree {
    /// Adds a path, if a value has then still one reader: either a path ends at it or it leads on, and it is reached
    /// by name or place or by wildcard.
    fn add(&mut self, steps: &[Step], path: usize) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            self.ends.push(path);
            return self.names.is_empty() && self.places.is_empty() && self.every.is_none();
        };
        let next = match step {
            Step::Name(name) => {
                let place = self.names.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                    self.names.push((name.clone(), Self::default()));
                    self.names.len() - 1
                });
                &mut self.names[place].1
            }
            Step::Place(at) => {
                let place = self.places.iter().position(|(known, _)| known == at).unwrap_or_else(|| {
                    self.places.push((*at, Self::default()));
                    self.places.len() - 1
                });
                &mut self.places[place].1
            }
            Step::Every => self.every.get_or_insert_default(),
        };
        let is_fine = next.add(rest, path);
        let is_mixed = self.every.is_some() && !(self.names.is_empty() && self.places.is_empty());
        is_fine && !is_mixed && self.ends.is_empty()
    }

    fn named(&self, name: &str) -> Option<&Self> {
        self.every.as_deref().or_else(|| self.names.iter().find(|(known, _)| **known == *name).map(|(_, tree)| tree))
    }

    fn placed(&self, place: usize) -> Option<&Self> {
        self.every.as_deref().or_else(|| self.places.iter().find(|(known, _)| *known == place).map(|(_, tree)| tree))
    }
}

/// A path of names, places and wildcards.
fn simple(source: &str) -> Option<Vec<Step>> {
    let mut rest = source.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(".*") {
            steps.push(Step::Every);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            let is_part = |char: char| char.is_alphanumeric() || char == '_';
            let end = after.find(|char| !is_part(char)).unwrap_or(after.len());
            if end == 0 {
                return None;
            }
            steps.push(Step::Name(after[..end].into()));
            rest = &after[end..];
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(bracketed(inside)?);
            rest = after;
        }
    }
    Some(steps)
}

fn bracketed(inside: &str) -> Option<Step> {
    if inside == "*" {
        return Some(Step::Every);
    }
    for quote in ['\'', '"'] {
        if let Some(name) = inside.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            let is_plain = !name.contains(['\\', '\'', '"', '[', ']']);
            return is_plain.then(|| Step::Name(name.into()));
        }
    }
    let is_number = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit());
    inside.parse().ok().filter(|_| is_number).map(Step::Place)
}

/// A value that paths lead into, while it is parsed.
struct Walk<'a> {
    tree: &'a Tree,
    hits: &'a mut [Hits],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Some((last, others)) = self.tree.ends.split_last() else {
            return deserializer.deserialize_any(self);
        };
        let value = Value::deserialize(deserializer)?;
        others.iter().for_each(|path| self.hits[*path].push(value.clone()));
        self.hits[*last].push(value);
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(next) = map.next_key_seed(Key(self.tree))? {
            match next {
                Some(tree) => map.next_value_seed(Walk { tree, hits: self.hits })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for place in 0.. {
            let more = match self.tree.placed(place) {
                Some(tree) => list.next_element_seed(Walk { tree, hits: self.hits })?.is_some(),
                None => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// The name of an entry: only where it leads is kept.
struct Key<'a>(&'a Tree);

impl<'de, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = Option<&'a Tree>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Key<'a> {
    type Value = Option<&'a Tree>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.named(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::to_json;

    const BODY: &str = r#"{"a": {"b": [1, {"c": "x\u00fc"}, [true, null]], "d e": 2.5}, "items": [
        {"id": 1, "tags": ["p", "q"]}, {"id": 2, "tags": []}, {"name": "none"}], "b": 7}"#;

    fn found(paths: &[&str], body: &str) -> Result<Vec<String>, String> {
        let mut all = Paths::default();
        paths.iter().for_each(|path| {
            all.add(path).unwrap();
        });
        let mut hits = Vec::new();
        all.read(body.as_bytes(), &mut hits).map_err(|trouble| trouble.to_string())?;
        Ok(hits.iter().map(|hits| hits.as_slice().iter().map(to_json).collect::<Vec<_>>().join(" ")).collect())
    }

    #[test]
    fn both_ways_find_the_same() {
        let cases = [
            ("$.a.b[0]", "1"),
            ("$.a.b[1].c", "\"xü\""),
            ("$['a'][\"d e\"]", "2.5"),
            ("$.a.b[2]", "[true,null]"),
            ("$.a.b[2][1]", "null"),
            ("$.a.b[9]", ""),
            ("$.items[*].id", "1 2"),
            ("$.items[*].tags[*]", "\"p\" \"q\""),
            ("$.a.*", "[1,{\"c\":\"xü\"},[true,null]] 2.5"),
            ("$.b.c", ""),
            ("$.b", "7"),
        ];
        for (path, expected) in cases {
            assert!(simple(path).is_some(), "{path}");
            assert_eq!(found(&[path], BODY).unwrap(), [expected], "{path}");
            // The second path needs the whole document.
            assert_eq!(found(&[path, "$..c"], BODY).unwrap(), [expected, "\"xü\""], "{path}");
        }
        let paths: Vec<_> = cases.map(|(path, _)| path).into();
        assert_eq!(found(&paths, BODY).unwrap(), cases.map(|(_, expected)| expected));
        for path in
            ["$..c", "$.items[?@.id > 1].id", "$.items[-1]", "$.items[0:2]", "$['a','b']", "$.items[0]['a\\'b']"]
        {
            assert_eq!(simple(path), None, "{path}");
        }
    }

    #[test]
    fn paths_share_a_walk_where_they_can() {
        for (paths, needs_document) in [
            (&["$.a", "$.b", "$.c[0]", "$.c[1].x"][..], false),
            (&["$.a", "$.a"], false),
            (&["$.a", "$.a.b"], true),
            (&["$.a.b", "$.a"], true),
            (&["$.c[0]", "$.c[*]"], true),
            (&["$.a.b", "$.a.*"], true),
            (&["$"], false),
        ] {
            let mut all = Paths::default();
            paths.iter().for_each(|path| {
                all.add(path).unwrap();
            });
            assert_eq!(all.needs_document, needs_document, "{paths:?}");
        }
        assert!(Paths::default().add("$.a[").is_err());
    }

    #[test]
    fn what_is_not_json_is_told() {
        for (body, expected) in [
            ("<html>", "the body is not JSON (expected value at line 1 column 1); it is `<html>`"),
            ("", "the body is not JSON (EOF while parsing a value at line 1 column 0); it is nothing"),
            ("{\"a\": 1} x", "the body is not JSON (trailing characters at line 1 column 10); it is `{\"a\": 1} x`"),
        ] {
            assert_eq!(found(&["$.a"], body).unwrap_err(), expected);
            assert_eq!(found(&["$..a"], body).unwrap_err(), expected);
        }
    }
}
