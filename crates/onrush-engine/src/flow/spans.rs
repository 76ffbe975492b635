//! What services were told of traces, and the spans that belong to it.

use onrush_metrics::Attempt;
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure};
use onrush_user::{Call, Filled, veiled_url};

use super::walk::Walk;

impl Walk<'_> {
    /// An attempt has ended; `is_beaten` says that another one beside it was answered first.
    pub(super) fn attempted(&self, call: &Call, filled: &Filled, exchange: &mut Exchange, is_beaten: bool) {
        let Some((trace, number)) = filled.trace() else { return };
        exchange.told(trace);
        let Some(gathering) = self.caller.gathering() else { return };
        gathering.attempt(call.series(), exchange, || Attempt {
            whole: trace.whole(),
            number,
            method: call.method().into(),
            url: self.caller.script.masked(&veiled_url(&filled.url(call))).into(),
            is_beaten,
        });
    }

    /// An attempt has ended that had none beside it; those that may have had one are noted where both are known.
    pub(super) fn attempted_alone(&self, call: &Call, filled: &Filled, exchange: &mut Exchange) {
        if call.hedge().is_none() {
            self.attempted(call, filled, exchange, false);
        }
    }

    /// A request has ended with its last attempt; `fault` says why it is a failure although it was answered.
    pub(super) fn traced(&self, call: &Call, intended: Instant, exchange: &Exchange, fault: Option<&Failure>) {
        if let Some(gathering) = self.caller.gathering().filter(|_| !exchange.is_plain()) {
            let error = fault.or(exchange.result.as_ref().err()).map(Failure::kind);
            gathering.whole(call.series(), intended, exchange, error);
        }
    }
}
