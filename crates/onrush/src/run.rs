//! `onrush run`: from the arguments to the exit code.

use onrush_engine::{Control, RunError};
use onrush_lang::Document;
use onrush_metrics::{Event, Outcome, RunInfo, SeriesInfo, StopReason};
use onrush_plan::{Plan, Pooling, SeriesKind, SeriesSpec};

use crate::args::RunArgs;
use crate::exit::{Exit, Wrong};
use crate::gate::FailOn;
use crate::lower::scenario::{self, Disk};
use crate::lower::{self, Surroundings};
use crate::outputs::Outputs;
use crate::printed::printed;
use crate::signals;
use crate::terminal::{print, say};

/// Plays the run that the arguments ask for.
pub(crate) fn run(args: &RunArgs) -> Result<Exit, Wrong> {
    onrush_engine::raise_descriptor_limit();
    let surroundings = surroundings();
    let (plan, warnings) = match scenario::file_of(args) {
        None => (lower::plan(args, &surroundings)?, Vec::new()),
        Some(path) => {
            let document = scenario::read(path, &args.file, args.load.as_deref(), &Disk::beside(path))?;
            of_document(document, args, &surroundings)?
        }
    };
    if args.print_scenario {
        print(&printed(args, &plan)?);
        return Ok(Exit::Ok);
    }
    begin(&plan, warnings, args, &surroundings)
}

/// Cores, limits and variables of this machine.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        descriptors: onrush_engine::available_descriptors(),
        proxy: lower::proxy_of_environment(),
    }
}

/// The plan of a scenario file, and what is worth saying about it.
pub(crate) fn of_document(
    document: Document,
    args: &RunArgs,
    surroundings: &Surroundings,
) -> Result<(Plan, Vec<String>), Wrong> {
    let warnings = document.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
    Ok((scenario::plan(document, args, surroundings)?, warnings))
}

/// Opens the outputs and plays.
pub(crate) fn begin(
    plan: &Plan,
    mut notes: Vec<String>,
    args: &RunArgs,
    surroundings: &Surroundings,
) -> Result<Exit, Wrong> {
    look_for_socket(plan)?;
    let outputs = Outputs::open(&args.output)?;
    notes.extend(self::notes(plan, surroundings));
    let limited_by_files = lower::is_limited_by_descriptors(args, plan, surroundings.descriptors);
    if limited_by_files {
        let most = match plan.in_flight.max {
            1 => "one request is".to_owned(),
            max => format!("{max} requests are"),
        };
        notes.push(format!(
            "note: at most {most} in flight at a time, for the open-files limit: raise it with `ulimit -n`"
        ));
    }
    play(plan, &info(plan, limited_by_files), &notes, outputs, &args.output.fail_on)
}

/// A run against a socket that is not there would be one of failures alone.
fn look_for_socket(plan: &Plan) -> Result<(), Wrong> {
    match &plan.client.unix_socket {
        Some(path) if !path.exists() => {
            Err(Wrong(format!("--unix-socket {}: there is no such socket; does the service run?", path.display())))
        }
        _ => Ok(()),
    }
}

/// Plays a plan and shows it. Notes are told when it begins: where it cannot begin, why is all that matters.
fn play(
    plan: &Plan,
    info: &RunInfo,
    notes: &[String],
    mut outputs: Outputs,
    fail_on: &[FailOn],
) -> Result<Exit, Wrong> {
    let control = Control::new();
    stop_on_signals(control.clone())?;
    let outcome = onrush_engine::run(plan, info, &control, |event| {
        if matches!(event, Event::Started(_)) {
            notes.iter().for_each(|note| say(note));
        }
        outputs.on_event(&event);
    });
    let outcome = match outcome {
        Err(error @ RunError::Interrupted) => {
            say(&error.to_string());
            return Ok(Exit::Interrupted);
        }
        // The load was played and reported.
        Err(error @ RunError::Teardown(_)) => {
            say(&format!("error: {error}"));
            return Ok(Exit::Failed);
        }
        outcome => outcome.map_err(|error| Wrong(error.to_string()))?,
    };
    Ok(exit(&outcome, &outputs, fail_on))
}

fn exit(outcome: &Outcome, outputs: &Outputs, fail_on: &[FailOn]) -> Exit {
    let met: Vec<_> = fail_on.iter().filter_map(|condition| Some((condition, condition.met(outcome)?))).collect();
    met.iter().for_each(|(condition, how)| say(&format!("failed by --fail-on {condition}: {how}")));
    let is_broken = outcome.thresholds.iter().any(|threshold| !threshold.passed);
    if outcome.stopped == StopReason::Interrupted {
        Exit::Interrupted
    } else if is_broken || !met.is_empty() {
        Exit::Failed
    } else if outputs.failed() {
        Exit::OutputFailed
    } else {
        Exit::Ok
    }
}

/// What is worth saying before the run because it will show in it.
fn notes(plan: &Plan, surroundings: &Surroundings) -> Vec<String> {
    let mut notes = Vec::new();
    let targets = plan.work.targets();
    let proxies: Vec<_> = targets.iter().map(|url| onrush_net::proxy_of(&plan.client.proxy, url)).collect();
    if let Some(proxy) = proxies.iter().flatten().next() {
        let which =
            if proxies.iter().all(|other| other.as_ref() == Some(proxy)) { "requests" } else { "some requests" };
        notes.push(format!("note: {which} go through the proxy at {proxy} (--no-proxy to go directly)"));
    }
    let wanted = match plan.client.pooling {
        Pooling::Shared { max } => u64::from(max),
        Pooling::PerUser => u64::from(plan.work.max_users()),
    };
    if let Some(limit) = surroundings.descriptors.filter(|limit| *limit < wanted) {
        notes.push(format!(
            "warning: {wanted} connections are asked for, and the open-files limit leaves room for {limit}: raise it with `ulimit -n`"
        ));
    }
    notes
}

/// What the outputs tell about a plan.
fn info(plan: &Plan, limited_by_files: bool) -> RunInfo {
    RunInfo {
        targets: plan.work.targets().into_iter().map(without_password).collect(),
        load: plan.work.load_text(),
        protocol: plan.client.protocol.name().to_owned(),
        lanes: plan.client.protocol.lanes(),
        duration: plan.work.duration(),
        // Users of scenarios send as many as their luck and the service make of it.
        requests: plan.work.iterations().filter(|_| plan.work.series().is_empty()),
        warmup: plan.warmup,
        open: plan.work.is_open(),
        limited_by_files,
        threads: plan.threads,
        seed: plan.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        series: plan.work.series().iter().map(series).collect(),
    }
}

fn series(spec: &SeriesSpec) -> SeriesInfo {
    SeriesInfo {
        kind: match spec.kind {
            SeriesKind::Iterations => onrush_metrics::SeriesKind::Iterations,
            SeriesKind::Requests => onrush_metrics::SeriesKind::Requests,
            SeriesKind::Group => onrush_metrics::SeriesKind::Group,
        },
        scenario: spec.scenario.clone(),
        name: spec.name.clone(),
        tags: spec.tags.clone(),
        checks: spec.checks.clone(),
    }
}

fn without_password(url: &url::Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        let _ = url.set_password(Some("***"));
    }
    url.to_string()
}

/// Once: finish what is in flight. Twice: end now, and report. Three times: end without a word.
fn stop_on_signals(control: Control) -> Result<(), Wrong> {
    signals::on_signal(move |number| {
        if number > 2 {
            std::process::exit(Exit::Interrupted as i32);
        }
        control.stop();
    })
}
