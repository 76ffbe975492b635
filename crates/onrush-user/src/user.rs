//! A virtual user: what it knows, kept small, as there are very many of them.

use std::mem;
use std::rc::Rc;
use std::time::Duration;

use minijinja::value::Value;
use onrush_plan::{Spread, VariableId};

use crate::act::{Act, Choice, Decision, Setting, Source};
use crate::drawer::Drawer;
use crate::formula::Formula;
use crate::mind::Mind;
use crate::script::{Scene, Script, SetupValues};
use crate::trouble::Trouble;
use crate::value::to_constant;
use crate::{Random, draw};

/// Keeps the numbers of traces apart from everything else that is drawn.
const TRACES: u64 = 0x7472_6163_6573;

/// A virtual user.
#[derive(Debug)]
pub struct User {
    pub(crate) script: Rc<Script>,
    pub(crate) drawer: Rc<Drawer>,
    pub(crate) mind: Mind,
    scene: Scene,
}

/// Who a user is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Its number over all workers and machines, from 0; the arrival's number for open loads. Users of different
    /// tracks should not share one.
    pub user: u64,
}

impl User {
    /// A user that has done nothing yet.
    pub fn new(script: &Rc<Script>, drawer: &Rc<Drawer>, scene: Scene, identity: Identity) -> Self {
        let mut mind = Mind {
            lexicon: Rc::clone(&script.part(scene).lexicon.borrow()),
            user: identity.user,
            random: Random::derived(script.seed, &[scene_number(scene), identity.user]),
            ..Mind::default()
        };
        mind.reset();
        mind.slots.shrink_to_fit();
        Self { script: Rc::clone(script), drawer: Rc::clone(drawer), mind, scene }
    }

    /// Begins an iteration, the user's `number`th from 0, at a time since the epoch: variables are as in the beginning,
    /// rows are drawn. What is drawn from here on depends on the run's seed, the scenario, the user and the number
    /// alone. A feeder that has run out is a [`TroubleKind::Exhausted`] or a [`TroubleKind::AtEnd`].
    pub fn begin_iteration(&mut self, number: u64, now: Duration) -> Result<(), Trouble> {
        let numbers = [scene_number(self.scene), self.mind.user, number];
        self.mind.random = Random::derived(self.script.seed, &numbers);
        (self.mind.iteration, self.mind.now, self.mind.record, self.mind.traces) = (number, now, 0, 0);
        self.mind.reset();
        let script = Rc::clone(&self.script);
        script.part(self.scene).draws.iter().try_for_each(|feeder| self.draw_row(*feeder))
    }

    /// Draws a row of a feeder into its variable.
    pub(crate) fn draw_row(&mut self, feeder: usize) -> Result<(), Trouble> {
        let source = &self.script.feeders[feeder];
        let row = self.drawer.draw(feeder, source, &mut self.mind)?;
        self.mind.assign(source.variable, row);
        Ok(())
    }

    /// Numbers for a trace. They are drawn apart, so that whether requests are traced changes nothing else.
    pub(crate) fn trace_numbers(&mut self) -> [u64; 3] {
        let Mind { user, iteration, traces, .. } = &mut self.mind;
        let mut random =
            Random::derived(self.script.seed, &[scene_number(self.scene), *user, *iteration, TRACES, (*traces).into()]);
        *traces += 1;
        [random.number(), random.number(), random.number()]
    }

    /// Which part of the play it plays.
    pub fn scene(&self) -> Scene {
        self.scene
    }

    /// Its number.
    pub fn number(&self) -> u64 {
        self.mind.user
    }

    /// The script it plays.
    pub fn script(&self) -> &Rc<Script> {
        &self.script
    }

    /// Luck beside its own: a generator that depends on the run's seed, the scenario, the user, the iteration and
    /// `place` alone.
    pub fn luck_of(&self, place: [u64; 2]) -> Random {
        let numbers = [scene_number(self.scene), self.mind.user, self.mind.iteration, ASIDE, place[0], place[1]];
        Random::derived(self.script.seed, &numbers)
    }

