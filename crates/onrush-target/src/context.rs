//! What a request can reach: the values shared by all threads, and those of its own thread. It holds them; `governor` and the
//! routes act on them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;

use crate::dice::Dice;
use crate::gate::Gate;
use crate::generic::Generic;
use crate::metrics;
use crate::settings::ServiceSettings;
use crate::shop::Shop;
use crate::sleeper::Sleeper;
use crate::stats::{self, Counters, Stats};
use crate::tls::Tls;

/// Of the whole service.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ServiceSettings,
    pub(crate) generic: Generic,
    pub(crate) gate: Option<Gate>,
    pub(crate) tls: Option<Tls>,
    pub(crate) shop: Arc<Shop>,
    counters: Vec<Counters>,
    start: OnceLock<Instant>,
}

impl Shared {
    pub(crate) fn new(settings: ServiceSettings, tls: Option<Tls>) -> Self {
        Self {
            generic: Generic::new(&settings),
            gate: settings.capacity.map(Gate::new),
            tls,
            shop: Arc::new(Shop::new(settings.seed)),
            counters: (0..settings.threads).map(|_| Counters::new()).collect(),
            start: OnceLock::new(),
            settings,
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        stats::total(&self.counters)
    }

    /// The counters, and how things stand, in Prometheus' text format.
    pub(crate) fn metrics(&self) -> String {
        let waiting = self.gate.as_ref().map_or(0, Gate::waiting);
        metrics::text(&self.stats(), stats::in_flight(&self.counters), waiting)
    }

    /// How long ago the first of the threads came here, which is the start of the service.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.get_or_init(Instant::now).elapsed()
    }
}

/// Of one thread.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    pub(crate) dice: Dice,
    pub(crate) sleeper: Sleeper,
    thread: usize,
}

impl Context {
    /// Must be called inside the runtime of the thread.
    pub(crate) fn new(shared: Arc<Shared>, thread: usize) -> Self {
        shared.elapsed();
        let dice = Dice::new(shared.settings.seed, thread as u64);
        Self { shared, dice, sleeper: Sleeper::new(), thread }
    }

    pub(crate) fn settings(&self) -> &ServiceSettings {
        &self.shared.settings
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.shared.counters[self.thread]
    }

    /// Waits until the service is not frozen.
    pub(crate) async fn thaw(&self) {
        if let Some(freeze) = self.settings().freeze {
            self.sleeper.sleep(freeze.wait(self.shared.elapsed())).await;
        }
    }
}
