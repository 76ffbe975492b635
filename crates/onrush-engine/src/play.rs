//! A worker's part of a run on its event loop: plays the segment, stops gracefully, hands over a tally
//! every second. On paused time and with a caller that only waits, this is what the tests drive.

use std::rc::Rc;
use std::time::Duration;

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
    say: &impl Fn(Message),
) {
    let mut driver = Driver::new(worker, plan.in_flight, segment, plan.seed, alarm());
    tokio::select! {
        () = beat(worker, alarm(), say) => {}
        () = async {
            let interrupted = tokio::select! {
                () = driver.play(&plan.load) => false,
                () = orders.wait_for(Command::Stop) => true,
            };
            say(Message::Stopping { at: Instant::now() });
            worker.stop();
            if interrupted {
                driver.give_up_waiting();
            }
            tokio::select! {
                () = worker.quiet() => {}
                () = tokio::time::sleep(plan.graceful_stop) => {}
                () = orders.wait_for(Command::Abort) => {}
            }
            driver.give_up_waiting();
        } => {}
    }
}

/// Notes how late the event loop is, and hands over the tally every second.
async fn beat<C: Caller>(worker: &Rc<Worker<C>>, mut alarm: Alarm, say: &impl Fn(Message)) {
    let mut due = worker.start;
    loop {
        for _ in 0..BEATS {
            due += BEAT;
            alarm.until(due).await;
            worker.record(|recorder| recorder.beat(due, Instant::now()));
        }
        say(Message::Second { tallies: Box::new(worker.take_tallies()), gauges: worker.gauges() });
        // After a pause of the whole process there is no point in catching up on beats.
        due = due.max(Instant::now() - Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests;
