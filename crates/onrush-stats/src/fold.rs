//! The seconds of a run, kept in bounded memory: what was seen of each series, from the events.

use std::time::Duration;

use onrush_metrics::{Event, Outcome, RunInfo, Tally};

use crate::slice::Slice;

/// The most points that a series is kept in; those of longer runs stand for several seconds.
const MOST_POINTS: usize = 720;
/// Of all series together: a point takes some 500 bytes.
const MOST_OF_ALL: usize = 100_000;
/// Fewer would say nothing.
const LEAST_POINTS: usize = 64;
/// A point shorter than this part of a second is no second of its own.
const WHOLE: Duration = Duration::from_millis(500);

/// The points of a series, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seconds {
    slices: Vec<Slice>,
}

/// Reads the events of a run and keeps what intervals are made from. The warm-up is left out.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    warmup: Duration,
    most: usize,
    /// Seconds to a point.
    stride: u32,
    /// Seconds in the latest point.
    filled: u32,
    whole: Seconds,
    series: Vec<Seconds>,
}

impl Fold {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One of a run that begins.
    pub(crate) fn of(info: &RunInfo) -> Self {
        let most = (MOST_OF_ALL / (info.series.len() + 1)).clamp(LEAST_POINTS, MOST_POINTS);
        Self { most, series: vec![Seconds::default(); info.series.len()], ..Self::of_all(info.warmup) }
    }

    /// One of requests together, which is told of seconds alone.
    pub(crate) fn of_all(warmup: Duration) -> Self {
        Self { warmup, most: MOST_POINTS, stride: 1, filled: 1, ..Self::default() }
    }

    /// Takes an event.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => *self = Self::of(info),
            Event::Tick(snapshot) => {
                self.add(snapshot.since, snapshot.at, &snapshot.interval, &snapshot.series);
            }
            Event::Stopping(_) => {}
            Event::Finished(outcome) => self.end(outcome),
        }
    }

    /// All requests.
    pub fn whole(&self) -> &Seconds {
        &self.whole
    }

    /// A series, by its place.
    pub fn series(&self, place: usize) -> Option<&Seconds> {
        self.series.get(place)
    }

    /// Takes a second: all its requests, and those of each series.
    pub(crate) fn add(&mut self, since: Duration, at: Duration, whole: &Tally, series: &[Tally]) {
        let since = since.max(self.warmup);
        let lasted = at.saturating_sub(since);
        // Before the run has begun nobody knows what there is.
        if lasted.is_zero() || self.most == 0 {
            return;
        }
        let is_new = self.filled >= self.stride;
        self.filled = if is_new { 1 } else { self.filled + 1 };
        self.whole.push(Slice::of(whole, since, lasted), is_new);
        for (seconds, tally) in self.series.iter_mut().zip(series) {
            seconds.push(Slice::of(tally, since, lasted), is_new);
        }
        if self.whole.slices.len() > self.most {
            let is_odd = !self.whole.slices.len().is_multiple_of(2);
            std::iter::once(&mut self.whole).chain(&mut self.series).for_each(Seconds::halve);
            // The latest one may have had nobody to be merged with.
            self.filled = if is_odd { 1 } else { self.stride + 1 };
            self.stride *= 2;
        }
    }

    /// What came after the load belongs to its last second.
    pub(crate) fn end(&mut self, outcome: &Outcome) {
        let over = self.warmup + outcome.measured;
        std::iter::once(&mut self.whole).chain(&mut self.series).for_each(|seconds| seconds.end_at(over));
    }
}

impl Seconds {
    /// From slices in the order of time.
    pub fn of(slices: Vec<Slice>) -> Self {
        Self { slices }
    }

    /// The points.
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    fn push(&mut self, slice: Slice, is_new: bool) {
        match self.slices.last_mut() {
            Some(last) if !is_new => last.absorb(&slice),
            _ => self.slices.push(slice),
        }
    }

    /// One point of two. The last may stay alone: its time is known.
    fn halve(&mut self) {
        let slices = std::mem::take(&mut self.slices);
        let mut slices = slices.into_iter();
        while let Some(mut first) = slices.next() {
            slices.next().iter().for_each(|second| first.absorb(second));
            self.slices.push(first);
        }
    }

    fn end_at(&mut self, over: Duration) {
        for slice in &mut self.slices {
            slice.lasted = slice.lasted.min(over.saturating_sub(slice.since));
        }
        let least = self.slices.first().map_or(WHOLE, |first| first.lasted.min(WHOLE));
        while let [.., before, last] = &mut *self.slices {
            if last.lasted >= least {
                break;
            }
            before.absorb(last);
            self.slices.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use onrush_metrics::{SeriesInfo, SeriesKind, Snapshot, StopReason, Tally};

    use super::*;

    fn second(since: u64, until: u64) -> Event {
        let mut tally = Tally::default();
        (0..10).for_each(|_| tally.response.record(Duration::from_millis(since + 1)));
        tally.counters.ended_in_time = 10;
        Event::Tick(Box::new(Snapshot {
            since: Duration::from_millis(since * 1000),
            at: Duration::from_millis(until * 1000),
            interval: tally.clone(),
            series: vec![tally],
            ..Snapshot::default()
        }))
    }

    fn played(warmup: u64, seconds: u64, measured: u64) -> Fold {
        let info = SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: String::new(),
            name: "get".into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let info = RunInfo { warmup: Duration::from_secs(warmup), series: vec![info], ..RunInfo::default() };
        let mut fold = Fold::new();
        fold.on_event(&Event::Started(Box::new(info.clone())));
        (0..seconds).for_each(|number| fold.on_event(&second(number, number + 1)));
        fold.on_event(&Event::Finished(Box::new(Outcome {
            info,
            stopped: StopReason::Completed,
            total: Tally::default(),
            iterations: None,
            series: Vec::new(),
            thresholds: Vec::new(),
            observed: Vec::new(),
            measured: Duration::from_secs(measured),
            elapsed: Duration::ZERO,
            oldest_cut_off: None,
            health: onrush_metrics::Health::default(),
            verdict: onrush_metrics::Verdict::default(),
            findings: None,
        })));
        fold
    }

    #[test]
    fn the_warm_up_and_the_time_after_the_load_are_no_seconds_of_their_own() {
        let fold = played(2, 12, 8);
        let slices = fold.whole().slices();
        assert_eq!((slices.len(), slices[0].since), (8, Duration::from_secs(2)));
        assert_eq!(slices.last().map(|last| (last.samples, last.lasted)), Some((30, Duration::from_secs(1))));
        assert_eq!(fold.series(0).map(|seconds| seconds.slices().len()), Some(8));
        assert_eq!(fold.series(1), None);
    }

    #[test]
    fn long_runs_need_no_more_room() {
        for seconds in [720, 721, 3600, 10_000] {
            let fold = played(0, seconds, seconds);
            let slices = fold.whole().slices();
            assert!((300..=720).contains(&slices.len()), "{}", slices.len());
            assert_eq!(slices.iter().map(|slice| slice.samples).sum::<u64>(), seconds * 10);
            assert_eq!(slices.iter().map(|slice| slice.lasted).sum::<Duration>(), Duration::from_secs(seconds));
            assert!(slices[..slices.len() - 1].iter().all(|slice| slice.lasted == slices[0].lasted));
        }
    }
}
