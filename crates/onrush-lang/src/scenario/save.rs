//! What is taken of an answer: `$.items[*].id | any`, `header Location`, `regex "id=(\d+)"`, `css "a.next" attr href`.

use std::ops::Range;

use onrush_plan::{Expr, Save, Source, Which};
use onrush_user::{check_css, check_path, check_regex, check_xpath};

use super::keys::{SAVE, WHICH};
use super::reader::Reader;
use super::scope::Scope;
use super::text::Text;
use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, suggest};

const HELP: &str = "values are found by `$.token` (JSONPath), `header Location`, `cookie sid`, `regex \"id=(\\d+)\"`, \
                    `css \"a.next\" attr href`, `xpath \"//id\"`, `status`, `time`, `size`, `body`, `url` or `location`, \
                    and may go on with `| first`, `| last`, `| any`, `| all`, `| count`, `| 2` or `| default …`";
/// Words that begin a source.
pub(crate) const SOURCES: &[&str] =
    &["header", "cookie", "regex", "css", "xpath", "status", "time", "size", "body", "url", "location"];

impl Reader<'_> {
    /// `save:` of a request. The variables are known from here on.
    pub(crate) fn saves(&mut self, node: &Node, scope: &mut Scope) -> Vec<Save> {
        let mut saves = Vec::new();
        for entry in self.entries(node, "saved values") {
            let variable = self.assigned(&entry.key, &entry.at);
            let saved = self.save(&entry.value, scope);
            scope.add(&entry.key);
            if let (Some(variable), Some((from, which, default))) = (variable, saved) {
                saves.push(Save { variable, from, which, default });
            }
        }
        saves
    }

    fn save(&mut self, node: &Node, scope: &mut Scope) -> Option<(Source, Which, Option<Expr>)> {
        if matches!(node.kind, Kind::Map(_)) {
            return self.save_map(node, scope);
        }
        let text = self.text(node, "where it is found, such as `$.token`")?;
        let pipe = top_level(&text.value, 0, |rest| rest.starts_with('|'));
        let (source, rest) = self.answer_part(&text, text.trimmed(0..pipe))?;
        if !text.value[rest.clone()].trim().is_empty() {
            let rest = text.trimmed(rest);
            return self.in_text_with_help(&text, rest, "this does not belong here", "expected `|` or the end", HELP);
        }
        let (mut which, mut default) = (Which::First, None);
        let mut at = pipe;
        while at < text.value.len() {
            // A default is an expression and takes all of the rest, pipes included.
            let filter = text.trimmed(at + 1..text.value.len());
            if let Some(expression) = text.value[filter.clone()].strip_prefix("default") {
                let start = filter.end - expression.len();
                default = Some(self.expression_of(&text, start..filter.end, scope)?);
                break;
            }
            let next = top_level(&text.value, at + 1, |rest| rest.starts_with('|'));
            let filter = text.trimmed(at + 1..next);
            which = self.which(&text, filter)?;
            at = next;
        }
        Some((source, which, default))
    }

    fn save_map(&mut self, node: &Node, scope: &mut Scope) -> Option<(Source, Which, Option<Expr>)> {
        let fields = self.fields(node, &SAVE)?;
        let from = self.text(fields.get("from")?, "where it is found, such as `$.token`")?;
        let (source, rest) = self.answer_part(&from, from.trimmed(0..from.value.len()))?;
        if !from.value[rest.clone()].trim().is_empty() {
            let help = "write `which:` and `default:` beside `from:`";
            return self.in_text_with_help(
                &from,
                from.trimmed(rest),
                "this does not belong here",
                "expected the end",
                help,
            );
        }
        let which = match fields.get("which") {
            Some(node) => {
                let text = self.text(node, "which of several")?;
                self.which(&text, 0..text.value.len())?
            }
            None => Which::First,
        };
        let default = match fields.get("default") {
            Some(node) => Some(self.default_of(node, scope)?),
            None => None,
        };
        Some((source, which, default))
    }

    /// A default as a value: a text is a text here, and an expression in braces.
    fn default_of(&mut self, node: &Node, scope: &mut Scope) -> Option<Expr> {
        let value = self.value(node, scope)?;
        let source = match value {
            onrush_plan::Value::Text(template) => super::value::as_expression(&template),
            onrush_plan::Value::Of(expr) => expr.source,
            onrush_plan::Value::Constant(constant) => constant_source(&constant),
        };
        Some(Expr { source, place: self.place(&node.at) })
    }

    fn which(&mut self, text: &Text, range: Range<usize>) -> Option<Which> {
        let word = &text.value[range.clone()];
        Some(match word {
            "first" => Which::First,
            "last" => Which::Last,
            "any" => Which::Any,
            "all" => Which::All,
            "count" => Which::Count,
            _ => match word.parse() {
                Ok(place) => Which::At(place),
                Err(_) => {
                    let known: Vec<&str> = WHICH.iter().copied().chain(["default"]).collect();
                    let label =
                        suggest(word, &known, "`first`, `last`, `any`, `all`, `count`, a number or `default …`");
                    let message = format!("`{}` does not say which", text.shown_part(range.clone()));
                    return self.in_text_with_help(text, range, &message, &label, HELP);
                }
            },
        })
    }

    /// A part of an answer, and the rest of the text behind it.
    pub(crate) fn answer_part(&mut self, text: &Text, range: Range<usize>) -> Option<(Source, Range<usize>)> {
        let all = &text.value[range.clone()];
        if all.starts_with('$') {
            let end = range.start + path_length(all);
            return Some((Source::Json(self.json_path(text, range.start..end)?), end..range.end));
        }
        let length = all.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(all.len());
        let word = range.start..range.start + length;
        let mut rest = word.end..range.end;
        let source = match &text.value[word.clone()] {
            "status" => Source::Status,
            "time" => Source::Time,
            "size" => Source::Size,
            "body" => Source::Body,
            "url" => Source::Url,
            "location" => Source::Location,
            "header" => Source::Header(self.argument(text, &mut rest, "the name of a header")?.0),
            "cookie" => Source::Cookie(self.argument(text, &mut rest, "the name of a cookie")?.0),
            "regex" => {
                let (pattern, at) = self.argument(text, &mut rest, "a regular expression in quotes")?;
                Source::Regex(self.regex(text, at, pattern)?)
            }
            "css" => {
                let (selector, at) = self.argument(text, &mut rest, "a CSS selector in quotes")?;
                let selector = self.css(text, at, selector)?;
                let after = text.trimmed(rest.clone());
                let attribute = match text.value[after.clone()].strip_prefix("attr ") {
                    Some(name) => {
                        rest = after.end - name.len()..after.end;
                        Some(self.argument(text, &mut rest, "the name of an attribute")?.0)
                    }
                    None => None,
                };
                Source::Css { selector, attribute }
            }
            "xpath" => {
                let (path, at) = self.argument(text, &mut rest, "an XPath in quotes")?;
                Source::XPath(self.xpath(text, at, path)?)
            }
            found => {
                let label =
                    suggest(found, SOURCES, "`$.path`, `header NAME`, `cookie NAME`, `regex \"…\"` or `status`");
                let message = "this does not say where the value is found";
                return self.in_text_with_help(
                    text,
                    word.start..word.end.max(range.end.min(word.start + 1)),
                    message,
                    &label,
                    HELP,
                );
            }
        };
        Some((source, rest))
    }

    /// The next word, or text in quotes; what follows stays in `rest`.
    fn argument(&mut self, text: &Text, rest: &mut Range<usize>, expected: &str) -> Option<(String, Range<usize>)> {
        let range = text.trimmed(rest.clone());
        let all = &text.value[range.clone()];
        let Some(first) = all.chars().next() else {
            return self.in_text_with_help(
                text,
                range,
                "something is missing here",
                &format!("expected {expected}"),
                HELP,
            );
        };
        if first != '"' && first != '\'' {
            let end = range.start + all.find(char::is_whitespace).unwrap_or(all.len());
            *rest = end..rest.end.max(end);
            return Some((text.value[range.start..end].to_owned(), range.start..end));
        }
        match unquote(all) {
            Some((value, length)) => {
                *rest = range.start + length..rest.end;
                Some((value, range.start..range.start + length))
            }
            None => {
                self.in_text_with_help(text, range, "these quotes have no end", &format!("expected `{first}`"), HELP)
            }
        }
    }

    pub(crate) fn json_path(&mut self, text: &Text, range: Range<usize>) -> Option<String> {
        let path = text.value[range.clone()].to_owned();
        match check_path(&path) {
            Ok(()) => Some(path),
            Err(error) => {
                let at = error.span.map_or(0, |span| span.start);
                let message = format!("this is not a JSONPath: {}", error.message);
                let at = range.start + at..range.end;
                let diagnostic = Diagnostic::new(message, at, "expected a JSONPath (RFC 9535)");
                let help =
                    "write `$.token`, `$.items[0].id`, `$.items[*].id`, `$.items[?@.price < 10].id`, `$['odd name']`";
                self.report_in(text, "a JSONPath", diagnostic.with_help(help));
                None
            }
        }
    }

    pub(crate) fn regex(&mut self, text: &Text, range: Range<usize>, pattern: String) -> Option<String> {
        self.compiled(text, range, pattern, check_regex, "a regular expression")
    }

    fn css(&mut self, text: &Text, range: Range<usize>, selector: String) -> Option<String> {
        self.compiled(text, range, selector, check_css, "a CSS selector")
    }

    fn xpath(&mut self, text: &Text, range: Range<usize>, path: String) -> Option<String> {
        self.compiled(text, range, path, check_xpath, "an XPath")
    }

    /// What the engine that will read answers takes as well.
    fn compiled(
        &mut self,
        text: &Text,
        range: Range<usize>,
        value: String,
        check: fn(&str) -> Result<(), String>,
        what: &str,
    ) -> Option<String> {
        match check(&value) {
            Ok(()) => Some(value),
            Err(why) => {
                let message = format!("this is not {what}: {why}");
                self.report_in(text, what, Diagnostic::new(message, range, format!("expected {what}")));
                None
            }
        }
    }
}

