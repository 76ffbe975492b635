//! Flows: steps one after the other, each known by its key.

use std::rc::Rc;

use onrush_plan::{Condition, Expr, Flow, SeriesKind, Step, Stop};
use onrush_user::Wanted;

use super::keys::{BRANCH, STEP, Shape};
use super::reader::{Reader, listed};
use super::scope::Scope;
use super::tree::{At, Entry, Kind, Node};
use crate::diagnostic::suggest;

/// How often a `while` goes round unless it says so.
const AT_MOST: u32 = 1000;
/// More steps than this, fragments written out, are not what somebody wrote.
const MOST_STEPS: usize = 100_000;
/// Deeper than this nobody reads.
const DEEPEST: usize = 48;

impl Reader<'_> {
    /// A list of steps. What they save is known after them.
    pub(crate) fn flow(&mut self, node: &Node, scope: &mut Scope) -> Flow {
        if node.is_null() || matches!(&node.kind, Kind::List(steps) if steps.is_empty()) {
            self.fault(&node.at, "there are no steps here", "expected `- get: /path`, one step below the other");
            return Flow::new();
        }
        let mut flow = Flow::new();
        if self.depth == DEEPEST {
            self.fault(
                &node.at,
                format!("steps are nested more than {DEEPEST} deep once fragments are written out"),
                "too deep",
            );
            return flow;
        }
        self.depth += 1;
        for step in self.list(node, "steps") {
            self.step(step, scope, &mut flow);
        }
        self.depth -= 1;
        flow
    }

    fn step(&mut self, node: &Node, scope: &mut Scope, flow: &mut Flow) {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            if self.steps == MOST_STEPS + 1 {
                self.fault(
                    &node.at,
                    format!("there are more than {MOST_STEPS} steps once fragments are written out"),
                    "here it becomes too much",
                );
            }
            return;
        }
        let Some((shape, entry)) = self.verb(node) else { return };
        if shape.name == "use" {
            self.fragment(node, shape, scope, flow);
            return;
        }
        let step = match shape.name {
            name if Self::is_method(name) => {
                self.request(node, shape, scope).map(|request| Step::Request(Box::new(request)))
            }
            "think" => self.fields(node, shape).and_then(|_| self.spread(&entry.value)).map(Step::Think),
            "group" => self.group(node, shape, scope),
            "repeat" => self.repeat(node, shape, scope),
            "while" => self.while_step(node, shape, scope),
            "for" => self.for_step(node, shape, scope),
            "when" => self.when(node, shape, scope),
            "choose" => self.fields(node, shape).map(|_| self.choose(&entry.value, scope)),
            "shuffle" => self.fields(node, shape).map(|_| self.shuffle(&entry.value, scope)),
            "batch" => self.batch(node, shape, scope),
            "set" => self.fields(node, shape).map(|_| self.set(&entry.value, scope)),
            _ => self.fields(node, shape).and_then(|_| self.stop(&entry.value)),
        };
        flow.extend(step);
    }

    /// The key that says what a step is.
    fn verb<'n>(&mut self, node: &'n Node) -> Option<(&'static Shape, &'n Entry)> {
        const HELP: &str = "a step is one of `get: /path` (or another method), `think: 2s`, `group:`, `repeat:`, `while:`, `for:`, \
                            `when:`, `choose:`, `shuffle:`, `batch:`, `set:`, `stop:` and `use:`";
        let Kind::Map(entries) = &node.kind else {
            self.fault_with_help(
                &node.at,
                format!("a step has keys, and this is {}", node.noun()),
                "expected a step such as `get: /path`",
                HELP,
            );
            return None;
        };
        let shape_of = |entry: &Entry| STEP.iter().find(|shape| shape.name == entry.key);
        let mut verbs = entries.iter().filter_map(|entry| Some((shape_of(entry)?, entry)));
        match (verbs.next(), verbs.next()) {
            (Some(verb), None) => Some(verb),
            (Some((first, _)), Some((_, second))) => {
                let message = format!("a step is one thing, and this is both `{}` and `{}`", first.name, second.key);
                let help = "begin each step with a `-` of its own";
                self.fault_with_help(&second.at, message, "the second of two", help);
                None
            }
            _ => {
                let names: Vec<&str> = STEP.iter().map(|shape| shape.name).collect();
                // The first key is most likely the one that was meant.
                match entries.iter().find(|entry| entry.key == "pace").or(entries.first()) {
                    Some(entry) if entry.key == "pace" => {
                        let help = "write `pace: 10s` beside `steps:`; a step that waits is `think: 10s`";
                        self.fault_with_help(
                            &entry.at,
                            "`pace` is not a step: it belongs to the scenario",
                            "expected `think`",
                            help,
                        );
                    }
                    Some(entry) => {
                        let known = entries
                            .iter()
                            .map(|entry| suggest(&entry.key, &names, ""))
                            .find(|label| label.starts_with("did"));
                        let label = known.unwrap_or_else(|| "expected a step such as `get`".to_owned());
                        let at = entries
                            .iter()
                            .find(|entry| suggest(&entry.key, &names, "").starts_with("did"))
                            .unwrap_or(entry);
                        self.fault_with_help(&at.at, format!("`{}` is not a step", at.key), label, HELP);
                    }
                    None => self.fault_with_help(
                        &node.at,
                        "this step does nothing",
                        "expected a step such as `get: /path`",
                        HELP,
                    ),
                }
                None
            }
        }
    }

    /// The steps below a key, which has to be there.
    fn inner(&mut self, steps: Option<&Rc<Node>>, at: &At, scope: &mut Scope) -> Flow {
        match steps {
            Some(node) => self.flow(node, scope),
            None => {
                self.fault(at, "there are no steps for this", "expected `steps:` below it");
                Flow::new()
            }
        }
    }

    fn group(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let name = self.shown_text(fields.get("group")?, "the name of the group");
        let tags = fields.get("tags").map(|node| self.pairs(node, "tags")).unwrap_or_default();
        let flow = self.inner(fields.get("steps"), fields.at, scope);
        Some(Step::Group { series: self.counted_or_others(SeriesKind::Group, &name?, &tags, fields.at), flow })
    }

    fn repeat(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let node_of_times = fields.get("repeat")?;
        let times = self.expression(node_of_times, scope);
        if times.as_ref().is_some_and(|times| times.source.trim().parse().is_ok_and(|times: f64| times < 0.0)) {
            self.fault(&node_of_times.at, "nothing is done less than no times", "expected 0 or more");
        }
        let mut counter = None;
        if let Some(node) = fields.get("as")
            && let Some(name) = self.plain_text(node, "the name of a variable")
        {
            counter = self.assigned(&name, &node.at);
            scope.add(&name);
        }
        let mut inner = scope.clone();
        let flow = self.inner(fields.get("steps"), fields.at, &mut inner);
        let is_never = |times: &Expr| times.source.trim().parse().is_ok_and(|times: f64| times < 1.0);
        let mut ways = vec![(inner, goes_on(&flow))];
        if times.as_ref().is_some_and(is_never) {
            ways.push((scope.clone(), true));
        }
        scope.fork(&ways);
        Some(Step::Repeat { times: times?, counter, flow })
    }

    fn while_step(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let condition = self.expression(fields.get("while")?, scope);
        let at_most = fields.get("at_most").map_or(Some(AT_MOST), |node| self.count32(node, 1));
        let flow = self.inner(fields.get("steps"), fields.at, scope);
        Some(Step::While { condition: condition?, at_most: at_most?, flow })
    }

    fn for_step(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let text = self.text(fields.get("for")?, "a name and a list: `item in cart.items`")?;
        let Some((name, rest)) = text.value.split_once(" in ") else {
            let help = "write `for: item in cart.items`";
            let range = 0..text.value.len();
            let failed =
                self.in_text_with_help(&text, range, "this is not a name and a list", "expected `NAME in LIST`", help);
            self.inner(fields.get("steps"), fields.at, &mut scope.lenient());
            return failed;
        };
        let start = text.value.len() - rest.len();
        let range = text.trimmed(0..name.len());
        let name = name.trim();
        let variable = self.assigned(name, &text.at(range));
        let list = self.wanted_expression(&text, start..text.value.len(), Wanted::List, scope);
        scope.add(name);
        let flow = self.inner(fields.get("steps"), fields.at, scope);
        Some(Step::ForEach { variable: variable?, list: list?, flow })
    }

    fn when(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let condition = self.condition(fields.get("when")?, scope);
        let is_chance = matches!(condition, Some(Condition::Chance(_)));
        let inner = || if is_chance { scope.clone() } else { scope.trusting() };
        let (mut one, mut other) = (inner(), scope.clone());
        let then = self.inner(fields.get("steps"), fields.at, &mut one);
        let otherwise = fields.get("otherwise").map(|node| self.flow(node, &mut other)).unwrap_or_default();
        scope.fork(&[(one, goes_on(&then)), (other, goes_on(&otherwise))]);
        Some(Step::When { condition: condition?, then, otherwise })
    }

    /// `chance(40%)`, or an expression.
    fn condition(&mut self, node: &Node, scope: &mut Scope) -> Option<Condition> {
        let text = self.text(node, "`chance(40%)` or an expression")?;
        let range = text.trimmed(0..text.value.len());
        let inner = text.value[range.clone()].strip_prefix("chance(").and_then(|rest| rest.strip_suffix(')'));
        if let Some(inner) = inner
            && (inner.trim_end().ends_with('%') || inner.trim().parse::<f64>().is_ok())
        {
            let start = range.start + "chance(".len();
            let share = text.trimmed(start..start + inner.len());
            return self.share_in(&text, share).map(Condition::Chance);
        }
        self.expression_of(&text, range, scope).map(Condition::Holds)
    }

    fn choose(&mut self, node: &Node, scope: &mut Scope) -> Step {
        let before = scope.clone();
        let mut ways = Vec::new();
        let mut branches = Vec::new();
        for item in self.list(node, "choices") {
            let mut inner = before.clone();
            let Some(fields) = self.fields(item, &BRANCH) else { continue };
            let weight = fields.get("weight").map_or(Some(1.0), |node| self.positive(node));
            let flow = fields.get("steps").map(|node| self.flow(node, &mut inner)).unwrap_or_default();
            ways.push((inner, goes_on(&flow)));
            branches.push((weight.unwrap_or(1.0), flow));
        }
        if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
            self.fault(&node.at, "there is nothing to choose from", "expected `- { weight: 3, steps: […] }`");
        }
        scope.fork(&ways);
        Step::Choose(branches)
    }

    fn shuffle(&mut self, node: &Node, scope: &mut Scope) -> Step {
        let before = scope.clone();
        let mut flows = Vec::new();
        for item in self.list(node, "steps") {
            let mut inner = before.clone();
            let mut flow = Flow::new();
            match &item.kind {
                Kind::List(steps) => steps.iter().for_each(|step| self.step(step, &mut inner, &mut flow)),
                _ => self.step(item, &mut inner, &mut flow),
            }
            scope.join(inner);
            flows.push(flow);
        }
        if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
            self.fault(&node.at, "there is nothing to shuffle", "expected steps");
        }
        Step::Shuffle(flows)
    }

    fn batch(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope) -> Option<Step> {
        let fields = self.fields(node, shape)?;
        let list = fields.get("batch")?;
        let before = scope.clone();
        let mut requests = Vec::new();
        for item in self.list(list, "requests") {
            // They are in flight together: none knows what another saves.
            let mut inner = before.clone();
            self.steps += 1;
            let Some((shape, entry)) = self.verb(item) else { continue };
            if !Self::is_method(shape.name) {
                self.fault(
                    &entry.at,
                    format!("a batch holds requests, and `{}` is none", shape.name),
                    "expected `get`, `post` or another method",
                );
                continue;
            }
            requests.extend(self.request(item, shape, &mut inner));
            scope.join(inner);
        }
        if matches!(&list.kind, Kind::List(items) if items.is_empty()) {
            self.fault(&list.at, "this batch is empty", "expected requests");
        }
        let at_once = fields.get("at_once").and_then(|node| self.count32(node, 1));
        let at_once = at_once.map_or(requests.len(), |at_once| at_once as usize).max(1);
        Some(Step::Batch { requests, at_once })
    }

    fn set(&mut self, node: &Node, scope: &mut Scope) -> Step {
        let mut values = Vec::new();
        for entry in self.entries(node, "variables") {
            let value = self.value(&entry.value, scope);
            let variable = self.assigned(&entry.key, &entry.at);
            scope.add(&entry.key);
            values.extend(variable.zip(value));
        }
        Step::Set(values)
    }

    fn stop(&mut self, node: &Node) -> Option<Step> {
        Some(Step::Stop(match self.word(node, &["iteration", "user", "run"])? {
            "iteration" => Stop::Iteration,
            "user" => Stop::User,
            _ => Stop::Run,
        }))
    }

    /// `use: login`: the steps of a fragment, as if they stood here.
    fn fragment(&mut self, node: &Node, shape: &'static Shape, scope: &mut Scope, flow: &mut Flow) -> Option<()> {
        let fields = self.fields(node, shape)?;
        let name_node = fields.get("use")?;
        let name = self.plain_text(name_node, "the name of a fragment")?;
        let Some(steps) = self.fragments.get(&name).cloned() else {
            let known: Vec<String> = self.fragments.keys().cloned().collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let label = suggest(&name, &known, "one of the `fragments:`");
            let help = if known.is_empty() {
                "name it: `fragments: { login: [{ post: /login }] }`, here or in a file below `include:`".to_owned()
            } else {
                format!("fragments are {}", listed(known.iter().copied()))
            };
            self.fault_with_help(&name_node.at, format!("there is no fragment `{name}`"), label, help);
            return None;
        };
        if let Some(place) = self.using.iter().position(|outer| *outer == name) {
            let circle: Vec<String> = self.using[place..].iter().chain([&name]).cloned().collect();
            let message = format!("the fragment `{name}` uses itself: {}", circle.join(" -> "));
            self.fault(&name_node.at, message, "it would never end");
            return None;
        }
        self.used.insert(name.clone());
        self.using.push(name);
        flow.extend(self.flow(&steps, scope));
        self.using.pop();
        Some(())
    }

    /// Feeders that are used in a scope, by their place.
    pub(crate) fn draws(&self, scope: &Scope) -> Vec<usize> {
        let is_used = |place: &usize| scope.used.contains(&self.variables[self.feeders[*place].variable]);
        (0..self.feeders.len()).filter(is_used).collect()
    }

    pub(crate) fn is_feeder(&self, name: &str) -> bool {
        self.feeders.iter().any(|feeder| self.variables[feeder.variable] == name)
    }
}

/// Whether what follows a flow is ever reached.
fn goes_on(flow: &Flow) -> bool {
    !flow.iter().any(|step| matches!(step, Step::Stop(_)))
}
