//! The seconds of a run as points along time: what charts are drawn from, in bounded memory however long the run is.
//!
//! Points that become one have their histograms merged; a percentile of a point is that of all its requests.

mod sparse;
mod track;

use std::time::Duration;

use onrush_metrics::{Counters, Gauges, Observed, RunInfo, Snapshot, Tally};

pub(crate) use self::sparse::{Sparse, supports};
pub(crate) use self::track::{Piece, Point, Track};

/// Points of the whole: ten minutes in seconds.
const MOST: usize = 720;
/// Points of all series together, and the least and the most of one.
const MOST_OF_ALL_SERIES: usize = 12_000;
const LEAST_OF_ONE: usize = 30;
const MOST_OF_ONE: usize = 240;
/// Series that have a track. A run may have very many; they are in the table all the same.
const MOST_SERIES: usize = 400;

/// What happened in a part of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Whole {
    /// What the load asked for: iterations, or requests.
    pub(crate) arrivals: Counters,
    /// All requests.
    pub(crate) requests: Counters,
    /// Of all requests.
    pub(crate) response: Sparse,
    /// Of all requests.
    pub(crate) service: Sparse,
    /// How late the generator released what was due.
    pub(crate) lag: Sparse,
    /// How late its event loops were.
    pub(crate) delay: Sparse,
    /// The most there were at the end of an interval.
    pub(crate) gauges: Gauges,
    /// What the process used.
    pub(crate) cpu: Option<Duration>,
    /// The service's own figures.
    pub(crate) observed: Vec<Observed>,
}

/// What happened to one series in a part of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct One {
    pub(crate) ended: u64,
    pub(crate) failed: u64,
    pub(crate) response: Sparse,
}

/// A run along time.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) whole: Track<Whole>,
    /// The first series of the run, in its order.
    pub(crate) series: Vec<Track<One>>,
    /// What the process had used at the end of the last interval.
    cpu: Option<Duration>,
}

impl Timeline {
    /// Of a run that has not begun.
    pub(crate) fn new(info: &RunInfo) -> Self {
        let number = info.series.len().min(MOST_SERIES);
        let most = (MOST_OF_ALL_SERIES / number.max(1)).clamp(LEAST_OF_ONE, MOST_OF_ONE);
        let series = (0..number).map(|_| Track::new(most)).collect();
        Self { whole: Track::new(MOST), series, cpu: Some(Duration::ZERO) }
    }

    /// Adds what happened since the last snapshot.
    pub(crate) fn add(&mut self, snapshot: &Snapshot) {
        let now = snapshot.health.process_cpu;
        let cpu = now.zip(self.cpu).map(|(now, before)| now.saturating_sub(before));
        self.cpu = now;
        self.whole.push(snapshot.since, snapshot.at, Whole::of(snapshot, cpu));
        for (track, tally) in self.series.iter_mut().zip(&snapshot.series) {
            track.push(snapshot.since, snapshot.at, One::of(tally));
        }
    }
}

impl Whole {
    fn of(snapshot: &Snapshot, cpu: Option<Duration>) -> Self {
        let (requests, arrivals) = (&snapshot.interval, snapshot.arrivals());
        Self {
            arrivals: arrivals.counters,
            requests: requests.counters,
            response: Sparse::of(&requests.response),
            service: Sparse::of(&requests.service),
            lag: Sparse::of(&arrivals.release_lag),
            delay: Sparse::of(&requests.loop_delay),
            gauges: snapshot.gauges,
            cpu,
            observed: snapshot.observed(),
        }
    }
}

impl One {
    fn of(tally: &Tally) -> Self {
        let counters = &tally.counters;
        Self { ended: counters.ended(), failed: counters.failed, response: Sparse::of(&tally.response) }
    }
}

impl Piece for Whole {
    fn merge(&mut self, later: &Self) {
        self.arrivals.merge(&later.arrivals);
        self.requests.merge(&later.requests);
        for (mine, theirs) in [
            (&mut self.response, &later.response),
            (&mut self.service, &later.service),
            (&mut self.lag, &later.lag),
            (&mut self.delay, &later.delay),
        ] {
            mine.merge(theirs);
        }
        let (mine, theirs) = (&mut self.gauges, later.gauges);
        mine.users = mine.users.max(theirs.users);
        mine.in_flight = mine.in_flight.max(theirs.in_flight);
        mine.waiting = mine.waiting.max(theirs.waiting);
        self.cpu = self.cpu.zip(later.cpu).map(|(mine, theirs)| mine + theirs);
        Observed::merge_each(&mut self.observed, &later.observed);
    }
}

impl Piece for One {
    fn merge(&mut self, later: &Self) {
        self.ended += later.ended;
        self.failed += later.failed;
        self.response.merge(&later.response);
    }
}

#[cfg(test)]
mod tests {
    use onrush_metrics::{Health, SeriesInfo, SeriesKind};

    use super::*;

    fn second(number: u64) -> Snapshot {
        let mut tally = Tally::default();
        (tally.counters.started, tally.counters.completed) = (3, 2);
        [number, 20, 20].iter().for_each(|ms| tally.response.record(Duration::from_millis(1 + ms)));
        Snapshot {
            since: Duration::from_secs(number),
            at: Duration::from_secs(number + 1),
            interval: tally.clone(),
            series: vec![tally],
            gauges: Gauges { users: number % 7, ..Gauges::default() },
            health: Health { process_cpu: Some(Duration::from_millis(100 * (number + 1))), ..Health::default() },
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_long_run_keeps_every_count_in_few_points() {
        let series = SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: "buy".into(),
            name: "cart".into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let mut timeline = Timeline::new(&RunInfo { series: vec![series], ..RunInfo::default() });
        (0..10_000).for_each(|number| timeline.add(&second(number)));
        let points = timeline.whole.points();
        assert!((MOST / 2..=MOST).contains(&points.len()));
        assert_eq!(points.iter().map(|point| point.piece.requests.started).sum::<u64>(), 30_000);
        assert_eq!(points.iter().map(|point| point.piece.response.count()).sum::<u64>(), 30_000);
        // 16 seconds are one point: what they used adds up, and the most users there were are told.
        assert_eq!(points[1].piece.cpu, Some(Duration::from_millis(1_600)));
        assert_eq!(points[1].piece.gauges.users, 6);
        let of_series = timeline.series[0].points();
        assert!(of_series.len() <= MOST_OF_ONE);
        assert_eq!(of_series.iter().map(|point| point.piece.ended).sum::<u64>(), 20_000);
    }

    #[test]
    fn a_hundred_thousand_series_have_few_tracks() {
        let info = SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: String::new(),
            name: String::new(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let timeline = Timeline::new(&RunInfo { series: vec![info; 100_000], ..RunInfo::default() });
        assert_eq!(timeline.series.len(), MOST_SERIES);
    }
}
