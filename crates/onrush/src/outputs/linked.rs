//! Outputs that go to an address, and what they take from the surroundings.

use onrush_report::{Link, LinkKind, Linked, Named, Settings, labels};

use crate::exit::Wrong;
use crate::terminal::say;

/// What links take from the surroundings.
pub(crate) struct Surroundings {
    labels: Vec<(String, String)>,
    machine: String,
    variable: &'static dyn Fn(&str) -> Option<String>,
    quiet: bool,
    is_replay: bool,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn new(asked: &[String], quiet: bool, is_replay: bool) -> Result<Self, Wrong> {
        Ok(Self {
            labels: labels(asked).map_err(|error| Wrong(error.to_string()))?,
            machine: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            variable: &|name| std::env::var(name).ok(),
            quiet,
            is_replay,
        })
    }

    /// As links want to have them.
    pub(crate) fn settings(&self) -> Settings<'_> {
        Settings { labels: &self.labels, instance: &self.machine, variable: self.variable, is_replay: self.is_replay }
    }

    /// Opens a link.
    pub(crate) fn open(&self, kind: &LinkKind, target: &str) -> Result<Named, Wrong> {
        let made = (kind.make)(&Link::parse(target, kind.options), &self.settings());
        let Linked { output, shown, notice } = made.map_err(|error| Wrong(format!("output {}: {error}", kind.name)))?;
        if let Some(notice) = notice.filter(|_| !self.quiet) {
            say(&notice);
        }
        Ok(Named { name: format!("{}={shown}", kind.name), output })
    }
}
