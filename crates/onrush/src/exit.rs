//! Exit codes, as CI jobs know them from k6, and how what is wrong is told.

use std::process::ExitCode;

use crate::terminal::say;

macro_rules! exits {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:literal),* $(,)?) => {
        /// How the process ends.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Exit {
            $($(#[doc = $doc])* $variant = $code,)*
        }

        #[cfg(test)]
        impl Exit {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub(crate) const fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),*).trim_ascii(),)*
                }
            }
        }
    };
}

exits! {
    /// The run was played and reported.
    Ok = 0,
    /// The run was played, but a result could not be written where it was asked for.
    OutputFailed = 1,
    /// A condition of `--fail-on` is met, a threshold is broken or the tear-down has failed, or in a trace a request or a
    /// check has failed, or a comparison has found something worse; what was printed says which.
    Failed = 99,
    /// What was asked for cannot be done, or the set-up has failed; no load was made.
    BadConfiguration = 104,
    /// Somebody interrupted the run; what was measured until then was reported.
    Interrupted = 105,
}

/// What was asked for cannot be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Wrong(pub(crate) String);

impl Wrong {
    /// Tells it on standard error.
    pub(crate) fn tell(&self) -> Exit {
        say(&format!("error: {}", self.0.trim_end()));
        Exit::BadConfiguration
    }
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self(text)
    }
}

/// Help and version are what was asked for; everything else of clap's is a bad configuration.
pub(crate) fn from_clap(error: &clap::Error) -> ExitCode {
    // A closed terminal is no reason to fail.
    let _ = error.print();
    if error.use_stderr() { Exit::BadConfiguration.into() } else { Exit::Ok.into() }
}
