//! Whether an expression is well-formed, and what it names: asked while a file is read, so that mistakes are told
//! with their place and before anything is sent.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind};

use crate::formula::{environment, said};

/// Names that an expression refers to and does not bind itself.
pub type Names = BTreeSet<String>;

/// Why an expression cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong, in one line.
    pub message: String,
    /// Which bytes of the expression are meant, where that is known.
    pub span: Option<std::ops::Range<usize>>,
}

/// What every expression is compiled in; only files are read with this one, so that threads may share it.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// The names that an expression needs, functions included; or why it is none.
pub fn check_expression(source: &str) -> Result<Names, SyntaxError> {
    let compiled = ENVIRONMENT.compile_expression_owned(source.to_owned()).map_err(|error| SyntaxError {
        message: said(&error),
        span: error.range().filter(|range| range.end <= source.len()),
    })?;
    for (name, at) in filters(source) {
        if !is_filter(name) {
            let message = format!("there is no filter `{name}`");
            return Err(SyntaxError { message, span: Some(at..at + name.len()) });
        }
    }
    Ok(compiled.undeclared_variables(false).into_iter().collect())
}

/// Asks the template language itself, which looks filters up when they are used.
fn is_filter(name: &str) -> bool {
    let used = ENVIRONMENT.compile_expression_owned(format!("''|{name}"));
    used.is_ok_and(|used| used.eval(()).err().is_none_or(|error| error.kind() != ErrorKind::UnknownFilter))
}

/// The names behind `|`, and where they begin, outside of texts.
fn filters(source: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    let mut quote = None;
    let mut chars = source.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => {
                chars.next();
            }
            (Some(open), _) if open == char => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None, '|') => {
                let rest = source[at + 1..].trim_start();
                let start = source.len() - rest.len();
                let is_part = |char: char| char.is_alphanumeric() || char == '_';
                let end = rest.find(|char| !is_part(char)).unwrap_or(rest.len());
                if end > 0 {
                    found.push((&rest[..end], start));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_tell_what_they_need() {
        for (source, names) in [
            ("1 + 2", &[][..]),
            ("shopper.email", &["shopper"]),
            ("pick(['a', b]) ~ c|upper", &["b", "c", "pick"]),
            ("items[place].name if is_new else old", &["is_new", "items", "old", "place"]),
            ("'a | b' ~ \"c\\\"|d\"", &[]),
            ("a is defined and a|json|sha256 in b", &["a", "b"]),
            ("{'k': v}.k", &["v"]),
            ("now('%F') ~ date(days=n)", &["date", "n", "now"]),
        ] {
            let found = check_expression(source).unwrap_or_else(|error| panic!("{source}: {error}"));
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), names, "{source}");
        }
    }

    #[test]
    fn what_is_no_expression_is_told_with_its_place() {
        for (source, message, at) in [
            ("", "unexpected end of input, expected expression", None),
            ("1 +", "unexpected end of input, expected expression", Some("+")),
            ("a b", "unexpected input after expression", Some("b")),
            ("pick(['a'", "unexpected end of input, expected `,`", Some("'a'")),
            ("'open", "unexpected end of string", None),
            ("a | uper", "there is no filter `uper`", Some("uper")),
            ("a|upper|nope(1)", "there is no filter `nope`", Some("nope")),
        ] {
            let error = check_expression(source).unwrap_err();
            let span = error.span.clone().map(|span| &source[span]);
            assert_eq!((error.message.as_str(), span.filter(|text| !text.is_empty())), (message, at), "{source}");
        }
    }
}
