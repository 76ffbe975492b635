//! What an output is.

use std::io;

use onrush_metrics::Event;

/// Something that reads the events of a run.
pub trait Output: Send {
    /// Takes one event. An error means that this output is finished; the run goes on.
    fn on_event(&mut self, event: &Event) -> io::Result<()>;
}