fn constant_source(constant: &onrush_plan::Constant) -> String {
    use onrush_plan::Constant;
    match constant {
        Constant::Null | Constant::Secret(_) => "none".to_owned(),
        Constant::Bool(value) => value.to_string(),
        Constant::Int(value) => value.to_string(),
        Constant::Float(value) => format!("{value:?}"),
        Constant::Text(text) => super::value::quoted(text),
        Constant::List(items) => format!("[{}]", items.iter().map(constant_source).collect::<Vec<_>>().join(", ")),
        Constant::Map(pairs) => {
            let pair = |(key, value): &(String, Constant)| {
                format!("{}: {}", super::value::quoted(key), constant_source(value))
            };
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text in quotes, and how long it is with them. A backslash takes the next quote or backslash as it is.
pub(crate) fn unquote(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next()?;
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == quote {
            return Some((value, at + 1));
        }
        match letters.peek() {
            // Other backslashes belong to regular expressions.
            Some((_, next)) if letter == '\\' && *next == quote => {
                value.push(*next);
                letters.next();
            }
            _ => value.push(letter),
        }
    }
    None
}

/// Where, outside of brackets and quotes, something begins; the end of the text if nowhere.
pub(crate) fn top_level(text: &str, from: usize, begins: impl Fn(&str) -> bool) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, letter) in text[from..].char_indices().map(|(at, letter)| (from + at, letter)) {
        match letter {
            _ if quote.is_some() => quote = quote.filter(|open| *open != letter),
            _ if depth == 0 && begins(&text[at..]) => return at,
            '"' | '\'' => quote = Some(letter),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// How long the JSONPath at the beginning of a text is: up to a blank or an operator outside of brackets.
fn path_length(text: &str) -> usize {
    top_level(text, 0, |rest| rest.starts_with([' ', '\t', '\n', '=', '!', '<', '>', '|']))
}
