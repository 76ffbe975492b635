//! Values of the tree as the plan has them: JSON with holes, constants, what `set:` gives to variables.

use std::fmt::Write;

use onrush_plan::{Constant, Expr, Json, Part, Template, Value, VariableId};

use super::reader::Reader;
use super::scope::Scope;
use super::template::secret_constant;
use super::tree::{Kind, Node, Typed};

impl Reader<'_> {
    /// JSON with holes.
    pub(crate) fn json(&mut self, node: &Node, scope: &mut Scope) -> Option<Json> {
        match &node.kind {
            Kind::List(items) => Some(Json::List(items.iter().filter_map(|item| self.json(item, scope)).collect())),
            Kind::Map(entries) => {
                let mut fields = Vec::new();
                for entry in entries {
                    let key = self.key_template(entry, scope);
                    let value = self.json(&entry.value, scope);
                    fields.extend(key.zip(value));
                }
                Some(Json::Object(fields))
            }
            Kind::Scalar(scalar) => {
                let text = self.expand(scalar, &node.at)?;
                self.mask(&text);
                Some(match text.typed() {
                    _ if text.has_secret() => Json::Text(self.template_in(&text, 0..text.value.len(), scope)?),
                    Typed::Null => Json::Null,
                    Typed::Bool(value) => Json::Bool(value),
                    Typed::Int(value) => Json::Int(value),
                    Typed::Float(value) if value.is_finite() => Json::Float(value),
                    Typed::Float(_) => {
                        return self.in_text(
                            &text,
                            0..text.value.len(),
                            "JSON has no such number",
                            "expected a finite number",
                        );
                    }
                    Typed::Text => Json::Text(self.template_in(&text, 0..text.value.len(), scope)?),
                })
            }
        }
    }

    fn key_template(&mut self, entry: &super::tree::Entry, scope: &mut Scope) -> Option<Template> {
        if !entry.key.contains("{{") && !entry.key.contains("${") {
            return Some(Template::text(entry.key.clone()));
        }
        let scalar = super::tree::Scalar { text: entry.key.clone(), is_plain: false, verbatim: None, is_secret: false };
        let text = self.expand(&scalar, &entry.at)?;
        self.template_in(&text, 0..text.value.len(), scope)
    }

    /// A value that is known before the run.
    pub(crate) fn constant(&mut self, node: &Node) -> Option<Constant> {
        match &node.kind {
            Kind::List(items) => Some(Constant::List(items.iter().filter_map(|item| self.constant(item)).collect())),
            Kind::Map(entries) => {
                let pairs = entries.iter().filter_map(|entry| Some((entry.key.clone(), self.constant(&entry.value)?)));
                Some(Constant::Map(pairs.collect()))
            }
            Kind::Scalar(scalar) => {
                let text = self.expand(scalar, &node.at)?;
                self.mask(&text);
                if text.value.contains("{{") && text.env.is_empty() {
                    let help = "what depends on the run is given by a step: `- set: { total: \"{{ price * 2 }}\" }`";
                    return self.in_text_with_help(
                        &text,
                        0..text.value.len(),
                        "this is a constant: it has no holes",
                        "expected a value that is known before the run",
                        help,
                    );
                }
                Some(match text.typed() {
                    Typed::Null => Constant::Null,
                    _ if text.has_secret() || text.is_secret => secret_constant(&text.value),
                    Typed::Bool(value) => Constant::Bool(value),
                    Typed::Int(value) => Constant::Int(value),
                    Typed::Float(value) => Constant::Float(value),
                    Typed::Text => Constant::Text(text.value),
                })
            }
        }
    }

    /// Constants by name.
    pub(crate) fn constants(&mut self, node: &Node, scope: &mut Scope) -> Vec<(VariableId, Constant)> {
        let mut constants = Vec::new();
        for entry in self.entries(node, "variables") {
            let id = self.assigned(&entry.key, &entry.at);
            let value = self.constant(&entry.value);
            match &value {
                Some(value) => scope.add_constant(&entry.key, value.clone()),
                None => scope.add(&entry.key),
            }
            constants.extend(id.zip(value));
        }
        constants
    }

    /// What a step gives to a variable.
    pub(crate) fn value(&mut self, node: &Node, scope: &mut Scope) -> Option<Value> {
        if let Some(scalar) = node.scalar() {
            let text = self.expand(scalar, &node.at)?;
            if text.typed() == Typed::Text
                && (text.value.contains("{{") || text.value.contains("{%") || text.has_secret())
            {
                return Some(Value::Text(self.template_in(&text, 0..text.value.len(), scope)?));
            }
            return Some(Value::Constant(self.constant(node)?));
        }
        let json = self.json(node, scope)?;
        Some(match as_constant(&json) {
            Some(constant) => Value::Constant(constant),
            None => {
                let mut source = String::new();
                write_expression(&json, &mut source);
                Value::Of(Expr { source, place: self.place(&node.at) })
            }
        })
    }
}

/// The same without holes, if there are none.
fn as_constant(json: &Json) -> Option<Constant> {
    Some(match json {
        Json::Null => Constant::Null,
        Json::Bool(value) => Constant::Bool(*value),
        Json::Int(value) => Constant::Int(*value),
        Json::Float(value) => Constant::Float(*value),
        Json::Text(text) => Constant::Text(text.as_text()?.to_owned()),
        Json::List(items) => Constant::List(items.iter().map(as_constant).collect::<Option<_>>()?),
        Json::Object(fields) => {
            let pair = |(key, value): &(Template, Json)| Some((key.as_text()?.to_owned(), as_constant(value)?));
            Constant::Map(fields.iter().map(pair).collect::<Option<_>>()?)
        }
    })
}

/// JSON with holes as one expression: lists and maps are written alike in both.
fn write_expression(json: &Json, out: &mut String) {
    let _ = match json {
        Json::Null => write!(out, "none"),
        Json::Bool(value) => write!(out, "{value}"),
        Json::Int(value) => write!(out, "{value}"),
        Json::Float(value) => write!(out, "{value:?}"),
        Json::Text(text) => write!(out, "{}", as_expression(text)),
        Json::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                write_expression(item, out);
            }
            write!(out, "]")
        }
        Json::Object(fields) => {
            out.push('{');
            for (number, (key, value)) in fields.iter().enumerate() {
                let comma = if number > 0 { ", " } else { "" };
                let _ = write!(out, "{comma}{}: ", as_expression(key));
                write_expression(value, out);
            }
            write!(out, "}}")
        }
    };
}

/// A text with holes as an expression.
pub(crate) fn as_expression(text: &Template) -> String {
    if text.parts.is_empty() {
        return "''".to_owned();
    }
    let parts: Vec<String> = text
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => quoted(text),
            Part::Hole(expr) => format!("({})", expr.source),
        })
        .collect();
    parts.join(" ~ ")
}

/// A text as the template language writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => out.push(letter),
        }
    }
    out.push('\'');
    out
}