    /// Does something with luck beside its own ([`Self::luck_of`]): what it draws afterwards is as if nothing had been
    /// drawn. For what a service decides: how often it is done, and in which order.
    pub fn aside<T>(&mut self, place: [u64; 2], work: impl FnOnce(&mut Self) -> T) -> T {
        let luck = self.luck_of(place);
        let own = mem::replace(&mut self.mind.random, luck);
        let done = work(self);
        self.mind.random = own;
        done
    }

    /// What a variable holds.
    pub fn value(&self, variable: VariableId) -> &Value {
        self.mind.value(variable)
    }

    /// Gives a variable a value.
    pub fn assign(&mut self, variable: VariableId, value: Value) {
        self.mind.assign(variable, value);
    }

    /// Draws a time.
    pub fn think(&mut self, spread: &Spread) -> Duration {
        draw(spread, &mut self.mind.random)
    }

    /// How often something is repeated.
    pub fn times(&mut self, formula: &Formula) -> Result<u64, Trouble> {
        let value = formula.value(&mut self.mind)?;
        match (u64::try_from(value.clone()), f64::try_from(value.clone())) {
            (Ok(number), _) => Ok(number),
            (_, Ok(number)) if number >= 0.0 && number.is_finite() => Ok(number as u64),
            (_, Ok(number)) => Err(formula.trouble(&format!("is {number}, and nothing is done so often"))),
            _ => Err(formula.unfit(&value, "a number")),
        }
    }

    /// Whether a condition holds; what has no value does not.
    pub fn holds(&mut self, formula: &Formula) -> Result<bool, Trouble> {
        formula.maybe(&mut self.mind).map(|value| value.is_true())
    }

    /// Which of two flows is taken.
    pub fn decide(&mut self, decision: &Decision) -> Result<bool, Trouble> {
        match decision {
            Decision::Chance(share) => Ok(self.mind.random.chance(*share)),
            Decision::Holds(formula) => self.holds(formula),
        }
    }

    /// The entries of a list, or the names of a map.
    pub fn entries(&mut self, formula: &Formula) -> Result<Vec<Value>, Trouble> {
        let value = formula.value(&mut self.mind)?;
        let entries = if value.as_str().is_some() { None } else { value.try_iter().ok() };
        entries.map(Iterator::collect).ok_or_else(|| formula.unfit(&value, "a list"))
    }

    /// One of several flows, by weight.
    pub fn choose<'a>(&mut self, choice: &'a Choice) -> &'a [Act] {
        choice.flows.get(self.mind.random.weighted(&choice.sums)).map(Vec::as_slice).unwrap_or_default()
    }

    /// The places of `count` flows in an order drawn each time.
    pub fn order(&mut self, count: usize) -> Vec<usize> {
        self.mind.random.order(count)
    }

    /// Gives variables values, one after the other.
    pub fn set(&mut self, settings: &[Setting]) -> Result<(), Trouble> {
        for Setting { variable, source } in settings {
            let value = match source {
                Source::Text(text) => text.value(&mut self.mind)?,
                Source::Formula(formula) => formula.value(&mut self.mind)?,
                Source::Constant(value) => value.clone(),
            };
            self.mind.assign(*variable, value);
        }
        Ok(())
    }

    /// What it has saved, for all users: to be asked of the user that played the set-up.
    pub fn setup_values(&self) -> SetupValues {
        let written = self.mind.lexicon.slots.iter().zip(&self.mind.slots);
        let known = written.filter(|(_, value)| !value.is_undefined());
        SetupValues(known.map(|(variable, value)| (*variable, to_constant(value))).collect())
    }
}

/// Keeps luck beside that of iterations apart from it.
const ASIDE: u64 = 0x6173_6964_6500;

/// Keeps the luck of scenarios apart: users of each are numbered from 0.
fn scene_number(scene: Scene) -> u64 {
    match scene {
        Scene::Scenario(place) => u64::from(place),
        Scene::Setup => u64::MAX,
        Scene::Teardown => u64::MAX - 1,
    }
}

impl Formula {
    fn unfit(&self, value: &Value, wanted: &str) -> Trouble {
        self.trouble(&format!("is {} and not {wanted}", value.kind()))
    }
}
