//! `onrush run`: from the arguments to the exit code.

use onrush_engine::{Control, RunError};
use onrush_metrics::{Event, Outcome, RunInfo, StopReason};
use onrush_plan::{Plan, Pooling};

use crate::args::RunArgs;
use crate::asked::Asked;
use crate::exit::{Exit, Wrong};
use crate::gate::FailOn;
use crate::lower::scenario::{self, Disk, Given};
use crate::lower::{self, Surroundings};
use crate::observing::Observing;
use crate::outputs::Outputs;
use crate::printed::printed;
use crate::signals;
use crate::terminal::{print, say};
use crate::ui;

/// Plays the run that the arguments ask for.
pub(crate) fn run(args: &RunArgs) -> Result<Exit, Wrong> {
    onrush_engine::raise_descriptor_limit();
    let surroundings = surroundings();
    let asked = match scenario::file_of(args) {
        None => Asked::in_one_line(args, &surroundings)?,
        Some(path) => {
            let document = scenario::read(path, &args.file, Given::of(args), &Disk::beside(path))?;
            Asked::in_a_file(&path.display().to_string(), document, args, &surroundings)?
        }
    };
    if args.print_scenario {
        Observing::check("--observe", &args.output.observe)?;
        print(&printed(args, &asked.plan)?);
        return Ok(Exit::Ok);
    }
    begin(asked, args, &surroundings)
}

/// Cores, limits and variables of this machine.
pub(crate) fn surroundings() -> Surroundings {
    Surroundings {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        descriptors: onrush_engine::available_descriptors(),
        proxy: lower::proxy_of_environment(),
    }
}

/// Opens the outputs and plays.
pub(crate) fn begin(mut asked: Asked, args: &RunArgs, surroundings: &Surroundings) -> Result<Exit, Wrong> {
    look_for_socket(&asked.plan)?;
    if args.output.fail_on.contains(&FailOn::Imprecise) && asked.plan.until.is_none() {
        return Err(Wrong("--fail-on imprecise is about --until, and there is none".to_owned()));
    }
    let mut observer = Observing::start(&[&*asked.observe, &*args.output.observe].concat())?;
    let outputs = Outputs::open(&args.output, &asked.name)?;
    asked.notes.extend(notes(&asked.plan, surroundings));
    let limited_by_files = lower::is_limited_by_descriptors(args, &asked.plan, surroundings.descriptors);
    if limited_by_files {
        let most = match asked.plan.in_flight.max {
            1 => "one request is".to_owned(),
            max => format!("{max} requests are"),
        };
        asked.notes.push(format!(
            "note: at most {most} in flight at a time, for the open-files limit: raise it with `ulimit -n`"
        ));
    }
    let trace_link = args.output.trace_link.as_ref().map(|link| link.0.clone());
    let info = RunInfo { observed: observer.names(), trace_link, ..asked.info(limited_by_files, surroundings) };
    play(&asked, &info, outputs, &mut observer, &args.output.fail_on)
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
    asked: &Asked,
    info: &RunInfo,
    mut outputs: Outputs,
    observer: &mut Observing,
    fail_on: &[FailOn],
) -> Result<Exit, Wrong> {
    let control = Control::new();
    stop_on_signals(control.clone())?;
    let outcome = onrush_engine::run(&asked.plan, info, &control, |mut event| {
        observer.look(&mut event);
        if matches!(event, Event::Started(_)) {
            asked.notes.iter().for_each(|note| say(note));
        }
        outputs.on_event(event);
    });
    let failed = outputs.close();
    let outcome = match outcome {
        Err(error @ (RunError::Interrupted | RunError::TeardownInterrupted)) => {
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
    Ok(exit(&outcome, failed, fail_on))
}

fn exit(outcome: &Outcome, output_failed: bool, fail_on: &[FailOn]) -> Exit {
    let met: Vec<_> = fail_on.iter().filter_map(|condition| Some((condition, condition.met(outcome)?))).collect();
    met.iter().for_each(|(condition, how)| say(&format!("failed by --fail-on {condition}: {how}")));
    let is_broken = outcome.thresholds.iter().any(|threshold| !threshold.passed);
    if outcome.stopped == StopReason::Interrupted {
        Exit::Interrupted
    } else if is_broken || !met.is_empty() {
        Exit::Failed
    } else if output_failed {
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

/// Once: finish what is in flight. Twice: end now, and report. Three times: end without a word.
fn stop_on_signals(control: Control) -> Result<(), Wrong> {
    signals::on_signal(move |number| {
        if number > 2 {
            ui::leave_at_once();
            std::process::exit(Exit::Interrupted as i32);
        }
        control.stop();
    })
}
