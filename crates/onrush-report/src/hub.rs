//! Hands the events of a run to the outputs, each group of them on a thread of its own: an output that is slow, or that
//! hangs, holds up neither the run nor the others.
//!
//! Whoever cannot read as fast as seconds pass gets several of them as one, so nothing is lost but when in them it
//! happened, and memory stays bounded; how often that was is told at the end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use onrush_metrics::{Event, Snapshot};

use crate::output::Output;

/// Events that may wait for an output before seconds are put together.
const WAITING: usize = 4;

/// An output, and what it is called.
pub struct Named {
    /// As it was asked for.
    pub name: String,
    /// Where the events go.
    pub output: Box<dyn Output>,
}

/// What became of an output.
#[derive(Debug)]
pub enum Trouble {
    /// It takes no more events.
    Failed {
        /// The output.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// It has something to tell, and goes on.
    News {
        /// The output.
        name: String,
        /// What.
        text: String,
    },
    /// It could not keep up.
    Late {
        /// The outputs of the group.
        names: Vec<String>,
        /// So many seconds were put together with the one before.
        seconds: u64,
    },
    /// It was still busy when nobody wanted to wait any longer.
    Stuck {
        /// The outputs of the group.
        names: Vec<String>,
    },
}

/// The outputs of a run.
pub struct Hub {
    groups: Vec<Group>,
    troubles: Receiver<Trouble>,
}

/// Outputs that share a thread, and with it an order.
struct Group {
    names: Vec<String>,
    events: Sender<Arc<Event>>,
    waiting: Arc<AtomicUsize>,
    held: Option<Box<Snapshot>>,
    late: u64,
    lingers: Duration,
    ended: Receiver<()>,
}

impl Hub {
    /// Starts a thread for each group. Outputs of one group get each event in their order.
    pub fn start(groups: Vec<Vec<Named>>) -> io::Result<Self> {
        let (tell, troubles) = channel();
        let groups = groups.into_iter().filter(|group| !group.is_empty());
        let groups = groups.map(|group| Group::start(group, tell.clone())).collect::<io::Result<_>>()?;
        Ok(Self { groups, troubles })
    }

    /// Hands on an event; never waits for an output.
    pub fn on_event(&mut self, event: Event) {
        match event {
            Event::Tick(snapshot) => {
                let shared = Arc::new(Event::Tick(snapshot));
                self.groups.iter_mut().for_each(|group| group.tick(&shared));
            }
            event => {
                let shared = Arc::new(event);
                self.groups.iter_mut().for_each(|group| group.tell(&shared));
            }
        }
    }

    /// What has gone wrong since this was last asked.
    pub fn troubles(&self) -> impl Iterator<Item = Trouble> + '_ {
        self.troubles.try_iter()
    }

    /// No more events come. Waits for the outputs, but no longer than `patience` after the last one that got ready, and
    /// tells what went wrong.
    pub fn close(mut self, patience: Duration) -> Vec<Trouble> {
        let mut late_or_stuck = Vec::new();
        for group in self.groups.drain(..) {
            let Group { names, events, late, lingers, ended, .. } = group;
            drop(events);
            if ended.recv_timeout(patience + lingers) == Err(RecvTimeoutError::Timeout) {
                late_or_stuck.push(Trouble::Stuck { names: names.clone() });
            }
            if late > 0 {
                late_or_stuck.push(Trouble::Late { names, seconds: late });
            }
        }
        self.troubles.try_iter().chain(late_or_stuck).collect()
    }
}

impl Group {
    fn start(outputs: Vec<Named>, tell: Sender<Trouble>) -> io::Result<Self> {
        let names = outputs.iter().map(|named| named.name.clone()).collect();
        let lingers = outputs.iter().map(|named| named.output.lingers()).sum();
        let (events, received) = channel();
        let (end, ended) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            serve(outputs, &received, &counted, &tell);
            // Nobody waits any more.
            let _ = end.send(());
        })?;
        Ok(Self { names, events, waiting, held: None, late: 0, lingers, ended })
    }

    fn tick(&mut self, event: &Arc<Event>) {
        let Event::Tick(snapshot) = &**event else { unreachable!("only ticks are held back") };
        let is_full = self.waiting.load(Ordering::Relaxed) >= WAITING;
        match &mut self.held {
            Some(held) => {
                held.absorb(snapshot);
                self.late += 1;
                if !is_full {
                    self.release();
                }
            }
            None if is_full => self.held = Some(snapshot.clone()),
            None => self.send(Arc::clone(event)),
        }
    }

    fn tell(&mut self, event: &Arc<Event>) {
        self.release();
        self.send(Arc::clone(event));
    }

    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.send(Arc::new(Event::Tick(held)));
        }
    }

    fn send(&self, event: Arc<Event>) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // Where its outputs have all ended, nobody waits and nobody is late.
        if self.events.send(event).is_err() {
            self.waiting.store(0, Ordering::Relaxed);
        }
    }
}

