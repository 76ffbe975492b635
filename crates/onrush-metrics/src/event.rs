//! What the engine tells the outputs: one [`Event`] at the start, one a second, one at the end.
//! Outputs only read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Band, Drift, Findings, Observed, Reached, Samples, SeriesInfo, Slowest, Spans, Tallies, Tally, Until, Verdict,
};

/// One piece of news about a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run begins.
    Started(Box<RunInfo>),
    /// A second has passed.
    Tick(Box<Snapshot>),
    /// No more requests are begun; those in flight may finish.
    Stopping(StopReason),
    /// The run is over.
    Finished(Box<Outcome>),
}

/// What is about to be played, in words and numbers that do not change during the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// The URLs, as asked for.
    pub targets: Vec<String>,
    /// The load in the words of the grammar.
    pub load: String,
    /// The protocol: `HTTP/1.1`, `HTTP/2`.
    pub protocol: String,
    /// Requests in flight on a connection at a time: pipelined ones, or streams of HTTP/2.
    pub lanes: u32,
    /// How long the profile lasts, where that is known beforehand.
    pub duration: Option<Duration>,
    /// How many requests the profile asks for, where that is known beforehand.
    pub requests: Option<u64>,
    /// The part at the beginning whose figures are left out.
    pub warmup: Duration,
    /// Whether arrivals follow a schedule (open) or wait for answers (closed).
    pub open: bool,
    /// Whether users have several requests of an iteration in flight at a time.
    pub batches: bool,
    /// Whether the in-flight limit is what the open-files limit of this machine leaves room for.
    pub limited_by_files: bool,
    /// Worker threads.
    pub threads: usize,
    /// From which every random choice flows.
    pub seed: u64,
    /// The program's version.
    pub version: String,
    /// What is counted apart: empty for a run without scenarios, in which every iteration is a request.
    pub series: Vec<SeriesInfo>,
    /// When the run began, since 1970 in UTC.
    pub started_at: Duration,
    /// What is played when.
    pub stages: Vec<Stage>,
    /// The conditions on the run, as they were written.
    pub thresholds: Vec<String>,
    /// How well a percentile is to be known for the run to end before its load does.
    #[serde(deserialize_with = "crate::findings::until_of_record")]
    pub until: Option<Until>,
    /// What is played, in words: a line each, without secrets.
    pub plan: Vec<String>,
    /// What it is played on.
    pub machine: Machine,
    /// The figures of the service's own that are read beside the run: a series each, or `rate(…)` of one, in a second.
    pub observed: Vec<String>,
    /// Where a trace can be looked at: a URL in which `{id}` stands for its number.
    pub trace_link: Option<String>,
}

impl RunInfo {
    /// How much of the load had been measured at a moment of the run; it has ended at `stopped`, if it has. What comes
    /// after it are the last answers.
    pub fn measured(&self, at: Duration, stopped: Option<Duration>) -> Duration {
        let ends = self.duration.into_iter().chain(stopped);
        ends.fold(at, Duration::min).saturating_sub(self.warmup)
    }
}

/// A part of a load.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// Whose load it is a part of; empty for the only one.
    pub scenario: String,
    /// In the words of the grammar.
    pub text: String,
    /// When it begins, since the start of the run, where that is known beforehand.
    pub from: Option<Duration>,
    /// When it ends, where that is known beforehand.
    pub until: Option<Duration>,
}

/// The machine that makes the load. What the system does not tell is empty or `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// The operating system and its version, such as `Linux 6.1.0`.
    pub system: String,
    /// The architecture, such as `x86_64`.
    pub architecture: String,
    /// What the processor calls itself.
    pub processor: String,
    /// Cores that the process may use.
    pub cores: usize,
    /// In bytes.
    pub memory: Option<u64>,
    /// How many files the process may have open.
    pub open_files: Option<u64>,
}

/// A second of the run, and how things stand at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// When the interval began, since the start of the run: where the last snapshot ended.
    pub since: Duration,
    /// When it ended.
    pub at: Duration,
    /// All requests of the interval.
    pub interval: Tally,
    /// All iterations of the interval; `None` where every iteration is a request.
    pub iterations: Option<Tally>,
    /// Each series of the interval.
    pub series: Vec<Tally>,
    /// Single requests that ended in the interval; empty unless an output asked for them.
    pub samples: Samples,
    /// Spans of sampled requests that ended in the interval; empty unless an output asked for them.
    pub spans: Spans,
    /// The slowest requests that ended in the interval, as far as none of the same worker before them were slower.
    pub slowest: Slowest,
    /// All requests since the start (the warm-up is not in it).
    pub total: Tally,
    /// How things stand at this moment.
    pub gauges: Gauges,
    /// Whether the warm-up is still going on.
    pub warming_up: bool,
    /// The generator's own condition since the start.
    pub health: Health,
    /// How far the numbers can be trusted so far.
    pub verdict: Verdict,
    /// The service's own figures, in the order of [`RunInfo::observed`]; `None` where one was not to be had.
    pub observed: Vec<Option<f64>>,
    /// How far from the truth the percentile of [`RunInfo::until`] may be, as a share of it, with a confidence of 99 %;
    /// `None` where that is not known. It is for those who watch, and is in no record.
    pub precision: Option<f64>,
}

