//! W3C trace context: which requests carry it, and which traces are asked to be kept.

use onrush_metrics::Sampling;

/// What services are told of traces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tracing {
    /// Whether every request carries a `traceparent` header, but for steps that say that they do not. Else only those do
    /// that say so.
    pub everywhere: bool,
    /// Which traces the service is asked to keep.
    pub sampling: Sampling,
    /// So many spans of sampled requests a second are handed to the outputs, over all workers; 0 if nobody asked for any.
    pub spans: usize,
}
