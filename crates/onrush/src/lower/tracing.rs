//! Trace context: which requests carry it, and which traces the service is asked to keep.

use onrush_metrics::Sampling;
use onrush_plan::Tracing;

use crate::args::{RunArgs, Share};
use crate::outputs;

/// What is sampled where spans are asked for and no share is.
const USUAL: Share = Share(0.01);

pub(super) fn tracing(args: &RunArgs) -> Tracing {
    let spans = outputs::spans(&args.output);
    let share = args.traceparent.or_else(|| (spans > 0).then_some(USUAL));
    let sampling = share.map_or_else(Sampling::default, |Share(share)| Sampling::of(share));
    Tracing { everywhere: share.is_some(), sampling, spans }
}
