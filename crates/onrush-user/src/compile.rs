//! Turns a plan's steps into what a user can do without looking anything up.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use minijinja::value::Value;
use onrush_plan::{
    Body, Condition, Constant, Expr, Flow, Play, RequestStep, Scenario, Secret, Step, Tracing, Value as PlanValue,
    VariableId,
};

use crate::act::{Act, Choice, Decision, Setting, Source};
use crate::call::Call;
use crate::formula::{Formula, Lease};
use crate::mind::{Lexicon, Where};
use crate::row::OwnTable;
use crate::script::ScriptError;
use crate::text::Text;
use crate::trouble::{Trouble, TroubleKind};
use crate::value::{Escape, from_constant, write_text};

/// What compiling needs to know, for one scenario.
pub(crate) struct Compiler<'a> {
    pub(crate) play: &'a Play,
    pub(crate) lease: &'a Lease,
    pub(crate) tables: &'a [Arc<OwnTable>],
    pub(crate) scenario: Option<&'a Scenario>,
    pub(crate) tracing: Tracing,
}

impl Compiler<'_> {
    pub(crate) fn formula(&self, expr: &Expr) -> Result<Formula, Trouble> {
        self.lease.compile(expr)
    }

    pub(crate) fn variable(&self, name: &str) -> Option<VariableId> {
        self.play.variables.iter().position(|variable| variable == name)
    }

    /// The place of a field in the rows that a variable gets, if these come from one table.
    pub(crate) fn column(&self, variable: VariableId, field: &str) -> Option<usize> {
        let mut feeders = self.play.feeders.iter().zip(self.tables).filter(|(feeder, _)| feeder.variable == variable);
        let (_, table) = feeders.next()?;
        if feeders.next().is_some() { None } else { table.column(field) }
    }

    /// The value of an expression that needs nothing, such as `200` or `'ok'`.
    pub(crate) fn literal(formula: &Formula) -> Option<Value> {
        let mut nobody = crate::mind::Mind::default();
        if formula.needs().is_empty() { formula.value(&mut nobody).ok() } else { None }
    }

    pub(crate) fn flow(&self, flow: &Flow) -> Result<Vec<Act>, ScriptError> {
        flow.iter().map(|step| self.step(step)).collect()
    }

    fn flows(&self, flows: &[Flow]) -> Result<Vec<Vec<Act>>, ScriptError> {
        flows.iter().map(|flow| self.flow(flow)).collect()
    }

    fn step(&self, step: &Step) -> Result<Act, ScriptError> {
        Ok(match step {
            Step::Request(request) => Act::Request(self.call(request)?),
            Step::Think(spread) => Act::Think(spread.clone()),
            Step::Group { series, flow } => Act::Group { series: *series, flow: self.flow(flow)? },
            Step::Repeat { times, counter, flow } => {
                Act::Repeat { times: self.formula(times)?, counter: *counter, flow: self.flow(flow)? }
            }
            Step::While { condition, at_most, flow } => {
                Act::While { condition: self.formula(condition)?, at_most: *at_most, flow: self.flow(flow)? }
            }
            Step::ForEach { variable, list, flow } => {
                Act::ForEach { variable: *variable, list: self.formula(list)?, flow: self.flow(flow)? }
            }
            Step::When { condition, then, otherwise } => Act::When {
                condition: match condition {
                    Condition::Chance(share) => Decision::Chance(*share),
                    Condition::Holds(expr) => Decision::Holds(self.formula(expr)?),
                },
                then: self.flow(then)?,
                otherwise: self.flow(otherwise)?,
            },
            Step::Choose(choices) => Act::Choose(self.choice(choices)?),
            Step::Shuffle(flows) => Act::Shuffle(self.flows(flows)?),
            Step::Batch { requests, at_once } => {
                let calls = requests.iter().map(|request| self.call(request)).collect::<Result<_, _>>()?;
                Act::Batch { requests: calls, at_once: *at_once }
            }
            Step::Set(settings) => Act::Set(self.settings(settings)?),
            Step::Stop(stop) => Act::Stop(*stop),
        })
    }

    fn call(&self, request: &RequestStep) -> Result<Rc<Call>, ScriptError> {
        Call::new(request, self).map(Rc::new)
    }

    fn choice(&self, choices: &[(f64, Flow)]) -> Result<Choice, ScriptError> {
        let sum = |sum: &mut f64, (weight, _): &(f64, Flow)| {
            *sum += weight;
            Some(*sum)
        };
        let flows = choices.iter().map(|(_, flow)| self.flow(flow)).collect::<Result<_, _>>()?;
        Ok(Choice { sums: choices.iter().scan(0.0, sum).collect(), flows })
    }

    fn settings(&self, settings: &[(VariableId, PlanValue)]) -> Result<Vec<Setting>, ScriptError> {
        let setting = |(variable, value): &(VariableId, PlanValue)| {
            let source = match value {
                PlanValue::Text(template) => Source::Text(Text::new(template, self)?),
                PlanValue::Of(expr) => Source::Formula(self.formula(expr)?),
                PlanValue::Constant(constant) => Source::Constant(from_constant(constant)),
            };
            Ok(Setting { variable: *variable, source })
        };
        settings.iter().map(setting).collect()
    }

    /// What the variables are called, where they are and what they begin as; `written` are those that get slots.
    pub(crate) fn lexicon(&self, written: &BTreeSet<VariableId>) -> Result<Lexicon, ScriptError> {
        let mut places = vec![Where::Shared; self.play.variables.len()];
        for (slot, variable) in written.iter().enumerate() {
            let slot = u16::try_from(slot).map_err(|_| ScriptError::TooManyVariables)?;
            *places.get_mut(*variable).ok_or(ScriptError::NoSuchVariable(*variable))? = Where::Slot(slot);
        }
        let mut beginnings = vec![Value::UNDEFINED; places.len()];
        let own = self.scenario.map(|scenario| scenario.constants.as_slice()).unwrap_or_default();
        for (variable, constant) in self.play.constants.iter().chain(own) {
            *beginnings.get_mut(*variable).ok_or(ScriptError::NoSuchVariable(*variable))? = from_constant(constant);
        }
        let numbers: HashMap<String, VariableId> = self.play.variables.iter().cloned().zip(0..).collect();
        let scenario = Value::from(self.scenario.map_or("", |scenario| scenario.name.as_str()));
        Ok(Lexicon { numbers, scenario, places, slots: written.iter().copied().collect(), beginnings })
    }

    /// An error about something that is no valid request, at the place of an expression.
    pub(crate) fn refused(place: &str, message: impl Into<String>) -> Trouble {
        Trouble::new(TroubleKind::Request, place, message)
    }
}

