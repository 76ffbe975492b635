//! What is played, and on what: the same at the beginning of JSON lines and in the report at the end.

use onrush_metrics::{Machine, RunInfo, Stage};
use serde::Serialize;

use super::nanos;
use crate::moment::moment;

#[derive(Serialize)]
pub(crate) struct Played<'a> {
    started_at: String,
    targets: &'a [String],
    load: &'a str,
    model: &'static str,
    protocol: &'a str,
    lanes: u32,
    threads: usize,
    seed: u64,
    duration_ns: Option<u64>,
    requests: Option<u64>,
    warmup_ns: u64,
    stages: Vec<Part<'a>>,
    plan: &'a [String],
    machine: &'a Machine,
}

#[derive(Serialize)]
struct Part<'a> {
    scenario: &'a str,
    text: &'a str,
    from_ns: Option<u64>,
    until_ns: Option<u64>,
}

impl<'a> Played<'a> {
    pub(crate) fn of(info: &'a RunInfo) -> Self {
        Self {
            started_at: moment(info.started_at),
            targets: &info.targets,
            load: &info.load,
            model: if info.open { "open" } else { "closed" },
            protocol: &info.protocol,
            lanes: info.lanes,
            threads: info.threads,
            seed: info.seed,
            duration_ns: info.duration.map(nanos),
            requests: info.requests,
            warmup_ns: nanos(info.warmup),
            stages: info.stages.iter().map(Part::of).collect(),
            plan: &info.plan,
            machine: &info.machine,
        }
    }
}

impl<'a> Part<'a> {
    fn of(stage: &'a Stage) -> Self {
        Self {
            scenario: &stage.scenario,
            text: &stage.text,
            from_ns: stage.from.map(nanos),
            until_ns: stage.until.map(nanos),
        }
    }
}
