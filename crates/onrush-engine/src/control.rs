//! Stopping a run from outside: once for a graceful stop, twice for an immediate one.

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
pub struct Control(watch::Sender<Command>);

impl Default for Control {
    fn default() -> Self {
        Self(watch::Sender::new(Command::Play))
    }
}

impl Control {
    /// A control for one run.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first call lets requests in flight finish, a second one ends the run at once.
    pub fn stop(&self) {
        self.0.send_modify(|command| {
            *command = if *command == Command::Play { Command::Stop } else { Command::Abort };
        });
    }

    pub(crate) fn listen(&self) -> Orders {
        Orders(self.0.subscribe())
    }

    pub(crate) fn is_stopped(&self) -> bool {
        *self.0.borrow() != Command::Play
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
