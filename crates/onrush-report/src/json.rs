//! The outcome of a run as JSON, for machines. `schema` grows by one when a field changes its meaning or
//! goes; new fields may come at any time. Times are in nanoseconds (`_ns`), sizes in bytes.

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Histogram, Outcome, StopReason};
use serde_json::{Map, Value, json};

use crate::output::Output;
use crate::units::{QUANTILES, supports};

/// The version of the shape.
const SCHEMA: u32 = 1;

/// Writes the outcome at the end of a run.
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
pub fn to_json(outcome: &Outcome) -> Value {
    let (info, total) = (&outcome.info, &outcome.total);
    json!({
        "schema": SCHEMA,
        "version": info.version,
        "verdict": {
            "soundness": outcome.verdict.soundness().name(),
            "reasons": outcome.verdict.reasons.iter().map(|reason| json!({
                "rule": reason.rule,
                "soundness": reason.soundness.name(),
                "text": reason.text,
            })).collect::<Vec<_>>(),
        },
        "run": {
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
        },
        "requests": requests(outcome),
        "rate_per_second": {
            "achieved": outcome.achieved_rate(),
            "intended": info.open.then(|| outcome.intended_rate()),
        },
        "response_time_ns": times(&total.response),
        "service_time_ns": times(&total.service),
        "breakdown_ns": total.breakdown.parts().iter().map(|(name, histogram)| ((*name).to_owned(), times(histogram))).collect::<Map<_, _>>(),
        "statuses": total.statuses.rows().iter().map(|(status, count)| (status.to_string(), json!(count))).collect::<Map<_, _>>(),
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
    json!({
        "start_lag_ns": times(&outcome.total.start_lag),
        "release_lag_ns": times(&outcome.total.release_lag),
        "loop_delay_ns": times(&outcome.total.loop_delay),
        "workers": health.workers.iter().map(|worker| json!({
            "cpu_share": worker.cpu,
            "run_queue_share": worker.run_queue,
        })).collect::<Vec<_>>(),
        "process_cpu_ns": health.process_cpu.map(nanos),
        "steal_share": health.steal,
        "peak_memory_bytes": health.peak_memory,
    })
}

/// Percentiles that the sample supports, and what is always known.
fn times(histogram: &Histogram) -> Value {
    if histogram.is_empty() {
        return json!({ "samples": 0 });
    }
    let mut times = Map::new();
    times.insert("samples".to_owned(), json!(histogram.count()));
    times.insert("min".to_owned(), nanos(histogram.min()));
    times.insert("mean".to_owned(), nanos(histogram.mean()));
    for (name, q) in QUANTILES {
        let value = if supports(histogram, *q) { nanos(histogram.quantile(*q)) } else { Value::Null };
        times.insert(name.replace('.', "_"), value);
    }
    times.insert("max".to_owned(), nanos(histogram.max()));
    Value::Object(times)
}

/// The occupied slots: what they hold is at most `[0]` µs, `[1]` times.
fn histogram(histogram: &Histogram) -> Value {
    let slots: Vec<_> = histogram.slots().map(|(us, count)| json!([us.end - 1, count])).collect();
    json!({ "upper_edge_us_and_count": slots })
}

fn nanos(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}
