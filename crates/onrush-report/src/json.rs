//! The outcome of a run as JSON, for machines.

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Histogram, Outcome, StopReason, WorkerHealth};
use serde_json::{Map, Value, json};

use crate::output::Output;
use crate::units::{QUANTILES, supports};

/// The version of the shape.
const SCHEMA: u32 = 1;

/// Writes the outcome at the end of a run, as [`to_json`] makes it.
pub struct JsonOutput {
    to: Box<dyn Write + Send>,
}

impl JsonOutput {
    /// JSON into `to`.
    pub fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to }
    }
}

impl Output for JsonOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Finished(outcome) = event {
            serde_json::to_writer_pretty(&mut self.to, &to_json(outcome))?;
            self.to.write_all(b"\n")?;
            self.to.flush()?;
        }
        Ok(())
    }
}

/// Everything that was measured.
///
/// Every key is always there. A value that is not known, or that the sample does not support, is `null`;
/// numbers are finite. Times are whole nanoseconds (`_ns`), sizes bytes, shares from 0 to 1. `schema` grows by
/// one when a key changes its meaning or goes; new keys may come at any time.
///
/// | key | value |
/// |---|---|
/// | `schema` | version of this shape: 1 |
/// | `version` | of the program |
/// | **`verdict`** | how far the numbers can be trusted |
/// | `verdict.soundness` | `valid`, `degraded` or `invalid`: the worst of the reasons |
/// | `verdict.reasons[]` | what was found, worst first: `rule` (a stable name), `soundness`, `text` (a sentence) |
/// | **`run`** | what was asked for |
/// | `run.targets[]` | URLs |
/// | `run.load` | in the words of the load grammar |
/// | `run.model` | `open` (arrivals follow a schedule) or `closed` (users wait for answers) |
/// | `run.protocol` | `HTTP/1.1` or `HTTP/2` |
/// | `run.threads` | worker threads |
/// | `run.seed` | from which every random choice flows |
/// | `run.warmup_ns` | the part at the beginning that is in no figure |
/// | `run.stopped` | `completed` or `interrupted` |
/// | `run.measured_ns` | from the end of the warm-up until no more requests were begun; rates are per this time |
/// | `run.elapsed_ns` | the whole run, from the start to the last answer |
/// | **`requests`** | counts; `intended` = `started` + `dropped` + `never_begun`, `started` = `completed` + `failed` + `cut_off` |
/// | `requests.intended` | due by the schedule, or because a user was free |
/// | `requests.started` | begun |
/// | `requests.completed` | answered whole and well |
/// | `requests.failed` | ended in an error, a bad status included |
/// | `requests.dropped` | given up because the in-flight limit was reached |
/// | `requests.cut_off` | in flight when the graceful period ended; in no time |
/// | `requests.never_begun` | still waiting for a place when the run ended |
/// | `requests.ended_in_time` | ended, well or not, while requests were still begun; what `rate_per_second.achieved` counts |
/// | `requests.sent_with_repeats` | written to the wire: redirects followed and repeats included |
/// | `requests.redirects_followed` | redirects followed |
/// | `requests.oldest_cut_off_ns` | age of the oldest request that was cut off |
/// | **`rate_per_second`** | requests a second |
/// | `rate_per_second.achieved` | ended |
/// | `rate_per_second.intended` | due; `null` for a closed load |
/// | **`response_time_ns`** | times (see below) from the intended start to the last byte; timeouts with the time until they were given up |
/// | **`service_time_ns`** | times from the first byte written to the last byte read |
/// | **`breakdown_ns`** | times of the parts, for the requests that had them: `pool` (waiting for a shared connection), `dns`, `connect`, `tls`, `wait` (first byte written to first byte read), `receive` (first to last byte read) |
/// | **`statuses`** | answers by HTTP status |
/// | **`errors[]`** | failures: `kind` (a stable name), `count`, `example` (what the first one said), `local` (this machine's limit, not the service's) |
/// | **`bytes`** | `received` and `sent`, heads included, without TLS |
/// | **`connections`** | counts |
/// | `connections.opened` | connections opened |
/// | `connections.requests_on_reused` | requests over a connection that had carried one before |
/// | `connections.stale_retries` | requests repeated because the service had closed the idle connection |
/// | `connections.address_fallbacks` | attempts that failed at one address before another one of the name answered |
/// | **`generator`** | the generator's own condition |
/// | `generator.start_lag_ns` | times: actual minus intended start (open loads) |
/// | `generator.release_lag_ns` | times: the part of the start lag that is the generator's own fault |
/// | `generator.loop_delay_ns` | times: how late event loops ran a timer that was due |
/// | `generator.workers[]` | per thread: `cpu_share` of a core, `run_queue_share` of the time ready to run while another ran |
/// | `generator.process_cpu_ns` | CPU time of the process, user and system |
/// | `generator.steal_share` | of the machine's CPU time that the hypervisor gave to others |
/// | `generator.peak_memory_bytes` | largest resident size of the process |
/// | **`response_time_histogram`** | `upper_edge_us_and_count[]`: pairs of an upper edge in microseconds and how many times lie between the edge before and this one; empty slots are left out |
///
/// Times are objects of `samples` (how many were counted), `min`, `mean` and `max`, which are exact, and the
/// percentiles `p50`, `p75`, `p90`, `p95`, `p99`, `p99_9`, `p99_99`, which are upper edges of slots of the
/// histogram: three significant digits, and no finer than a microsecond.
pub fn to_json(outcome: &Outcome) -> Value {
    let total = &outcome.total;
    json!({
        "schema": SCHEMA,
        "version": outcome.info.version,
        "verdict": verdict(outcome),
        "run": run(outcome),
        "requests": requests(outcome),
        "rate_per_second": {
            "achieved": finite(Some(outcome.achieved_rate())),
            "intended": finite(outcome.info.open.then(|| outcome.intended_rate())),
        },
        "response_time_ns": times(&total.response),
        "service_time_ns": times(&total.service),
        "breakdown_ns": object(total.breakdown.parts().iter().map(|(name, part)| ((*name).to_owned(), times(part)))),
        "statuses": object(total.statuses.rows().iter().map(|(status, count)| (status.to_string(), json!(count)))),
        "errors": total.errors.rows().map(|row| json!({
            "kind": row.kind.name(),
            "count": row.count,
            "example": row.example,
            "local": row.kind.is_local(),
        })).collect::<Vec<_>>(),
        "bytes": { "received": total.counters.bytes_received, "sent": total.counters.bytes_sent },
        "connections": {
            "opened": total.counters.connections_opened,
            "requests_on_reused": total.counters.connections_reused,
            "stale_retries": total.counters.stale_retries,
            "address_fallbacks": total.counters.address_fallbacks,
        },
        "generator": generator(outcome),
        "response_time_histogram": histogram(&total.response),
    })
}

