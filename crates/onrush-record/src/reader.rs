//! Bytes into events.

use std::io::Read;
use std::time::Duration;

use onrush_metrics::{
    Event, Observed, Outcome, Reason, RunInfo, Snapshot, Soundness, StopReason, Tallies, Tally, ThresholdResult,
    Verdict,
};

use crate::bytes::{Bytes, Malformed};
use crate::error::RecordError;
use crate::frame::{Frame, Kind, MAGIC, VERSION, read_frame};
use crate::second::second;
use crate::tally::tally;
use crate::writer::End;

/// Reads the events of a run file, one after the other.
///
/// A file that ends too early, as those of killed runs do, or that is damaged somewhere behind its beginning, gives the events up to there and then an outcome that is put
/// together from its seconds: the stop is [`StopReason::Lost`], and the verdict says so.
#[derive(Debug)]
pub struct Reader<R> {
    from: Counted<R>,
    info: RunInfo,
    /// What the seconds so far add up to.
    so_far: Tallies,
    total: Tally,
    observed: Vec<Observed>,
    last: Snapshot,
    /// When no more requests were begun, to a second.
    stopping: Option<Duration>,
    is_over: bool,
}

/// Plays all events of a run file.
pub fn replay(from: impl Read, mut on_event: impl FnMut(Event)) -> Result<(), RecordError> {
    let mut reader = Reader::new(from)?;
    on_event(Event::Started(Box::new(reader.info().clone())));
    while let Some(event) = reader.next_event()? {
        on_event(event);
    }
    Ok(())
}

impl<R: Read> Reader<R> {
    /// Reads how a file begins.
    pub fn new(from: R) -> Result<Self, RecordError> {
        let mut from = Counted { from, read: 0 };
        let mut head = Vec::new();
        (&mut from).take(MAGIC.len() as u64 + 2).read_to_end(&mut head)?;
        let Some([low, high]) = head.strip_prefix(MAGIC) else { return Err(RecordError::NotOne) };
        let found = u16::from_le_bytes([*low, *high]);
        if found > VERSION {
            return Err(RecordError::Newer { found, known: VERSION });
        }
        let at = from.read;
        let info = match read_frame(&mut from)? {
            Frame::Whole(kind, content) if kind == Kind::Started as u8 => serde_json::from_slice(&content)
                .map_err(|error| RecordError::Damaged { at, what: error.to_string() })?,
            Frame::End => return Err(RecordError::Empty),
            Frame::Whole(..) => {
                return Err(RecordError::Damaged { at, what: "it does not begin with a plan".into() });
            }
            Frame::Damaged(what) => return Err(RecordError::Damaged { at, what: what.into() }),
        };
        Ok(Self {
            from,
            info,
            so_far: Tallies::default(),
            total: Tally::default(),
            observed: Vec::new(),
            last: Snapshot::default(),
            stopping: None,
            is_over: false,
        })
    }

    /// What was played.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// The next event after the start; `None` after the last one.
    pub fn next_event(&mut self) -> Result<Option<Event>, RecordError> {
        while !self.is_over {
            let at = self.from.read;
            let damaged = |Malformed(what)| RecordError::Damaged { at, what: what.to_owned() };
            let (kind, content) = match read_frame(&mut self.from)? {
                Frame::Whole(kind, content) => (Kind::of(kind), content),
                Frame::End => {
                    self.is_over = true;
                    return Ok(Some(Event::Finished(Box::new(self.lost(None)))));
                }
                // What comes before it is as good as it ever was.
                Frame::Damaged(what) => {
                    self.is_over = true;
                    return Ok(Some(Event::Finished(Box::new(self.lost(Some((at, what)))))));
                }
            };
            let mut content = Bytes(&content);
            match kind {
                // A later version may know more.
                None => {}
                Some(Kind::Started) => return Err(damaged(Malformed("it begins twice"))),
                Some(Kind::Second) => {
                    let snapshot = self.second(&mut content).map_err(damaged)?;
                    return Ok(Some(Event::Tick(Box::new(snapshot))));
                }
                Some(Kind::Stopping) => {
                    self.stopping.get_or_insert(self.last.at);
                    let reason = serde_json::from_slice(content.0);
                    return Ok(Some(Event::Stopping(
                        reason.map_err(|_| damaged(Malformed("it stops for no reason")))?,
                    )));
                }
                Some(Kind::Finished) => {
                    self.is_over = true;
                    return Ok(Some(Event::Finished(Box::new(self.outcome(&mut content).map_err(damaged)?))));
                }
            }
        }
        Ok(None)
    }

