//! The service's own figures of a run as JSON.

use onrush_metrics::Outcome;
use serde::Serialize;

use super::finite;
use crate::observed::rows;

#[derive(Serialize)]
pub(super) struct Observed<'a> {
    name: &'a str,
    mean: Option<f64>,
    max: Option<f64>,
    last: Option<f64>,
}

/// One for each series.
pub(super) fn observed(outcome: &Outcome) -> Vec<Observed<'_>> {
    let of = |(name, figures): (_, onrush_metrics::Observed)| Observed {
        name,
        mean: finite(figures.mean()),
        max: finite(figures.max()),
        last: finite(figures.last()),
    };
    rows(outcome).map(of).collect()
}
