//! The one clock of the wire and the engine: monotonic, and paused where a test pauses it.

pub use tokio::time::Instant;
