//! Looks at an answer: saves what is asked for, checks what is expected.

use std::fmt::Write as _;

use minijinja::value::Value;
use onrush_plan::{RequestStep, Source, Subject, VariableId, Which};

use crate::answer::Answer;
use crate::call::Call;
use crate::check::Inspection;
use crate::compile::Compiler;
use crate::formula::Formula;
use crate::json::Paths;
use crate::reader::{Reader, Reads};
use crate::script::ScriptError;
use crate::show::beginning;
use crate::trouble::{Trouble, TroubleKind};
use crate::user::User;

/// What is looked at in an answer.
#[derive(Debug)]
pub(crate) struct Reading {
    saves: Vec<Saving>,
    pub(crate) checks: Vec<Inspection>,
    /// All JSON paths of saves and checks: the body is walked once.
    paths: Paths,
    wants_head: bool,
    wants_body: bool,
    judges_status: bool,
    wants_url: bool,
    may_draw: bool,
    keep: usize,
}

/// A variable that gets something of the answer.
#[derive(Debug)]
struct Saving {
    variable: VariableId,
    name: String,
    reader: Reader,
    which: Which,
    default: Option<Formula>,
}

/// What came of looking. It keeps its buffers: use one again for the next answer.
#[derive(Debug, Default)]
pub struct Looked {
    outcomes: Vec<bool>,
    failed: Vec<FailedCheck>,
    missing: Vec<(usize, Trouble)>,
    pub(crate) reads: Reads,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCheck {
    /// Its place among the checks of the call.
    pub check: usize,
    /// The condition, as it is shown.
    pub expected: String,
    /// What was found, as it is shown.
    pub found: String,
}

impl FailedCheck {
    /// What was expected and found, in words: `status == 200, found 503`.
    pub fn told(&self) -> String {
        format!("{}, found {}", self.expected, self.found)
    }

    /// The same after the name of the check, where it was given one.
    pub fn told_of(&self, name: &str) -> String {
        if self.expected.starts_with(name) { self.told() } else { format!("{name}: {}", self.told()) }
    }
}

impl Looked {
    /// One with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether each check passed, in the order of [`Call::checks`].
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// The checks that failed.
    pub fn failed(&self) -> &[FailedCheck] {
        &self.failed
    }

    /// Why a save, by its place in [`Call::saves`], did not come about.
    pub fn missing(&self, save: usize) -> Option<&Trouble> {
        self.missing.iter().find(|(place, _)| *place == save).map(|(_, trouble)| trouble)
    }
}

impl Reading {
    pub(crate) fn new(step: &RequestStep, compiler: &Compiler<'_>) -> Result<Self, ScriptError> {
        let mut paths = Paths::default();
        let saving = |save: &onrush_plan::Save| {
            Ok(Saving {
                variable: save.variable,
                name: compiler.play.variables.get(save.variable).cloned().unwrap_or_default(),
                reader: Reader::new(&save.from, &mut paths)?,
                which: save.which,
                default: save.default.as_ref().map(|expr| compiler.formula(expr)).transpose()?,
            })
        };
        let saves = step.saves.iter().map(saving).collect::<Result<Vec<_>, ScriptError>>()?;
        let checks = step.checks.iter().map(|check| Inspection::new(check, &mut paths, compiler));
        let checks = checks.collect::<Result<Vec<_>, _>>()?;
        let readers = || saves.iter().map(|save| &save.reader).chain(checks.iter().filter_map(Inspection::reader));
        let judges = |check: &onrush_plan::Check| check.subject == Subject::Answer(Source::Status);
        Ok(Self {
            wants_head: readers().any(Reader::wants_head),
            wants_body: readers().any(Reader::wants_body),
            judges_status: step.checks.iter().any(judges),
            wants_url: readers().any(Reader::wants_url),
            may_draw: saves.iter().any(Saving::may_draw) || checks.iter().any(Inspection::may_draw),
            keep: step.keep,
            paths,
            saves,
            checks,
        })
    }
}

impl Call {
    /// Whether the head of an answer is looked at.
    pub fn wants_head(&self) -> bool {
        self.reading.wants_head
    }

    /// Whether the body of an answer is looked at.
    pub fn wants_body(&self) -> bool {
        self.reading.wants_body
    }