fn verdict(outcome: &Outcome) -> Value {
    let reasons = outcome
        .verdict
        .reasons
        .iter()
        .map(|reason| json!({ "rule": reason.rule, "soundness": reason.soundness.name(), "text": reason.text }));
    json!({ "soundness": outcome.verdict.soundness().name(), "reasons": reasons.collect::<Vec<_>>() })
}

fn run(outcome: &Outcome) -> Value {
    let info = &outcome.info;
    json!({
        "targets": info.targets,
        "load": info.load,
        "model": if info.open { "open" } else { "closed" },
        "protocol": info.protocol,
        "threads": info.threads,
        "seed": info.seed,
        "warmup_ns": nanos(info.warmup),
        "stopped": match outcome.stopped {
            StopReason::Completed => "completed",
            StopReason::Interrupted => "interrupted",
        },
        "measured_ns": nanos(outcome.measured),
        "elapsed_ns": nanos(outcome.elapsed),
    })
}

fn requests(outcome: &Outcome) -> Value {
    let counters = &outcome.total.counters;
    json!({
        "intended": counters.intended,
        "started": counters.started,
        "completed": counters.completed,
        "failed": counters.failed,
        "dropped": counters.dropped,
        "cut_off": counters.cut_off,
        "never_begun": counters.unstarted,
        "ended_in_time": counters.ended_in_time,
        "sent_with_repeats": counters.sent,
        "redirects_followed": counters.redirects,
        "oldest_cut_off_ns": outcome.oldest_cut_off.map(nanos),
    })
}

fn generator(outcome: &Outcome) -> Value {
    let health = &outcome.health;
    let worker =
        |worker: &WorkerHealth| json!({ "cpu_share": finite(worker.cpu), "run_queue_share": finite(worker.run_queue) });
    json!({
        "start_lag_ns": times(&outcome.total.start_lag),
        "release_lag_ns": times(&outcome.total.release_lag),
        "loop_delay_ns": times(&outcome.total.loop_delay),
        "workers": health.workers.iter().map(worker).collect::<Vec<_>>(),
        "process_cpu_ns": health.process_cpu.map(nanos),
        "steal_share": finite(health.steal),
        "peak_memory_bytes": health.peak_memory,
    })
}

/// Percentiles that the sample supports, and what is always known of one that is not empty.
fn times(histogram: &Histogram) -> Value {
    let known = |time: Duration| if histogram.is_empty() { Value::Null } else { nanos(time) };
    let mut times = Map::new();
    times.insert("samples".to_owned(), json!(histogram.count()));
    times.insert("min".to_owned(), known(histogram.min()));
    times.insert("mean".to_owned(), known(histogram.mean()));
    for (name, q) in QUANTILES {
        let value = if supports(histogram, *q) { nanos(histogram.quantile(*q)) } else { Value::Null };
        times.insert(name.replace('.', "_"), value);
    }
    times.insert("max".to_owned(), known(histogram.max()));
    Value::Object(times)
}

fn histogram(histogram: &Histogram) -> Value {
    let slots: Vec<_> = histogram.slots().map(|(us, count)| json!([us.end - 1, count])).collect();
    json!({ "upper_edge_us_and_count": slots })
}

fn object(entries: impl Iterator<Item = (String, Value)>) -> Value {
    Value::Object(entries.collect())
}

/// JSON has no word for what is not a number.
fn finite(number: Option<f64>) -> Option<f64> {
    number.filter(|number| number.is_finite())
}

fn nanos(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}
