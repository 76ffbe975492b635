//! The table of all metrics. Names, once given, stay.

/// What a metric is called and what it means.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its own name, without `onrush`, unit and `_total`.
    pub(crate) base: &'static str,
    /// Its unit: `seconds`, `bytes`, `ratio`, or nothing for what is counted.
    pub(crate) unit: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
    /// The labels it may have, those of the user left out.
    pub labels: &'static [&'static str],
    /// What it is, in a sentence.
    pub about: &'static str,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only rises, from 0 at the start of the run.
    Counter,
    /// It is what it is at a moment.
    Gauge,
    /// How often which value was seen, since the start of the run.
    Histogram,
}

impl MetricKind {
    /// The word that Prometheus has for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Metric {
    /// The name in Prometheus.
    pub fn name(&self) -> String {
        let unit = if self.unit.is_empty() { String::new() } else { format!("_{}", self.unit) };
        let total = if self.kind == MetricKind::Counter { "_total" } else { "" };
        format!("onrush_{}{unit}{total}", self.base)
    }

    /// The name in OpenTelemetry: what its own rules turn into [`Self::name`].
    pub fn otel_name(&self) -> String {
        format!("onrush.{}", self.base)
    }

    /// The unit in OpenTelemetry, which is UCUM's.
    pub(crate) fn otel_unit(&self) -> &'static str {
        match self.unit {
            "seconds" => "s",
            "bytes" => "By",
            "ratio" => "1",
            _ => "",
        }
    }
}

macro_rules! metrics {
    ($($ident:ident = $kind:ident $base:literal $unit:literal [$($label:literal),*] $about:literal;)*) => {
        $(pub(crate) const $ident: &Metric = &Metric {
            base: $base, unit: $unit, kind: MetricKind::$kind, labels: &[$($label),*], about: $about,
        };)*

        /// Every metric, in the order in which they are told.
        pub const METRICS: &[Metric] = &[$(*$ident),*];
    };
}

metrics! {
    INFO = Gauge "info" "" ["version", "protocol", "model"] "Always 1; the labels say what runs";
    START_TIME = Gauge "start_time" "seconds" [] "When the run began, since 1970";
    ELAPSED = Gauge "elapsed" "seconds" [] "How long the run has been going on";
    RUNNING = Gauge "running" "" [] "1 until the run is over, then 0";
    WARMING_UP = Gauge "warming_up" "" [] "1 during the warm-up, in which nothing is counted";
    USERS = Gauge "users" "" [] "Virtual users that exist";
    IN_FLIGHT = Gauge "in_flight" "" [] "Requests that are begun and not ended";
    WAITING = Gauge "waiting" "" [] "Due requests that wait for a place under the in-flight limit";
    VERDICT = Gauge "verdict" "" ["verdict"] "1 for what the verdict on the generator is so far, else 0";
    THRESHOLD = Gauge "threshold_passed" "" ["threshold"] "1 if the threshold held, else 0; told when the run is over";
    CPU = Gauge "generator_cpu" "ratio" [] "Share of a core that the busiest worker thread uses";
    MEMORY = Gauge "generator_peak_memory" "bytes" [] "The largest resident size of the generator";
    INTENDED = Counter "intended" "" ["scenario"] "Arrivals that were due: iterations, or requests of a run without scenarios";
    STARTED = Counter "started" "" ["scenario"] "Arrivals that were begun";
    DROPPED = Counter "dropped" "" ["scenario"] "Arrivals given up because the in-flight limit was reached";
    UNSTARTED = Counter "unstarted" "" ["scenario"] "Arrivals that still waited for a free place when the run ended";
    ITERATIONS = Counter "iterations" "" ["scenario", "result"] "Passes through a scenario that ended";
    ITERATION = Histogram "iteration" "seconds" ["scenario"] "Time of a pass through a scenario, from its intended start";
    GROUPS = Counter "groups" "" ["scenario", "group", "result"] "Passes through a group of steps that ended";
    GROUP = Histogram "group" "seconds" ["scenario", "group"] "Time of a pass through a group of steps";
    REQUESTS = Counter "requests" "" ["scenario", "step", "result"] "Requests that ended: completed, failed or cut_off";
    RESPONSES = Counter "responses" "" ["scenario", "step", "status"] "Answers by status";
    ERRORS = Counter "errors" "" ["scenario", "step", "kind"] "Failed requests by kind";
    CHECKS = Counter "checks" "" ["scenario", "step", "check", "result"] "Checks that passed or failed";
    RESPONSE = Histogram "response" "seconds" ["scenario", "step"] "Response time: from the intended start to the last byte";
    SERVICE = Histogram "service" "seconds" ["scenario", "step"] "Service time: from the first byte written to the last byte read";
    PHASE = Histogram "phase" "seconds" ["phase"] "Where the time of requests went: pool, dns, connect, tls, wait, receive";
    START_LAG = Histogram "start_lag" "seconds" [] "How long after they were due arrivals were begun (open load)";
    SENT = Counter "sent" "bytes" [] "Bytes of requests, heads included, before TLS";
    RECEIVED = Counter "received" "bytes" [] "Bytes of answers, heads included, after TLS";
    CONNECTIONS = Counter "connections_opened" "" [] "Connections that were opened";
}
