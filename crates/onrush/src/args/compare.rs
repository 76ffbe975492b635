//! The arguments of `onrush compare`, as they are typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Compares recorded runs.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompareArgs {
    /// Run files: the base, then runs of the new side (all of them are new with --base)
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// A run of the base; may be repeated: of several runs a side, the intervals are as wide as they differ
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Vec<PathBuf>,

    /// The smallest change that is named, in percent of the base
    #[arg(long, value_name = "PERCENT", default_value = "3", value_parser = effect)]
    pub(crate) effect: f64,

    /// How sure all named changes together are, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = confidence)]
    pub(crate) confidence: f64,

    /// Compare what is not to be compared: different loads, invalid verdicts
    #[arg(long)]
    pub(crate) force: bool,

    /// What standard output gets [default: text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<View>,

    /// A further view, `KIND=FILE` (`-` for standard output, instead of --format); kinds: text, json, markdown, html; may be
    /// repeated
    #[arg(short, long = "output", value_name = "KIND=FILE")]
    pub(crate) outputs: Vec<String>,
}

/// What a comparison is shown as on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum View {
    /// For people
    Text,
    /// Everything, for machines
    Json,
    /// For pull requests
    Markdown,
}

impl View {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
        }
    }
}

fn effect(text: &str) -> Result<f64, String> {
    share(text, 0.0..=1000.0, "write a percentage, such as 3")
}

fn confidence(text: &str) -> Result<f64, String> {
    share(text, 50.0..=99.99, "write a percentage between 50 and 99.99, such as 95")
}

/// A percentage, with its sign or without, as a share.
fn share(text: &str, within: std::ops::RangeInclusive<f64>, wrong: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end().parse::<f64>();
    number.ok().filter(|number| within.contains(number)).map(|number| number / 100.0).ok_or_else(|| wrong.to_owned())
}
