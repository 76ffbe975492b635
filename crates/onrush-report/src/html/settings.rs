//! Everything that was asked for, and what it was played on: enough to do it again.

use onrush_metrics::{Outcome, Stage};

use super::escape::text;
use super::table::pairs;
use super::view::{View, is_scheduled};
use crate::moment::moment;
use crate::protocol::protocol;
use crate::units::{bytes, clock, count};

/// Targets and stages that are listed.
const MOST: usize = 50;

pub(super) fn settings(view: &View) -> String {
    let outcome = &view.outcome;
    let info = &outcome.info;
    let machine = &info.machine;
    let warmup = if info.warmup.is_zero() { String::new() } else { clock(info.warmup) };
    let model = match (info.open, is_scheduled(outcome)) {
        (true, _) => "open: arrivals follow a schedule",
        (false, true) => "mixed: some arrivals follow a schedule, some users wait for answers",
        (false, false) => "closed: users wait for answers",
    };
    let began = if info.started_at.is_zero() { String::new() } else { moment(info.started_at) };
    let limit = machine.open_files.map(count).unwrap_or_default();
    let facts = pairs([
        ("targets", lines(info.targets.iter().map(|target| format!("<code>{}</code>", text(target))))),
        ("load", text(&info.load)),
        ("stages", lines(info.stages.iter().map(stage))),
        ("model", model.to_owned()),
        ("protocol", text(&protocol(info))),
        ("warm-up", warmup),
        ("until", info.until.as_ref().map(|until| format!("<code>{}</code>", text(&until.text))).unwrap_or_default()),
        ("began", began),
        ("lasted", format!("{}, {}", clock(outcome.elapsed), outcome.stopped.name())),
        ("thresholds", lines(info.thresholds.iter().map(|one| format!("<code>{}</code>", text(one))))),
        ("seed", format!("<code>{}</code>", info.seed)),
        ("threads", info.threads.to_string()),
        ("machine", machine_of(outcome)),
        ("memory", machine.memory.map(bytes).unwrap_or_default()),
        ("open files", if limit.is_empty() { limit } else { format!("up to {limit}") }),
        ("version", format!("onrush {}", text(&info.version))),
    ]);
    let plan = match info.plan.len() {
        0 => String::new(),
        _ => {
            let lines: Vec<_> = info.plan.iter().map(|line| indented(line)).collect();
            format!("<h3>Plan</h3><pre class=\"plan\" tabindex=\"0\">{}</pre>", lines.join("\n"))
        }
    };
    format!("<h2>Settings</h2>{facts}{plan}")
}

fn machine_of(outcome: &Outcome) -> String {
    let machine = &outcome.info.machine;
    let cores = match machine.cores {
        0 => String::new(),
        1 => "1 core".to_owned(),
        cores => format!("{cores} cores"),
    };
    let parts = [&machine.processor, &cores, &machine.architecture, &machine.system];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).map(|part| text(part)).collect();
    parts.join(", ")
}

fn stage(stage: &Stage) -> String {
    let scenario = if stage.scenario.is_empty() { String::new() } else { format!("{}: ", text(&stage.scenario)) };
    let when = match (stage.from, stage.until) {
        (Some(from), Some(until)) => format!(" <span class=\"quiet\">{} – {}</span>", clock(from), clock(until)),
        (Some(from), None) => format!(" <span class=\"quiet\">from {}</span>", clock(from)),
        _ => String::new(),
    };
    format!("{scenario}{}{when}", text(&stage.text))
}

fn lines(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(MOST);
    let shown: Vec<_> = all.take(MOST).collect();
    let more = if more > 0 { format!("<br>and {} more", count(more as u64)) } else { String::new() };
    shown.join("<br>") + &more
}

/// A line of the plan with its indent, which says what belongs to what.
fn indented(line: &str) -> String {
    let rest = line.trim_start_matches(' ');
    " ".repeat((line.len() - rest.len()).min(40)) + &text(rest)
}
