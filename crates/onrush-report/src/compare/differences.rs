//! In what runs differ beside what was measured: what makes a comparison senseless, and what to have in mind.

use onrush_metrics::{RunInfo, Soundness, StopReason};

use super::Recorded;
use crate::units::clock;

/// What a run is, in words, by what it is called.
type Trait = (&'static str, fn(&RunInfo) -> String);

/// Response times of different loads are different things.
const OF_LOAD: &[Trait] = &[
    ("load", |info| info.load.clone()),
    ("load model", |info| if info.open { "open".to_owned() } else { "closed".to_owned() }),
];
/// What may explain a change.
const OF_RUN: &[Trait] = &[
    ("protocol", |info| format!("{} with {} requests a connection at a time", info.protocol, info.lanes.max(1))),
    ("target", |info| info.targets.join(", ")),
    ("warm-up", |info| clock(info.warmup)),
    ("precision that ends a run", |info| info.until.as_ref().map_or("none", |until| &until.text).to_owned()),
    ("number of threads", |info| info.threads.to_string()),
    ("version of Onrush", |info| info.version.clone()),
    ("processor", |info| info.machine.processor.clone()),
    ("number of cores", |info| info.machine.cores.to_string()),
    ("system", |info| format!("{} {}", info.machine.system, info.machine.architecture)),
];

/// Why runs are not to be compared, and what to have in mind if they are.
pub(super) fn differences(base: &[Recorded], new: &[Recorded]) -> (Vec<String>, Vec<String>) {
    let runs: Vec<_> = base.iter().chain(new).collect();
    let infos: Vec<_> = runs.iter().map(|run| &run.outcome.info).collect();
    let (mut refusals, mut warnings) = (Vec::new(), Vec::new());
    refusals.extend(OF_LOAD.iter().filter_map(|of| differing(of, &infos)).take(1));
    warnings.extend(OF_RUN.iter().filter_map(|of| differing(of, &infos)));
    warnings.extend(plan(&infos));
    // Users of scenarios draw what they do and say.
    let is_drawn = infos.iter().all(|info| !info.series.is_empty());
    warnings.extend(differing(&("seed", |info| info.seed.to_string()), &infos).filter(|_| is_drawn));
    for run in &runs {
        let verdict = &run.outcome.verdict;
        let why = verdict.reasons.first().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
        match verdict.soundness() {
            Soundness::Valid => {}
            Soundness::Degraded => warnings.push(format!("{}: the verdict is degraded{why}", run.name)),
            Soundness::Invalid => refusals.push(format!("{}: the verdict is invalid{why}", run.name)),
        }
        warnings.extend(cut_short(run));
    }
    warnings.extend(series(base, new));
    (refusals, warnings)
}

fn differing((what, of): &Trait, infos: &[&RunInfo]) -> Option<String> {
    let first = of(infos.first()?);
    let other = infos.iter().map(|info| of(info)).find(|other| *other != first)?;
    Some(format!("the {what} differs: {first} and {other}"))
}

/// The first line of the plans that differs, other than those that are told elsewhere.
fn plan(infos: &[&RunInfo]) -> Option<String> {
    const ELSEWHERE: &[&str] = &["target:", "load:", "seed:", "warmup:", "Until:", "#"];
    let lines = |info: &RunInfo| {
        let is_own = |line: &&String| !ELSEWHERE.iter().any(|key| line.starts_with(key));
        info.plan.iter().filter(is_own).map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let first = lines(infos.first()?);
    let other = infos.iter().map(|info| lines(info)).find(|other| *other != first)?;
    let place = first.iter().zip(&other).position(|(a, b)| a != b).unwrap_or(first.len().min(other.len()));
    let line = |lines: &[String]| lines.get(place).map_or("nothing more".to_owned(), |line| format!("`{line}`"));
    Some(format!("the plan differs: {} and {}", line(&first), line(&other)))
}

fn cut_short(run: &Recorded) -> Option<String> {
    let how = match run.outcome.stopped {
        // The verdict says that the record is not whole.
        StopReason::Completed | StopReason::Precise | StopReason::Lost => return None,
        StopReason::Interrupted => "it was interrupted",
        StopReason::Threshold => "a broken threshold ended it",
        StopReason::Script => "the scenario ended it",
    };
    Some(format!("{}: {how} after {}", run.name, clock(run.outcome.measured)))
}

/// Series that only some runs have.
fn series(base: &[Recorded], new: &[Recorded]) -> Vec<String> {
    let names = |runs: &[Recorded]| {
        let all = runs.iter().flat_map(|run| &run.outcome.info.series);
        all.map(|info| (info.scenario.clone(), info.name.clone())).collect::<Vec<_>>()
    };
    let (of_base, of_new) = (names(base), names(new));
    let mut told = Vec::new();
    for (mine, others, side) in [(&of_base, &of_new, "base"), (&of_new, &of_base, "new side")] {
        let mut alone: Vec<_> = mine.iter().filter(|name| !others.contains(name)).collect();
        alone.dedup();
        if let Some((scenario, name)) = alone.first() {
            let more = if alone.len() > 1 { format!(" and {} more", alone.len() - 1) } else { String::new() };
            told.push(format!("only the {side} has `{name}` of {scenario}{more}"));
        }
    }
    told
}