/// Takes events until there are no more, or until no output wants any.
fn serve(mut outputs: Vec<Named>, events: &Receiver<Arc<Event>>, waiting: &AtomicUsize, tell: &Sender<Trouble>) {
    for event in events {
        outputs.retain_mut(|named| match named.output.on_event(&event) {
            Ok(()) => {
                while let Some(text) = named.output.news() {
                    let _ = tell.send(Trouble::News { name: named.name.clone(), text });
                }
                true
            }
            Err(error) => {
                let _ = tell.send(Trouble::Failed { name: named.name.clone(), error });
                false
            }
        });
        waiting.fetch_sub(1, Ordering::Relaxed);
        if outputs.is_empty() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use onrush_metrics::{StopReason, Tally};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Says what it got, and takes the next event when it is allowed to.
    struct Slow {
        got: Sender<(Duration, Duration, u64)>,
        may_go_on: Receiver<()>,
    }

    impl Output for Slow {
        fn on_event(&mut self, event: &Event) -> io::Result<()> {
            if let Event::Tick(snapshot) = event {
                let told = (snapshot.since, snapshot.at, snapshot.interval.counters.started);
                self.got.send(told).map_err(io::Error::other)?;
                self.may_go_on.recv().map_err(io::Error::other)?;
            }
            Ok(())
        }
    }

    struct Failing;

    impl Output for Failing {
        fn on_event(&mut self, _: &Event) -> io::Result<()> {
            Err(io::Error::other("full"))
        }
    }

    fn second(number: u64) -> Event {
        let mut interval = Tally::default();
        interval.counters.started = 10;
        let [since, at] = [number, number + 1].map(Duration::from_secs);
        Event::Tick(Box::new(Snapshot { since, at, interval, ..Snapshot::default() }))
    }

    #[test]
    fn who_is_slow_gets_seconds_together_and_loses_none() {
        let ((got, told), (go_on, may_go_on)) = (channel(), channel());
        let output = Box::new(Slow { got, may_go_on });
        let mut hub = Hub::start(vec![vec![Named { name: "slow".into(), output }]]).unwrap();
        hub.on_event(Event::Started(Box::default()));
        hub.on_event(second(0));
        // It holds the first second in its hands from now on.
        let first = told.recv_timeout(LONG).unwrap();
        (1..20).for_each(|number| hub.on_event(second(number)));
        (0..20).for_each(|_| go_on.send(()).unwrap());
        // As a run does: what was held back goes out before the end.
        hub.on_event(Event::Stopping(StopReason::Completed));
        let troubles = hub.close(LONG);
        assert_eq!(first, (Duration::ZERO, Duration::from_secs(1), 10));
        let [Trouble::Late { names, seconds }] = &*troubles else { panic!("{troubles:?}") };
        assert_eq!((&**names, *seconds), (&["slow".to_owned()][..], 15));
        let rest: Vec<_> = told.try_iter().collect();
        assert_eq!(rest.iter().map(|(_, _, started)| started).sum::<u64>(), 190);
        assert!(rest.is_sorted_by(|one, next| one.1 == next.0), "{rest:?}");
    }

    #[test]
    fn one_that_fails_takes_no_other_with_it() {
        let ((got, told), (go_on, may_go_on)) = (channel(), channel());
        let group = vec![
            Named { name: "a".into(), output: Box::new(Failing) },
            Named { name: "b".into(), output: Box::new(Slow { got, may_go_on }) },
        ];
        let mut hub = Hub::start(vec![group]).unwrap();
        (0..3).for_each(|_| go_on.send(()).unwrap());
        (0..3).for_each(|number| hub.on_event(second(number)));
        let troubles = hub.close(LONG);
        let [Trouble::Failed { name, .. }] = &*troubles else { panic!("{troubles:?}") };
        assert_eq!((&**name, told.try_iter().count()), ("a", 3));
    }

    #[test]
    fn one_that_hangs_is_given_up() {
        let ((got, told), (go_on, may_go_on)) = (channel(), channel());
        let output = Box::new(Slow { got, may_go_on });
        let mut hub = Hub::start(vec![vec![Named { name: "hangs".into(), output }]]).unwrap();
        hub.on_event(second(0));
        told.recv_timeout(LONG).unwrap();
        assert!(matches!(&*hub.close(Duration::from_millis(1)), [Trouble::Stuck { .. }]));
        drop(go_on);
    }
}
