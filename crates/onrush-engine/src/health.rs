//! How the generator itself fared: what the operating system says of its threads and of the machine.

use std::time::Duration;

use onrush_metrics::{Health, WorkerHealth};
use onrush_net::clock::Instant;
use rustix::time::{ClockId, clock_gettime};

/// What a thread had used when this was made; compared with what it has used later.
#[derive(Debug)]
pub(crate) struct ThreadMark {
    at: Instant,
    cpu: Duration,
    run_queue: Option<Duration>,
}

impl ThreadMark {
    /// Of the calling thread.
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), cpu: cpu_time(ClockId::ThreadCPUTime), run_queue: run_queue() }
    }

    /// What the calling thread, which must be the same one, used since.
    pub(crate) fn health(&self) -> WorkerHealth {
        let now = Self::now();
        let share = |used: Duration| {
            let over = now.at.saturating_duration_since(self.at).as_secs_f64();
            if over > 0.0 { (used.as_secs_f64() / over).min(1.0) } else { 0.0 }
        };
        WorkerHealth {
            cpu: Some(share(now.cpu.saturating_sub(self.cpu))),
            run_queue: now.run_queue.zip(self.run_queue).map(|(now, then)| share(now.saturating_sub(then))),
        }
    }
}

/// What the process and the machine had used when this was made.
#[derive(Debug)]
pub(crate) struct ProcessMark {
    cpu: Duration,
    machine: Option<MachineMark>,
}

impl ProcessMark {
    pub(crate) fn now() -> Self {
        Self { cpu: process_cpu(), machine: MachineMark::now() }
    }

    /// What both used since, beside what the workers say of themselves.
    pub(crate) fn health(&self, workers: Vec<WorkerHealth>) -> Health {
        Health {
            workers,
            process_cpu: Some(process_cpu().saturating_sub(self.cpu)),
            steal: self.machine.and_then(MachineMark::steal_since),
            peak_memory: peak_memory(),
        }
    }
}

/// CPU time of the whole process so far.
fn process_cpu() -> Duration {
    cpu_time(ClockId::ProcessCPUTime)
}

/// The largest resident size of the process so far, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
}

/// The machine's CPU time by use since it was started.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MachineMark {
    total: u64,
    steal: u64,
}

impl MachineMark {
    fn now() -> Option<Self> {
        parse_machine(&std::fs::read_to_string("/proc/stat").ok()?)
    }

    /// The share of CPU time since then that the hypervisor gave to others.
    fn steal_since(self) -> Option<f64> {
        Self::now()?.steal_from(self)
    }

    fn steal_from(self, earlier: Self) -> Option<f64> {
        let total = self.total.saturating_sub(earlier.total);
        (total > 0).then(|| self.steal.saturating_sub(earlier.steal) as f64 / total as f64)
    }
}

/// The first line of /proc/stat: `cpu user nice system idle iowait irq softirq steal guest guest_nice`.
fn parse_machine(stat: &str) -> Option<MachineMark> {
    let mut fields = stat.lines().next()?.split_whitespace();
    if fields.next()? != "cpu" {
        return None;
    }
    let ticks: Vec<u64> = fields.take(8).filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 8).then(|| MachineMark { total: ticks.iter().sum(), steal: ticks[7] })
}

/// Time the thread was ready to run and did not: the second number of schedstat, in nanoseconds.
fn run_queue() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

fn cpu_time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_a_share_of_the_time_between_two_marks() {
        let mark = |text| parse_machine(text);
        let before = mark("cpu  100 0 100 700 0 0 0 100 0 0\ncpu0 1").unwrap();
        let after = mark("cpu  150 0 150 750 0 0 0 150 9 9").unwrap();
        assert_eq!(after.steal_from(before), Some(0.25));
        assert_eq!(before.steal_from(before), None);
        assert_eq!(mark("intr 1 2 3"), None);
        assert_eq!(mark("cpu 1 2 3"), None);
    }

    #[test]
    fn a_busy_thread_is_seen_to_be_busy() {
        let mark = ThreadMark::now();
        let before = process_cpu();
        while process_cpu() < before + Duration::from_millis(20) {}
        let health = mark.health();
        assert!(health.cpu.unwrap() > 0.0, "{health:?}");
    }
}
