//! Figures of a comparison as people read them, in whatever they are shown in.

use std::time::Duration;

use onrush_metrics::SeriesKind;

use super::{By, Change, Compared, Comparison, Figure};
use crate::layout::clean;
use crate::units::{rate, several, time};

impl Figure {
    /// A value of either side.
    pub(super) fn shown(self, value: Option<f64>) -> String {
        match (value, self) {
            (None, _) => "–".to_owned(),
            (Some(value), Self::Rate) => rate(value),
            (Some(value), Self::Errors) => percent(value),
            (Some(value), _) => time(Duration::from_nanos(value as u64)),
        }
    }

    fn difference(self, value: f64) -> String {
        let unit = if self == Self::Errors { "points" } else { "%" };
        format!("{} {unit}", signed(value))
    }

    /// What a change is.
    pub(super) fn change(self, by: Option<By>) -> String {
        by.map_or_else(|| "not known".to_owned(), |by| self.difference(by.value))
    }

    /// Between what it is.
    pub(super) fn interval(self, by: Option<By>) -> String {
        by.map_or_else(String::new, |by| format!("{} … {}", signed(by.low), self.difference(by.high)))
    }
}

impl Compared {
    /// What it is called.
    pub(super) fn title(&self) -> String {
        let name = clean(&self.name);
        match self.kind {
            None => "all requests".to_owned(),
            Some(SeriesKind::Iterations) => format!("{name}, whole"),
            Some(SeriesKind::Requests) => format!("{}: {name}", clean(&self.scenario)),
            Some(SeriesKind::Group) => format!("{}: [{name}]", clean(&self.scenario)),
        }
    }
}

impl Change {
    /// `worse`, `better`, or nothing.
    pub(super) fn word(&self) -> &'static str {
        match (self.stands, self.is_worse()) {
            (false, _) => "",
            (true, true) => "worse",
            (true, false) => "better",
        }
    }
}

impl Comparison {
    /// What came out, in a clause.
    pub(super) fn meaning(&self) -> String {
        let terms = format!("by more than {} and by more than chance", percent(self.terms.effect));
        let count = |worse: bool| self.named().filter(|(_, change)| change.is_worse() == worse).count() as u64;
        let figures = |number: u64| several(number, "figure", "figures");
        match (count(true), count(false)) {
            (0, 0) if self.is_blind() => "the runs are too short to tell".to_owned(),
            (0, 0) => format!("nothing changed {terms}"),
            (0, better) => format!("{} improved {terms}", figures(better)),
            (worse, 0) => format!("{} worsened {terms}", figures(worse)),
            (worse, better) => format!("{} worsened {terms}, and {better} improved", figures(worse)),
        }
    }

    /// Whether no change at all could have been found.
    pub(super) fn is_blind(&self) -> bool {
        self.compared.iter().flat_map(|compared| &compared.changes).all(|change| change.by.is_none())
    }

    /// What all of it rests on.
    pub(super) fn basis(&self) -> String {
        if self.is_blind() {
            return "intervals take eight seconds at least, and more where seconds resemble each other".to_owned();
        }
        let tests = self.compared.iter().flat_map(|compared| &compared.changes).filter(|change| change.by.is_some());
        let within = if self.base.len() + self.new.len() == 2 {
            "; with one run a side, what differs from run to run is not in the intervals: more runs a side show it"
        } else {
            "; the intervals are as wide as the runs of a side differ"
        };
        format!(
            "{} compared; a false alarm in any of them has a chance of {}{within}",
            several(tests.count() as u64, "figure", "figures"),
            percent(1.0 - self.terms.level)
        )
    }

    /// What to show of a series: all figures of all requests, of others only what is named.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Compared, Vec<&Change>)> {
        self.compared.iter().filter_map(|compared| {
            let shown = |change: &&Change| change.stands || compared.kind.is_none();
            let changes: Vec<_> = compared.changes.iter().filter(shown).collect();
            (!changes.is_empty()).then_some((compared, changes))
        })
    }

    /// Series that have nothing to show.
    pub(super) fn quiet(&self) -> Option<String> {
        let quiet = (self.compared.len() - self.rows().count()) as u64;
        (quiet > 0).then(|| format!("{} without a change to name", several(quiet, "series", "series")))
    }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => format!("{percent:.3} %"),
        percent if percent < 1.0 => format!("{percent:.2} %"),
        percent if (percent - percent.round()).abs() < 1e-6 => format!("{percent:.0} %"),
        percent => format!("{percent:.1} %"),
    }
}

fn signed(share: f64) -> String {
    let shown = match share.abs() * 100.0 {
        percent if percent < 0.05 => return "±0.0".to_owned(),
        percent if percent < 99.95 => format!("{percent:.1}"),
        percent if percent < 100_000.0 => format!("{percent:.0}"),
        _ => ">99999".to_owned(),
    };
    format!("{}{shown}", if share < 0.0 { "−" } else { "+" })
}
