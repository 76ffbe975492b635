//! How a run went so far, in a bounded number of points: when there are too many, two neighbours become one. Times are
//! kept as counts, so that percentiles of what was put together are those of all of it.

use std::time::Duration;

use onrush_metrics::{Histogram, Observed, Snapshot};

/// Points that are kept.
const MOST: usize = 256;
/// Counts of times lie this many to a factor of ten: as fine as a chart can show.
const PER_DECADE: f64 = 50.0;
/// A shorter interval says more about the moment than about the service.
const SHORTEST: Duration = Duration::from_millis(250);

/// A stretch of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Point {
    pub(super) since: Duration,
    pub(super) at: Duration,
    /// Arrivals that were due, begun, and that have ended.
    pub(super) intended: u64,
    pub(super) started: u64,
    pub(super) ended: u64,
    pub(super) response: Times,
    pub(super) service: Times,
    /// The service's own figures.
    pub(super) observed: Vec<Observed>,
}

/// Counts of times, coarsely.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times {
    /// Place and count, in rising order.
    counts: Vec<(u16, u64)>,
    max: Duration,
}

/// What was seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    points: Vec<Point>,
}

impl History {
    pub(super) fn push(&mut self, snapshot: &Snapshot) {
        let arrivals = &snapshot.arrivals().counters;
        let (response, service) = (&snapshot.interval.response, &snapshot.interval.service);
        let point = Point {
            since: snapshot.since,
            at: snapshot.at,
            intended: arrivals.intended,
            started: arrivals.started,
            ended: arrivals.ended(),
            response: Times::of(response),
            service: Times::of(service),
            observed: snapshot.observed(),
        };
        match self.points.last_mut() {
            // Less than that is a part of what was before it.
            Some(last) if snapshot.lasted() < SHORTEST => last.absorb(&point),
            _ => self.points.push(point),
        }
        if self.points.len() > MOST {
            self.points = in_groups(&self.points, 2);
        }
    }

    /// At most `most` points over the whole of it, each of as many values as a chart needs for a p99 where that can be had.
    pub(super) fn points(&self, most: usize) -> Vec<Point> {
        in_groups(&self.points, self.points.len().div_ceil(most.max(1)).max(1))
    }
}

fn in_groups(points: &[Point], size: usize) -> Vec<Point> {
    let together = |group: &[Point]| {
        let mut whole = group[0].clone();
        group[1..].iter().for_each(|point| whole.absorb(point));
        whole
    };
    points.chunks(size).map(together).collect()
}

impl Point {
    fn absorb(&mut self, later: &Self) {
        self.at = later.at;
        self.intended += later.intended;
        self.started += later.started;
        self.ended += later.ended;
        self.response.absorb(&later.response);
        self.service.absorb(&later.service);
        Observed::merge_each(&mut self.observed, &later.observed);
    }

    /// So many a second.
    pub(super) fn rate(&self, count: u64) -> f64 {
        let lasted = self.at.saturating_sub(self.since).as_secs_f64();
        if lasted > 0.0 { count as f64 / lasted } else { 0.0 }
    }
}

impl Times {
    fn of(times: &Histogram) -> Self {
        let mut counts: Vec<(u16, u64)> = Vec::new();
        for (us, count) in times.slots() {
            let place = place(us.start.max(1));
            match counts.last_mut() {
                Some(last) if last.0 == place => last.1 += count,
                _ => counts.push((place, count)),
            }
        }
        Self { counts, max: times.max() }
    }

    fn absorb(&mut self, other: &Self) {
        self.counts.extend_from_slice(&other.counts);
        self.counts.sort_unstable_by_key(|(place, _)| *place);
        self.counts.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        self.max = self.max.max(other.max);
    }

    pub(super) fn count(&self) -> u64 {
        self.counts.iter().map(|(_, count)| count).sum()
    }

    pub(super) fn max(&self) -> Duration {
        self.max
    }

    /// The `q` quantile in seconds, to a few percent.
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let rank = ((q * self.count() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.counts.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        let middle = |place: u16| 10_f64.powf((f64::from(place) + 0.5) / PER_DECADE) / 1e6;
        found.map(|(place, _)| middle(*place).min(self.max.as_secs_f64()))
    }
}

fn place(us: u64) -> u16 {
    ((us as f64).log10() * PER_DECADE) as u16
}

#[cfg(test)]
mod tests {
    use onrush_metrics::Tally;

    use super::*;

    fn second(number: u64, us: &[u64]) -> Snapshot {
        let mut interval = Tally::default();
        us.iter().for_each(|us| interval.response.record(Duration::from_micros(*us)));
        interval.counters.started = us.len() as u64;
        let [since, at] = [number, number + 1].map(Duration::from_secs);
        Snapshot { since, at, interval, ..Snapshot::default() }
    }

    #[test]
    fn a_long_run_has_few_points_and_loses_nothing() {
        let mut history = History::default();
        (0..10_000).for_each(|number| history.push(&second(number, &[1_000, 2_000 + number])));
        assert!((MOST / 2..=MOST).contains(&history.points.len()), "{}", history.points.len());
        let points = history.points(40);
        assert!(points.len() <= 40 && points.is_sorted_by(|a, b| a.at == b.since));
        assert_eq!(points.iter().map(|point| point.started).sum::<u64>(), 20_000);
        assert_eq!(points.iter().map(|point| point.response.count()).sum::<u64>(), 20_000);
        assert_eq!(points.last().unwrap().response.max(), Duration::from_micros(11_999));
    }

    #[test]
    fn percentiles_of_points_are_near_the_truth() {
        let mut together = Times::default();
        let mut exact = Histogram::new();
        for part in 1..=10_u64 {
            let mut times = Histogram::new();
            (1..=500_u64).for_each(|i| times.record(Duration::from_micros(i * part * 7)));
            exact.merge(&times);
            together.absorb(&Times::of(&times));
        }
        for q in [0.0, 0.5, 0.95, 0.99, 1.0] {
            let (near, truth) = (together.quantile(q).unwrap(), exact.quantile(q).as_secs_f64());
            assert!((near / truth - 1.0).abs() < 0.06, "{q}: {near} for {truth}");
        }
        assert_eq!(Times::default().quantile(0.5), None);
    }

    #[test]
    fn a_last_moment_is_a_part_of_the_second_before() {
        let mut history = History::default();
        history.push(&second(0, &[5]));
        let mut short = second(1, &[6, 7]);
        short.at = short.since + Duration::from_millis(3);
        history.push(&short);
        let points = history.points(100);
        assert_eq!((points.len(), points[0].started, points[0].at), (1, 3, short.at));
    }
}
