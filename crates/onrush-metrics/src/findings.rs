//! What the seconds of a run say about its figures, as a value: how well they are known, and whether the run held still.
//! How that is found out is the business of `onrush-stats`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

/// Between which values a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// As it was measured.
    pub value: f64,
    /// The least that the truth may be.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Band {
    /// How far the truth may be away, as a share of the value, on the side where it may be farther.
    pub fn relative(&self) -> f64 {
        let farther = (self.high - self.value).max(self.value - self.low);
        if self.value > 0.0 { farther / self.value } else { f64::INFINITY }
    }
}

/// How well a figure is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The place of its series; `None` for all requests.
    pub series: Option<usize>,
    /// A percentile such as `p99`, or `mean` (both in ns), `rate` (per second) or `errors` (a share).
    pub figure: String,
    /// Where it is, with a confidence of 95 %.
    pub band: Band,
}

/// How a run did not hold still.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// The median was another one at first.
    WarmUp {
        /// How long, since the measurement began.
        lasted: Duration,
        /// By what share the median of the first part was above (or below, if negative) that of the rest.
        change: f64,
    },
    /// The median rose or fell until the end.
    Trend {
        /// By what share, from the beginning to the end.
        change: f64,
    },
}

/// A percentile that is to be known this well, for the run to end before its load does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Until {
    /// As it was written.
    pub text: String,
    /// What of it is to be known: `p99`, `search p95`.
    pub what: String,
    /// The places of the series whose requests it is of, taken together; empty for all requests.
    pub series: Vec<usize>,
    /// Which percentile, between 0 and 1.
    pub q: f64,
    /// The most that the truth may be away, as a share of the value.
    pub share: f64,
}

/// How well the percentile of an [`Until`] was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reached {
    /// Whether that was well enough, and for long enough, for the run to end.
    pub reached: bool,
    /// Where it was when the load ended, in ns, with a confidence of 99 %; `None` where that was not known.
    pub band: Option<Band>,
}

/// What is said beside the figures of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// Figures that are known to some extent: those of all requests first.
    pub known: Vec<Known>,
    /// How the run did not hold still.
    pub drifts: Vec<Drift>,
    /// How well the percentile was known that decides when the run ends; `None` where nobody asked for one.
    pub until: Option<Reached>,
}

impl Findings {
    /// How well a figure of a series is known, or of all requests.
    pub fn of(&self, series: Option<usize>, figure: &str) -> Option<Band> {
        self.known.iter().find(|known| known.series == series && known.figure == figure).map(|known| known.band)
    }
}

/// Older records hold the text alone, which does not say enough.
pub(crate) fn until_of_record<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Until>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Whole(Until),
        #[expect(dead_code, reason = "nothing is made of it")]
        Text(String),
    }
    Option::<Written>::deserialize(from).map(|written| match written {
        Some(Written::Whole(until)) => Some(until),
        Some(Written::Text(_)) | None => None,
    })
}

/// What a percentile between 0 and 1 is called: `p99.9`.
pub fn percentile_name(q: f64) -> String {
    // The nearest short number: a hundred times 0.57 is not quite 57.
    format!("p{}", (q * 1e10).round() / 1e8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_called_as_they_are_written() {
        for (percent, expected) in [(50.0, "p50"), (57.0, "p57"), (99.9, "p99.9"), (99.999, "p99.999"), (0.1, "p0.1")] {
            assert_eq!(percentile_name(percent / 100.0), expected);
        }
    }

    #[test]
    fn what_is_known_is_found_by_its_name() {
        let known = |series, figure: &str, value| {
            let band = Band { value, low: value - 1.0, high: value + 2.0 };
            Known { series, figure: figure.to_owned(), band }
        };
        let known = vec![known(None, "p50", 4.0), known(Some(1), "p50", 8.0)];
        let findings = Findings { known, ..Findings::default() };
        assert_eq!(findings.of(None, "p50").map(|band| band.relative()), Some(0.5));
        assert_eq!(findings.of(Some(1), "p50").map(|band| band.relative()), Some(0.25));
        assert_eq!((findings.of(Some(0), "p50"), findings.of(None, "p99")), (None, None));
        assert!(Band { value: 0.0, low: 0.0, high: 1.0 }.relative().is_infinite());
    }
}
