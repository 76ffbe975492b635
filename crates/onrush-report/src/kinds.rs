//! The table of all outputs.

use std::io::Write;

use crate::html::HtmlOutput;
use crate::json::JsonOutput;
use crate::output::Output;
use crate::recorded::RunFileOutput;
use crate::style::Style;
use crate::summary::SummaryOutput;

/// A kind of output that can be asked for by name.
pub struct Kind {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// Makes one that writes into `to`.
    pub make: fn(to: Box<dyn Write + Send>, style: Style) -> Box<dyn Output>,
}

/// Every kind of output.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "summary",
        about: "the text summary, as on the terminal",
        make: |to, style| Box::new(SummaryOutput::new(to, style)),
    },
    Kind {
        name: "html",
        about: "the report as a web page: one file with everything in it",
        make: |to, _| Box::new(HtmlOutput::new(to)),
    },
    Kind {
        name: "json",
        about: "everything that was measured, for machines",
        make: |to, _| Box::new(JsonOutput::new(to)),
    },
    Kind {
        name: "run",
        about: "the run file: everything, second by second, to be reported and compared later",
        make: |to, _| Box::new(RunFileOutput::new(to)),
    },
];

/// The kind called `name`.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
