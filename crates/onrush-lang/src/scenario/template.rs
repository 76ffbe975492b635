//! Texts with holes, and the expressions in them: found, compiled once, and every name looked up.

use std::collections::BTreeSet;
use std::ops::Range;

use onrush_plan::{Constant, Expr, Part, Template};
use onrush_user::{Wanted, check_expression, never_works};

use super::reader::Reader;
use super::scope::{Scope, is_function, is_word};
use super::text::Text;
use super::tree::{At, Node};
use crate::diagnostic::suggest;

const HOLE: &str = "holes are written `{{ shopper.email }}`; `{{ '{{' }}` stands for two braces";

impl Reader<'_> {
    /// A text with holes.
    pub(crate) fn template(&mut self, node: &Node, scope: &mut Scope) -> Option<Template> {
        let text = self.text(node, "a text")?;
        self.mask(&text);
        self.template_in(&text, 0..text.value.len(), scope)
    }

    /// A part of a text, with holes.
    pub(crate) fn template_in(&mut self, text: &Text, range: Range<usize>, scope: &mut Scope) -> Option<Template> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let rest = &text.value[at..range.end];
            if let Some(from) = text.env_at(at) {
                // What the environment says is text, whatever it looks like.
                let end = from.range.end.min(range.end);
                let literal = text.value[at..end].to_owned();
                match from.is_secret {
                    true => parts.push(Part::Hole(self.secret_hole(&from.name.clone(), &literal, text))),
                    false => push_text(&mut parts, &literal),
                }
                at = end;
            } else if rest.starts_with("{{") {
                let Some(length) = hole_length(rest) else {
                    return self.in_text_with_help(text, at..range.end, "this hole has no end", "expected `}}`", HOLE);
                };
                parts.push(Part::Hole(self.expression_in(text, at + 2..at + length - 2, Wanted::Value, scope)?));
                at += length;
            } else if rest.starts_with("{%") {
                let help = "there are expressions only: `{{ a if b else c }}`; `when:`, `for:` and `repeat:` are steps";
                let end = at + rest.find("%}").map_or(rest.len(), |found| found + 2);
                return self.in_text_with_help(
                    text,
                    at..end,
                    "templates have no statements",
                    "expected an expression",
                    help,
                );
            } else {
                // The first letter is text, whatever it is: a mark would have been seen above.
                let first = rest.chars().next().map_or(1, char::len_utf8);
                let marks = [rest[first..].find("{{"), rest[first..].find("{%")];
                let mark = marks.into_iter().flatten().min().map(|found| at + first + found);
                let next = text.env.iter().map(|part| part.range.start).filter(|start| *start > at).min();
                let end = [next, mark].into_iter().flatten().min().unwrap_or(range.end).min(range.end);
                push_text(&mut parts, &text.value[at..end]);
                at = end;
            }
        }
        Some(Template { parts })
    }

    /// An expression that stands alone, with or without braces around it.
    pub(crate) fn expression(&mut self, node: &Node, scope: &mut Scope) -> Option<Expr> {
        let text = self.text(node, "an expression")?;
        self.expression_of(&text, 0..text.value.len(), scope)
    }

    pub(crate) fn expression_of(&mut self, text: &Text, range: Range<usize>, scope: &mut Scope) -> Option<Expr> {
        self.wanted_expression(text, range, Wanted::Condition, scope)
    }

    pub(crate) fn wanted_expression(
        &mut self,
        text: &Text,
        range: Range<usize>,
        wanted: Wanted,
        scope: &mut Scope,
    ) -> Option<Expr> {
        let range = text.trimmed(range);
        let inner = &text.value[range.clone()];
        if inner.starts_with("{{") && hole_length(inner) == Some(inner.len()) {
            return self.expression_in(text, range.start + 2..range.end - 2, wanted, scope);
        }
        self.expression_in(text, range, wanted, scope)
    }

    /// A part of a text as an expression: compiled, and its names known.
    fn expression_in(&mut self, text: &Text, range: Range<usize>, wanted: Wanted, scope: &mut Scope) -> Option<Expr> {
        let range = text.trimmed(range);
        let source = text.value[range.clone()].to_owned();
        if source.is_empty() {
            return self.in_text_with_help(text, range, "there is no expression here", "expected an expression", HOLE);
        }
        if let Some(secret) = text.env.iter().find(|part| part.is_secret && range.contains(&part.range.start)) {
            let or = if self.lookup(&secret.name).is_some() { "" } else { " | default('…')" };
            let help = format!("write `env.{}{or}`", secret.name);
            return self.in_text_with_help(
                text,
                range,
                "a secret cannot be pasted into an expression",
                "it could be shown",
                &help,
            );
        }
        let names = match check_expression(&source) {
            Ok(names) => names,
            Err(error) => {
                let span = error.span.map_or(range.clone(), |span| range.start + span.start..range.start + span.end);
                let message = format!("this is not an expression: {}", error.message);
                let diagnostic = crate::Diagnostic::new(message, span, "expected an expression").with_help(
                    "expressions are written `cart.total * 1.2`, `pick(['lamp', 'desk'])`, `'a' ~ b`, `x if y else z`",
                );
                self.report_in(text, "an expression", diagnostic);
                return None;
            }
        };
        let paths = paths(&source);
        let mut is_known = true;
        for name in &names {
            scope.used.insert(name.clone());
            if name == "env" {
                // It is there even where none of its variables is: `env.NAME | default('…')` asks it.
                self.variable(name);
            }
            let called = paths.iter().find(|path| path.is_call && path.names.len() == 1 && path.names[0].0 == name);
            if let Some(call) = called.filter(|_| scope.is_hidden(name)) {
                let start = range.start + call.names[0].1;
                self.hidden_function(name, &text.at(start..start + name.len()));
                is_known = false;
                continue;
            }
            let is_bare_function = called.is_none() && is_function(name) && !scope.known.contains(name);
            if (is_bare_function || !scope.knows(name)) && !is_guarded(&source, name) {
                is_known = false;
                let path = paths.iter().find(|path| path.names[0].0 == name);
                let at = path.map_or(range.clone(), |path| {
                    range.start + path.names[0].1..range.start + path.names[0].1 + name.len()
                });
                let is_call = path.is_some_and(|path| path.is_call && path.names.len() == 1);
                self.unknown_name(name, is_call, &text.at(at), scope);
            }
        }
        if is_known {
            self.unsure_names(text, &range, &names, &paths, scope);
        }
        for path in paths.iter().filter(|path| names.contains(path.names[0].0)) {
            is_known &= self.field_is_known(path, text, range.start, &source);
            is_known &= wanted == Wanted::Condition || self.constant_has(path, text, range.start, &source, scope);
        }
        if is_known
            && names.iter().all(|name| scope.is_everywhere(name))
            && needs_nothing(&source, &paths, scope)
            && let Some(why) = never_works(&source, wanted)
        {
            let shown = text.shown_part(range.clone());
            let message = format!("`{shown}` never works: {why}");
            return self.in_text(text, range, &message, "this fails every time");
        }
        is_known.then(|| Expr { source: source.clone(), place: self.place(&text.at(range)) })
    }

    /// Tells of names that only some ways give, unless the expression knows what to do then.
    fn unsure_names(
        &mut self,
        text: &Text,
        range: &Range<usize>,
        names: &BTreeSet<String>,
        paths: &[Path<'_>],
        scope: &mut Scope,
    ) {
        for path in paths {
            let (name, at) = path.names[0];
            if names.contains(name) && !is_guarded(&text.value[range.clone()], name) && scope.takes_unsure(name) {
                let start = range.start + at;
                self.unsure_name(name, &text.at(start..start + name.len()));
            }
        }
    }

    /// `env.NAME` and `shopper.field` are known before the run; so are mistakes in them.
    fn field_is_known(&mut self, path: &Path<'_>, text: &Text, offset: usize, source: &str) -> bool {
        let Some((field, at)) = path.names.get(1).copied() else { return true };
        let at = offset + at..offset + at + field.len();
        if path.names[0].0 == "env" {
            if let Some(value) = self.lookup(field) {
                let secret = self.is_secret_variable(field);
                let constant = if secret { secret_constant(&value) } else { Constant::Text(value) };
                self.environment.insert(field.to_owned(), constant);
                return true;
            }
            if is_guarded(source, &format!("env.{field}")) {
                return true;
            }
            let help = format!("set it: `--env {field}=…`; or `env.{field} | default('…')`");
            let message = format!("the environment has no `{field}`");
            let _: Option<()> = self.in_text_with_help(text, at, &message, "expected a variable that is set", &help);
            return false;
        }
        let Some(feeder) = self.feeders.iter().find(|feeder| self.variables[feeder.variable] == path.names[0].0) else {
            return true;
        };
        let fields: Vec<&str> = feeder.table.fields.iter().map(String::as_str).collect();
        if feeder.table.is_json || fields.contains(&field) {
            return true;
        }
        let label = suggest(field, &fields, "one of its fields");
        let message = format!("`{}` has no field `{field}`", feeder.name);
        let help = format!("its fields are {}", fields.join(", "));
        let _: Option<()> = self.in_text_with_help(text, at, &message, &label, &help);
        false
    }

    /// Whether a constant of the file has the fields that are taken of it.
    fn constant_has(&mut self, path: &Path<'_>, text: &Text, offset: usize, source: &str, scope: &Scope) -> bool {
        let Some(mut constant) = scope.constant(path.names[0].0).cloned() else { return true };
        let mut owner = path.names[0].0.to_owned();
        for (field, at) in &path.names[1..] {
            let Constant::Map(pairs) = constant else { return true };
            let fields: Vec<&str> = pairs.iter().map(|(name, _)| &**name).collect();
            let Some((_, value)) = pairs.iter().find(|(name, _)| name == field) else {
                let asked = format!("{owner}.{field}");
                if path.is_call || is_guarded(source, &asked) {
                    return true;
                }
                let range = offset + at..offset + at + field.len();
                let label = suggest(field, &fields, "one of its fields");
                let help = format!("its fields are {}", fields.join(", "));
                let message = format!("`{owner}` has no field `{field}`");
                let _: Option<()> = self.in_text_with_help(text, range, &message, &label, &help);
                return false;
            };
            constant = value.clone();
            owner = format!("{owner}.{field}");
        }
        true
    }

    /// A secret of the environment within a text: a hole, so that the plan can be shown.
    fn secret_hole(&mut self, name: &str, value: &str, text: &Text) -> Expr {
        if self.lookup(name).as_deref() != Some(value) {
            // A default is this place's own: another may have another, and `env.NAME` has none.
            return self.nameless_secret(value, &text.at);
        }
        self.environment.insert(name.to_owned(), secret_constant(value));
        Expr { source: format!("env.{name}"), place: self.place(&text.at) }
    }

    /// A hole for a secret that no variable of the environment has.
    pub(crate) fn nameless_secret(&mut self, value: &str, at: &At) -> Expr {
        self.keep_secret(value);
        let known = self.nameless.iter().position(|known| known == value);
        let number = known.unwrap_or_else(|| {
            self.nameless.push(value.to_owned());
            self.nameless.len() - 1
        });
        // No variable of the environment can have such a name.
        let key = format!("secret {}", number + 1);
        let source = format!("env['{key}']");
        self.environment.insert(key, secret_constant(value));
        Expr { source, place: self.place(at) }
    }
}

