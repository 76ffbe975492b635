//! The arguments that say where results go and what decides the exit code.

use clap::{Args, ValueEnum};

/// Results of a run.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OutputArgs {
    /// What standard output gets at the end
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output")]
    pub(crate) format: Format,

    /// A further output, `KIND=FILE` (`-` for standard output); kinds: summary, json; may be repeated
    #[arg(short, long = "output", value_name = "KIND=FILE", help_heading = "Output")]
    pub(crate) outputs: Vec<String>,

    /// No progress
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// End with exit code 99 if the verdict on the generator is this bad
    #[arg(long, value_enum, value_name = "VERDICT", help_heading = "Output")]
    pub(crate) fail_on: Option<FailOn>,
}

/// What standard output gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The summary for people
    #[default]
    Text,
    /// Everything, for machines
    Json,
}

/// From which verdict on a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Degraded or invalid
    Degraded,
    /// Invalid
    Invalid,
}
