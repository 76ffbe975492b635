//! A run from its plan to its outcome: starts a thread for each worker, gathers what they say, judges.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use onrush_metrics::{Event, Health, Outcome, RunInfo, StopReason, Verdict};
use onrush_net::clock::Instant;
use onrush_net::{Setup, Share};
use onrush_pace::Segment;
use onrush_plan::{Plan, Work};
use onrush_user::{Scene, SetupValues};
use tokio::runtime::{Builder, LocalOptions};

use crate::alarm::Alarm;
use crate::caller::{Caller, HttpCaller};
use crate::collector::{Closing, Collected, Collector, Message, overall};
use crate::control::{Command, Control, Orders};
use crate::error::RunError;
use crate::flow::{FlowCaller, Setups};
use crate::gate::Gate;
use crate::health::{ProcessMark, ThreadMark};
use crate::play::play;
use crate::thresholds::Watch;
use crate::verdict::judge;
use crate::wall;
use crate::worker::Worker;

/// Plays `plan` to its end on threads of its own and returns what came out. `on_event` is called on
/// the calling thread; taking long there delays no request.
pub fn run(
    plan: &Plan,
    info: &RunInfo,
    control: &Control,
    mut on_event: impl FnMut(Event),
) -> Result<Outcome, RunError> {
    let (send, messages) = channel();
    let (begun, mark) = (Instant::now(), ProcessMark::now());
    let plan = Arc::new(plan.clone());
    let kit = Kit::new(&plan, control)?;
    let gate = Arc::new(Gate::default());
    for index in 0..plan.threads {
        let (plan, kit, gate) = (Arc::clone(&plan), kit.clone(), Arc::clone(&gate));
        let (control, send) = (control.clone(), send.clone());
        let thread = thread::Builder::new().name(format!("worker-{index}"));
        let spawned = thread.spawn({
            let gate = Arc::clone(&gate);
            move || work(index, &plan, &kit, &gate, &control, &send)
        });
        spawned.map_or_else(|error| gate.refuse(error.into()), drop);
    }
    drop(send);
    let info = &RunInfo { started_at: wall::now(), until: plan.until.clone(), ..info.clone() };
    on_event(Event::Started(Box::new(info.clone())));
    let start = gate.open(plan.threads)?;
    let watch = Watch::new(plan.work.thresholds(), &info.series, plan.warmup);
    let collector = Collector::new(start, info, &mark, watch, control, &mut on_event);
    let (collected, watch, finder) = collector.gather(&messages);
    if collected.lost > 0 {
        return Err(RunError::WorkerLost(collected.lost));
    }
    let health = mark.health(collected.workers.clone());
    let tallies = collected.tallies.clone();
    let mut outcome = conclude(&plan, info.clone(), control, collected, health, start, begun);
    outcome.thresholds = watch.results(&outcome, &tallies);
    outcome.findings = Some(finder.findings(&outcome));
    // What was measured is told before what may fail after it.
    on_event(Event::Finished(Box::new(outcome.clone())));
    kit.tear_down(&plan, control)?;
    Ok(outcome)
}

fn conclude(
    plan: &Plan,
    info: RunInfo,
    control: &Control,
    collected: Collected,
    health: Health,
    start: Instant,
    begun: Instant,
) -> Outcome {
    let stopped = collected.stopped_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(start));
    let (total, iterations) = overall(&collected.tallies, &info.series);
    let mut outcome = Outcome {
        info,
        stopped: control.reason().unwrap_or(StopReason::Completed),
        total,
        iterations,
        series: collected.tallies.series,
        thresholds: Vec::new(),
        observed: Vec::new(),
        measured: played(stopped, plan.work.duration()).saturating_sub(plan.warmup),
        elapsed: begun.elapsed(),
        oldest_cut_off: collected.oldest_cut_off,
        health,
        verdict: Verdict::default(),
        findings: None,
    };
    outcome.verdict = judge(&outcome);
    outcome
}

/// How long the load was played. Workers stop after the end of the profile, much later if they could not keep up; rates
/// are not to get smaller by that, neither the one that was asked for nor the one that came about.
fn played(stopped: Duration, profile: Option<Duration>) -> Duration {
    profile.map_or(stopped, |lasts| lasts.min(stopped))
}

/// What the callers of all workers are made from.
#[derive(Clone)]
enum Kit {
    Turns(Setup),
    Play(Setups, SetupValues),
}