    fn second(&mut self, content: &mut Bytes) -> Result<Snapshot, Malformed> {
        let (mut snapshot, verdict) = second(content)?;
        if snapshot.series.len() > self.info.series.len() {
            return Err(Malformed("there are more series than names"));
        }
        self.total.merge(&snapshot.interval);
        if let Some(iterations) = &snapshot.iterations {
            self.so_far.own.merge(iterations);
        }
        if snapshot.observed.len() > self.info.observed.len() {
            return Err(Malformed("there are more observed figures than names"));
        }
        snapshot.observe(&mut self.observed);
        Tallies::merge_series(&mut self.so_far.series, &snapshot.series);
        snapshot.total = self.total.clone();
        snapshot.verdict = verdict.unwrap_or_else(|| std::mem::take(&mut self.last.verdict));
        let Snapshot { since, at, gauges, warming_up, .. } = snapshot;
        let (health, verdict) = (snapshot.health.clone(), snapshot.verdict.clone());
        self.last = Snapshot { since, at, gauges, warming_up, health, verdict, ..Snapshot::default() };
        Ok(snapshot)
    }

    fn outcome(&self, content: &mut Bytes) -> Result<Outcome, Malformed> {
        let end = serde_json::from_str(content.text()?).map_err(|_| Malformed("its end makes no sense"))?;
        let End { stopped, thresholds, measured, elapsed, oldest_cut_off, health, verdict, findings } = end;
        let total = tally(content)?;
        let iterations = if content.number()? == 0 { None } else { Some(tally(content)?) };
        let series: Vec<_> = (0..content.count()?).map(|_| tally(content)).collect::<Result<_, _>>()?;
        let info = self.info.clone();
        if series.len() > info.series.len() {
            return Err(Malformed("there are more series than names"));
        }
        Ok(Outcome {
            info,
            stopped,
            total,
            iterations,
            series,
            thresholds,
            observed: self.observed.clone(),
            measured,
            elapsed,
            oldest_cut_off,
            health,
            verdict,
            findings,
        })
    }

    /// What is known of a run whose end is not in its file, or behind something damaged.
    fn lost(&mut self, damage: Option<(u64, &str)>) -> Outcome {
        let at = self.last.at;
        self.so_far.series.iter_mut().chain([&mut self.total, &mut self.so_far.own]).for_each(cut_off);
        let mut reasons = std::mem::take(&mut self.last.verdict).reasons;
        reasons.push(Reason {
            rule: "record".into(),
            soundness: Soundness::Degraded,
            text: format!(
                "the record ends after {:.1} s and not with the run, {}: its figures are put together from seconds, with \
                 percentiles to about 1 % for all requests and 3 % for a series",
                at.as_secs_f64(),
                damage.map_or("which was killed or could not write".to_owned(), |(at, what)| format!(
                    "since the file is damaged at byte {at} ({what})"
                ))
            ),
        });
        let has_series = !self.info.series.is_empty();
        let unknown = |text: &String| ThresholdResult {
            text: text.clone(),
            passed: false,
            found: "the record ends before it was decided".to_owned(),
        };
        Outcome {
            stopped: StopReason::Lost,
            total: std::mem::take(&mut self.total),
            iterations: has_series.then(|| std::mem::take(&mut self.so_far.own)),
            series: std::mem::take(&mut self.so_far.series),
            thresholds: self.info.thresholds.iter().map(unknown).collect(),
            observed: std::mem::take(&mut self.observed),
            measured: self.info.measured(at, self.stopping),
            elapsed: at,
            oldest_cut_off: None,
            health: std::mem::take(&mut self.last.health),
            verdict: Verdict::new(reasons),
            findings: None,
            info: self.info.clone(),
        }
    }
}

/// What was on its way when the record ended had no end, and what was due no beginning.
fn cut_off(tally: &mut Tally) {
    let counters = &mut tally.counters;
    counters.cut_off = counters.started.saturating_sub(counters.ended());
    counters.unstarted = counters.intended.saturating_sub(counters.started + counters.dropped);
}

/// Knows how much was read.
#[derive(Debug)]
struct Counted<R> {
    from: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
