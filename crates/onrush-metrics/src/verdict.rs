//! The verdict as a value: was the generator itself good enough for the numbers to mean something?
//! How it is reached is the engine's business.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// How far the numbers can be trusted. Worse is greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Soundness {
    /// The load was made as asked and timed well.
    #[default]
    Valid,
    /// Something of the generator's own shows in the numbers; the reasons say what.
    Degraded,
    /// The load was not the one asked for, or the times are mostly the generator's own.
    Invalid,
}

impl Soundness {
    /// The word used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Degraded => "degraded",
            Self::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Soundness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One observation about the generator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable name of the rule, for machines: `start-lag`, `cpu`, `rate`, …
    pub rule: Cow<'static, str>,
    /// How bad it is.
    pub soundness: Soundness,
    /// A sentence for people, with the figures and what to do.
    pub text: String,
}

/// The verdict on a run: the worst of its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Verdict {
    /// What was found, worst first; empty or all valid when nothing is wrong.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// A verdict from what was found.
    pub fn new(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.soundness));
        Self { reasons }
    }

    /// The worst of the reasons.
    pub fn soundness(&self) -> Soundness {
        self.reasons.iter().map(|reason| reason.soundness).max().unwrap_or_default()
    }
}
