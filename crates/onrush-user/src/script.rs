//! A play, compiled for one worker.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use onrush_plan::{AtEnd, Constant, Flow, Pick, Play, RequestError, Scenario, SeriesId, Spread, Tracing, VariableId};

use crate::act::Act;
use crate::compile::{self, Compiler};
use crate::formula::Lease;
use crate::mind::Lexicon;
use crate::row::OwnTable;
use crate::trouble::Trouble;
use crate::value::from_constant;
use crate::veil::without_secret;

/// Why a play cannot be compiled. The front ends see to it that it can; this is for plans that were made by hand.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ScriptError {
    /// An expression, a path or a pattern is not well-formed.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// A request cannot be made of it.
    #[error("{0}")]
    Request(#[from] RequestError),
    /// A step or a scenario refers to a variable that is not there.
    #[error("there is no variable number {0}")]
    NoSuchVariable(VariableId),
    /// A scenario refers to a feeder that is not there.
    #[error("there is no feeder number {0}")]
    NoSuchFeeder(usize),
    /// A feeder has no rows.
    #[error("`{0}` has no rows to draw from")]
    NoRows(String),
    /// More variables are written to in one scenario than a user can hold.
    #[error("a scenario writes to more than 65,536 variables")]
    TooManyVariables,
}

/// A play, compiled for one worker: shared by all its users, by nobody else.
#[derive(Debug)]
pub struct Script {
    scenarios: Vec<Part>,
    setup: Part,
    teardown: Part,
    pub(crate) feeders: Vec<Source>,
    pub(crate) secrets: Vec<String>,
    pub(crate) seed: u64,
    // Outlives the expressions above only in name: the environment itself lives for ever.
    _lease: Lease,
}

/// A part of a play: a scenario, the set-up or the tear-down.
#[derive(Debug)]
pub struct Part {
    /// One iteration.
    pub flow: Vec<Act>,
    /// Its name; empty for set-up and tear-down.
    pub name: String,
    /// Its iterations are counted here; 0 for set-up and tear-down, which are not counted.
    pub series: SeriesId,
    /// An iteration begins at the earliest so long after the one before (closed loads).
    pub pace: Option<Spread>,
    /// Whether a user keeps cookies.
    pub cookies: bool,
    /// Feeders of which each iteration draws a row.
    pub(crate) draws: Vec<usize>,
    pub(crate) lexicon: RefCell<Rc<Lexicon>>,
}

/// Which part of a play a user plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// The scenario at this place.
    Scenario(u32),
    /// The set-up.
    Setup,
    /// The tear-down.
    Teardown,
}

/// Where rows come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) variable: VariableId,
    pub(crate) table: Arc<OwnTable>,
    pub(crate) pick: Pick,
    pub(crate) at_end: AtEnd,
}

/// What the set-up saved: handed from the worker that played it to all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetupValues(pub(crate) Vec<(VariableId, Constant)>);

impl Script {
    /// Compiles a play. Workers and machines that compile the same play with the same seed behave the same.
    pub fn new(play: &Play, seed: u64, tracing: Tracing) -> Result<Rc<Self>, ScriptError> {
        let lease = Lease::new();
        let tables: Vec<_> = play.feeders.iter().map(|feeder| OwnTable::of(&feeder.table)).collect();
        let feeders = play.feeders.iter().zip(&tables).map(|(feeder, table)| {
            if table.rows() == 0 {
                return Err(ScriptError::NoRows(feeder.name.clone()));
            }
            let (name, table) = (feeder.name.clone(), Arc::clone(table));
            Ok(Source { name, variable: feeder.variable, table, pick: feeder.pick, at_end: feeder.at_end })
        });
        let feeders = feeders.collect::<Result<_, _>>()?;
        let part = |scenario: Option<&Scenario>, flow: &Flow| {
            let compiler = Compiler { play, lease: &lease, tables: &tables, scenario, tracing };
            Part::new(&compiler, flow)
        };
        let scenarios = play.scenarios.iter().map(|scenario| part(Some(scenario), &scenario.flow));
        Ok(Rc::new(Self {
            scenarios: scenarios.collect::<Result<_, _>>()?,
            setup: part(None, &play.setup)?,
            teardown: part(None, &play.teardown)?,
            feeders,
            secrets: compile::secrets(play),
            seed,
            _lease: lease,
        }))
    }

    /// A scenario by its place.
    ///
    /// # Panics
    /// When there is none.
    pub fn scenario(&self, place: usize) -> &Part {
        &self.scenarios[place]
    }

    /// The part of a play that a user plays.
    ///
    /// # Panics
    /// When there is no such scenario.
    pub fn part(&self, scene: Scene) -> &Part {
        match scene {
            Scene::Scenario(place) => &self.scenarios[place as usize],
            Scene::Setup => &self.setup,
            Scene::Teardown => &self.teardown,
        }
    }

    /// Gives all users what the set-up saved: from now on their variables begin as that. To be called before users
    /// are made.
    pub fn share(&self, values: &SetupValues) {
        for part in self.scenarios.iter().chain([&self.teardown]) {
            let mut lexicon = part.lexicon.borrow_mut();
            let mut beginnings = lexicon.beginnings.clone();
            for (variable, constant) in &values.0 {
                beginnings[*variable] = from_constant(constant);
            }
            *lexicon = Rc::new(Lexicon { beginnings, ..Lexicon::clone(&lexicon) });
        }
    }

    /// Text without the secrets of the plan, for messages.
    pub fn masked(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| without_secret(&text, secret))
    }
}

impl Part {
    fn new(compiler: &Compiler<'_>, flow: &Flow) -> Result<Self, ScriptError> {
        let play = compiler.play;
        let scenario = compiler.scenario;
        let draws = scenario.map(|scenario| scenario.draws.clone()).unwrap_or_default();
        if let Some(missing) = draws.iter().find(|feeder| **feeder >= play.feeders.len()) {
            return Err(ScriptError::NoSuchFeeder(*missing));
        }
        let mut written = BTreeSet::new();
        compile::written(play, flow, &mut written);
        written.extend(compile::drawn(play, &draws));
        Ok(Self {
            flow: compiler.flow(flow)?,
            name: scenario.map(|scenario| scenario.name.clone()).unwrap_or_default(),
            series: scenario.map_or(0, |scenario| scenario.series),
            pace: scenario.and_then(|scenario| scenario.pace.clone()),
            cookies: scenario.map_or(play.phases_keep_cookies, |scenario| scenario.cookies),
            draws,
            lexicon: RefCell::new(Rc::new(compiler.lexicon(&written)?)),
        })
    }
}