impl Snapshot {
    /// What the load asked for: iterations of scenarios, or requests where every iteration is one.
    pub fn arrivals(&self) -> &Tally {
        self.iterations.as_ref().unwrap_or(&self.interval)
    }

    /// How long the interval was.
    pub fn lasted(&self) -> Duration {
        self.at.saturating_sub(self.since)
    }

    /// The service's own figures, each for as long as the interval was.
    pub fn observed(&self) -> Vec<Observed> {
        let of = |figure: &Option<f64>| {
            let mut observed = Observed::default();
            figure.iter().for_each(|figure| observed.add(*figure, self.lasted()));
            observed
        };
        self.observed.iter().map(of).collect()
    }

    /// Adds the service's own figures to those since the start, unless the run still warms up.
    pub fn observe(&self, so_far: &mut Vec<Observed>) {
        if !self.warming_up {
            Observed::merge_each(so_far, &self.observed());
        }
    }

    /// Makes one of two: for those who cannot read as fast as seconds pass. Nothing is lost but when it happened.
    pub fn absorb(&mut self, later: &Self) {
        let (since, mut observed) = (self.since, self.observed());
        Observed::merge_each(&mut observed, &later.observed());
        let observed = observed.iter().map(Observed::mean).collect();
        self.interval.merge(&later.interval);
        match (&mut self.iterations, &later.iterations) {
            (Some(mine), Some(theirs)) => mine.merge(theirs),
            (mine, theirs) => *mine = mine.take().or_else(|| theirs.clone()),
        }
        Tallies::merge_series(&mut self.series, &later.series);
        self.samples.merge(&later.samples);
        self.spans.merge(&later.spans);
        self.slowest.merge(&later.slowest);
        *self = Self {
            since,
            interval: std::mem::take(&mut self.interval),
            iterations: self.iterations.take(),
            series: std::mem::take(&mut self.series),
            samples: std::mem::take(&mut self.samples),
            spans: std::mem::take(&mut self.spans),
            slowest: std::mem::take(&mut self.slowest),
            at: later.at,
            total: later.total.clone(),
            gauges: later.gauges,
            warming_up: later.warming_up,
            health: later.health.clone(),
            verdict: later.verdict.clone(),
            observed,
            precision: later.precision,
        };
    }
}

/// How things stand at one moment; these add up over workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Gauges {
    /// Virtual users that exist.
    pub users: u64,
    /// Requests that are begun and not ended.
    pub in_flight: u64,
    /// Due requests that wait for a place under the in-flight limit.
    pub waiting: u64,
}

impl Gauges {
    /// Adds another worker's.
    pub fn merge(&mut self, other: &Self) {
        self.users += other.users;
        self.in_flight += other.in_flight;
        self.waiting += other.waiting;
    }
}

/// Why no more requests are begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopReason {
    /// The profile was played to its end.
    Completed,
    /// Somebody interrupted the run (Ctrl-C).
    Interrupted,
    /// A threshold was broken that ends the run.
    Threshold,
    /// A scenario said so.
    Script,
    /// A percentile was known as well as was asked for.
    Precise,
    /// Nobody knows: the record of the run ends before it did.
    Lost,
}

impl StopReason {
    /// The word used in every output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Threshold => "threshold",
            Self::Script => "script",
            Self::Precise => "precise",
            Self::Lost => "lost",
        }
    }
}

