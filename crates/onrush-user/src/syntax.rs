//! Whether an expression is well-formed, and what it names: asked while a file is read, so that mistakes are told
//! with their place and before anything is sent.

use std::collections::BTreeSet;

use minijinja::Environment;

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

/// The names that an expression needs, functions included; or why it is none.
pub fn check_expression(source: &str) -> Result<Names, SyntaxError> {
    let environment = Environment::new();
    let compiled = environment.compile_expression(source).map_err(|error| SyntaxError {
        message: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        span: error.range().filter(|range| range.end <= source.len()),
    })?;
    Ok(compiled.undeclared_variables(false).into_iter().collect())
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
            ("[x for x in xs]", &[]),
        ] {
            match check_expression(source) {
                Ok(found) => assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), names, "{source}"),
                Err(error) => assert!(names.is_empty() && !error.message.is_empty(), "{source}: {error}"),
            }
        }
    }
}
