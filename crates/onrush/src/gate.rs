//! What makes a run fail where that is asked for: the conditions of `--fail-on`.

use std::fmt;
use std::str::FromStr;

use onrush_metrics::{Outcome, Soundness, Tally};

/// One condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FailOn {
    /// The verdict on the generator is as bad as this, or worse.
    Verdict(Soundness),
    /// More than this percentage of the requests that were begun were not answered well, or of the iterations of a
    /// scenario could not go on.
    Failures { percent: f64 },
    /// The percentile of `--until` was not known as well as was asked for when the run ended.
    Imprecise,
}

/// What every condition implies: a service that never answered has passed no test.
const NO_SUCCESS: &str = "not one request was answered well";
/// The same of a scenario that nobody could play to its end.
const NO_ITERATION: &str = "not one iteration could go on to its end";

impl FailOn {
    /// In what way an outcome meets the condition, in words.
    pub(crate) fn met(self, outcome: &Outcome) -> Option<String> {
        let counters = &outcome.total.counters;
        match self {
            _ if counters.completed == 0 => Some(NO_SUCCESS.to_owned()),
            _ if outcome.iterations.as_ref().is_some_and(none_went_on) => Some(NO_ITERATION.to_owned()),
            Self::Verdict(limit) => {
                let soundness = outcome.verdict.soundness();
                (soundness >= limit).then(|| format!("the verdict is {soundness}"))
            }
            Self::Imprecise => {
                let (until, reached) = outcome.until()?;
                (!reached.reached).then(|| format!("{} was not reached", until.text))
            }
            Self::Failures { percent } => {
                let is_met = |bad: u64, all: u64| bad as f64 * 100.0 > all as f64 * percent;
                let (bad, all) = (counters.failed + counters.cut_off, counters.started);
                if is_met(bad, all) {
                    return Some(format!("{bad} of {all} requests were not answered well"));
                }
                // Users who were still busy at the end have not failed.
                let iterations = &outcome.iterations.as_ref()?.counters;
                let (broken, all) = (iterations.failed, iterations.ended());
                is_met(broken, all).then(|| format!("{broken} of {all} iterations could not go on"))
            }
        }
    }
}

fn none_went_on(iterations: &Tally) -> bool {
    iterations.counters.completed == 0 && iterations.counters.failed > 0
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let limit = |text: &str| text.strip_suffix('%')?.trim_end().parse().ok();
        match text.split_once('=') {
            None if text == "degraded" => Ok(Self::Verdict(Soundness::Degraded)),
            None if text == "invalid" => Ok(Self::Verdict(Soundness::Invalid)),
            None if text == "imprecise" => Ok(Self::Imprecise),
            None if text == "failures" => Ok(Self::Failures { percent: 0.0 }),
            Some(("failures", share)) => limit(share)
                .filter(|percent| (0.0..100.0).contains(percent))
                .map(|percent| Self::Failures { percent })
                .ok_or_else(|| "write a share below 100 %, such as failures=1%".to_owned()),
            _ => Err("write degraded, invalid, imprecise, failures or failures=1%".to_owned()),
        }
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(soundness) => soundness.fmt(f),
            Self::Imprecise => f.write_str("imprecise"),
            Self::Failures { percent: 0.0 } => f.write_str("failures"),
            Self::Failures { percent } => write!(f, "failures={percent}%"),
        }
    }
}
