//! Which names an expression may use where it stands.

use std::collections::{BTreeMap, BTreeSet};

use onrush_plan::{Constant, VariableId};

use super::reader::Reader;
use super::tree::{At, Kind, Node};
use crate::diagnostic::suggest;

/// Names that are there without anybody's doing.
const GIVEN: &[&str] = &["env", "iteration", "scenario", "user"];
/// The template language's own functions.
pub(crate) const OWN: &[&str] = &["debug", "dict", "namespace", "range"];
/// Words of the template language.
const WORDS: &[&str] =
    &["and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or", "true", "True", "loop", "self"];

/// The names that are known at a place in a flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Known here.
    pub(crate) known: BTreeSet<String>,
    /// Known here, though not by every way that leads here.
    pub(crate) unsure: BTreeSet<String>,
    /// What is the same for all, by its name.
    pub(crate) constants: BTreeMap<String, Constant>,
    /// Given a value somewhere in the flow.
    pub(crate) anywhere: BTreeSet<String>,
    /// Used so far.
    pub(crate) used: BTreeSet<String>,
    /// Names that stand for rows: known, and of fixed fields.
    pub(crate) is_bulk: bool,
    /// Anything goes: the flow is not part of any scenario.
    pub(crate) is_open: bool,
}

impl Scope {
    pub(crate) fn add(&mut self, name: &str) {
        self.known.insert(name.to_owned());
        self.unsure.remove(name);
        self.constants.remove(name);
    }

    pub(crate) fn add_constant(&mut self, name: &str, value: Constant) {
        self.add(name);
        self.constants.insert(name.to_owned(), value);
    }

    /// What a name stands for that nothing in the flow gives another value.
    pub(crate) fn constant(&self, name: &str) -> Option<&Constant> {
        self.constants.get(name).filter(|_| !self.anywhere.contains(name))
    }

    /// Whether a name means something without a run.
    pub(crate) fn is_everywhere(&self, name: &str) -> bool {
        let is_there = is_function(name) || OWN.contains(&name) || GIVEN.contains(&name) && name != "env";
        is_there && !self.is_open && !self.known.contains(name) && !self.anywhere.contains(name)
    }

    pub(crate) fn knows(&self, name: &str) -> bool {
        let is_given = GIVEN.contains(&name) || self.is_bulk && name == "record";
        self.is_open || is_given || OWN.contains(&name) || is_function(name) || self.known.contains(name)
    }

    /// Whether it is the name of a function that a variable of the flow has, too.
    pub(crate) fn is_hidden(&self, name: &str) -> bool {
        is_function(name) && (self.known.contains(name) || self.anywhere.contains(name))
    }

    /// All that might have been meant.
    pub(crate) fn candidates(&self, is_call: bool) -> Vec<&str> {
        match is_call {
            true => OWN.iter().chain(onrush_user::FUNCTIONS).copied().collect(),
            false => GIVEN.iter().copied().chain(self.known.iter().map(String::as_str)).collect(),
        }
    }

    /// What is known after another flow was walked through, too.
    pub(crate) fn join(&mut self, other: Self) {
        self.known.extend(other.known);
        self.used.extend(other.used);
    }

    /// What is known after one of several ways was taken: what any of them knows. Those that `come here` go on; what
    /// not all of these give may be missing.
    pub(crate) fn fork(&mut self, ways: &[(Self, bool)]) {
        let mut names = BTreeSet::new();
        for (way, _) in ways {
            names.extend(way.known.difference(&self.known).cloned());
            names.extend(self.unsure.iter().cloned());
            self.used.extend(way.used.iter().cloned());
        }
        let gives = |way: &Self, name: &String| way.known.contains(name) && !way.unsure.contains(name);
        for name in names {
            let is_sure = ways.iter().filter(|(_, comes_here)| *comes_here).all(|(way, _)| gives(way, &name));
            match is_sure {
                true => self.unsure.remove(&name),
                false => self.unsure.insert(name.clone()),
            };
            self.known.insert(name);
        }
    }

    /// For a flow behind a condition: whoever wrote it knows what is there then.
    pub(crate) fn trusting(&self) -> Self {
        Self { unsure: BTreeSet::new(), ..self.clone() }
    }

