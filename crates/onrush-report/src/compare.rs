//! Two sides compared, each of one recorded run or of several: what changed, by how much, and whether it is more than
//! chance. `docs/statistics.md` says how.

mod differences;
mod html;
mod json;
mod markdown;
mod side;
mod table;
mod text;

use onrush_metrics::{Histogram, SeriesKind};
use onrush_stats::{Effect, Sample, change, holm};

pub use self::side::Recorded;

use self::differences::differences;
use self::side::Part;
use crate::style::Style;

/// A smaller share of failures more or less is not named.
const LEAST_ERRORS: f64 = 0.001;

/// What a change must be to be named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Larger than this share of the base.
    pub effect: f64,
    /// With this confidence in all named changes together.
    pub level: f64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { effect: 0.03, level: 0.95 }
    }
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The median response time.
    P50,
    /// The time that 95 % of the response times do not exceed.
    P95,
    /// The time that 99 % of the response times do not exceed.
    P99,
    /// Requests ended a second.
    Rate,
    /// The share of requests that failed.
    Errors,
}

/// A figure on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Which one.
    pub figure: Figure,
    /// Of all runs of the base together; in ns, a second, or a share.
    pub base: Option<f64>,
    /// Of all new runs together.
    pub new: Option<f64>,
    /// The change and its interval; `None` where a side is not known well enough. Shares of the base, but differences
    /// of the share of failures.
    pub by: Option<By>,
    /// It is larger than asked for, and more than chance.
    pub stands: bool,
}

/// How much a figure changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct By {
    /// By this.
    pub value: f64,
    /// The least that it may be.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// How likely that is between sides that do not differ.
    pub chance: f64,
}

/// What is compared of a series, or of all requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// `None` for all requests together.
    pub kind: Option<SeriesKind>,
    /// The scenario of a series.
    pub scenario: String,
    /// Its name.
    pub name: String,
    /// Its figures.
    pub changes: Vec<Change>,
}

/// What came out of a comparison.
#[derive(Debug)]
pub struct Comparison {
    /// What was asked for.
    pub terms: Terms,
    /// The runs of the base.
    pub base: Vec<Recorded>,
    /// The new runs.
    pub new: Vec<Recorded>,
    /// All requests first, then each series that both sides have.
    pub compared: Vec<Compared>,
    /// Why these runs are not to be compared.
    pub refusals: Vec<String>,
    /// What to have in mind.
    pub warnings: Vec<String>,
}

/// What a comparison is shown as.
pub struct View {
    /// What it is asked for by.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Makes it.
    pub make: fn(&Comparison, Style) -> String,
}

/// Everything that a comparison can be shown as.
pub const VIEWS: &[View] = &[
    View { name: "text", about: "for people, as on the terminal", make: text::text },
    View { name: "json", about: "everything, for machines", make: |comparison, _| json::json(comparison) },
    View { name: "markdown", about: "for pull requests", make: |comparison, _| markdown::markdown(comparison) },
    View {
        name: "html",
        about: "one page with the curves of both sides",
        make: |comparison, _| html::html(comparison),
    },
];

impl Figure {
    const ALL: [Self; 5] = [Self::P50, Self::P95, Self::P99, Self::Rate, Self::Errors];

    /// The word used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Rate => "rate",
            Self::Errors => "errors",
        }
    }

    fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            Self::Rate | Self::Errors => None,
        }
    }

    /// What is compared of a run: logarithms, so that changes are shares; of failures the share itself.
    fn sample(self, part: &Part) -> Option<Sample> {
        match (self.quantile(), self) {
            (Some(q), _) => part.seconds.log_quantile(&part.tally.response, q),
            (None, Self::Rate) => part.seconds.log_rate(),
            (None, _) => part.seconds.failed(),
        }
    }

    /// The figure of all runs of a side.
    fn value(self, parts: &[Part]) -> Option<f64> {
        if let Some(q) = self.quantile() {
            let mut all = Histogram::new();
            parts.iter().for_each(|part| all.merge(&part.tally.response));
            return all.supports(q).then(|| all.quantile(q).as_nanos() as f64);
        }
        let sum = |of: &dyn Fn(&Part) -> f64| parts.iter().map(of).sum::<f64>();
        let (over, under) = match self {
            Self::Rate => {
                let ended = sum(&|part| part.tally.counters.ended_in_time as f64);
                (ended, sum(&|part| part.measured.as_secs_f64()))
            }
            _ => (sum(&|part| part.tally.counters.failed as f64), sum(&|part| part.tally.counters.ended() as f64)),
        };
        (under > 0.0).then(|| over / under)
    }

    fn by(self, effect: Effect, level: f64) -> By {
        let (low, high) = effect.range(level);
        let shown = |value: f64| if self == Self::Errors { value } else { value.exp_m1() };
        By { value: shown(effect.value), low: shown(low), high: shown(high), chance: effect.chance() }
    }
}

