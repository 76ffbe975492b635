//! Set-up and tear-down: done once, with the headers and credentials of the file.

use std::rc::Rc;

use onrush_plan::{Credentials, Flow, Template};

use super::reader::{Fields, Reader};
use super::scope::Scope;
use super::tree::{Kind, Node};

/// What the file says for all requests, while a phase is read.
#[derive(Clone)]
pub(crate) struct PhaseKeys {
    headers: Option<Rc<Node>>,
    auth: Option<Rc<Node>>,
}

impl Reader<'_> {
    /// `setup:` or `teardown:`.
    pub(crate) fn phase(&mut self, name: &str, fields: &Fields<'_>, scope: &mut Scope) -> Flow {
        let Some(node) = fields.get(name) else { return Flow::new() };
        self.scenario = (name.to_owned(), Vec::new());
        self.assignments_of(node, &mut scope.anywhere);
        self.phase = Some(PhaseKeys { headers: fields.get("headers").cloned(), auth: fields.get("auth").cloned() });
        let flow = self.flow(node, scope);
        self.phase = None;
        flow
    }

    /// The file's headers for a request of a phase: those whose names are known here. One that needs a row, or what
    /// the set-up has still to save, cannot be sent yet. Mistakes in them are told where the scenarios are read.
    pub(crate) fn headers_of_phase(&mut self, scope: &Scope) -> Vec<(String, Template)> {
        let node = self.phase.as_ref().and_then(|keys| keys.headers.clone());
        let Some(Kind::Map(entries)) = node.as_ref().map(|node| &node.kind) else { return Vec::new() };
        let known = |entry| self.quietly(|reader| reader.header(entry, &mut scope.clone()));
        entries.iter().filter_map(known).flatten().collect()
    }

    /// The same for the file's credentials.
    pub(crate) fn credentials_of_phase(&mut self, scope: &Scope) -> Option<Credentials> {
        let node = self.phase.as_ref().and_then(|keys| keys.auth.clone())?;
        self.quietly(|reader| reader.credentials(&node, &mut scope.clone())).flatten()
    }
}
