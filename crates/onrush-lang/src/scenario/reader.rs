//! What the parts of the reader share: the texts, what was found wrong, and how values are taken from the tree.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use onrush_plan::{Check, Constant, Feeder, OTHER_CHECKS, SeriesId, SeriesInfo, SeriesKind, VariableId};
use url::Url;

use super::fault::{Fault, Source};
use super::keys::{STEP, Shape};
use super::login::Login;
use super::phase::PhaseKeys;
use super::text::Text;
use super::tree::{At, Entry, Kind, Node, Typed, typed};
use super::{Files, Overrides};
use crate::diagnostic::{Diagnostic, suggest};
use crate::units::{parse_bytes, parse_duration, parse_share};

/// The state of reading one file and what it includes.
pub(crate) struct Reader<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) overrides: &'a Overrides,
    pub(crate) sources: Vec<Source>,
    faults: Vec<(At, Diagnostic)>,
    warnings: Vec<(At, Diagnostic)>,
    /// Names and URLs, the default first.
    pub(crate) targets: Vec<(String, Url)>,
    /// Names and passwords of targets, by the names of these.
    pub(crate) logins: BTreeMap<String, Login>,
    pub(crate) secrets: BTreeSet<String>,
    /// What the secrets that were read are.
    secret_values: BTreeSet<String>,
    pub(crate) fragments: BTreeMap<String, Rc<Node>>,
    /// Fragments that are being read, outermost first.
    pub(crate) using: Vec<String>,
    pub(crate) used: BTreeSet<String>,
    pub(crate) variables: Vec<String>,
    by_name: HashMap<String, VariableId>,
    /// What expressions read of the environment.
    pub(crate) environment: BTreeMap<String, Constant>,
    /// Secrets that no variable of the environment has, each once: defaults, passwords in URLs.
    pub(crate) nameless: Vec<String>,
    pub(crate) feeders: Vec<Feeder>,
    pub(crate) series: Vec<SeriesInfo>,
    series_by_name: HashMap<(u8, String, String), SeriesId>,
    /// Some steps or groups are counted together because there are so many.
    pub(crate) has_others: bool,
    /// The scenario that is being read, and its tags.
    pub(crate) scenario: (String, Vec<(String, String)>),
    /// What the file says for all requests, while set-up or tear-down is read.
    pub(crate) phase: Option<PhaseKeys>,
    /// Steps read so far, fragments written out.
    pub(crate) steps: usize,
    /// How deep the flow is that is being read.
    pub(crate) depth: usize,
}

/// Scenarios, steps and groups that are counted apart; memory and every output grow with them.
pub(crate) const MOST_SERIES: usize = 1_000;
/// Checks of a series that are counted apart.
const MOST_CHECKS: usize = 100;

/// Shorter ones are a part of too many words to be hidden in messages, and no secrets.
const SHORTEST_SECRET: usize = 3;