    /// Whether the URL that was asked last is looked at.
    pub fn wants_url(&self) -> bool {
        self.reading.wants_url
    }

    /// Whether something may be drawn while an answer is looked at.
    pub fn draws_from_answers(&self) -> bool {
        self.reading.may_draw
    }

    /// Whether a check, by its place, looks at the status.
    pub fn checks_status(&self, check: usize) -> bool {
        self.reading.checks.get(check).is_some_and(Inspection::is_of_status)
    }

    /// What of an answer that did not come has to be there to go on; nothing if nothing has.
    pub fn missed(&self, user: &mut User, why: &str) -> Option<Trouble> {
        let mut first = None;
        for save in &self.reading.saves {
            let missing = || Trouble::new(TroubleKind::NotFound, "", format!("`{}` was not saved: {why}", save.name));
            let value = save.default.as_ref().map_or_else(|| Err(missing()), |default| default.value(&mut user.mind));
            match value {
                Ok(value) => user.mind.assign(save.variable, value),
                Err(trouble) => first = first.or(Some(trouble)),
            }
        }
        first
    }

    /// The longest body that has to be kept, in bytes.
    pub fn keep(&self) -> usize {
        self.reading.keep
    }

    /// Whether a check says which statuses are good; else those from 400 on are failures.
    pub fn judges_status(&self) -> bool {
        self.reading.judges_status
    }

    /// The names of the checks.
    pub fn checks(&self) -> impl ExactSizeIterator<Item = &str> {
        self.reading.checks.iter().map(Inspection::name)
    }

    /// The variables that get something of the answer: by their names, and what they hold now.
    pub fn saves<'a>(&'a self, user: &'a User) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.reading.saves.iter().map(|save| (&*save.name, user.mind.value(save.variable)))
    }

    /// Looks at an answer: gives variables what they are to get, then holds the checks against it. All of them are
    /// looked at, even if something that had to be saved is not there; that ends the iteration as failed.
    pub fn look(&self, user: &mut User, answer: &Answer<'_>, looked: &mut Looked) -> Result<(), Trouble> {
        looked.outcomes.clear();
        looked.failed.clear();
        looked.missing.clear();
        looked.reads.begin();
        for (place, save) in self.reading.saves.iter().enumerate() {
            match save.value(&self.reading.paths, user, answer, &mut looked.reads) {
                Ok(value) => user.mind.assign(save.variable, value),
                Err(trouble) => {
                    looked.missing.push((place, trouble.reworded(|message| user.script.masked(message))));
                }
            }
        }
        for (check, inspection) in self.reading.checks.iter().enumerate() {
            let outcome = inspection.inspect(&self.reading.paths, user, answer, &mut looked.reads);
            looked.outcomes.push(outcome.is_ok());
            if let Err((expected, found)) = outcome {
                let [expected, found] = [expected, found].map(|shown| user.script.masked(&shown));
                looked.failed.push(FailedCheck { check, expected, found });
            }
        }
        looked.missing.first().map_or(Ok(()), |(_, trouble)| Err(trouble.clone()))
    }
}

impl Saving {
    fn may_draw(&self) -> bool {
        self.which == Which::Any || self.default.is_some()
    }

    fn value(&self, paths: &Paths, user: &mut User, answer: &Answer<'_>, reads: &mut Reads) -> Result<Value, Trouble> {
        let found = self.reader.read(self.which, paths, answer, reads, &mut user.mind.random);
        match (found, &self.default) {
            (Ok(Some(value)), _) => Ok(value),
            // A body of which the end is missing is no body without the value.
            (Err(trouble), default) if default.is_none() || trouble.kind() == TroubleKind::Truncated => {
                Err(trouble.reworded(|message| format!("`{}` was not saved: {message}", self.name)))
            }
            (_, Some(default)) => default.value(&mut user.mind),
            (_, None) => Err(self.nothing(answer)),
        }
    }

    fn nothing(&self, answer: &Answer<'_>) -> Trouble {
        let mut message = format!("`{}` was not saved: {} finds nothing", self.name, self.reader);
        if self.reader.wants_body() {
            let _ = write!(message, " in {} (status {})", beginning(answer.body), answer.status);
        }
        Trouble::new(TroubleKind::NotFound, "", message)
    }
}