impl Change {
    fn of(figure: Figure, base: &[Part], new: &[Part], level: f64) -> Self {
        let samples = |parts: &[Part]| {
            parts.iter().map(|part| figure.sample(part)).collect::<Option<Vec<_>>>().unwrap_or_default()
        };
        let effect = change(&samples(base), &samples(new));
        let by = effect.map(|effect| figure.by(effect, level));
        Self { figure, base: figure.value(base), new: figure.value(new), by, stands: false }
    }

    /// Whether it is the worse for the service.
    pub fn is_worse(&self) -> bool {
        self.by.is_some_and(|by| if self.figure == Figure::Rate { by.value < 0.0 } else { by.value > 0.0 })
    }

    fn is_large(&self, effect: f64) -> bool {
        let least = match self.figure {
            Figure::Errors => (self.base.unwrap_or_default() * effect).max(LEAST_ERRORS),
            _ => effect,
        };
        self.by.is_some_and(|by| by.value.abs() > least)
    }
}

impl Comparison {
    /// Compares. Both sides have at least one run.
    pub fn new(base: Vec<Recorded>, new: Vec<Recorded>, terms: Terms) -> Self {
        let (refusals, warnings) = differences(&base, &new);
        let mut compared = vec![(None, side::whole(&base), side::whole(&new))];
        for info in base.first().into_iter().flat_map(|run| &run.outcome.info.series) {
            if let (Some(base), Some(new)) = (side::series(&base, info), side::series(&new, info)) {
                compared.push((Some(info), base, new));
            }
        }
        let mut compared: Vec<_> = compared
            .into_iter()
            .map(|(info, base, new)| Compared {
                kind: info.map(|info| info.kind),
                scenario: info.map(|info| info.scenario.clone()).unwrap_or_default(),
                name: info.map(|info| info.name.clone()).unwrap_or_default(),
                changes: Figure::ALL.iter().map(|figure| Change::of(*figure, &base, &new, terms.level)).collect(),
            })
            .collect();
        stand(&mut compared, terms);
        Self { terms, base, new, compared, refusals, warnings }
    }

    /// The changes that are named, with what they are of.
    pub fn named(&self) -> impl Iterator<Item = (&Compared, &Change)> {
        let of = |compared: &'_ Compared| compared.changes.iter().filter(|change| change.stands).count() > 0;
        let with = self.compared.iter().filter(move |compared| of(compared));
        with.flat_map(|compared| {
            compared.changes.iter().filter(|change| change.stands).map(move |change| (compared, change))
        })
    }

    /// Whether something became worse.
    pub fn is_regression(&self) -> bool {
        self.named().any(|(_, change)| change.is_worse())
    }

    /// The word used in every output.
    pub fn result(&self) -> &'static str {
        match (self.is_regression(), self.named().next()) {
            (true, _) => "worse",
            (false, Some(_)) => "better",
            (false, None) if self.is_blind() => "unknown",
            (false, None) => "same",
        }
    }
}

/// Which changes are more than chance, all of them looked at together, and large enough.
fn stand(compared: &mut [Compared], terms: Terms) {
    let mut changes: Vec<_> = compared.iter_mut().flat_map(|compared| &mut compared.changes).collect();
    changes.retain(|change| change.by.is_some());
    let chances: Vec<_> = changes.iter().filter_map(|change| change.by).map(|by| by.chance).collect();
    for (change, is_no_chance) in changes.into_iter().zip(holm(&chances, terms.level)) {
        change.stands = is_no_chance && change.is_large(terms.effect);
    }
}