/// A map whose keys are known.
pub(crate) struct Fields<'n> {
    shape: &'static Shape,
    entries: &'n [Entry],
    pub(crate) at: &'n At,
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, name: &str) -> Option<&'n Rc<Node>> {
        self.entry(name).map(|entry| &entry.value)
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&'n Entry> {
        debug_assert!(self.shape.names().contains(&name), "{name} is no key of {}", self.shape.name);
        self.entries.iter().find(|entry| entry.key == name)
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files, overrides: &'a Overrides) -> Self {
        Self {
            files,
            overrides,
            sources: Vec::new(),
            faults: Vec::new(),
            warnings: Vec::new(),
            targets: Vec::new(),
            logins: BTreeMap::new(),
            secrets: BTreeSet::new(),
            secret_values: BTreeSet::new(),
            fragments: BTreeMap::new(),
            using: Vec::new(),
            used: BTreeSet::new(),
            variables: Vec::new(),
            by_name: HashMap::new(),
            environment: BTreeMap::new(),
            nameless: Vec::new(),
            feeders: Vec::new(),
            series: Vec::new(),
            series_by_name: HashMap::new(),
            has_others: false,
            scenario: Default::default(),
            phase: None,
            steps: 0,
            depth: 0,
        }
    }

    /// Adds a text; its number.
    pub(crate) fn source(&mut self, name: &str, text: &str) -> usize {
        self.sources.push(Source { name: name.to_owned(), text: text.to_owned(), masked: Vec::new() });
        self.sources.len() - 1
    }

    pub(crate) fn fault(&mut self, at: &At, message: impl Into<String>, label: impl Into<String>) {
        self.report(at, Diagnostic::new(message, at.range(), label));
    }

    pub(crate) fn fault_with_help(
        &mut self,
        at: &At,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(at, Diagnostic::new(message, at.range(), label).with_help(help));
    }

    pub(crate) fn report(&mut self, at: &At, mut diagnostic: Diagnostic) {
        // Libraries point at bytes, which may be in the middle of a letter.
        let text = &self.sources[at.source].text;
        let start = (0..=diagnostic.span.start.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
        let end = (diagnostic.span.end.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
        diagnostic.span = start.unwrap_or(0)..end.unwrap_or(text.len()).max(start.unwrap_or(0));
        self.hide(&mut diagnostic);
        self.faults.push((at.clone(), diagnostic));
    }

    /// What is read without telling what is wrong with it; nothing if something is.
    pub(crate) fn quietly<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let known = self.faults.len();
        let value = read(self);
        let is_fine = self.faults.len() == known;
        self.faults.truncate(known);
        is_fine.then_some(value)
    }

    /// No message shows this from now on, wherever it was pasted.
    pub(crate) fn keep_secret(&mut self, value: &str) {
        if value.len() >= SHORTEST_SECRET {
            self.secret_values.insert(value.to_owned());
        }
    }

    fn hide(&self, diagnostic: &mut Diagnostic) {
        let Diagnostic { message, label, help, .. } = diagnostic;
        for text in [message, label].into_iter().chain(help) {
            for secret in &self.secret_values {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), "***");
                }
            }
        }
    }

    pub(crate) fn warn(
        &mut self,
        at: &At,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut diagnostic = Diagnostic::new(message, at.range(), label).with_help(help);
        self.hide(&mut diagnostic);
        self.warnings.push((at.clone(), diagnostic));
    }

    pub(crate) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// All faults and all warnings by place, each once: what is used twice is read twice.
    pub(crate) fn findings(&mut self) -> (Vec<Fault>, Vec<Fault>) {
        let sources: Vec<Arc<Source>> = std::mem::take(&mut self.sources).into_iter().map(Arc::new).collect();
        let sorted = |mut found: Vec<(At, Diagnostic)>| {
            found.sort_by(|(a, one), (b, other)| {
                (a.source, one.span.start, &one.message).cmp(&(b.source, other.span.start, &other.message))
            });
            found.dedup_by(|(a, one), (b, other)| a.source == b.source && one == other);
            found
                .into_iter()
                .map(|(at, diagnostic)| Fault { source: Arc::clone(&sources[at.source]), diagnostic })
                .collect()
        };
        (sorted(std::mem::take(&mut self.faults)), sorted(std::mem::take(&mut self.warnings)))
    }

    /// A place as messages at run time give it.
    pub(crate) fn place(&self, at: &At) -> String {
        let source = &self.sources[at.source];
        let (line, column) = Diagnostic::new("", at.range(), "").place(&source.text);
        format!("{}:{line}:{column}", source.name)
    }

    pub(crate) fn variable(&mut self, name: &str) -> VariableId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        self.variables.push(name.to_owned());
        self.by_name.insert(name.to_owned(), self.variables.len() - 1);
        self.variables.len() - 1
    }

    /// The series of a name in the scenario that is being read; what has the same name is counted together.
    pub(crate) fn counted(&mut self, kind: SeriesKind, name: &str, tags: &[(String, String)]) -> SeriesId {
        let (scenario, common) = self.scenario.clone();
        let key = (kind as u8, scenario.clone(), name.to_owned());
        let id = *self.series_by_name.entry(key).or_insert_with(|| {
            self.series.push(SeriesInfo {
                kind,
                scenario,
                name: name.to_owned(),
                tags: Vec::new(),
                checks: Vec::new(),
            });
            self.series.len() - 1
        });
        for (name, value) in tags.iter().chain(&common) {
            let known = &mut self.series[id].tags;
            if !known.iter().any(|(other, _)| other == name) {
                known.push((name.clone(), value.clone()));
            }
        }
        id
    }

    /// The series of a step or a group; where there are too many of them, the one of all others in the scenario.
    pub(crate) fn counted_or_others(
        &mut self,
        kind: SeriesKind,
        name: &str,
        tags: &[(String, String)],
        at: &At,
    ) -> SeriesId {
        let key = (kind as u8, self.scenario.0.clone(), name.to_owned());
        if self.series.len() < MOST_SERIES || self.series_by_name.contains_key(&key) {
            return self.counted(kind, name, tags);
        }
        if !self.has_others {
            self.has_others = true;
            self.warn(
                at,
                format!("this file has more than {MOST_SERIES} names of scenarios, steps and groups"),
                "from here on, new ones are counted together",
                "give steps that do the same the same `name:`, and they are counted as one",
            );
        }
        let others = if kind == SeriesKind::Group { "(other groups)" } else { "(other steps)" };
        self.counted(kind, others, &[])
    }

    /// Checks of a step are counted in its series, each by its name.
    pub(crate) fn checked(&mut self, id: SeriesId, checks: &[Check]) {
        for check in checks {
            let known = &mut self.series[id].checks;
            let name = if known.len() < MOST_CHECKS { &check.name } else { OTHER_CHECKS };
            if !known.contains(&check.name) && !known.iter().any(|known| known == name) {
                known.push(name.to_owned());
            }
        }
    }

    /// Series from a place on are gone.
    pub(crate) fn forget_series(&mut self, kept: usize) {
        self.series_by_name.retain(|_, id| *id < kept);
    }

    /// The keys of a map, after a look at those that are unknown or missing.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, shape: &'static Shape) -> Option<Fields<'n>> {
        let Kind::Map(entries) = &node.kind else {
            let names = shape.names();
            let some = names.iter().take(4).map(|name| format!("`{name}:`")).collect::<Vec<_>>().join(", ");
            self.fault(
                &node.at,
                format!("{} has keys, and this is {}", article(shape.name), node.noun()),
                format!("expected keys such as {some}"),
            );
            return None;
        };
        let names = shape.names();
        for entry in entries.iter().filter(|entry| !names.contains(&&*entry.key)) {
            self.unknown_key(entry, shape.name, &names);
        }
        for missing in shape.required.iter().filter(|name| !entries.iter().any(|entry| entry.key == ***name)) {
            self.fault(
                &node.at,
                format!("{} needs `{missing}:`", article(shape.name)),
                format!("expected `{missing}:` here"),
            );
        }
        Some(Fields { shape, entries, at: &node.at })
    }

    pub(crate) fn unknown_key(&mut self, entry: &Entry, of: &str, names: &[&str]) {
        let label = suggest(&entry.key, names, "a known key");
        let help = format!("{} takes {}", article(of), listed(names.iter().copied()));
        self.fault_with_help(&entry.at, format!("`{}` is not a key of {}", entry.key, article(of)), label, help);
    }

    pub(crate) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.kind {
            Kind::Map(entries) => entries,
            _ => {
                self.fault(&node.at, format!("{what} have names, and this is {}", node.noun()), "expected `NAME: …`");
                &[]
            }
        }
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Rc<Node>] {
        match &node.kind {
            Kind::List(items) => items,
            _ => {
                self.fault(
                    &node.at,
                    format!("{what} are a list, and this is {}", node.noun()),
                    "expected `- …`, one below the other",
                );
                &[]
            }
        }
    }

    /// The text of a scalar, the environment's values put in.
    pub(crate) fn text(&mut self, node: &Node, expected: &str) -> Option<Text> {
        match node.scalar() {
            Some(_) if node.is_null() => self.wrong(node, expected),
            Some(scalar) => self.expand(scalar, &node.at),
            None => self.wrong(node, expected),
        }
    }

    pub(crate) fn wrong<T>(&mut self, node: &Node, expected: &str) -> Option<T> {
        self.fault(&node.at, format!("this is {}", node.noun()), format!("expected {expected}"));
        None
    }

    /// A text without holes.
    pub(crate) fn plain_text(&mut self, node: &Node, expected: &str) -> Option<String> {
        let text = self.text(node, expected)?;
        if text.value.contains("{{") {
            self.fault(&text.at, "there cannot be holes here", format!("expected {expected}, known before the run"));
            return None;
        }
        Some(text.value)
    }

    pub(crate) fn bool(&mut self, node: &Node) -> Option<bool> {
        let text = self.text(node, "true or false")?;
        match text.typed() {
            Typed::Bool(value) => Some(value),
            _ => {
                self.in_text(&text, 0..text.value.len(), "this is neither true nor false", "expected `true` or `false`")
            }
        }
    }

    pub(crate) fn count(&mut self, node: &Node, least: u64) -> Option<u64> {
        let expected = if least > 0 { format!("a whole number from {least}") } else { "a whole number".to_owned() };
        let text = self.text(node, &expected)?;
        match crate::units::parse_count(&text.value).filter(|count| *count >= least) {
            Some(count) => Some(count),
            None => self.in_text(
                &text,
                0..text.value.len(),
                &format!("`{}` does not do", text.shown()),
                &format!("expected {expected}"),
            ),
        }
    }

    pub(crate) fn count32(&mut self, node: &Node, least: u64) -> Option<u32> {
        let count = self.count(node, least)?;
        match u32::try_from(count) {
            Ok(count) => Some(count),
            Err(_) => {
                self.fault(&node.at, "this number is too large", format!("at most {}", u32::MAX));
                None
            }
        }
    }

    pub(crate) fn positive(&mut self, node: &Node) -> Option<f64> {
        let text = self.text(node, "a number above 0")?;
        match text.value.parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Some(number),
            _ => self.in_text(
                &text,
                0..text.value.len(),
                &format!("`{}` does not do", text.shown()),
                "expected a number above 0",
            ),
        }
    }

    pub(crate) fn time(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node, "a duration such as 30s")?;
        self.time_in(&text, 0..text.value.len())
    }

    /// A time in which something has to be done.
    pub(crate) fn time_limit(&mut self, node: &Node) -> Option<Duration> {
        let time = self.time(node)?;
        if time.is_zero() {
            self.fault(&node.at, "nothing is done in no time", "expected more than 0");
        }
        Some(time)
    }

    pub(crate) fn time_in(&mut self, text: &Text, range: Range<usize>) -> Option<Duration> {
        let result = parse_duration(&text.value[range.clone()]);
        self.parsed(text, range, "a duration such as 30s", result)
    }

    pub(crate) fn share_in(&mut self, text: &Text, range: Range<usize>) -> Option<f64> {
        match parse_share(&text.value[range.clone()]) {
            Some(share) => Some(share),
            None => self.in_text(
                text,
                range.clone(),
                &format!("`{}` is not a share", text.shown_part(range)),
                "expected a share such as `40%`, from 0% to 100%",
            ),
        }
    }

    pub(crate) fn bytes_in(&mut self, text: &Text, range: Range<usize>) -> Option<u64> {
        match parse_bytes(&text.value[range.clone()]) {
            Some(bytes) => Some(bytes),
            None => self.in_text(
                text,
                range.clone(),
                &format!("`{}` is not a size", text.shown_part(range)),
                "expected a size such as `10kB`, `1MB` or `64KiB`",
            ),
        }
    }

    /// One of some words.
    pub(crate) fn word(&mut self, node: &Node, known: &[&'static str]) -> Option<&'static str> {
        let expected = listed(known.iter().copied());
        let text = self.text(node, &expected)?;
        let found = known.iter().copied().find(|word| *word == text.value);
        if found.is_none() {
            let label = suggest(&text.value, known, &expected);
            return self.in_text(
                &text,
                0..text.value.len(),
                &format!("`{}` does not belong here", text.shown()),
                &label,
            );
        }
        found
    }

    /// What a smaller grammar made of a part of a text.
    pub(crate) fn parsed<T>(
        &mut self,
        text: &Text,
        range: Range<usize>,
        expected: &str,
        result: Result<T, Diagnostic>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostic) => {
                self.report_in(text, expected, diagnostic.shifted(range.start));
                None
            }
        }
    }

    /// A finding within a text. What the environment has put into the text is not shown.
    pub(crate) fn report_in(&mut self, text: &Text, expected: &str, mut diagnostic: Diagnostic) {
        diagnostic.span = text.span(diagnostic.span);
        if !text.env.is_empty() {
            diagnostic.message = format!("`{}` does not do with the values of the environment", text.shown());
            diagnostic.label = format!("expected {expected}");
        }
        self.report(&text.at, diagnostic);
    }

    pub(crate) fn in_text<T>(&mut self, text: &Text, range: Range<usize>, message: &str, label: &str) -> Option<T> {
        let span = text.span(range);
        self.report(&text.at, Diagnostic::new(message, span, label));
        None
    }

    pub(crate) fn in_text_with_help<T>(
        &mut self,
        text: &Text,
        range: Range<usize>,
        message: &str,
        label: &str,
        help: &str,
    ) -> Option<T> {
        let span = text.span(range);
        self.report(&text.at, Diagnostic::new(message, span, label).with_help(help));
        None
    }

    /// A text that is shown: a name, a tag.
    pub(crate) fn shown_text(&mut self, node: &Node, expected: &str) -> Option<String> {
        let text = self.text(node, expected)?;
        if text.has_secret() {
            let message = "a secret cannot be pasted into what is shown";
            return self.in_text(&text, 0..text.value.len(), message, &format!("expected {expected} without a secret"));
        }
        self.plain_text(node, expected)
    }

    /// Names and values; the values are texts without holes.
    pub(crate) fn pairs(&mut self, node: &Node, what: &str) -> Vec<(String, String)> {
        let entries = self.entries(node, what);
        entries.iter().filter_map(|entry| Some((entry.key.clone(), self.shown_text(&entry.value, "a text")?))).collect()
    }

    /// A file that the scenario file names.
    pub(crate) fn file(&mut self, node: &Node) -> Option<(String, Vec<u8>)> {
        let path = self.plain_text(node, "the path of a file")?;
        match self.files.read(&path) {
            Ok(bytes) => Some((path, bytes)),
            Err(why) => {
                let shown = node.scalar().map_or(String::new(), |scalar| scalar.text.clone());
                let help = "paths are relative to the folder of the scenario file";
                self.fault_with_help(&node.at, format!("`{shown}` cannot be read: {why}"), "expected a file", help);
                None
            }
        }
    }
}

/// `a scenario file`, `an included file`, `` a `get` step ``.
pub(crate) fn article(noun: &str) -> String {
    if STEP.iter().any(|shape| shape.name == noun) {
        return format!("a `{noun}` step");
    }
    format!("{} `{noun}`", if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" })
        .replace("`scenario file`", "scenario file")
        .replace("`included file`", "included file")
}

/// `a, b or c`.
pub(crate) fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match &*words {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A scalar by its kind, environment put in.
impl Text {
    pub(crate) fn typed(&self) -> Typed {
        if self.is_plain { typed(&self.value) } else { Typed::Text }
    }
}
