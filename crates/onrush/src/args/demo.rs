//! The arguments of `onrush demo`, as they are typed.

use clap::Args;

use super::OutputArgs;

/// The demonstration.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Another load than the usual one, in the words of `onrush run --load`
    #[arg(long, value_name = "LOAD")]
    pub(crate) load: Option<String>,

    /// Where results go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
