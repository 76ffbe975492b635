//! What a user does, compiled: the steps of the plan with everything looked up.

use std::rc::Rc;

use minijinja::value::Value;
use onrush_plan::{SeriesId, Spread, Stop, VariableId};

use crate::call::Call;
use crate::formula::Formula;
use crate::text::Text;

/// One thing that a user does; the mirror of [`onrush_plan::Step`].
#[derive(Debug)]
pub enum Act {
    /// Sends a request and looks at the answer.
    Request(Rc<Call>),
    /// Waits.
    Think(Spread),
    /// Acts that are timed together.
    Group {
        /// Its times are counted here.
        series: SeriesId,
        /// What belongs together.
        flow: Vec<Act>,
    },
    /// The same a number of times: [`crate::User::times`].
    Repeat {
        /// How often.
        times: Formula,
        /// Counts from 0.
        counter: Option<VariableId>,
        /// What is repeated.
        flow: Vec<Act>,
    },
    /// The same while a condition holds: [`crate::User::holds`].
    While {
        /// Asked before every pass.
        condition: Formula,
        /// At most so often.
        at_most: u32,
        /// What is repeated.
        flow: Vec<Act>,
    },
    /// The same for each entry of a list: [`crate::User::entries`].
    ForEach {
        /// Gets the entry.
        variable: VariableId,
        /// The list.
        list: Formula,
        /// What is repeated.
        flow: Vec<Act>,
    },
    /// One of two: [`crate::User::decide`].
    When {
        /// Decides.
        condition: Decision,
        /// If it holds.
        then: Vec<Act>,
        /// If not.
        otherwise: Vec<Act>,
    },
    /// One of several: [`crate::User::choose`].
    Choose(Choice),
    /// All of them, in an order drawn each time: [`crate::User::order`].
    Shuffle(Vec<Vec<Act>>),
    /// Requests that are in flight together.
    Batch {
        /// The requests.
        requests: Vec<Rc<Call>>,
        /// At most so many at a time.
        at_once: usize,
    },
    /// Gives variables values: [`crate::User::set`].
    Set(Vec<Setting>),
    /// Ends something early.
    Stop(Stop),
}

/// What decides between two flows.
#[derive(Debug)]
pub enum Decision {
    /// So often.
    Chance(f64),
    /// Whether an expression is true.
    Holds(Formula),
}

/// Several flows of which one is drawn by weight.
#[derive(Debug)]
pub struct Choice {
    /// Running sums of the weights.
    pub(crate) sums: Vec<f64>,
    /// The flows.
    pub(crate) flows: Vec<Vec<Act>>,
}

/// A variable and what it gets.
#[derive(Debug)]
pub struct Setting {
    pub(crate) variable: VariableId,
    pub(crate) source: Source,
}

/// What a variable gets.
#[derive(Debug)]
pub(crate) enum Source {
    Text(Text),
    Formula(Formula),
    Constant(Value),
}
