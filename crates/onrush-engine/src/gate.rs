//! Lets all workers begin at the same instant, or none.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use onrush_net::clock::Instant;

use crate::error::RunError;

#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    ready: usize,
    opened: Option<Instant>,
    is_refused: bool,
    /// Why one of them cannot begin.
    refusal: Option<RunError>,
}

/// What a worker holds until it is ready. If its thread dies before, nobody begins.
pub(crate) struct Ticket<'a>(&'a Gate);

impl Gate {
    /// For a worker that is getting ready.
    pub(crate) fn ticket(&self) -> Ticket<'_> {
        Ticket(self)
    }

    /// Sends everybody away.
    pub(crate) fn refuse(&self, error: RunError) {
        let mut state = self.lock();
        state.is_refused = true;
        state.refusal.get_or_insert(error);
        self.changed.notify_all();
    }

    /// Opens the gate once so many workers are ready.
    pub(crate) fn open(&self, workers: usize) -> Result<Instant, RunError> {
        let mut state = self.wait_while(|state| state.ready < workers && !state.is_refused);
        if let Some(error) = state.refusal.take() {
            return Err(error);
        }
        let now = Instant::now();
        state.opened = Some(now);
        self.changed.notify_all();
        Ok(now)
    }

    fn wait_while(&self, is_so: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.lock(), is_so).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// Waits for the others; when all began, or `None` if nobody does.
    pub(crate) fn pass(self) -> Option<Instant> {
        self.0.lock().ready += 1;
        self.0.changed.notify_all();
        self.0.wait_while(|state| state.opened.is_none() && !state.is_refused).opened
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.refuse(RunError::WorkerLost(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn all_begin_at_the_same_instant() {
        let gate = Gate::default();
        thread::scope(|scope| {
            let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| gate.ticket().pass())).collect();
            let begun = gate.open(3).expect("nobody refused");
            assert!(workers.into_iter().all(|worker| worker.join().expect("no panic") == Some(begun)));
        });
    }

    #[test]
    fn nobody_begins_when_one_cannot() {
        let fail = |gate: &Gate| gate.refuse(io::Error::from(io::ErrorKind::OutOfMemory).into());
        let die = |gate: &Gate| {
            let _ticket = gate.ticket();
            panic!("while getting ready");
        };
        for cannot in [&fail as &(dyn Fn(&Gate) + Sync), &die] {
            let gate = Gate::default();
            thread::scope(|scope| {
                let ready = scope.spawn(|| gate.ticket().pass());
                let other = scope.spawn(|| cannot(&gate));
                assert!(gate.open(2).is_err());
                assert_eq!(ready.join().expect("no panic"), None);
                drop(other.join());
            });
        }
    }
}
