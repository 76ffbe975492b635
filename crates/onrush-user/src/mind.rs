//! What a user knows while it thinks: its variables, its luck, the time. Expressions see it through a thread-local,
//! into which it is moved for the length of an evaluation: objects of the template language must be `Send`, and a
//! reference to a user is not.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use minijinja::value::{Object, Value};
use onrush_plan::VariableId;

use crate::Random;

/// Names that expressions know without their being declared, each with what it is.
pub const KNOWN_NAMES: &[(&str, &str)] = &[
    ("user", "the user's number over all workers and machines, from 0"),
    ("iteration", "the number of the user's iteration, from 0"),
    ("scenario", "the name of the scenario that the user plays"),
    ("record", "the number of the record in a bulk body, from 0"),
];

/// Where the value of a variable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// In a slot of each user, as something in its scenario writes to it.
    Slot(u16),
    /// With what all users of the scenario share, by the variable's number.
    Shared,
}

/// What the variables of a scenario are called, where they are, and what they begin as.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lexicon {
    /// Variables by their names.
    pub(crate) numbers: HashMap<String, VariableId>,
    /// Where each is, by its number.
    pub(crate) places: Vec<Where>,
    /// Which variable each slot is.
    pub(crate) slots: Vec<VariableId>,
    /// The scenario's name.
    pub(crate) scenario: Value,
    /// What each begins an iteration as, by its number.
    pub(crate) beginnings: Vec<Value>,
}

/// What one user knows.
#[derive(Debug, Default)]
pub(crate) struct Mind {
    pub(crate) slots: Vec<Value>,
    pub(crate) random: Random,
    /// Traces that were begun in the iteration.
    pub(crate) traces: u32,
    pub(crate) lexicon: Rc<Lexicon>,
    pub(crate) user: u64,
    pub(crate) iteration: u64,
    pub(crate) record: u32,
    /// Since the epoch.
    pub(crate) now: Duration,
}

impl Mind {
    pub(crate) fn value(&self, variable: VariableId) -> &Value {
        match self.lexicon.places[variable] {
            Where::Slot(slot) => &self.slots[usize::from(slot)],
            Where::Shared => &self.lexicon.beginnings[variable],
        }
    }

    /// Gives a variable a value. One that nothing was known to write to keeps the one it has.
    pub(crate) fn assign(&mut self, variable: VariableId, value: Value) {
        if let Where::Slot(slot) = self.lexicon.places[variable] {
            self.slots[usize::from(slot)] = value;
        }
    }

    /// Every variable as an iteration begins.
    pub(crate) fn reset(&mut self) {
        let lexicon = &self.lexicon;
        self.slots.clear();
        self.slots.extend(lexicon.slots.iter().map(|variable| lexicon.beginnings[*variable].clone()));
    }

    /// Evaluates something that may ask for variables or draw numbers.
    pub(crate) fn lend<T>(&mut self, evaluate: impl FnOnce() -> T) -> T {
        let lent = Lent::of(self);
        let result = evaluate();
        drop(lent);
        result
    }

    fn named(&self, name: &str) -> Option<Value> {
        if let Some(variable) = self.lexicon.numbers.get(name) {
            return Some(self.value(*variable).clone());
        }
        match name {
            "user" => Some(Value::from(self.user)),
            "iteration" => Some(Value::from(self.iteration)),
            "scenario" => Some(self.lexicon.scenario.clone()),
            "record" => Some(Value::from(self.record)),
            _ => None,
        }
    }
}

thread_local! {
    static LENT: RefCell<Mind> = RefCell::default();
}

/// A mind that is in the thread-local; put back at the end, even if an evaluation panics.
struct Lent<'a>(&'a mut Mind);

impl<'a> Lent<'a> {
    fn of(mind: &'a mut Mind) -> Self {
        LENT.with_borrow_mut(|lent| mem::swap(lent, mind));
        Self(mind)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        LENT.with_borrow_mut(|lent| mem::swap(lent, self.0));
    }
}

/// What the lent mind says.
pub(crate) fn with_lent<T>(ask: impl FnOnce(&mut Mind) -> T) -> T {
    LENT.with_borrow_mut(ask)
}

/// The names of the lent mind, as the template language wants them.
#[derive(Debug)]
pub(crate) struct LentNames;

impl Object for LentNames {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        with_lent(|mind| mind.named(key))
    }
}
