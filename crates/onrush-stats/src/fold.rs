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
    most: usize,
    /// Seconds to a point.
    stride: u32,
    /// Seconds in the latest point.
    filled: u32,
}

/// Reads the events of a run and keeps what intervals are made from. The warm-up is left out.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    warmup: Duration,
    whole: Seconds,
    series: Vec<Seconds>,
}

impl Fold {
    /// An empty one, of a run that has not begun.
    pub fn new() -> Self {
        Self::of_all(Duration::ZERO)
    }

    /// One of a run that begins.
    pub(crate) fn of(info: &RunInfo) -> Self {
        let most = (MOST_OF_ALL / (info.series.len() + 1)).clamp(LEAST_POINTS, MOST_POINTS);
        // Not all of them put points together in the same second, which would be a long one.
        let series = (0..info.series.len()).map(|place| Seconds::of_at_most(most - place % (most / 4)));
        Self { warmup: info.warmup, whole: Seconds::of_at_most(most), series: series.collect() }
    }

    /// One of requests together, which is told of seconds alone.
    pub(crate) fn of_all(warmup: Duration) -> Self {
        Self { warmup, whole: Seconds::of_at_most(MOST_POINTS), series: Vec::new() }
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
        if lasted.is_zero() {
            return;
        }
        self.whole.push(Slice::of(whole, since, lasted));
        for (seconds, tally) in self.series.iter_mut().zip(series) {
            seconds.push(Slice::of(tally, since, lasted));
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
        Self { slices, ..Self::of_at_most(MOST_POINTS) }
    }

    /// The points.
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    fn of_at_most(most: usize) -> Self {
        Self { slices: Vec::new(), most, stride: 1, filled: 1 }
    }

    /// Takes a second.
    fn push(&mut self, slice: Slice) {
        match self.slices.last_mut() {
            Some(last) if self.filled < self.stride => {
                last.absorb(&slice);
                self.filled += 1;
            }
            _ => {
                self.slices.push(slice);
                self.filled = 1;
            }
        }
        if self.slices.len() > self.most {
            // The latest one may have nobody to be merged with.
            self.filled = if self.slices.len().is_multiple_of(2) { self.stride + 1 } else { 1 };
            self.stride *= 2;
            self.halve();
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
            slowest: onrush_metrics::Slowest::default(),
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
    fn many_series_do_not_put_points_together_at_once() {
        let info = SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: String::new(),
            name: "get".into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let mut fold = Fold::of(&RunInfo { series: vec![info; 1000], ..RunInfo::default() });
        let tallies = vec![Tally::default(); 1000];
        let mut before = vec![0; 1000];
        for second in 0..250 {
            fold.add(Duration::from_secs(second), Duration::from_secs(second + 1), &tallies[0], &tallies);
            let now: Vec<_> = fold.series.iter().map(|seconds| seconds.slices.len()).collect();
            let shrunk = now.iter().zip(&before).filter(|(now, before)| now < before).count();
            assert!(shrunk <= 50, "{shrunk} in second {second}");
            before = now;
        }
        assert!(before.iter().all(|points| (32..=99).contains(points)), "{before:?}");
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
