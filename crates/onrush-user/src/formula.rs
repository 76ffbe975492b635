//! A compiled expression, and the template environment that it lives in.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use minijinja::value::Value;
use minijinja::{Environment, Expression, UndefinedBehavior};
use onrush_plan::Expr;

use crate::functions;
use crate::mind::{LentNames, Mind};
use crate::trouble::{Trouble, TroubleKind};

/// Work that one evaluation may cost: about as many instructions, or 64 times as many bytes.
const FUEL: u64 = 500_000;

/// Environments that no script uses at the moment. Expressions borrow theirs, so each lives for ever; as scripts give
/// them back, there are no more than there were scripts at a time. Scripts do not share one: counters in it would
/// travel between the cores.
static SPARE: Mutex<Vec<&'static Environment<'static>>> = Mutex::new(Vec::new());

/// An environment for the time of a script.
pub(crate) struct Lease {
    environment: &'static Environment<'static>,
    names: Value,
}

impl Lease {
    pub(crate) fn new() -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let environment = spare.unwrap_or_else(|| Box::leak(Box::new(environment())));
        Self { environment, names: Value::from_object(LentNames) }
    }

    pub(crate) fn compile(&self, expr: &Expr) -> Result<Formula, Trouble> {
        let expression = self
            .environment
            .compile_expression_owned(expr.source.clone())
            .map_err(|error| Trouble::new(TroubleKind::Expression, &expr.place, said(&error)))?;
        let mut needs = expression.undeclared_variables(false).into_iter().collect::<Vec<_>>();
        needs.sort();
        let names = self.names.clone();
        Ok(Formula { expression, names, source: expr.source.as_str().into(), place: expr.place.as_str().into(), needs })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        SPARE.lock().unwrap_or_else(PoisonError::into_inner).push(self.environment);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// The environment of every expression.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // Else errors carry all variables with them, secrets included.
    environment.set_debug(false);
    functions::register(&mut environment);
    environment
}

/// What an error of the template language says, in one line.
pub(crate) fn said(error: &minijinja::Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}

/// Why an expression has no value, to be said after it.
pub(crate) fn excuse(error: &minijinja::Error) -> String {
    match error.kind() {
        minijinja::ErrorKind::UndefinedError => "has no value".to_owned(),
        minijinja::ErrorKind::OutOfFuel => "takes too long or grows too large".to_owned(),
        _ => said(error),
    }
}

/// A compiled expression.
pub struct Formula {
    expression: Expression<'static, 'static>,
    names: Value,
    source: Box<str>,
    place: Box<str>,
    needs: Vec<String>,
}

impl Formula {
    /// Its value for a user; never one that is undefined.
    pub(crate) fn value(&self, mind: &mut Mind) -> Result<Value, Trouble> {
        let value = self.maybe(mind)?;
        if value.is_undefined() { Err(self.trouble(&self.without_value(mind))) } else { Ok(value) }
    }

    /// Its value for a user, which may be undefined.
    pub(crate) fn maybe(&self, mind: &mut Mind) -> Result<Value, Trouble> {
        let value = mind.lend(|| self.expression.eval(self.names.clone()));
        value.map_err(|error| match error.kind() {
            minijinja::ErrorKind::UndefinedError => self.trouble(&self.without_value(mind)),
            _ => self.trouble(&excuse(&error)),
        })
    }

    /// Names that it needs, functions included.
    pub(crate) fn needs(&self) -> &[String] {
        &self.needs
    }

    /// Where it stands in the file.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn without_value(&self, mind: &Mind) -> String {
        let known = |name: &&String| mind.lexicon.numbers.get(*name).is_some_and(|id| mind.value(*id).is_undefined());
        match self.needs.iter().find(known) {
            Some(name) if **name == *self.source => "has no value yet".to_owned(),
            Some(name) => format!("has no value: `{name}` has none yet"),
            None => "has no value".to_owned(),
        }
    }

    /// What went wrong with it, at its place.
    pub(crate) fn trouble(&self, message: &str) -> Trouble {
        Trouble::new(TroubleKind::Expression, &self.place, format!("`{}` {message}", self.source))
    }
}

impl fmt::Debug for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Formula({})", self.source)
    }
}
