//! The file as a whole: targets, load, data, scenarios and what they have in common.

use std::collections::BTreeSet;
use std::rc::Rc;

use onrush_plan::{Constant, Play, VariableId, WhenFull};
use url::Url;

use super::keys::{FILE, INCLUDED};
use super::reader::{Fields, Reader};
use super::scope::{Scope, assignments};
use super::settings::Settings;
use super::tree::{At, Entry, Kind, Node};
use super::yaml;

/// Redirects that are followed unless the file says otherwise.
const REDIRECTS: u32 = 10;
impl Reader<'_> {
    /// The tree of a text; what is wrong with it is noted.
    pub(crate) fn parse(&mut self, name: &str, text: &str) -> Option<Rc<Node>> {
        let source = self.source(name, text);
        let read = yaml::read(source, text);
        for diagnostic in read.faults {
            let at = At { source, start: diagnostic.span.start, end: diagnostic.span.end };
            self.report(&at, diagnostic);
        }
        read.root
    }

    /// The whole file.
    pub(crate) fn play(&mut self, name: &str, text: &str) -> (Play, Settings) {
        let mut settings = Settings { redirects: REDIRECTS, ..Settings::default() };
        let Some(root) = self.parse(name, text) else {
            if !self.has_faults() {
                let at = At { source: 0, start: 0, end: 0 };
                self.fault_with_help(
                    &at,
                    "this file is empty",
                    "expected a scenario",
                    "`onrush new` writes one to begin with",
                );
            }
            return (Play::default(), settings);
        };
        let Some(fields) = self.fields(&root, &FILE) else { return (Play::default(), settings) };
        self.secret_names(fields.get("secrets"));
        self.targets(fields.get("target").map(|node| &**node));
        settings.targets.clone_from(&self.targets);
        // Paths are relative to the folder of the file, so that is what a file calls itself by.
        let own = name.rsplit(['/', '\\']).next().unwrap_or(name);
        self.includes(fields.get("include"), &mut vec![own.to_owned()], &mut BTreeSet::new());
        self.fragments_of(fields.get("fragments"));
        let mut play = Play::default();
        let mut scope = Scope::default();
        play.constants = self.shared_constants(&fields, &mut scope);
        // Feeders are no matter of the set-up: it has no user to draw for.
        let mut phase = scope.clone();
        if let Some(node) = fields.get("data") {
            self.data(node);
        }
        let names: Vec<String> = self.feeders.iter().map(|feeder| self.variables[feeder.variable].clone()).collect();
        names.iter().for_each(|name| scope.add(name));
        play.setup = self.phase("setup", &fields, &mut phase);
        let mut saved = BTreeSet::new();
        if let Some(node) = fields.get("setup") {
            self.assignments_of(node, &mut saved);
        }
        saved.iter().for_each(|name| scope.add(name));
        let common = self.common(&fields, scope);
        self.tracks(name, &fields, &common, &mut play);
        self.scarce_rows(fields.get("data").map(|node| &**node), &play);
        play.teardown = self.phase("teardown", &fields, &mut phase);
        play.phases_keep_cookies = common.cookies;
        self.settings(&fields, &mut settings);
        self.observed(fields.get("observe"), &mut settings);
        settings.tls.clone_from(&common.tls);
        self.unused_fragments(&fields);
        if let Some(node) = fields.get("thresholds") {
            play.thresholds = self.thresholds(node);
        }
        settings.until = self.until(fields.get("until").map(|node| &**node));
        self.finish(&mut play);
        (play, settings)
    }

    fn finish(&mut self, play: &mut Play) {
        if !self.environment.is_empty() || self.variables.iter().any(|name| name == "env") {
            let id = self.variable("env");
            let map = std::mem::take(&mut self.environment).into_iter().collect();
            play.constants.push((id, Constant::Map(map)));
        }
        play.variables = std::mem::take(&mut self.variables);
        play.feeders = std::mem::take(&mut self.feeders);
        play.series = std::mem::take(&mut self.series);
    }

    /// `observe:` of the file: a URL or several.
    fn observed(&mut self, node: Option<&Rc<Node>>, settings: &mut Settings) {
        let Some(node) = node else { return };
        let items = match &node.kind {
            Kind::List(items) => items.clone(),
            _ => vec![Rc::clone(node)],
        };
        for item in items {
            let Some(text) = self.plain_text(&item, "the URL of a page for Prometheus") else { continue };
            match Url::parse(&text) {
                Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => settings.observe.push(text),
                _ => self.fault_with_help(
                    &item.at,
                    "this is not the URL of a page",
                    "expected an `http` or `https` URL",
                    "such as http://127.0.0.1:8080/metrics, or with the series that are wanted after it: #http_requests_in_flight",
                ),
            }
        }
    }

    fn secret_names(&mut self, node: Option<&Rc<Node>>) {
        let Some(node) = node else { return };
        for item in self.list(node, "secrets") {
            let name = self.plain_text(item, "the name of an environment variable");
            self.secrets.extend(name);
        }
    }

    /// `include:` of a file: what it has in `fragments:` can be used.
    fn includes(&mut self, node: Option<&Rc<Node>>, within: &mut Vec<String>, done: &mut BTreeSet<String>) {
        let Some(node) = node else { return };
        let items = match &node.kind {
            Kind::List(items) => items.clone(),
            _ => vec![Rc::clone(node)],
        };
        for item in items {
            let Some(path) = self.plain_text(&item, "the path of a file") else { continue };
            let path = without_dots(&path);
            if let Some(place) = within.iter().position(|outer| *outer == path) {
                let circle: Vec<String> = within[place..].iter().chain([&path]).cloned().collect();
                let message = format!("this file includes itself: {}", circle.join(" -> "));
                self.fault(&item.at, message, "it would never end");
                continue;
            }
            if !done.insert(path.clone()) {
                continue;
            }
            let Some((_, bytes)) = self.file(&item) else { continue };
            let Ok(text) = String::from_utf8(bytes) else {
                self.fault(&item.at, format!("`{path}` is not UTF-8"), "expected a text");
                continue;
            };
            let Some(root) = self.parse(&path, &text) else { continue };
            let Some(fields) = self.fields(&root, &INCLUDED) else { continue };
            within.push(path);
            self.includes(fields.get("include"), within, done);
            within.pop();
            self.fragments_of(fields.get("fragments"));
        }
    }

    fn fragments_of(&mut self, node: Option<&Rc<Node>>) {
        let Some(node) = node else { return };
        for entry in self.entries(node, "fragments") {
            if self.fragments.insert(entry.key.clone(), Rc::clone(&entry.value)).is_some() {
                self.fault(&entry.at, format!("there are two fragments `{}`", entry.key), "expected another name");
            }
        }
    }

    /// What nobody uses is read all the same, for its mistakes.
    fn unused_fragments(&mut self, fields: &Fields<'_>) {
        let unused: Vec<String> = self.fragments.keys().filter(|name| !self.used.contains(*name)).cloned().collect();
        let own: Vec<&Entry> = match fields.get("fragments").map(|node| &node.kind) {
            Some(Kind::Map(entries)) => entries.iter().collect(),
            _ => Vec::new(),
        };
        let kept = self.series.len();
        for name in unused {
            let steps = Rc::clone(&self.fragments[&name]);
            if let Some(entry) = own.iter().find(|entry| entry.key == name) {
                self.warn(
                    &entry.at,
                    format!("nobody uses the fragment `{name}`"),
                    "unused",
                    format!("use it: `- use: {name}`"),
                );
            }
            self.using.push(name);
            self.flow(&steps, &mut Scope { is_open: true, ..Scope::default() });
            self.using.pop();
        }
        self.forget(kept);
    }

    pub(crate) fn assignments_of(&self, node: &Node, names: &mut BTreeSet<String>) {
        assignments(node, names);
        self.fragments.values().for_each(|fragment| assignments(fragment, names));
    }

    /// `env:` and `vars:`, which are the same.
    pub(crate) fn shared_constants(&mut self, fields: &Fields<'_>, scope: &mut Scope) -> Vec<(VariableId, Constant)> {
        let nodes = [fields.get("env"), fields.get("vars")];
        nodes.into_iter().flatten().flat_map(|node| self.constants(node, scope)).collect()
    }

    fn settings(&mut self, fields: &Fields<'_>, settings: &mut Settings) {
        settings.timeout = fields.get("timeout").and_then(|node| self.time_limit(node));
        settings.connect_timeout = fields.get("connect_timeout").and_then(|node| self.time_limit(node));
        if let Some(redirects) = fields.get("redirects").and_then(|node| self.count32(node, 0)) {
            settings.redirects = redirects;
        }
        settings.http2 = fields.get("http2").and_then(|node| self.bool(node));
        settings.seed = fields.get("seed").and_then(|node| self.count(node, 0));
        settings.warmup = fields.get("warmup").and_then(|node| self.time(node));
        settings.graceful_stop = fields.get("graceful_stop").and_then(|node| self.time(node));
        settings.max_in_flight = fields.get("max_in_flight").and_then(|node| self.count32(node, 1));
        settings.when_full =
            fields.get("when_full").and_then(|node| self.word(node, &["wait", "drop"])).map(|word| match word {
                "drop" => WhenFull::Drop,
                _ => WhenFull::Wait,
            });
    }
}

/// One spelling of a path: `./a.yaml` is `a.yaml`. What `..` leads to only the disk knows.
fn without_dots(path: &str) -> String {
    path.split('/').filter(|part| *part != ".").collect::<Vec<_>>().join("/")
}
