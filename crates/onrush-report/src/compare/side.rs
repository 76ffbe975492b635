//! A recorded run, as far as comparisons need it, and what a side has of a series.

use std::io::Read;
use std::time::Duration;

use onrush_metrics::{Event, Outcome, SeriesInfo, Tally};
use onrush_record::{Reader, RecordError};
use onrush_stats::{Fold, Seconds};

/// A recorded run.
#[derive(Debug)]
pub struct Recorded {
    /// What it is called: its file.
    pub name: String,
    /// What came out.
    pub outcome: Outcome,
    pub(super) fold: Fold,
}

/// A series, or all requests, of a run.
pub(super) struct Part<'a> {
    pub(super) tally: &'a Tally,
    pub(super) seconds: &'a Seconds,
    pub(super) measured: Duration,
}

impl Recorded {
    /// Reads a run to its end.
    pub fn read(name: String, mut reader: Reader<impl Read>) -> Result<Self, RecordError> {
        let mut fold = Fold::new();
        fold.on_event(&Event::Started(Box::new(reader.info().clone())));
        let mut finished = None;
        while let Some(event) = reader.next_event()? {
            fold.on_event(&event);
            if let Event::Finished(outcome) = event {
                finished = Some(*outcome);
            }
        }
        let outcome = finished.ok_or(RecordError::Empty)?;
        Ok(Self { name, outcome, fold })
    }

    fn whole(&self) -> Part<'_> {
        let outcome = &self.outcome;
        Part { tally: &outcome.total, seconds: self.fold.whole(), measured: outcome.measured }
    }

    /// A series, by what it counts and what it is called.
    fn series(&self, like: &SeriesInfo) -> Option<Part<'_>> {
        let is_like =
            |info: &SeriesInfo| (info.kind, &info.scenario, &info.name) == (like.kind, &like.scenario, &like.name);
        let place = self.outcome.info.series.iter().position(is_like)?;
        let (tally, seconds) = (self.outcome.series.get(place)?, self.fold.series(place)?);
        Some(Part { tally, seconds, measured: self.outcome.measured })
    }
}

/// All requests of each run.
pub(super) fn whole(runs: &[Recorded]) -> Vec<Part<'_>> {
    runs.iter().map(Recorded::whole).collect()
}

/// A series of each run; `None` where one has no such series, or none of them has an iteration of it.
pub(super) fn series<'a>(runs: &'a [Recorded], like: &SeriesInfo) -> Option<Vec<Part<'a>>> {
    let parts: Vec<_> = runs.iter().map(|run| run.series(like)).collect::<Option<_>>()?;
    parts.iter().any(|part| part.tally.counters.started > 0).then_some(parts)
}