pub(crate) fn secret_constant(value: &str) -> Constant {
    Constant::Secret(onrush_plan::Secret(value.as_bytes().to_vec()))
}

/// A text that is one hole.
pub(crate) fn holding(expr: Expr) -> Template {
    Template { parts: vec![Part::Hole(expr)] }
}

pub(crate) fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// How long a hole is, its braces included: texts and braces within it do not end it.
pub(crate) fn hole_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut letters = text.char_indices().skip(2).peekable();
    while let Some((at, letter)) = letters.next() {
        if let Some(open) = quote {
            match letter {
                '\\' => drop(letters.next()),
                _ if letter == open => quote = None,
                _ => {}
            }
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' if text[at..].starts_with("}}") => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// Where two braces close a hole that nothing has opened.
pub(crate) fn stray_end(text: &str) -> Option<usize> {
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("}}") {
            return Some(at);
        }
        at += match hole_length(rest).filter(|_| rest.starts_with("{{")) {
            Some(length) => length,
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
    }
    None
}

/// A name with what is taken of it: `cart.items`, with the place of each part.
pub(crate) struct Path<'s> {
    pub(crate) names: Vec<(&'s str, usize)>,
    pub(crate) is_call: bool,
}

/// The names in an expression that do not stand in texts.
pub(crate) fn paths(source: &str) -> Vec<Path<'_>> {
    let mut paths: Vec<Path<'_>> = Vec::new();
    let bytes = source.as_bytes();
    let mut at = 0;
    // Whether a path may go on here: after a dot that follows a name.
    let mut goes_on = false;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at += 1;
                goes_on = false;
            }
            first if first.is_ascii_alphabetic() || first == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                let name = (&source[start..at], start);
                let after_dot = source[..start].trim_end().ends_with('.');
                match paths.last_mut() {
                    Some(path) if goes_on => path.names.push(name),
                    _ if after_dot => {}
                    _ => paths.push(Path { names: vec![name], is_call: false }),
                }
                let next = source[at..].trim_start();
                goes_on = next.starts_with('.') && (goes_on || !after_dot);
                if let (Some(path), true) = (paths.last_mut(), next.starts_with('(')) {
                    path.is_call = true;
                }
            }
            b'.' | b' ' => at += 1,
            _ => {
                at += 1;
                goes_on = false;
            }
        }
    }
    paths
}

