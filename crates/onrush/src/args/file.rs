//! The arguments of commands about scenario files, as they are typed.

use std::path::PathBuf;

use clap::Args;

/// What is said instead of a scenario file, or to it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FileArgs {
    /// A variable that a scenario file reads as ${NAME}, instead of the environment's; may be repeated
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Scenario file")]
    pub(crate) env: Vec<String>,

    /// The target of a scenario file, instead of its own (NAME=URL for one of several)
    #[arg(long, value_name = "URL", help_heading = "Scenario file")]
    pub(crate) target: Option<String>,

    /// The only scenario of a file that is played
    #[arg(long, value_name = "NAME", help_heading = "Scenario file")]
    pub(crate) scenario: Option<String>,
}

/// `onrush check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// The scenario file
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,

    /// Another load than the file's, in the words of `onrush run --load`
    #[arg(long, value_name = "LOAD", allow_hyphen_values = true)]
    pub(crate) load: Option<String>,

    /// Walk one user once through each scenario, and show every request, answer, saved value and check; think times are
    /// skipped
    #[arg(long)]
    pub(crate) trace: bool,

    /// What the file reads.
    #[command(flatten)]
    pub(crate) file: FileArgs,
}

/// `onrush new`.
#[derive(Clone, Debug, Args)]
pub(crate) struct NewArgs {
    /// Where to write it; `-` for standard output
    #[arg(value_name = "FILE", default_value = "scenario.yaml")]
    pub(crate) path: PathBuf,
}
