//! The table of all outputs.

use std::io::Write;

use crate::at_end::AtEnd;
use crate::csv::CsvOutput;
use crate::exported::{LinkKind, otlp, prometheus, remote_write, traces};
use crate::hlog::HlogOutput;
use crate::html::HtmlOutput;
use crate::json::json;
use crate::junit::junit;
use crate::lines::LinesOutput;
use crate::markdown::markdown;
use crate::output::Output;
use crate::parquet::{ParquetOutput, SAMPLES};
use crate::recorded::RunFileOutput;
use crate::style::Style;
use crate::summary::SummaryOutput;

/// A kind of output that can be asked for by name.
pub struct Kind {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// Whether it writes nothing before the run is over.
    pub at_end: bool,
    /// Makes one that writes into `to`.
    pub make: fn(to: Box<dyn Write + Send>, style: Style) -> Box<dyn Output>,
}

/// Every kind of output.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "summary",
        about: "the text summary, as on the terminal",
        at_end: true,
        make: |to, style| Box::new(SummaryOutput::new(to, style)),
    },
    Kind {
        name: "html",
        about: "the report as a web page: one file with everything in it",
        at_end: true,
        make: |to, _| Box::new(HtmlOutput::new(to)),
    },
    Kind {
        name: "json",
        about: "everything that was measured, for machines",
        at_end: true,
        make: |to, _| Box::new(AtEnd::new(to, json)),
    },
    Kind {
        name: "run",
        about: "the run file: everything, second by second, to be reported and compared later",
        at_end: false,
        make: |to, _| Box::new(RunFileOutput::new(to)),
    },
    Kind {
        name: "jsonl",
        about: "JSON lines: what is played, a line a second, and the end",
        at_end: false,
        make: |to, _| Box::new(LinesOutput::new(to)),
    },
    Kind {
        name: "csv",
        about: "a table: a row for each second and series",
        at_end: false,
        make: |to, _| Box::new(CsvOutput::new(to)),
    },
    Kind {
        name: "junit",
        about: "JUnit XML: thresholds and checks as test cases",
        at_end: true,
        make: |to, _| Box::new(AtEnd::new(to, junit)),
    },
    Kind {
        name: "markdown",
        about: "for the comment of a pull request",
        at_end: true,
        make: |to, _| Box::new(AtEnd::new(to, markdown)),
    },
    Kind {
        name: "hlog",
        about: "an HdrHistogram log: response times of each second and series",
        at_end: false,
        make: |to, _| Box::new(HlogOutput::new(to)),
    },
    Kind {
        name: SAMPLES,
        about: "single requests, for data frames: a row each",
        at_end: false,
        make: |to, _| Box::new(ParquetOutput::new(to)),
    },
];

/// The kind called `name`.
pub fn find_kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Every kind of output that goes to an address instead of a file.
pub const LINKS: &[LinkKind] = &[
    LinkKind {
        name: "prometheus",
        about: "a page for Prometheus to scrape, at [HOST:]PORT; on loopback unless there is a host",
        options: &["linger=TIME"],
        make: prometheus,
    },
    LinkKind {
        name: "remote-write",
        about: "Prometheus' remote write, to a URL",
        options: &["native", "every=TIME"],
        make: remote_write,
    },
    LinkKind {
        name: "otlp",
        about: "OpenTelemetry's metrics over HTTP (http, https) or gRPC (grpc, grpcs), to a URL",
        options: &["delta", "every=TIME"],
        make: otlp,
    },
    LinkKind {
        name: TRACES,
        about: "OpenTelemetry's spans of sampled requests over HTTP (http, https) or gRPC (grpc, grpcs), to a URL",
        options: &[],
        make: traces,
    },
];

/// What the output of spans is called.
pub const TRACES: &str = "traces";

/// The kind called `name` that goes to an address.
pub fn find_link(name: &str) -> Option<&'static LinkKind> {
    LINKS.iter().find(|kind| kind.name == name)
}
