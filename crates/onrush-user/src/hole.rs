//! A hole of a template: mostly a variable or a part of it, which needs no template engine.

use minijinja::value::Value;
use onrush_plan::{Expr, VariableId};

use crate::compile::Compiler;
use crate::formula::Formula;
use crate::mind::Mind;
use crate::row::Row;
use crate::trouble::{Trouble, TroubleKind};
use crate::value::{Escape, write_text, write_value};

/// The most that a text or a body may hold, in bytes.
pub(crate) const LONGEST: usize = 16 * 1024 * 1024;
pub(crate) const TOO_LARGE: &str = "what is sent grows past 16 MiB";

/// A hole.
#[derive(Debug)]
pub(crate) enum Hole {
    /// A variable.
    Variable { variable: VariableId, expr: Expr },
    /// A field of a row that was drawn from a table.
    Column { variable: VariableId, column: usize, formula: Formula },
    /// A part of a variable, names and places one after the other.
    Part { variable: VariableId, steps: Vec<Step>, formula: Formula },
    /// Anything else.
    Formula(Formula),
}

/// A way into a value.
#[derive(Debug)]
pub(crate) enum Step {
    Name(String),
    Place(usize),
}

impl Hole {
    pub(crate) fn new(expr: &Expr, compiler: &Compiler<'_>) -> Result<Self, Trouble> {
        let formula = compiler.formula(expr)?;
        let Some((name, steps)) = simple(&expr.source) else { return Ok(Self::Formula(formula)) };
        let Some(variable) = compiler.variable(name) else { return Ok(Self::Formula(formula)) };
        Ok(match steps.as_slice() {
            [] => Self::Variable { variable, expr: expr.clone() },
            [Step::Name(field)] if compiler.column(variable, field).is_some() => {
                Self::Column { variable, column: compiler.column(variable, field).unwrap_or_default(), formula }
            }
            _ => Self::Part { variable, steps, formula },
        })
    }

    /// Its value; never one that is undefined.
    pub(crate) fn value(&self, mind: &mut Mind) -> Result<Value, Trouble> {
        match self {
            Self::Variable { variable, expr } => Self::defined(mind.value(*variable), expr).cloned(),
            Self::Column { variable, column, formula } => match row(mind, *variable) {
                Some(row) => Ok(Value::from(row.field(*column))),
                None => formula.value(mind),
            },
            Self::Part { variable, steps, formula } => match part(mind.value(*variable), steps) {
                Some(value) => Ok(value),
                None => formula.value(mind),
            },
            Self::Formula(formula) => formula.value(mind),
        }
    }

    /// Writes its value as text.
    pub(crate) fn write(&self, mind: &mut Mind, escape: Escape, out: &mut Vec<u8>) -> Result<(), Trouble> {
        match self {
            Self::Variable { variable, expr } => {
                write_value(Self::defined(mind.value(*variable), expr)?, escape, out);
            }
            Self::Column { variable, column, .. } if row(mind, *variable).is_some() => {
                write_text(row(mind, *variable).map_or("", |row| row.field(*column)), escape, out);
            }
            _ => write_value(&self.value(mind)?, escape, out),
        }
        if out.len() > LONGEST { Err(self.too_large()) } else { Ok(()) }
    }

    /// Where it stands in the file.
    pub(crate) fn place(&self) -> &str {
        match self {
            Self::Variable { expr, .. } => &expr.place,
            Self::Column { formula, .. } | Self::Part { formula, .. } | Self::Formula(formula) => formula.place(),
        }
    }

    pub(crate) fn too_large(&self) -> Trouble {
        Trouble::new(TroubleKind::TooLarge, self.place(), TOO_LARGE)
    }

    fn defined<'a>(value: &'a Value, expr: &Expr) -> Result<&'a Value, Trouble> {
        if value.is_undefined() {
            return Err(Trouble::new(
                TroubleKind::Expression,
                &expr.place,
                format!("`{}` has no value yet", expr.source),
            ));
        }
        Ok(value)
    }
}

fn row(mind: &Mind, variable: VariableId) -> Option<&Row> {
    mind.value(variable).downcast_object_ref::<Row>()
}

fn part(value: &Value, steps: &[Step]) -> Option<Value> {
    let mut found = value.clone();
    for step in steps {
        found = match step {
            Step::Name(name) => found.get_attr(name).ok()?,
            Step::Place(place) => found.get_item_by_index(*place).ok()?,
        };
    }
    (!found.is_undefined()).then_some(found)
}

/// `name`, `name.field`, `name[0].field`, `name['field']`: the name and the way on from it. `None` for everything else.
fn simple(source: &str) -> Option<(&str, Vec<Step>)> {
    const WORDS: &[&str] =
        &["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else"];
    let source = source.trim();
    let (name, mut rest) = word(source)?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let (field, after) = word(after)?;
            steps.push(Step::Name(field.to_owned()));
            rest = after;
        } else {
            let (place, after) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(bracketed(place)?);
            rest = after;
        }
    }
    (!WORDS.contains(&name)).then_some((name, steps))
}

/// What stands in brackets: a place, or a plain text in quotes.
fn bracketed(text: &str) -> Option<Step> {
    if let Some(name) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        let is_plain = !name.contains(['\'', '\\']);
        return is_plain.then(|| Step::Name(name.to_owned()));
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).map(Step::Place)
}

fn word(text: &str) -> Option<(&str, &str)> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let end = text.find(|char| !is_part(char)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')).then_some((word, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_engine_is_known() {
        for (source, expected) in [
            ("a", Some("a")),
            (" a.b ", Some("a.b")),
            ("a[0].b_1[12]", Some("a[0].b_1[12]")),
            ("true", None),
            ("a.b()", None),
            ("a + b", None),
            ("a[-1]", None),
            ("a[b]", None),
            ("a['b c'].d", Some("a.b c.d")),
            ("a['b\\'']", None),
            ("a[']", None),
            ("'a'", None),
            ("1", None),
            ("a|upper", None),
        ] {
            let found = simple(source).map(|(name, steps)| {
                let steps = steps.iter().map(|step| match step {
                    Step::Name(name) => format!(".{name}"),
                    Step::Place(place) => format!("[{place}]"),
                });
                name.to_owned() + &steps.collect::<String>()
            });
            assert_eq!(found.as_deref(), expected, "{source}");
        }
    }
}
