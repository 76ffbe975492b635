//! Checks: conditions on an answer, compiled.

use std::cmp::Ordering;
use std::time::Duration;

use minijinja::value::{Value, ValueKind};
use onrush_plan::{Check, Expected, Operator, Subject, Which};
use regex::bytes::Regex;

use crate::answer::Answer;
use crate::compile::Compiler;
use crate::formula::Formula;
use crate::json::Paths;
use crate::reader::{Reader, Reads, compiled};
use crate::script::ScriptError;
use crate::show::{beginning, shortened, shown_time};
use crate::trouble::{Trouble, TroubleKind};
use crate::user::User;
use crate::value::to_json;

/// A compiled check.
#[derive(Debug)]
pub(crate) struct Inspection {
    name: String,
    /// As it was written.
    text: String,
    subject: Looks,
    operator: Operator,
    bound: Bound,
}

/// What is looked at.
#[derive(Debug)]
enum Looks {
    Answer(Reader),
    Value(Formula),
}

/// What it is held against.
#[derive(Debug)]
enum Bound {
    Nothing,
    Class(u16),
    Time(Duration),
    Bytes(u64),
    Pattern(Box<Regex>),
    Literal(Value),
    Formula(Formula),
}

/// The condition and what was found, as they are shown.
type Failed = (String, String);

impl Inspection {
    pub(crate) fn new(check: &Check, paths: &mut Paths, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        let subject = match &check.subject {
            Subject::Answer(source) => Looks::Answer(Reader::new(source, paths)?),
            Subject::Value(expr) => Looks::Value(compiler.formula(expr)?),
        };
        let bound = match &check.expected {
            Expected::Nothing => Bound::Nothing,
            Expected::StatusClass(class) => Bound::Class(*class),
            Expected::Time(time) => Bound::Time(*time),
            Expected::Bytes(bytes) => Bound::Bytes(*bytes),
            Expected::Pattern(pattern) => Bound::Pattern(Box::new(compiled(pattern)?)),
            Expected::Value(expr) => {
                let formula = compiler.formula(expr)?;
                Compiler::literal(&formula).map_or_else(|| Bound::Formula(formula), Bound::Literal)
            }
        };
        Ok(Self { name: check.name.clone(), text: check.text.clone(), subject, operator: check.operator, bound })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn reader(&self) -> Option<&Reader> {
        match &self.subject {
            Looks::Answer(reader) => Some(reader),
            Looks::Value(_) => None,
        }
    }

    /// Whether an expression is worked out for it.
    pub(crate) fn may_draw(&self) -> bool {
        matches!(self.subject, Looks::Value(_)) || matches!(self.bound, Bound::Formula(_))
    }

    pub(crate) fn is_of_status(&self) -> bool {
        self.reader().is_some_and(Reader::is_status)
    }

    /// Whether it holds; else the condition and what was found.
    pub(crate) fn inspect(
        &self,
        paths: &Paths,
        user: &mut User,
        answer: &Answer<'_>,
        reads: &mut Reads,
    ) -> Result<(), Failed> {
        let found = match &self.subject {
            Looks::Answer(reader) => reader.read(Which::First, paths, answer, reads, &mut user.mind.random),
            Looks::Value(formula) => {
                formula.maybe(&mut user.mind).map(|value| Some(value).filter(|value| !value.is_undefined()))
            }
        };
        let expected = match &self.bound {
            Bound::Formula(formula) => formula.value(&mut user.mind).map(Some),
            _ => Ok(None),
        };
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                if self.holds(found.as_ref(), expected.as_ref()) {
                    return Ok(());
                }
                Err((self.condition(expected.as_ref()), self.found(found.as_ref())))
            }
            (Err(trouble), Ok(expected)) if trouble.kind() == TroubleKind::Truncated => {
                match self.decided(answer, expected.as_ref()) {
                    Some(true) => Ok(()),
                    Some(false) => Err((self.condition(expected.as_ref()), self.found_of_part(answer))),
                    None => Err((self.condition(expected.as_ref()), trouble.message().to_owned())),
                }
            }
            // What cannot be read is not there.
            (Err(_), Ok(_)) if self.operator == Operator::ExistsNot => Ok(()),
            (Err(trouble), expected) => {
                Err((self.condition(expected.unwrap_or_default().as_ref()), trouble.message().to_owned()))
            }
            (_, Err(trouble)) => Err((self.condition(None), trouble_shown(&trouble))),
        }
    }

    /// Whether it holds of a body of which only the beginning is there, where that is enough to know.
    fn decided(&self, answer: &Answer<'_>, expected: Option<&Value>) -> Option<bool> {
        use Operator::{AtLeast, AtMost, Contains, ContainsNot, Exists, ExistsNot, Greater, Less, Matches};
        let least = self.reader()?.least(answer)?;
        match (self.operator, &self.bound) {
            (Exists, _) => Some(true),
            (ExistsNot, _) => Some(false),
            // More bytes can only make it more true.
            (Greater | AtLeast | Contains, _) => self.holds(Some(&least), expected).then_some(true),
            (Less | AtMost | ContainsNot, _) => (!self.holds(Some(&least), expected)).then_some(false),
            // One that ends with what is there might depend on what comes next.
            (Matches, Bound::Pattern(pattern)) => {
                pattern.find_iter(answer.body).any(|found| found.end() < answer.body.len()).then_some(true)
            }
            _ => None,
        }
    }

    fn holds(&self, found: Option<&Value>, expected: Option<&Value>) -> bool {
        use Operator::{ContainsNot, Exists, ExistsNot, NotEqual};
        let Some(found) = found else { return matches!(self.operator, NotEqual | ContainsNot | ExistsNot) };
        match self.operator {
            Exists => return !matches!(self.subject, Looks::Value(_)) || !found.is_none(),
            ExistsNot => return matches!(self.subject, Looks::Value(_)) && found.is_none(),
            _ => {}
        }
        let is_text = self.reader().is_some_and(Reader::is_text);
        match &self.bound {
            Bound::Nothing => true,
            Bound::Class(class) => {
                let class_found = found.as_i64().map(|status| status / 100);
                ordered(self.operator, class_found.map(|found| found.cmp(&i64::from(*class))))
            }
            Bound::Time(time) => self.number_holds(found, time.as_secs_f64() * 1e3),
            Bound::Bytes(bytes) => self.number_holds(found, *bytes as f64),
            Bound::Pattern(pattern) => match found.as_str() {
                Some(text) => pattern.is_match(text.as_bytes()),
                None => pattern.is_match(to_json(found).as_bytes()),
            },
            Bound::Literal(expected) => compare(self.operator, found, expected, is_text),
            Bound::Formula(_) => expected.is_some_and(|expected| compare(self.operator, found, expected, is_text)),
        }
    }

    fn number_holds(&self, found: &Value, bound: f64) -> bool {
        let found = number(found, true);
        ordered(self.operator, found.and_then(|found| found.partial_cmp(&bound)))
    }

    /// The condition as it was written, with the value of what had to be worked out.
    fn condition(&self, value: Option<&Value>) -> String {
        match (&self.bound, value) {
            (Bound::Formula(_), Some(value)) => format!("{} ({})", self.text, shortened(&to_json(value))),
            _ => self.text.clone(),
        }
    }

    fn found_of_part(&self, answer: &Answer<'_>) -> String {
        match self.operator {
            Operator::Less | Operator::AtMost => format!("more than {}", answer.body.len()),
            _ => beginning(answer.body),
        }
    }

    fn found(&self, found: Option<&Value>) -> String {
        match found {
            None => "nothing".to_owned(),
            Some(value) if self.reader().is_some_and(Reader::is_time) => {
                shown_time(Duration::from_secs_f64(number(value, false).unwrap_or_default() / 1e3))
            }
            Some(value) => shortened(&to_json(value)),
        }
    }
}