/// Whether an expression names nothing of a run. The names that it is known to need are not enough: those in slices
/// (`found[:2]`) are not among them.
fn needs_nothing(source: &str, paths: &[Path<'_>], scope: &Scope) -> bool {
    paths.iter().all(|path| {
        let (name, at) = path.names[0];
        let (before, after) = (source[..at].trim_end(), source[at + name.len()..].trim_start());
        let is_filter_or_test = before.ends_with('|') || before.ends_with(" is") || before.ends_with(" is not");
        let is_argument = after.starts_with('=') && !after.starts_with("==");
        is_filter_or_test || is_argument || is_word(name) || scope.is_everywhere(name)
    })
}

/// Whether an expression knows what to do when a name has no value.
fn is_guarded(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(at, _)| {
        let rest = source[at + name.len()..].trim_start();
        let test = rest.strip_prefix("is ").map(|test| test.trim_start().trim_start_matches("not ").trim_start());
        let filter = rest.strip_prefix('|').map(str::trim_start);
        test.is_some_and(|test| test.starts_with("defined") || test.starts_with("undefined"))
            || filter.is_some_and(|filter| filter.starts_with("default") || filter.starts_with("d("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_end_where_they_end() {
        for (text, length) in [
            ("{{ a }} b", Some(7)),
            ("{{ '}}' }}", Some(10)),
            ("{{ {'a': {'b': 1}} }}", Some(21)),
            (r"{{ 'it\'s }}' }}x", Some(16)),
            ("{{ a }", None),
            ("{{ '}}", None),
            ("{{}}", Some(4)),
        ] {
            assert_eq!(hole_length(text), length, "{text}");
        }
    }

    #[test]
    fn names_are_found_with_their_fields() {
        for (source, expected) in [
            ("shopper.email", "shopper.email"),
            ("a . b ~ 'c.d' ~ e", "a.b e"),
            ("pick(xs)[0].name | upper", "pick xs upper"),
            ("1.5 + x.y.z", "x.y.z"),
            ("\"it's\" ~ a", "a"),
        ] {
            let found: Vec<String> = paths(source)
                .iter()
                .map(|path| path.names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("."))
                .collect();
            assert_eq!(found.join(" "), expected, "{source}");
        }
        assert!(is_guarded("x | default(1)", "x") && is_guarded("1 if x is not defined", "x") && !is_guarded("x", "x"));
    }
}
