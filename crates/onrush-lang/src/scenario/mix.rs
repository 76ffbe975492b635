//! Scenarios and the loads that bring them.

use std::rc::Rc;
use std::time::Duration;

use onrush_pace::Profile;
use onrush_plan::{Constant, Play, Scenario, SeriesKind, TlsSettings, Track, VariableId};

use super::keys::SCENARIO;
use super::reader::{Fields, Reader, listed};
use super::request::headers_over;
use super::scope::Scope;
use super::tree::{At, Entry, Kind, Node};
use crate::diagnostic::suggest;
use crate::load::parse_load;

/// Names of what is no scenario.
const PHASES: &[&str] = &["setup", "teardown"];

/// What all scenarios have in common. Headers and credentials are read with each scenario, which knows what they name.
#[derive(Clone)]
pub(crate) struct Common {
    scope: Scope,
    headers: Option<Rc<Node>>,
    auth: Option<Rc<Node>>,
    pub(crate) cookies: bool,
    pub(crate) tls: Option<TlsSettings>,
}

/// A scenario, and how it is loaded.
struct Loaded {
    scenario: Scenario,
    weight: f64,
    own: Option<(Profile, Duration)>,
}

impl Reader<'_> {
    pub(crate) fn common(&mut self, fields: &Fields<'_>, scope: Scope) -> Common {
        let cookies = fields.get("cookies").and_then(|node| self.bool(node)).unwrap_or(true);
        let tls = fields.get("tls").and_then(|node| self.tls(node, TlsSettings::default()));
        Common { scope, headers: fields.get("headers").cloned(), auth: fields.get("auth").cloned(), cookies, tls }
    }

    pub(crate) fn tracks(&mut self, file: &str, fields: &Fields<'_>, common: &Common, play: &mut Play) {
        let given = self.overrides.load.clone().and_then(|text| self.given_load(&text));
        let load = match self.overrides.load {
            Some(_) => given,
            None => fields.get("load").and_then(|node| self.load(node)),
        };
        let loaded = self.scenarios(file, fields, common);
        let mut mix = Vec::new();
        let mut own = Vec::new();
        for one in loaded {
            let place = play.scenarios.len();
            play.scenarios.push(one.scenario);
            match one.own {
                Some((load, starts)) if self.overrides.load.is_none() => {
                    own.push(Track { load, starts, mix: vec![(place, 1.0)] });
                }
                _ => mix.push((place, one.weight)),
            }
        }
        if !mix.is_empty() {
            let load = load.unwrap_or_else(|| self.single_iteration(fields));
            play.tracks.push(Track { load, starts: Duration::ZERO, mix });
        } else if let Some(entry) = fields.entry("load").filter(|_| !own.is_empty()) {
            self.warn(
                &entry.at,
                "nobody uses this load",
                "every scenario has its own",
                "take it away, or the `load:` of a scenario",
            );
        }
        play.tracks.extend(own);
        self.idle_under_arrivals(fields, play);
    }

    /// Warns of what means something to users who stay: arrivals of an open load are somebody else each.
    fn idle_under_arrivals(&mut self, fields: &Fields<'_>, play: &Play) {
        let is_open = |name: Option<&str>| {
            let plays = |track: &&Track| {
                track.mix.iter().any(|(place, _)| name.is_none_or(|name| play.scenarios[*place].name == name))
            };
            let mut tracks = play.tracks.iter().filter(plays).peekable();
            tracks.peek().is_some() && tracks.all(|track| track.load.is_open())
        };
        let mut idle = Vec::new();
        if is_open(None) {
            idle.extend(fields.entry("pace"));
            fields.get("steps").into_iter().for_each(|node| stops_of_users(node, &mut idle));
        }
        let scenarios = match fields.get("scenarios").map(|node| &node.kind) {
            Some(Kind::Map(scenarios)) => scenarios.as_slice(),
            _ => &[],
        };
        for scenario in scenarios.iter().filter(|scenario| is_open(Some(&scenario.key))) {
            let Kind::Map(entries) = &scenario.value.kind else { continue };
            idle.extend(entries.iter().filter(|entry| entry.key == "pace"));
            entries
                .iter()
                .filter(|entry| entry.key == "steps")
                .for_each(|entry| stops_of_users(&entry.value, &mut idle));
        }
        self.warn_of_idle(&idle);
    }

    fn warn_of_idle(&mut self, idle: &[&Entry]) {
        for entry in idle {
            let message = "each arrival of this load is a user of its own, who comes once";
            match &*entry.key {
                "pace" => self.warn(&entry.at, message, "its pace means nothing", "take away `pace:`"),
                _ => self.warn(&entry.at, message, "this ends its iteration alone", "write `stop: iteration`"),
            }
        }
    }

    /// A file without a load is tried once.
    fn single_iteration(&mut self, fields: &Fields<'_>) -> Profile {
        if fields.get("load").is_none() && self.overrides.load.is_none() {
            let at = At { end: fields.at.start, ..fields.at.clone() };
            let help = "say how much: `load: 50 users for 5m` or `load: 200/s for 5m`, here or as `--load`";
            self.warn(&at, "this file has no `load:`: one user does one iteration", "expected `load:`", help);
        }
        parse_load("1 iteration by 1 user").expect("a load of the grammar")
    }

    fn given_load(&mut self, text: &str) -> Option<Profile> {
        let source = self.source("--load", text);
        match parse_load(text) {
            Ok(load) => Some(load),
            Err(diagnostic) => {
                self.report(&At { source, start: 0, end: text.len() }, diagnostic);
                None
            }
        }
    }

    fn load(&mut self, node: &Node) -> Option<Profile> {
        let Kind::List(items) = &node.kind else {
            let text = self.text(node, "a load such as `200/s for 5m`")?;
            let result = parse_load(&text.value);
            return self.parsed(&text, 0..0, "a load such as `200/s for 5m`", result);
        };
        let mut stages = Vec::new();
        let mut is_whole = true;
        for item in items {
            let part = self.text(item, "a load such as `200/s for 5m`").and_then(|text| {
                let result = parse_load(&text.value);
                self.parsed(&text, 0..0, "a load such as `200/s for 5m`", result)
            });
            // A stage that does nothing is fine beside others; the profile as a whole is asked below.
            is_whole &= part.is_some();
            stages.extend(part.iter().flat_map(|part| part.stages().iter().copied()));
        }
        if !is_whole {
            return None;
        }
        match Profile::new(stages) {
            Ok(load) => Some(load),
            Err(error) => {
                self.fault(&node.at, error.flaw.to_string(), "this cannot be played");
                None
            }
        }
    }

    fn scenarios(&mut self, file: &str, fields: &Fields<'_>, common: &Common) -> Vec<Loaded> {
        let nodes = match (fields.get("scenarios"), fields.entry("steps")) {
            (Some(node), None) => self.entries(node, "scenarios").to_vec(),
            (None, Some(_)) => return self.only_scenario(file, fields, common),
            (Some(_), Some(entry)) => {
                let help = "put these steps below the name of a scenario, as the others are";
                self.fault_with_help(
                    &entry.at,
                    "a file has `scenarios:` or is one itself",
                    "expected no `steps:` here",
                    help,
                );
                Vec::new()
            }
            (None, None) => {
                let help = "write `steps:` for one kind of user, or `scenarios:` with names for several";
                let at = At { end: fields.at.start, ..fields.at.clone() };
                self.fault_with_help(&at, "this file has no steps", "expected `steps:` or `scenarios:`", help);
                Vec::new()
            }
        };
        if let (Some(node), true) = (fields.get("scenarios"), nodes.is_empty() && fields.get("steps").is_none()) {
            self.fault(&node.at, "there are no scenarios here", "expected `NAME:` and its `steps:`");
        }
        for name in ["pace", "retry_budget", "tags"] {
            if let (Some(entry), false) = (fields.entry(name), nodes.is_empty()) {
                self.fault(
                    &entry.at,
                    format!("`{name}` belongs to a scenario"),
                    "expected below the name of a scenario",
                );
            }
        }
        let wanted = self.overrides.scenario.clone();
        if let Some(wanted) = &wanted
            && !nodes.iter().any(|entry| entry.key == *wanted)
        {
            self.unknown_scenario(wanted, &nodes.iter().map(|entry| &*entry.key).collect::<Vec<_>>());
        }
        let mut all = Vec::new();
        for entry in &nodes {
            let is_wanted = wanted.as_ref().is_none_or(|wanted| *wanted == entry.key);
            let kept = self.series.len();
            let Some(fields) = self.fields(&entry.value, &SCENARIO) else { continue };
            if PHASES.contains(&&*entry.key) {
                self.fault(
                    &entry.at,
                    format!("a scenario cannot be called `{}`", entry.key),
                    "that is what is done once",
                );
            }
            let loaded = self.scenario(&entry.key, &fields, common);
            match is_wanted {
                true => all.push(loaded),
                false => self.forget(kept),
            }
        }
        all
    }

    /// Takes back what a flow that is not played has added: it was read for its mistakes only.
    pub(crate) fn forget(&mut self, kept: usize) {
        self.series.truncate(kept);
        self.forget_series(kept);
    }

    fn unknown_scenario(&mut self, wanted: &str, known: &[&str]) {
        let source = self.source("--scenario", wanted);
        let at = At { source, start: 0, end: wanted.len() };
        self.fault(
            &at,
            format!("there is no scenario `{wanted}`"),
            suggest(wanted, known, &listed(known.iter().copied())),
        );
    }

    /// A file that is a scenario.
    fn only_scenario(&mut self, file: &str, fields: &Fields<'_>, common: &Common) -> Vec<Loaded> {
        let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let name = base.split_once('.').map_or(base, |(name, _)| name);
        let name = if name.is_empty() || PHASES.contains(&name) { "scenario" } else { name };
        if let Some(wanted) = self.overrides.scenario.clone().filter(|wanted| wanted != name) {
            self.unknown_scenario(&wanted, &[name]);
        }
        let tags = fields.get("tags").map(|node| self.pairs(node, "tags")).unwrap_or_default();
        self.scenario = (name.to_owned(), tags);
        let scenario = self.scenario_parts(name, fields, [None, None], common, Vec::new());
        vec![Loaded { scenario, weight: 1.0, own: None }]
    }

    fn scenario(&mut self, name: &str, fields: &Fields<'_>, common: &Common) -> Loaded {
        let weight = fields.get("weight").and_then(|node| self.positive(node)).unwrap_or(1.0);
        let load = fields.get("load").and_then(|node| self.load(node));
        let start = fields.get("start").and_then(|node| self.time(node)).unwrap_or_default();
        if let (Some(entry), None) = (fields.entry("start"), fields.get("load")) {
            let message = "this scenario shares the common load, which starts at once";
            self.fault(&entry.at, message, "expected a `load:` of its own beside it");
        }
        if let (Some(entry), Some(_)) = (fields.entry("weight"), fields.get("load")) {
            let help = "take away `weight:` or `load:`";
            self.warn(&entry.at, "this scenario has a load of its own", "its weight means nothing", help);
        }
        let tags = fields.get("tags").map(|node| self.pairs(node, "tags")).unwrap_or_default();
        self.scenario = (name.to_owned(), tags);
        let mut own = common.clone();
        let constants = self.shared_constants(fields, &mut own.scope);
        if let Some(cookies) = fields.get("cookies").and_then(|node| self.bool(node)) {
            own.cookies = cookies;
        }
        let tls = fields.get("tls").and_then(|node| self.tls(node, common.tls.clone().unwrap_or_default()));
        let over = [fields.get("headers"), fields.get("auth")];
        let mut scenario = self.scenario_parts(name, fields, over, &own, constants);
        scenario.tls = tls;
        Loaded { scenario, weight, own: load.map(|load| (load, start)) }
    }

    /// What a scenario and a file that is one have in common. `over` are headers and credentials over those of the file.
    fn scenario_parts(
        &mut self,
        name: &str,
        fields: &Fields<'_>,
        over: [Option<&Rc<Node>>; 2],
        common: &Common,
        constants: Vec<(VariableId, Constant)>,
    ) -> Scenario {
        let mut scope = common.scope.clone();
        if let Some(node) = fields.get("steps") {
            self.assignments_of(node, &mut scope.anywhere);
        }
        let series = self.counted(SeriesKind::Iterations, name, &[]);
        // Headers and credentials go with every request: what any step saves may be in them.
        let mut late = scope.lenient();
        let [own_headers, own_auth] = over;
        let own = self.headers(own_headers, &mut late);
        let headers = headers_over(self.headers(common.headers.as_ref(), &mut late), own);
        let auth = own_auth.or(common.auth.as_ref()).and_then(|node| self.credentials(node, &mut late));
        let flow = fields.get("steps").map(|node| self.flow(node, &mut scope)).unwrap_or_default();
        scope.join(late);
        Scenario {
            name: name.to_owned(),
            flow,
            series,
            pace: fields.get("pace").and_then(|node| self.spread(node)),
            headers,
            auth,
            cookies: common.cookies,
            tls: None,
            constants,
            draws: self.draws(&scope),
            retry_budget: fields.get("retry_budget").and_then(|node| self.budget(node)),
        }
    }
}

/// Every `stop: user` of a flow.
fn stops_of_users<'n>(node: &'n Node, found: &mut Vec<&'n Entry>) {
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => items.iter().for_each(|item| stops_of_users(item, found)),
        Kind::Map(entries) => {
            for entry in entries {
                if entry.key == "stop" && entry.value.scalar().is_some_and(|scalar| scalar.text == "user") {
                    found.push(entry);
                }
                stops_of_users(&entry.value, found);
            }
        }
    }
}
