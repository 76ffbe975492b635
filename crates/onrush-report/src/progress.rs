//! What is shown while a run goes on: one line that is rewritten on a terminal, a line every few seconds
//! elsewhere.

mod line;

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Gauges, RunInfo, Snapshot, StopReason, Tally};

use self::line::{AGAIN, View, line};
use crate::layout::{clean, clipped, width, wrap};
use crate::output::Output;
use crate::protocol::protocol;
use crate::style::{Style, Tone};
use crate::units::{count, several};

/// Between two lines where nothing can be rewritten.
const PLAIN_EVERY: Duration = Duration::from_secs(5);
/// Ticks are not exact; one this much too early is on time.
const SLACK: Duration = Duration::from_millis(250);
/// The room that the widest character needs.
const NARROWEST: usize = 2;
/// Columns where the terminal says that it has none.
const UNKNOWN_WIDTH: usize = 80;

/// Writes progress: what is played, then how it goes. Lines stay narrower than the terminal.
pub struct Progress<W> {
    to: W,
    style: Style,
    /// Rewrite one line instead of writing further ones.
    live: bool,
    info: Option<RunInfo>,
    stopping: Option<StopReason>,
    /// What happened since a line was last written.
    since: Tally,
    /// How things stood at the last tick, once there was one.
    gauges: Option<Gauges>,
    /// When a line was last written.
    last: Option<Duration>,
}

impl<W: Write + Send> Progress<W> {
    /// Progress into `to`; `live` where it is a terminal.
    pub fn new(to: W, style: Style, live: bool) -> Self {
        let width = if style.width == 0 { UNKNOWN_WIDTH } else { style.width };
        Self {
            to,
            style: Style { width, ..style },
            live,
            info: None,
            stopping: None,
            since: Tally::default(),
            gauges: None,
            last: None,
        }
    }

    fn announce(&mut self, info: &RunInfo) -> io::Result<()> {
        for line in announcement(info, self.room(), self.style) {
            self.write_line(&self.style.paint(Tone::Dim, &line))?;
        }
        self.to.flush()
    }

    fn tick(&mut self, snapshot: &Snapshot) -> io::Result<()> {
        self.since.merge(&snapshot.interval);
        self.gauges = Some(snapshot.gauges);
        if self.stopping.is_some() && snapshot.gauges.in_flight + snapshot.gauges.waiting == 0 {
            // The summary is next.
            return Ok(());
        }
        let is_due = self.last.is_none_or(|last| snapshot.at + SLACK >= last + PLAIN_EVERY);
        if !self.live && !is_due {
            return Ok(());
        }
        // Nothing was counted during the warm-up.
        let warmup = self.info.as_ref().map_or(Duration::ZERO, |info| info.warmup);
        let view = View {
            snapshot,
            since: &self.since,
            over: snapshot.at.saturating_sub(self.last.unwrap_or_default().max(warmup)),
            info: self.info.as_ref(),
            stopping: self.stopping,
            live: self.live,
        };
        let line = line(&view, self.room(), self.style);
        self.last = Some(snapshot.at);
        self.since = Tally::default();
        self.show(&line)
    }

    /// Somebody who interrupts wants to see at once that it was heard.
    fn stop(&mut self, reason: StopReason) -> io::Result<()> {
        self.stopping = Some(reason);
        if reason != StopReason::Interrupted {
            return Ok(());
        }
        let under_way =
            self.gauges.map_or("requests".to_owned(), |gauges| several(gauges.in_flight, "request", "requests"));
        let again = if self.live { AGAIN } else { "" };
        let text = format!("interrupted: waiting for {under_way} in flight{again}");
        self.show(&self.style.paint(Tone::Warn, &clipped(&text, self.room(), self.style)))
    }

    fn show(&mut self, line: &str) -> io::Result<()> {
        if self.live {
            write!(self.to, "\r{}\u{1b}[K", self.style.spell(line.to_owned()))?;
        } else {
            self.write_line(line)?;
        }
        self.to.flush()
    }

    fn write_line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.to, "{}", self.style.spell(line.to_owned()))
    }

    /// A terminal that is full in its last column goes on to the next line.
    fn room(&self) -> usize {
        self.style.width.saturating_sub(1)
    }
}

impl<W: Write + Send> Output for Progress<W> {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => {
                self.info = Some((**info).clone());
                self.announce(info)
            }
            Event::Tick(snapshot) => self.tick(snapshot),
            Event::Stopping(reason) => self.stop(*reason),
            Event::Finished(_) if self.live => {
                write!(self.to, "\r\u{1b}[K")?;
                self.to.flush()
            }
            Event::Finished(_) => Ok(()),
        }
    }
}

/// What is about to be played: on one line if that fits, otherwise the target and the load on lines of
/// their own.
fn announcement(info: &RunInfo, room: usize, style: Style) -> Vec<String> {
    let target = clean(info.targets.first().map_or("", String::as_str));
    let others = match info.targets.len() {
        0 | 1 => String::new(),
        targets => format!(" and {} more", count(targets as u64 - 1)),
    };
    let threads = several(info.threads as u64, "thread", "threads");
    let load = format!("{}, {}, {threads}, seed {}", clean(&info.load), protocol(info), info.seed);
    let whole = format!("{target}{others}: {load}");
    if width(&whole) <= room {
        return vec![whole];
    }
    let target = clipped(&target, room.saturating_sub(width(&others)), style);
    let first = clipped(&(target + &others), room, style);
    std::iter::once(first).chain(wrap(&load, room.max(NARROWEST))).collect()
}
