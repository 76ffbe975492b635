//! Outputs that go to an address, and what they take from the surroundings.

use onrush_lang::suggest;
use onrush_report::{LINKS, Link, LinkKind, Linked, Named, OptionError, Settings, find_link, labels};

use crate::exit::Wrong;
use crate::terminal::say;

/// Opens links with what they take from this process.
pub(crate) struct Links {
    labels: Vec<(String, String)>,
    machine: String,
    variable: &'static dyn Fn(&str) -> Option<String>,
    quiet: bool,
    is_replay: bool,
}

impl Links {
    /// For those who read other systems.
    pub(crate) fn unlabelled() -> Self {
        Self {
            labels: Vec::new(),
            machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            variable: &|name| std::env::var(name).ok(),
            quiet: false,
            is_replay: false,
        }
    }

    /// With labels, which nobody would see where none of the `outputs` is a link.
    pub(super) fn new(asked: &[String], outputs: &[String], quiet: bool, is_replay: bool) -> Result<Self, Wrong> {
        let is_link = |output: &String| output.split_once('=').is_some_and(|(kind, _)| find_link(kind).is_some());
        if !asked.is_empty() && !outputs.iter().any(is_link) {
            let kinds: Vec<_> = LINKS.iter().map(|kind| format!("-o {}=…", kind.name)).collect();
            return Err(Wrong(format!("--label is for {}: without one of them nobody sees it", kinds.join(", "))));
        }
        let labels = labels(asked).map_err(|error| Wrong(error.to_string()))?;
        Ok(Self { labels, quiet, is_replay, ..Self::unlabelled() })
    }

    /// As links want to have them.
    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings { labels: &self.labels, instance: &self.machine, variable: self.variable, is_replay: self.is_replay }
    }

    /// Opens a link.
    pub(super) fn open(&self, kind: &LinkKind, target: &str) -> Result<Named, Wrong> {
        let wrong = |why: String| Wrong(format!("output {}: {why}", kind.name));
        let link = Link::parse(target, kind.options).map_err(|error| wrong(option(&error, kind.options)))?;
        let made = (kind.make)(&link, &self.settings());
        let Linked { output, shown, notice } = made.map_err(|error| wrong(error.to_string()))?;
        if let Some(notice) = notice.filter(|_| !self.quiet) {
            say(&notice);
        }
        Ok(Named { name: format!("{}={shown}", kind.name), output })
    }
}

/// What is wrong with an option, and what would be right.
fn option(error: &OptionError, known: &[&str]) -> String {
    let OptionError::Unknown(name) = error else { return error.to_string() };
    let names: Vec<_> = known.iter().map(|usage| usage.split('=').next().unwrap_or_default()).collect();
    let expected = format!("`{}`", known.join("`, `"));
    let what = match name {
        Some(name) => format!("`{name}` is not an option: {}", suggest(name, &names, &expected)),
        None => format!("what follows a comma is an option: expected {expected}"),
    };
    format!("{what} (a comma of the address itself is written %2C)")
}
