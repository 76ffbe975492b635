//! Conditions on an answer: `status == 200`, `time < 500ms`, `$.total > 3`, `header x exists`.

use std::ops::Range;

use onrush_plan::{Check, Expected, Expr, Operator, Source, Subject};

use super::reader::Reader;
use super::save::{SOURCES, unquote};
use super::scope::Scope;
use super::text::Text;
use super::tree::{Kind, Node};
use crate::diagnostic::suggest;

const HELP: &str = "checks are written `status == 200`, `status is 2xx`, `status in [200, 201]`, `time < 500ms`, `size < 10kB`, \
                    `body contains \"x\"`, `body matches \"a+\"`, `header x exists`, `$.total > 3`, or as an expression that \
                    must be true: `price > 10 and qty < 5`";

/// How they are written; the longer of two that begin alike comes first.
const OPERATORS: &[(&str, Operator)] = &[
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("not contains", Operator::ContainsNot),
    ("contains", Operator::Contains),
    ("matches", Operator::Matches),
    ("not exists", Operator::ExistsNot),
    ("exists", Operator::Exists),
    ("in", Operator::In),
    ("is", Operator::Equal),
];

impl Reader<'_> {
    /// `check:` of a request: one, a list, or names and checks.
    pub(crate) fn checks(&mut self, node: &Node, scope: &mut Scope) -> Vec<Check> {
        match &node.kind {
            Kind::Scalar(_) => self.check(node, None, scope).into_iter().collect(),
            Kind::List(items) => items.iter().flat_map(|item| self.checks(item, scope)).collect(),
            Kind::Map(entries) => {
                entries.iter().filter_map(|entry| self.check(&entry.value, Some(&entry.key), scope)).collect()
            }
        }
    }

    fn check(&mut self, node: &Node, name: Option<&str>, scope: &mut Scope) -> Option<Check> {
        let text = self.text(node, "a check such as `status == 200`")?;
        let range = text.trimmed(0..text.value.len());
        let written = text.shown().trim().to_owned();
        let name = name.map_or_else(|| written.clone(), str::to_owned);
        let all = &text.value[range.clone()];
        let word = all.find(|letter: char| !letter.is_ascii_alphanumeric()).map_or(all, |end| &all[..end]);
        // `size(x) > 3` and `status.code` are expressions.
        let next = all[word.len()..].chars().next().unwrap_or(' ');
        let is_answer =
            all.starts_with('$') || SOURCES.contains(&word) && (next.is_whitespace() || "<>=!".contains(next));
        if !is_answer {
            let label = suggest(word, SOURCES, "");
            if label.starts_with("did") && !scope.knows(word) && !all[word.len()..].starts_with(['(', '.', '[']) {
                let at = range.start..range.start + word.len();
                let message =
                    format!("`{}` is neither a part of the answer nor a variable", text.shown_part(at.clone()));
                return self.in_text_with_help(&text, at, &message, &label, HELP);
            }
            if let Some((help, at)) = compared_in_words(&text.value[range.clone()], word) {
                let at = range.start + at.start..range.start + at.end;
                let message = "this compares parts of an answer only, and not variables";
                return self.in_text_with_help(&text, at, message, "expected an expression", &help);
            }
            let expr = self.expression_of(&text, range, scope)?;
            let source = format!("not not ({})", expr.source);
            let (subject, expected) = (Subject::Value(Expr { source, place: expr.place.clone() }), "true".to_owned());
            let expected = Expected::Value(Expr { source: expected, place: expr.place });
            return Some(Check { name, text: written, subject, operator: Operator::Equal, expected });
        }
        let (source, rest) = self.answer_part(&text, range)?;
        let (operator, rest, is_word) = self.operator(&text, rest)?;
        let expected = self.expected(&text, rest, &source, operator, is_word, scope)?;
        Some(Check { name, text: written, subject: Subject::Answer(source), operator, expected })
    }

    /// The operator, what follows it, and whether it is `is`.
    fn operator(&mut self, text: &Text, rest: Range<usize>) -> Option<(Operator, Range<usize>, bool)> {
        let range = text.trimmed(rest);
        let all = &text.value[range.clone()];
        let found = OPERATORS.iter().find(|(word, _)| {
            let is_word = word.ends_with(|letter: char| letter.is_ascii_alphabetic());
            all.strip_prefix(word)
                .is_some_and(|after| !is_word || !after.starts_with(|next: char| next.is_alphanumeric()))
        });
        match found {
            Some((word, operator)) => Some((*operator, range.start + word.len()..range.end, *word == "is")),
            None => {
                let end = range.start + all.find(char::is_whitespace).unwrap_or(all.len());
                let words: Vec<&str> = OPERATORS.iter().map(|(word, _)| *word).collect();
                let label = match &text.value[range.start..end] {
                    "=" => "did you mean `==`?".to_owned(),
                    word => suggest(word, &words, "a comparison such as `==`, `<`, `contains` or `exists`"),
                };
                let message = if all.is_empty() { "this check is incomplete" } else { "this does not compare" };
                self.in_text_with_help(text, range.start..end, message, &label, HELP)
            }
        }
    }

    fn expected(
        &mut self,
        text: &Text,
        rest: Range<usize>,
        of: &Source,
        operator: Operator,
        is_word: bool,
        scope: &mut Scope,
    ) -> Option<Expected> {
        let range = text.trimmed(rest);
        let all = text.value[range.clone()].to_owned();
        if matches!(operator, Operator::Exists | Operator::ExistsNot) {
            if all.is_empty() {
                return Some(Expected::Nothing);
            }
            return self.in_text_with_help(text, range, "this does not belong here", "expected the end", HELP);
        }
        if all.is_empty() {
            return self.in_text_with_help(
                text,
                range,
                "this check is incomplete",
                "expected what it is compared with",
                HELP,
            );
        }
        let is_digit = all.starts_with(|first: char| first.is_ascii_digit());
        match (of, operator) {
            (_, Operator::Matches) => {
                match unquote(&all).filter(|(_, length)| *length == all.len() && all.starts_with(['"', '\''])) {
                    Some((pattern, _)) => Some(Expected::Pattern(self.regex(text, range, pattern)?)),
                    None => self.in_text_with_help(
                        text,
                        range,
                        "`matches` takes a regular expression in quotes",
                        "expected `\"…\"`",
                        HELP,
                    ),
                }
            }
            (Source::Status, Operator::Equal | Operator::NotEqual) if all.len() == 3 && all.ends_with("xx") => {
                match all[..1].parse::<u16>() {
                    Ok(class @ 1..=5) => Some(Expected::StatusClass(class)),
                    _ => self.in_text(text, range, "there is no such class of status", "expected `1xx` to `5xx`"),
                }
            }
            (Source::Time, _) if is_digit && operator != Operator::In => {
                Some(Expected::Time(self.time_in(text, range)?))
            }
            (Source::Size, _) if is_digit && operator != Operator::In => {
                Some(Expected::Bytes(self.bytes_in(text, range)?))
            }
            (Source::Status, _) if is_word && !is_digit => {
                self.in_text_with_help(text, range, "`is` takes a class of status", "expected `2xx`", HELP)
            }
            _ => Some(Expected::Value(self.expression_of(text, range, scope)?)),
        }
    }
}

/// Words of checks that expressions do not have: what to write instead, and where the word stands.
fn compared_in_words(all: &str, name: &str) -> Option<(String, Range<usize>)> {
    let after = &all[name.len()..];
    let rest = after.trim_start();
    if name.is_empty() || rest.len() == after.len() {
        return None;
    }
    let start = all.len() - rest.len();
    let word = ["not contains", "contains", "not exists", "exists", "matches"].into_iter().find(|word| {
        rest.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '"', '\'']))
    })?;
    let what = Some(rest[word.len()..].trim()).filter(|what| !what.is_empty()).unwrap_or("'…'");
    let help = match word {
        "not contains" => format!("write `{what} not in {name}`"),
        "contains" => format!("write `{what} in {name}`"),
        "exists" => format!("write `{name} is defined`"),
        "not exists" => format!("write `{name} is not defined`"),
        _ => "save a part with `regex`, and compare that".to_owned(),
    };
    Some((help, start..start + word.len()))
}
