//! One user, once through every scenario, told step by step: how scenarios are written.

use std::future::poll_fn;
use std::pin::pin;

use onrush_metrics::{Traced, TracedPart};
use onrush_net::Share;
use onrush_plan::{Plan, Play, Work};
use onrush_user::{Scene, SetupValues};
use tokio::runtime::{Builder, LocalOptions};

use crate::control::Control;
use crate::error::RunError;
use crate::flow::{FlowCaller, Setups, Told};

/// Walks one user once through each scenario, or through the one of this name, the set-up before and the tear-down
/// after. Everything takes its real time but for think times and paces, which are skipped. `sink` is told of each thing
/// when it has happened, without secrets. Whether no request and no check has failed.
///
/// # Errors
/// When the plan is not one of scenarios or has none of this name, and when it cannot be played at all.
pub fn trace(plan: &Plan, scenario: Option<&str>, sink: &mut dyn FnMut(Traced)) -> Result<bool, RunError> {
    let Work::Play(play) = &plan.work else {
        return Err(RunError::Script("only scenario files can be traced".to_owned()));
    };
    let wanted = wanted(play, scenario)?;
    let setups = Setups::new(plan, play)?;
    let told = Told::default();
    let caller = |values: &SetupValues| {
        let caller = FlowCaller::new(plan, play, &setups, Share { index: 0, of: 1 }, values, &Control::new())?;
        Ok::<_, RunError>(caller.traced(&told))
    };
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(heard(&told, sink, async {
        let mut values = SetupValues::default();
        if !play.setup.is_empty() {
            let (is_well, saved) = caller(&values)?.walk_once(Scene::Setup, TracedPart::Setup).await;
            if !is_well {
                // Nor would a run go on.
                return Ok(false);
            }
            values = saved;
        }
        let caller = caller(&values)?;
        let mut all_well = true;
        for place in wanted {
            let part = TracedPart::Scenario(play.scenarios[place].name.clone());
            all_well &= caller.walk_once(Scene::Scenario(place as u32), part).await.0;
        }
        if !play.teardown.is_empty() {
            all_well &= caller.walk_once(Scene::Teardown, TracedPart::Teardown).await.0;
        }
        Ok(all_well)
    }))
}

/// The places of the scenarios that are walked through.
fn wanted(play: &Play, scenario: Option<&str>) -> Result<Vec<usize>, RunError> {
    let names = play.scenarios.iter().enumerate();
    let wanted: Vec<_> =
        names.filter(|(_, found)| scenario.is_none_or(|name| found.name == name)).map(|(place, _)| place).collect();
    match scenario {
        Some(name) if wanted.is_empty() => Err(RunError::Script(format!("there is no scenario `{name}`"))),
        _ => Ok(wanted),
    }
}

/// Plays on and hands over what has been told each time it waits, so that it is heard as it happens.
async fn heard<T>(told: &Told, sink: &mut dyn FnMut(Traced), playing: impl Future<Output = T>) -> T {
    let mut playing = pin!(playing);
    poll_fn(|cx| {
        let polled = playing.as_mut().poll(cx);
        while let Some(traced) = next(told) {
            sink(traced);
        }
        polled
    })
    .await
}

fn next(told: &Told) -> Option<Traced> {
    told.borrow_mut().pop_front()
}
