//! Scenario files: what the users of a service do, in one readable YAML file; to a [`Play`] and [`Settings`].
//!
//! The text becomes a small tree in which everything knows its place (`yaml`, `tree`); the reader walks the tree once,
//! notes all that is wrong (`reader`, `fault`), and makes the plan as it goes. Keys are known from one table (`keys`).

mod auth;
mod check;
mod data;
mod describe;
mod fault;
mod file;
mod keys;
mod login;
mod mix;
mod phase;
mod reader;
mod request;
mod save;
mod schema;
mod scope;
mod settings;
mod spread;
mod starter;
mod steps;
mod target;
mod template;
mod text;
mod threshold;
mod tree;
mod unique;
mod value;
mod yaml;

use std::io::{Cursor, Read};

use onrush_plan::Play;

pub use describe::describe;
pub use fault::{Fault, Faults, Source};
pub use schema::scenario_schema;
pub use settings::Settings;
pub use starter::STARTER;

use reader::Reader;

/// What a scenario file may read. This crate does no I/O: whoever calls it gives files and environment.
pub trait Files {
    /// The bytes of a file that the scenario file names; or why there are none, in a few words.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// The same for data files, which may be large: read as they come.
    fn open(&self, path: &str) -> Result<Box<dyn Read + '_>, String> {
        Ok(Box::new(Cursor::new(self.read(path)?)))
    }

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
}

/// What the command line says instead of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The default target; `name=URL` for another.
    pub target: Option<String>,
    /// The load of all scenarios, also of those that have one of their own.
    pub load: Option<String>,
    /// When the run ends before its load does.
    pub until: Option<String>,
    /// The only scenario that is played.
    pub scenario: Option<String>,
    /// Variables of the environment, before the real ones.
    pub env: Vec<(String, String)>,
}

/// What a scenario file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What users do, and under which loads.
    pub play: Play,
    /// How the run and the wire are set.
    pub settings: Settings,
    /// What is not wrong and most likely not meant.
    pub warnings: Vec<Fault>,
}

/// Reads a scenario file. `name` is how messages call it, and the name of its scenario if it is only one.
pub fn parse_scenario(name: &str, text: &str, files: &dyn Files, overrides: &Overrides) -> Result<Document, Faults> {
    let mut reader = Reader::new(files, overrides);
    let (mut play, settings) = reader.play(name, text);
    // Two names may be for one place.
    for (_, url) in &settings.targets {
        if !play.targets.contains(url) {
            play.targets.push(url.clone());
        }
    }
    let (faults, warnings) = reader.findings();
    if faults.is_empty() { Ok(Document { play, settings, warnings }) } else { Err(Faults(faults)) }
}
