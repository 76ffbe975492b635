//! The arguments of `onrush demo`, as they are typed.

use clap::Args;

use super::OutputArgs;

/// The demonstration.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArgs {
    /// Another load than the usual one, in the words of `onrush run --load`
    #[arg(long, value_name = "LOAD", default_value = "0/s -> 400/s over 4s, 400/s for 6s")]
    pub(crate) load: String,

    /// Where results go.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