/// A condition on the run, and how it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThresholdResult {
    /// As it was written.
    pub text: String,
    /// Whether it held. A figure that there is no sample for did not.
    pub passed: bool,
    /// The figure that decided, as people read it; the worst one of a threshold over windows.
    pub found: String,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was asked.
    pub info: RunInfo,
    /// Why it ended.
    pub stopped: StopReason,
    /// All requests after the warm-up.
    pub total: Tally,
    /// All iterations of scenarios after the warm-up; `None` where every iteration is a request.
    pub iterations: Option<Tally>,
    /// Each series after the warm-up.
    pub series: Vec<Tally>,
    /// The slowest requests after the warm-up.
    pub slowest: Slowest,
    /// The conditions on the run, and how it did.
    pub thresholds: Vec<ThresholdResult>,
    /// The service's own figures after the warm-up, in the order of [`RunInfo::observed`].
    pub observed: Vec<Observed>,
    /// The time of the load: from the end of the warm-up to the end of the profile, or until the run was interrupted.
    /// Rates are per this time.
    pub measured: Duration,
    /// The whole run, from the start to the last answer.
    pub elapsed: Duration,
    /// The age of the oldest request that was cut off, if any was.
    pub oldest_cut_off: Option<Duration>,
    /// The generator's own condition.
    pub health: Health,
    /// How far the numbers can be trusted.
    pub verdict: Verdict,
    /// How well the figures are known; `None` where nobody has looked at the seconds.
    pub findings: Option<Findings>,
}

/// The generator's own condition over the run. `None` where the system does not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// One entry a worker thread.
    pub workers: Vec<WorkerHealth>,
    /// CPU time of the whole process, user and system.
    pub process_cpu: Option<Duration>,
    /// Share (0 to 1) of the machine's CPU time that the hypervisor gave to others.
    pub steal: Option<f64>,
    /// The largest resident size of the process, in bytes.
    pub peak_memory: Option<u64>,
}

/// One worker thread's condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerHealth {
    /// Share (0 to 1) of a core that the thread used.
    pub cpu: Option<f64>,
    /// Share (0 to 1) of the time in which the thread was ready to run and another one ran instead.
    pub run_queue: Option<f64>,
}

impl Outcome {
    /// What the load asked for: iterations of scenarios, or requests where every iteration is one.
    pub fn arrivals(&self) -> &Tally {
        self.iterations.as_ref().unwrap_or(&self.total)
    }

    /// Arrivals begun per second of the measured time. Those begun after it, because the generator was late or no place
    /// was free, are not in it.
    pub fn started_rate(&self) -> f64 {
        per_second(self.arrivals().counters.started_in_time, self.measured)
    }

    /// Arrivals ended, well or not, per second of the measured time. Those that ended after it, while the run was
    /// stopping, are not in it.
    pub fn ended_rate(&self) -> f64 {
        per_second(self.arrivals().counters.ended_in_time, self.measured)
    }

    /// Requests ended, in the same way.
    pub fn requests_rate(&self) -> f64 {
        per_second(self.total.counters.ended_in_time, self.measured)
    }

    /// How well a figure of a series is known, or of all requests.
    pub fn known(&self, series: Option<usize>, figure: &str) -> Option<Band> {
        self.findings.as_ref()?.of(series, figure)
    }

    /// How the run did not hold still.
    pub fn drifts(&self) -> &[Drift] {
        self.findings.as_ref().map_or(&[], |findings| &findings.drifts)
    }

    /// What was to be known for the run to end before its load does, and how well it was known.
    pub fn until(&self) -> Option<(&Until, Reached)> {
        self.info.until.as_ref().zip(self.findings.as_ref()?.until)
    }

    /// Arrivals due per second of the measured time.
    pub fn intended_rate(&self) -> f64 {
        per_second(self.arrivals().counters.intended, self.measured)
    }
}

fn per_second(count: u64, over: Duration) -> f64 {
    if over.is_zero() { 0.0 } else { count as f64 / over.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_that_are_put_together_have_the_mean_of_what_was_observed() {
        let second = |number: u64, figures: [Option<f64>; 3]| Snapshot {
            since: Duration::from_secs(number),
            at: Duration::from_secs(number + 1),
            observed: figures.to_vec(),
            ..Snapshot::default()
        };
        let mut together = second(0, [Some(1.0), Some(2.0), None]);
        together.absorb(&second(1, [Some(4.0), None, None]));
        together.absorb(&second(2, [Some(4.0), None, None]));
        assert_eq!(together.observed, [Some(3.0), Some(2.0), None]);
    }

    #[test]
    fn the_last_answers_are_not_measured_time() {
        let secs = Duration::from_secs;
        for (duration, at, stopped, expected) in [
            (Some(10), 1, None, 0),
            (Some(10), 5, None, 3),
            (Some(10), 14, None, 8),
            (Some(10), 14, Some(6), 4),
            (None, 14, None, 12),
            (None, 14, Some(6), 4),
        ] {
            let info = RunInfo { duration: duration.map(secs), warmup: secs(2), ..RunInfo::default() };
            assert_eq!(info.measured(secs(at), stopped.map(secs)), secs(expected), "{duration:?} {at} {stopped:?}");
        }
    }
}
