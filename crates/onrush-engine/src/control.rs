//! Stopping a run: from outside, once for a graceful stop and twice for an immediate one; or from within.

use std::sync::{Arc, OnceLock};

use onrush_metrics::StopReason;
use tokio::sync::watch;

/// What the workers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Command {
    Play,
    /// Begin nothing more; what is in flight may finish within the graceful period.
    Stop,
    /// End now.
    Abort,
}

/// Stops a run. Clones control the same run; any thread may call.
#[derive(Clone, Debug)]
pub struct Control {
    orders: watch::Sender<Command>,
    /// Why it was stopped first.
    reason: Arc<OnceLock<StopReason>>,
}

impl Default for Control {
    fn default() -> Self {
        Self { orders: watch::Sender::new(Command::Play), reason: Arc::default() }
    }
}

impl Control {
    /// A control for one run.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first call lets requests in flight finish, a second one ends the run at once.
    pub fn stop(&self) {
        let _ = self.reason.set(StopReason::Interrupted);
        self.orders.send_modify(|command| {
            *command = if *command == Command::Play { Command::Stop } else { Command::Abort };
        });
    }

    /// The run itself found a reason to stop gracefully.
    pub(crate) fn end(&self, reason: StopReason) {
        let _ = self.reason.set(reason);
        self.orders.send_modify(|command| *command = (*command).max(Command::Stop));
    }

    pub(crate) fn listen(&self) -> Orders {
        Orders(self.orders.subscribe())
    }

    /// Why it was stopped before its end, if it was.
    pub(crate) fn reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }
}

/// A worker's ear.
#[derive(Debug)]
pub(crate) struct Orders(watch::Receiver<Command>);

impl Orders {
    /// Returns once the run is told `command`, or more than that.
    pub(crate) async fn wait_for(&mut self, command: Command) {
        if self.0.wait_for(|told| *told >= command).await.is_err() {
            // Nobody is left who could give an order.
            std::future::pending::<()>().await;
        }
    }
}
