//! A worker's part of a run on its event loop: plays the segment, stops gracefully, hands over a tally
//! every second. On paused time and with a caller that only waits, this is what the tests drive.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use onrush_metrics::WorkerHealth;
use onrush_net::clock::Instant;
use onrush_pace::Segment;
use onrush_plan::Plan;

use crate::alarm::Alarm;
use crate::caller::Caller;
use crate::collector::Message;
use crate::control::{Command, Orders};
use crate::driver::Driver;
use crate::worker::Worker;

/// Between two looks at how late the event loop is.
const BEAT: Duration = Duration::from_millis(10);
/// Beats in a second; after as many the worker hands over its tally.
const BEATS: u32 = 100;

/// Plays a segment: arrivals, then the graceful stop.
pub(crate) async fn play<C: Caller>(
    worker: &Rc<Worker<C>>,
    plan: &Plan,
    segment: Segment,
    alarm: fn() -> Alarm,
    mut orders: Orders,
    health: &impl Fn() -> WorkerHealth,
    say: &impl Fn(Message),
) {
    let mut drivers: Vec<_> = plan
        .work
        .loads()
        .enumerate()
        .map(|(track, _)| {
            // Each load draws from a seed of its own, or two alike would have the same arrivals.
            let seed = plan.seed.wrapping_add((track as u64) << 32);
            Driver::new(worker, track, plan.in_flight, segment, seed, alarm())
        })
        .collect();
    tokio::select! {
        () = beat(worker, alarm(), health, say) => {}
        () = async {
            let interrupted = tokio::select! {
                () = play_all(&mut drivers, plan) => false,
                () = orders.wait_for(Command::Stop) => true,
            };
            say(Message::Stopping { at: Instant::now() });
            worker.stop();
            if interrupted {
                drivers.iter().for_each(Driver::give_up_waiting);
            }
            tokio::select! {
                () = worker.quiet() => {}
                () = tokio::time::sleep(plan.graceful_stop) => {}
                () = orders.wait_for(Command::Abort) => {}
            }
            drivers.iter().for_each(Driver::give_up_waiting);
        } => {}
    }
}

/// Plays every load of the plan, each from its beginning on.
async fn play_all<C: Caller>(drivers: &mut [Driver<C>], plan: &Plan) {
    let playing = drivers.iter_mut().zip(plan.work.loads());
    let mut playing: Vec<_> = playing.map(|(driver, (load, starts))| Box::pin(driver.play(load, starts))).collect();
    poll_fn(|cx| {
        playing.retain_mut(|load| load.as_mut().poll(cx).is_pending());
        if playing.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Notes how late the event loop is, and hands over the tally every second.
async fn beat<C: Caller>(
    worker: &Rc<Worker<C>>,
    mut alarm: Alarm,
    health: &impl Fn() -> WorkerHealth,
    say: &impl Fn(Message),
) {
    let mut due = worker.start;
    loop {
        for _ in 0..BEATS {
            due += BEAT;
            alarm.until(due).await;
            worker.record(|recorder| recorder.beat(due, Instant::now()));
        }
        let (tallies, gathered) = (Box::new(worker.take_tallies()), worker.take_gathered());
        say(Message::Second { tallies, gathered, gauges: worker.gauges(), health: health() });
        // After a pause of the whole process there is no point in catching up on beats.
        due = due.max(Instant::now() - Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests;