/// The variables that the steps of a flow give values to, and those that the feeders they draw from do.
pub(crate) fn written(play: &Play, flow: &Flow, into: &mut BTreeSet<VariableId>) {
    for step in flow {
        match step {
            Step::Request(request) => written_by(play, request, into),
            Step::Batch { requests, .. } => requests.iter().for_each(|request| written_by(play, request, into)),
            Step::Set(settings) => into.extend(settings.iter().map(|(variable, _)| *variable)),
            Step::Group { flow, .. } | Step::While { flow, .. } => written(play, flow, into),
            Step::Repeat { counter, flow, .. } => {
                into.extend(counter);
                written(play, flow, into);
            }
            Step::ForEach { variable, flow, .. } => {
                into.insert(*variable);
                written(play, flow, into);
            }
            Step::When { then, otherwise, .. } => {
                written(play, then, into);
                written(play, otherwise, into);
            }
            Step::Choose(choices) => choices.iter().for_each(|(_, flow)| written(play, flow, into)),
            Step::Shuffle(flows) => flows.iter().for_each(|flow| written(play, flow, into)),
            Step::Think(_) | Step::Stop(_) => {}
        }
    }
}

fn written_by(play: &Play, request: &RequestStep, into: &mut BTreeSet<VariableId>) {
    into.extend(request.saves.iter().map(|save| save.variable));
    if let Body::Bulk(bulk) = &request.body {
        into.extend(drawn(play, &bulk.draws));
    }
}

/// The variables that get the rows of feeders.
pub(crate) fn drawn<'a>(play: &'a Play, draws: &'a [usize]) -> impl Iterator<Item = VariableId> + 'a {
    draws.iter().filter_map(|feeder| play.feeders.get(*feeder)).map(|feeder| feeder.variable)
}

/// A secret as it stands in texts, in JSON, in URLs and in forms.
pub fn disguises(secret: &str) -> [String; 4] {
    [Escape::None, Escape::Json, Escape::Percent, Escape::Form].map(|escape| {
        let mut written = Vec::new();
        write_text(secret, escape, &mut written);
        String::from_utf8_lossy(&written).into_owned()
    })
}

/// The texts of all secrets among the constants, which no message may show.
pub(crate) fn secrets(play: &Play) -> Vec<String> {
    fn within(constant: &Constant, found: &mut Vec<String>) {
        match constant {
            Constant::Secret(Secret(bytes)) if !bytes.is_empty() => {
                found.extend(disguises(&String::from_utf8_lossy(bytes)));
            }
            Constant::List(entries) => entries.iter().for_each(|entry| within(entry, found)),
            Constant::Map(entries) => entries.iter().for_each(|(_, entry)| within(entry, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let own = play.scenarios.iter().flat_map(|scenario| &scenario.constants);
    play.constants.iter().chain(own).for_each(|(_, constant)| within(constant, &mut found));
    // The longest first: one secret may be the beginning of another.
    found.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    found.dedup();
    found
}