fn trouble_shown(trouble: &Trouble) -> String {
    shortened(trouble.message())
}

fn ordered(operator: Operator, order: Option<Ordering>) -> bool {
    let Some(order) = order else { return operator == Operator::NotEqual };
    match operator {
        Operator::Equal | Operator::In => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::AtMost => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::AtLeast => order.is_ge(),
        _ => false,
    }
}

/// Holds two values against each other. `is_text`: what was found is text by nature, so that `5` found in a header
/// equals the number.
fn compare(operator: Operator, found: &Value, expected: &Value, is_text: bool) -> bool {
    match operator {
        Operator::Contains => contains(found, expected, is_text),
        Operator::ContainsNot => !contains(found, expected, is_text),
        Operator::In => contains(expected, found, is_text),
        Operator::Equal => equal(found, expected, is_text),
        Operator::NotEqual => !equal(found, expected, is_text),
        _ => match (number(found, is_text), number(expected, false)) {
            (Some(found), Some(expected)) => ordered(operator, found.partial_cmp(&expected)),
            _ => match (found.as_str(), expected.as_str()) {
                (Some(found), Some(expected)) => ordered(operator, Some(found.cmp(expected))),
                _ => false,
            },
        },
    }
}

fn equal(found: &Value, expected: &Value, is_text: bool) -> bool {
    if found == expected {
        return true;
    }
    let may_differ_in_kind = is_text && (found.is_number() || expected.is_number());
    may_differ_in_kind && number(found, true).is_some_and(|found| number(expected, true) == Some(found))
}

fn contains(whole: &Value, part: &Value, is_text: bool) -> bool {
    if let Some(text) = whole.as_str() {
        return match part.as_str() {
            Some(part) => text.contains(part),
            None => text.contains(&part.to_string()),
        };
    }
    match whole.kind() {
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => {
            whole.try_iter().is_ok_and(|mut entries| entries.any(|entry| equal(part, &entry, is_text)))
        }
        _ => false,
    }
}

fn number(value: &Value, may_be_text: bool) -> Option<f64> {
    match value.as_str() {
        Some(text) if may_be_text => text.trim().parse().ok(),
        None if value.is_number() => f64::try_from(value.clone()).ok(),
        _ => None,
    }
}
