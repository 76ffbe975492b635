//! Expressions that need nothing of a run, worked out while a file is read: what cannot work is told before anything is
//! sent.

use std::rc::Rc;

use minijinja::ErrorKind;
use minijinja::value::Value;
use onrush_pace::Random;

use crate::formula::{environment, excuse};
use crate::mind::{LentNames, Lexicon, Mind};

/// What an expression is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A condition: having no value is not to hold.
    Condition,
    /// A value.
    Value,
    /// A list that is gone through.
    List,
}

/// Users and iterations that try it, each with luck of its own.
const TRIES: &[(u64, u64)] = &[(0, 0), (1, 1), (2, 5), (1000, 17)];

/// Why an expression that names functions, `user`, `iteration` and `scenario` alone works for nobody; `None` if it may.
pub fn never_works(source: &str, wanted: Wanted) -> Option<String> {
    let environment = environment();
    let expression = environment.compile_expression(source).ok()?;
    let names = Value::from_object(LentNames);
    let mut why = None;
    for (seed, (user, iteration)) in (0..).zip(TRIES) {
        let lexicon = Rc::new(Lexicon { scenario: Value::from("scenario"), ..Lexicon::default() });
        let (user, iteration, random) = (*user, *iteration, Random::new(seed));
        let mut mind = Mind { random, lexicon, user, iteration, ..Mind::default() };
        let value = mind.lend(|| expression.eval(names.clone()));
        why = Some(match value {
            Err(error) => told(&error),
            Ok(value) if wanted != Wanted::Condition && value.is_undefined() => "it has no value".to_owned(),
            Ok(value) if wanted == Wanted::List && !is_list(&value) => format!("a {} is not a list", value.kind()),
            Ok(_) => return None,
        });
    }
    why
}

fn told(error: &minijinja::Error) -> String {
    match error.kind() {
        ErrorKind::UndefinedError | ErrorKind::OutOfFuel => format!("it {}", excuse(error)),
        _ => excuse(error),
    }
}

fn is_list(value: &Value) -> bool {
    value.as_str().is_none() && value.try_iter().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_works_for_nobody_is_known() {
        for (source, wanted, expected) in [
            ("1 / 0", Wanted::Value, Some("unable to calculate 1 / 0")),
            ("int(5)", Wanted::Value, Some("missing")),
            ("int(5, 1)", Wanted::Value, Some("int() needs the lower end first, and was given 5 and 1")),
            ("pick()", Wanted::Value, Some("missing")),
            ("pick([])", Wanted::Condition, Some("pick() was given an empty list")),
            ("user.name", Wanted::Value, Some("has no value")),
            ("user.name", Wanted::Condition, None),
            ("user.name.first", Wanted::Condition, Some("has no value")),
            ("user.name | default('x')", Wanted::Value, None),
            ("5", Wanted::List, Some("a number is not a list")),
            ("'abc'", Wanted::List, Some("a string is not a list")),
            ("range(3)", Wanted::List, None),
            ("10 / user", Wanted::Value, None),
            ("1 / int(0, 1)", Wanted::Value, None),
            ("pick(['a', 'b'])[iteration] | default('c')", Wanted::Value, None),
            ("now('%F') ~ scenario ~ uuid()", Wanted::Value, None),
        ] {
            let why = never_works(source, wanted);
            let is_as_expected = match (&why, expected) {
                (Some(why), Some(expected)) => why.contains(expected),
                (why, expected) => why.is_none() && expected.is_none(),
            };
            assert!(is_as_expected, "{source}: {why:?}");
        }
    }
}
