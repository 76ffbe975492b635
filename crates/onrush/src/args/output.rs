//! The arguments that say where results go and what decides the exit code.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::WebAddress;
use crate::gate::FailOn;

/// Results of a run.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// What standard output gets at the end [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<Format>,

    /// A further output, `KIND=FILE` (`-` for standard output, instead of --format); kinds: summary, html, json, run, jsonl, csv, junit, markdown, hlog, parquet. Or KIND=ADDRESS: prometheus, remote-write, otlp. May be repeated
    #[arg(short, long = "output", value_name = "KIND=FILE", help_heading = "Output")]
    pub(crate) outputs: Vec<String>,

    /// A label on all that goes to Prometheus and OpenTelemetry; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", help_heading = "Output")]
    pub(crate) labels: Vec<String>,

    /// Read figures of the service's own from its page for Prometheus every second: `URL`, or `URL#series,series` to choose them; may be repeated
    #[arg(long = "observe", value_name = "URL", help_heading = "Output")]
    pub(crate) observe: Vec<String>,

    /// Do not save the run. Otherwise it is saved as a file that `onrush report` and `onrush compare` read
    #[arg(long, help_heading = "Output", conflicts_with = "results")]
    pub(crate) no_save: bool,

    /// Save the run in this folder [default: $ONRUSH_RESULTS, or onrush-results; where that is empty, nothing is saved]
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub(crate) results: Option<PathBuf>,

    /// Serve the report as a page that follows the run, and ends with it: at a free port of this machine, or at ADDR, a
    /// port or HOST:PORT. Others can see it only where ADDR lets them in, as 0.0.0.0:8080 does
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = "0", help_heading = "Output")]
    pub(crate) web: Option<WebAddress>,
    /// One line of progress instead of a picture that fills the terminal
    #[arg(long, help_heading = "Output")]
    pub(crate) no_ui: bool,

    /// No progress
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// End with exit code 99 if the verdict on the generator is this bad (degraded, invalid), if a request failed or got
    /// no answer or an iteration of a scenario could not go on (failures), or if more than a share of them did
    /// (failures=1%), or if the load ended before what --until asks for was reached (imprecise); in any case if none was
    /// answered well. A list; may be repeated
    #[arg(long, value_name = "WHAT", value_delimiter = ',', help_heading = "Output")]
    pub(crate) fail_on: Vec<FailOn>,
}

/// Renders what was recorded.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Run files: of the folder onrush-results, or of `-o run=FILE`
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// What standard output gets [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// An output as of `onrush run`, `KIND=FILE` (`-` for standard output, instead of --format); of one run; or KIND=ADDRESS; may be repeated
    #[arg(short, long = "output", value_name = "KIND=FILE")]
    pub(crate) outputs: Vec<String>,

    /// A label on all that goes to Prometheus and OpenTelemetry; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The summary for people
    Text,
    /// Everything, for machines
    Json,
}