    /// Whether it may be missing here. Asked once for each name.
    pub(crate) fn takes_unsure(&mut self, name: &str) -> bool {
        self.unsure.remove(name)
    }

    /// The same names, for a place that is looked at when everything has happened.
    pub(crate) fn lenient(&self) -> Self {
        let mut scope = self.clone();
        scope.known.extend(scope.anywhere.iter().cloned());
        scope
    }
}

/// Whether it is a word of the template language.
pub(crate) fn is_word(name: &str) -> bool {
    WORDS.contains(&name)
}

/// Whether expressions can call it, unless a variable has its name.
pub(crate) fn is_function(name: &str) -> bool {
    onrush_user::FUNCTIONS.contains(&name)
}

impl Reader<'_> {
    /// A variable that is given a value here; `None`, and a fault, if that cannot be its name.
    pub(crate) fn assigned(&mut self, name: &str, at: &At) -> Option<VariableId> {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            let help = format!("expressions could not use it; `{}` would do", as_name(name));
            self.fault_with_help(
                at,
                format!("`{name}` cannot be the name of a variable"),
                "expected letters, digits and _",
                help,
            );
            return None;
        }
        let taken = if GIVEN.contains(&name) || name == "record" {
            "it is always there"
        } else if is_word(name) {
            "it is a word of the template language"
        } else if OWN.contains(&name) {
            "it is a function"
        } else {
            return Some(self.variable(name));
        };
        self.fault(at, format!("`{name}` cannot be the name of a variable: {taken}"), "expected another name");
        None
    }

    /// A variable may have the name of a function that invents something; one of the two can be meant.
    pub(crate) fn hidden_function(&mut self, name: &str, at: &At) {
        self.fault_with_help(
            at,
            format!("`{name}` is a variable here, so the function of that name cannot be called"),
            "not a function here",
            format!("give the variable another name than `{name}`"),
        );
    }

    /// A name that not every way that leads here gives a value.
    pub(crate) fn unsure_name(&mut self, name: &str, at: &At) {
        let help = format!("give it one in every case; or write `{name} | default('…')`");
        self.warn(at, format!("`{name}` may have no value here"), "it gets one in some cases only", help);
    }

    pub(crate) fn unknown_name(&mut self, name: &str, is_call: bool, at: &At, scope: &Scope) {
        if !is_call && scope.anywhere.contains(name) {
            let help = format!("save or set it before; or write `{name} | default('…')` if it may be missing");
            self.fault_with_help(at, format!("`{name}` has no value yet"), "it gets one only further down", help);
            return;
        }
        if !is_call && self.is_feeder(name) {
            let help = "draw in the scenarios: `setup` and `teardown` are done once, by no user";
            self.fault_with_help(at, format!("there is no row of `{name}` here"), "nobody draws rows here", help);
            return;
        }
        let kind = if is_call { "function" } else { "variable" };
        let candidates = scope.candidates(is_call);
        let expected = if is_call { "a known function" } else { "a variable that is known here" };
        let label = suggest(name, &candidates, expected);
        let help = match is_call {
            true => format!("functions are {}", candidates.join(", ")),
            false => format!("known here: {}; `save:`, `set:`, `vars:` and `data:` make more", candidates.join(", ")),
        };
        self.fault_with_help(at, format!("there is no {kind} `{name}`"), label, help);
    }
}

/// All names that a flow gives values to, fragments of the file included, as far as can be seen without reading it.
pub(crate) fn assignments(node: &Node, names: &mut BTreeSet<String>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => items.iter().for_each(|item| assignments(item, names)),
        Kind::Map(entries) => {
            for entry in entries {
                let text = entry.value.scalar().map(|scalar| &scalar.text);
                match (&*entry.key, &entry.value.kind, text) {
                    ("save" | "set", Kind::Map(variables), _) => {
                        names.extend(variables.iter().map(|variable| variable.key.clone()));
                    }
                    ("as", _, Some(name)) => {
                        names.insert(name.clone());
                    }
                    ("for", _, Some(text)) => names.extend(text.split_whitespace().next().map(str::to_owned)),
                    _ => {}
                }
                assignments(&entry.value, names);
            }
        }
    }
}

fn as_name(text: &str) -> String {
    let name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}
