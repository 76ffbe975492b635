//! What is shown while a run goes on: one line that is rewritten on a terminal, a line every few seconds
//! elsewhere.

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, RunInfo, Snapshot, StopReason};

use crate::output::Output;
use crate::style::{Style, Tone};
use crate::units::{clock, count, duration, percent, rate};

/// Between two lines where nothing can be rewritten.
const PLAIN_EVERY: u64 = 5;

/// Writes progress.
pub struct Progress<W> {
    to: W,
    style: Style,
    /// Rewrite one line instead of writing further ones.
    live: bool,
    info: Option<RunInfo>,
    stopping: Option<StopReason>,
    ticks: u64,
}

impl<W: Write + Send> Progress<W> {
    /// Progress into `to`; `live` where it is a terminal.
    pub fn new(to: W, style: Style, live: bool) -> Self {
        Self { to, style, live, info: None, stopping: None, ticks: 0 }
    }

    fn announce(&mut self, info: &RunInfo) -> io::Result<()> {
        let target = info.targets.first().map_or("", String::as_str);
        let others = match info.targets.len() {
            0 | 1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        let threads = if info.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", info.threads) };
        let head = format!("{target}{others}: {}, {}, {threads}, seed {}", info.load, info.protocol, info.seed);
        writeln!(self.to, "{}", self.style.paint(Tone::Dim, &head))?;
        self.to.flush()
    }

    fn tick(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.ticks += 1;
        let line = self.line(snapshot);
        if self.live {
            write!(self.to, "\r{line}\u{1b}[K")?;
        } else if self.ticks == 1 || self.ticks.is_multiple_of(PLAIN_EVERY) {
            writeln!(self.to, "{line}")?;
        }
        self.to.flush()
    }

    /// The parts by importance, as many as fit the width.
    fn line(&self, snapshot: &Snapshot) -> String {
        let mut line = String::new();
        for part in self.parts(snapshot) {
            let length = line.chars().count() + part.chars().count() + 2;
            // A terminal that is full in its last column wraps.
            if length >= self.style.width && !line.is_empty() {
                break;
            }
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(&part);
        }
        line.chars().take(self.style.width.saturating_sub(1)).collect()
    }

    fn parts(&self, snapshot: &Snapshot) -> Vec<String> {
        let (now, total) = (&snapshot.interval, &snapshot.total.counters);
        let mut parts = vec![self.time(snapshot)];
        match self.stopping {
            Some(_) => parts
                .push(format!("stopping, {} in flight", count(snapshot.gauges.in_flight + snapshot.gauges.waiting))),
            None if snapshot.warming_up => parts.push("warming up".to_owned()),
            None => {}
        }
        parts.push(rate(now.counters.ended() as f64));
        if !now.response.is_empty() {
            parts.push(format!("p50 {}", duration(now.response.quantile(0.5))));
            parts.push(format!("p99 {}", duration(now.response.quantile(0.99))));
        }
        if total.failed > 0 {
            parts.push(format!("{} failed ({})", count(total.failed), percent(total.failed, total.ended())));
        }
        if total.dropped > 0 {
            parts.push(format!("{} dropped", count(total.dropped)));
        }
        if snapshot.gauges.waiting > 0 {
            parts.push(format!("{} waiting", count(snapshot.gauges.waiting)));
        }
        parts.push(format!("{} users", count(snapshot.gauges.users)));
        parts
    }

    fn time(&self, snapshot: &Snapshot) -> String {
        let elapsed = clock(snapshot.at);
        match self.info.as_ref().and_then(|info| info.duration).filter(|_| self.stopping.is_none()) {
            Some(duration) if duration > snapshot.at => {
                format!("{elapsed}, {} to go", clock(duration.saturating_sub(snapshot.at).max(Duration::from_secs(1))))
            }
            _ => elapsed,
        }
    }
}

impl<W: Write + Send> Output for Progress<W> {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => {
                self.info = Some(info.clone());
                self.announce(info)
            }
            Event::Tick(snapshot) => self.tick(snapshot),
            Event::Stopping(reason) => {
                self.stopping = Some(*reason);
                Ok(())
            }
            Event::Finished(_) if self.live => {
                write!(self.to, "\r\u{1b}[K")?;
                self.to.flush()
            }
            Event::Finished(_) => Ok(()),
        }
    }
}