impl Kit {
    /// One caller is made before any thread, so that what cannot be done is told before anything is; and the set-up of a
    /// scenario file is played.
    fn new(plan: &Plan, control: &Control) -> Result<Self, RunError> {
        let only = Share { index: 0, of: 1 };
        match &plan.work {
            Work::Turns { requests, .. } => {
                let setup = Setup::new(&plan.client, plan.work.may_need_tls()).map_err(RunError::Client)?;
                HttpCaller::new(plan, requests, &setup, only)?;
                Ok(Self::Turns(setup))
            }
            Work::Play(play) => {
                let setups = Setups::new(plan, play)?;
                let mut orders = control.listen();
                let values = once(Scene::Setup, orders.wait_for(Command::Stop), || {
                    FlowCaller::new(plan, play, &setups, only, &SetupValues::default(), control)
                })?;
                let values = values.ok_or(RunError::Interrupted)?;
                Ok(Self::Play(setups, values.map_err(RunError::Setup)?))
            }
        }
    }

    /// What is to be done after the load; why it failed, if it did.
    fn tear_down(&self, plan: &Plan, control: &Control) -> Result<(), RunError> {
        let (Self::Play(setups, values), Work::Play(play)) = (self, &plan.work) else { return Ok(()) };
        let only = Share { index: 0, of: 1 };
        // It is done after an interruption, too; who is in a hurry says so again.
        let mut orders = control.listen();
        let done = once(Scene::Teardown, orders.wait_for(Command::Abort), || {
            FlowCaller::new(plan, play, setups, only, values, control)
        })?;
        done.ok_or(RunError::TeardownInterrupted)?.map(drop).map_err(RunError::Teardown)
    }
}

/// Plays a part of a play once, on an event loop of its own; nothing comes of it if it is interrupted.
fn once(
    scene: Scene,
    interrupted: impl Future<Output = ()>,
    caller: impl FnOnce() -> Result<FlowCaller, RunError>,
) -> Result<Option<Result<SetupValues, String>>, RunError> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async {
        let caller = caller()?;
        tokio::select! {
            done = caller.play_once(scene) => Ok(Some(done)),
            () = interrupted => Ok(None),
        }
    })
}

/// A worker's thread.
fn work(index: usize, plan: &Plan, kit: &Kit, gate: &Gate, control: &Control, send: &Sender<(usize, Message)>) {
    let share = Share { index: index as u32, of: plan.threads as u32 };
    let say = |message| {
        // Nobody listens any more: the run is over.
        let _ = send.send((index, message));
    };
    let orders = control.listen();
    match (&plan.work, kit) {
        (Work::Turns { requests, .. }, Kit::Turns(setup)) => {
            at_work(plan, share, gate, orders, say, || HttpCaller::new(plan, requests, setup, share));
        }
        (Work::Play(play), Kit::Play(setups, values)) => {
            at_work(plan, share, gate, orders, say, || FlowCaller::new(plan, play, setups, share, values, control));
        }
        _ => unreachable!("the kit was made for this plan"),
    }
}

/// Makes the caller on the worker's event loop, waits for the others, and plays.
fn at_work<C: Caller>(
    plan: &Plan,
    share: Share,
    gate: &Gate,
    orders: Orders,
    say: impl Fn(Message),
    caller: impl FnOnce() -> Result<C, RunError>,
) {
    let ticket = gate.ticket();
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
    let ready = runtime.map_err(RunError::from).and_then(|runtime| Ok((runtime, caller()?)));
    let (runtime, caller) = match ready {
        Ok(ready) => ready,
        Err(error) => return gate.refuse(error),
    };
    let Some(start) = ticket.pass() else { return };
    let mark = ThreadMark::now();
    let health = || mark.health();
    let worker = Worker::new(caller, start, plan, u64::from(share.index));
    runtime.block_on(play(&worker, plan, Segment::new(share.index, share.of), Alarm::new, orders, &health, &say));
    // Ends what is in flight; each request notes for itself that it was cut off.
    drop(runtime);
    // tokio lets a task die alone. Whoever played without it played something else: no last word.
    assert!(!worker.is_broken(), "a user's task has panicked");
    say(Message::Done(Box::new(Closing {
        tallies: worker.take_tallies(),
        samples: worker.take_samples(),
        health: health(),
        oldest_cut_off: worker.oldest_cut_off(),
    })));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_stop_does_not_make_the_load_longer() {
        let ms = Duration::from_millis;
        for (stopped, profile, expected) in [
            (2_001, Some(2_000), 2_000),
            (2_000, Some(2_000), 2_000),
            (2_800, Some(2_000), 2_000),
            (1_000, Some(2_000), 1_000),
            (1_000, None, 1_000),
        ] {
            assert_eq!(played(ms(stopped), profile.map(ms)), ms(expected), "{stopped} of {profile:?}");
        }
    }
}
