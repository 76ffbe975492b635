//! A comparison for machines. `docs/compare.md` says what every field means.

use serde::Serialize;

use super::{Change, Compared, Comparison, Recorded};
use crate::moment::moment;

/// The version of the shape: it grows when a field goes or changes its meaning.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    result: &'static str,
    effect_share: f64,
    level: f64,
    base: Vec<Run<'a>>,
    new: Vec<Run<'a>>,
    refusals: &'a [String],
    warnings: &'a [String],
    compared: Vec<Series<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    name: &'a str,
    started_at: String,
    load: &'a str,
    measured_ns: u64,
    verdict: &'static str,
    stopped: &'static str,
}

#[derive(Serialize)]
struct Series<'a> {
    kind: Option<&'static str>,
    scenario: &'a str,
    name: &'a str,
    changes: Vec<Figures>,
}

#[derive(Serialize)]
struct Figures {
    figure: &'static str,
    base: Option<f64>,
    new: Option<f64>,
    change: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    chance: Option<f64>,
    named: Option<&'static str>,
}

pub(super) fn json(comparison: &Comparison) -> String {
    let document = Document {
        version: VERSION,
        result: comparison.result(),
        effect_share: comparison.terms.effect,
        level: comparison.terms.level,
        base: comparison.base.iter().map(run).collect(),
        new: comparison.new.iter().map(run).collect(),
        refusals: &comparison.refusals,
        warnings: &comparison.warnings,
        compared: comparison.compared.iter().map(series).collect(),
    };
    serde_json::to_string_pretty(&document).expect("keys are strings, and nothing here refuses to be written") + "\n"
}

fn run(run: &Recorded) -> Run<'_> {
    let outcome = &run.outcome;
    Run {
        name: &run.name,
        started_at: moment(outcome.info.started_at),
        load: &outcome.info.load,
        measured_ns: u64::try_from(outcome.measured.as_nanos()).unwrap_or(u64::MAX),
        verdict: outcome.verdict.soundness().name(),
        stopped: outcome.stopped.name(),
    }
}

fn series(compared: &Compared) -> Series<'_> {
    let kind = compared.kind.map(onrush_metrics::SeriesKind::name);
    Series {
        kind,
        scenario: &compared.scenario,
        name: &compared.name,
        changes: compared.changes.iter().map(figures).collect(),
    }
}

fn figures(change: &Change) -> Figures {
    // A margin may be beyond any number.
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    Figures {
        figure: change.figure.name(),
        base: change.base,
        new: change.new,
        change: change.by.and_then(|by| finite(by.value)),
        low: change.by.and_then(|by| finite(by.low)),
        high: change.by.and_then(|by| finite(by.high)),
        chance: change.by.and_then(|by| finite(by.chance)),
        named: Some(change.word()).filter(|word| !word.is_empty()),
    }
}
