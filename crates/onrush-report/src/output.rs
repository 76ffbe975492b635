//! What an output is.

use std::io;
use std::time::Duration;

use onrush_metrics::Event;

/// Something that reads the events of a run.
pub trait Output: Send {
    /// Takes one event. An error means that this output is finished; the run goes on.
    fn on_event(&mut self, event: &Event) -> io::Result<()>;

    /// Something that whoever runs the test should know, each of it once. It is asked for after every event.
    fn news(&mut self) -> Option<String> {
        None
    }

    /// How much longer than others it was asked to take after the last event.
    fn lingers(&self) -> Duration {
        Duration::ZERO
    }
}
