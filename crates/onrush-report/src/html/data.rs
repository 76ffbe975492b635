//! What the charts are drawn from, as JSON in columns: short, since there are many numbers of it.
//!
//! Times are µs, moments seconds since the start, rates per second. What is not known, and percentiles that a sample does
//! not support, are null.

use std::time::Duration;

use onrush_metrics::{Histogram, Outcome, SeriesInfo};

use super::escape::quoted;
use crate::timeline::{One, Piece, Point, Sparse, Track, Whole, supports};

/// The percentiles along time.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)];
/// A percentile along time has at least so many values; else it says nothing about time.
const LEAST_VALUES: usize = 6;
/// Rows of the heat map for every doubling of the time.
const ROWS: u32 = 4;
/// Steps of the distribution for every nine.
const STEPS: u32 = 16;

/// `{"name": value, …}` of values that are JSON already.
pub(super) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", fields.join(","))
}

/// `[value, …]` of values that are JSON already.
pub(super) fn list(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

/// Seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> String {
    format!("{}", (time.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// The whole run along time, from the point `from` on, with those of the service's own figures that are drawn.
pub(super) fn whole(track: &Track<Whole>, observed: &[usize], widths: Widths, from: usize) -> String {
    let points = track.points();
    let from = widths.begin(from);
    let rest = &points[from.min(points.len())..];
    let rate =
        |name, counted: fn(&Whole) -> u64| (name, numbers(rest, |point| per_second(counted(&point.piece), point)));
    let gauge = |name, counted: fn(&Whole) -> u64| (name, numbers(rest, |point| Some(counted(&point.piece) as f64)));
    let of_service = |place: &usize| {
        let mean = |point: &Point<Whole>| point.piece.observed.get(*place)?.mean();
        (place.to_string(), list(rest.iter().map(|point| brief(mean(point)))))
    };
    let of_service: Vec<_> = observed.iter().map(of_service).collect();
    let mut fields = vec![("from", from.to_string()), ("over", widths.json())];
    fields.extend(moments(rest));
    fields.extend([
        rate("intended", |whole| whole.arrivals.intended),
        rate("started", |whole| whole.arrivals.started),
        rate("dropped", |whole| whole.arrivals.dropped),
        rate("ended", |whole| whole.requests.ended()),
        rate("failed", |whole| whole.requests.failed),
        gauge("users", |whole| whole.gauges.users),
        gauge("in_flight", |whole| whole.gauges.in_flight),
        gauge("waiting", |whole| whole.gauges.waiting),
        ("cpu", numbers(rest, |point| Some(point.piece.cpu?.as_secs_f64() / point.seconds().max(1e-3)))),
        ("lag", numbers(rest, |point| micros(tail(&point.piece.lag)))),
        ("delay", numbers(rest, |point| micros(tail(&point.piece.delay)))),
        ("response", times(points, widths, from, |whole| &whole.response)),
        ("service", times(points, widths, from, |whole| &whole.service)),
        ("heat", list(rest.iter().map(|point| heat(&point.piece.response)))),
        ("observed", object(of_service.iter().map(|(place, values)| (&**place, values.clone())))),
    ]);
    object(fields)
}

/// A series along time, from the point `from` on.
pub(super) fn one(track: &Track<One>, widths: Widths, from: usize) -> String {
    let points = track.points();
    let from = widths.begin(from);
    let rest = &points[from.min(points.len())..];
    let rate = |name, counted: fn(&One) -> u64| (name, numbers(rest, |point| per_second(counted(&point.piece), point)));
    let mut fields = vec![("from", from.to_string()), ("over", widths.json())];
    fields.extend(moments(rest));
    fields.extend([
        rate("ended", |one| one.ended),
        rate("failed", |one| one.failed),
        ("response", times(points, widths, from, |one| &one.response)),
    ]);
    object(fields)
}

/// What is said of a series beside its track.
pub(super) fn series(info: &SeriesInfo, tally: Option<&Histogram>) -> [(&'static str, String); 4] {
    [
        ("name", quoted(&info.name)),
        ("kind", quoted(info.kind.name())),
        ("scenario", quoted(&info.scenario)),
        ("shares", tally.map_or_else(|| "[]".to_owned(), |times| distribution(times, STEPS / 2))),
    ]
}

/// How times are spread, for the whole.
pub(super) fn distributions(outcome: &Outcome) -> String {
    let of = |times| distribution(times, STEPS);
    object([("response", of(&outcome.total.response)), ("service", of(&outcome.total.service))])
}

/// How many points together each percentile of a track is of: as many as mostly support it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Widths([usize; QUANTILES.len()]);

impl Widths {
    /// Of the response times of a track.
    pub(super) fn of<P: Piece>(track: &Track<P>, times: fn(&P) -> &Sparse) -> Self {
        let counts: Vec<_> = track.points().iter().map(|point| times(&point.piece).count()).collect();
        Self(QUANTILES.map(|(_, q)| width(&counts, q)))
    }

    /// The beginning of the widest group that a point is in.
    fn begin(self, point: usize) -> usize {
        let widest = self.0.into_iter().max().unwrap_or(1).max(1);
        point / widest * widest
    }

    fn json(self) -> String {
        object(QUANTILES.iter().zip(self.0).map(|((name, _), width)| (*name, width.to_string())))
    }
}

/// The smallest power of two such that nine in ten groups of so many points support `q`, or 1 where none does.
fn width(counts: &[u64], q: f64) -> usize {
    let widths = std::iter::successors(Some(1), |width| Some(width * 2));
    let mut widths = widths.take_while(|width| *width == 1 || counts.len() / width >= LEAST_VALUES);
    let enough = widths.find(|width| {
        let groups: Vec<u64> =
            counts.chunks(*width).map(|group| group.iter().sum()).filter(|count| *count > 0).collect();
        let supported = groups.iter().filter(|count| supports(**count, q)).count();
        supported * 10 >= groups.len() * 9
    });
    enough.unwrap_or(1)
}

fn moments<P>(points: &[Point<P>]) -> [(&'static str, String); 2] {
    [
        ("at", list(points.iter().map(|point| seconds(point.since)))),
        ("until", list(points.iter().map(|point| seconds(point.until)))),
    ]
}

/// The percentiles of all points from `from` on, which is where a group begins, and the largest value.
fn times<P>(points: &[Point<P>], widths: Widths, from: usize, times: fn(&P) -> &Sparse) -> String {
    let rest = &points[from.min(points.len())..];
    let of_groups = QUANTILES.iter().zip(widths.0).map(|((name, q), width)| {
        let values = rest.chunks(width.max(1)).flat_map(|group| {
            let value = number(micros(merged(group, times).quantile(*q)));
            std::iter::repeat_n(value, group.len())
        });
        (*name, list(values))
    });
    let max = ("max", numbers(rest, |point| micros(times(&point.piece).max())));
    object(of_groups.chain([max]))
}

fn merged<P>(group: &[Point<P>], times: fn(&P) -> &Sparse) -> Sparse {
    let mut sum = Sparse::default();
    group.iter().for_each(|point| sum.merge(times(&point.piece)));
    sum
}

/// The p99, or the largest of few.
fn tail(times: &Sparse) -> Option<Duration> {
    times.quantile(0.99).or_else(|| times.max())
}

/// Row and count, one after the other: row `r` is of times from 2^(r / 4) µs on.
fn heat(times: &Sparse) -> String {
    let mut rows: Vec<(u32, u64)> = Vec::new();
    for (us, count) in times.starts() {
        let row = row_of(us);
        match rows.last_mut() {
            Some(last) if last.0 == row => last.1 += count,
            _ => rows.push((row, count)),
        }
    }
    list(rows.into_iter().flat_map(|(row, count)| [row.to_string(), count.to_string()]))
}

fn row_of(us: u64) -> u32 {
    (f64::from(ROWS) * (us.max(1) as f64).log2() + 1e-9) as u32
}

/// Nines and time: `x` nines are the share `1 - 10^-x` of all requests. The last one is the largest value.
fn distribution(times: &Histogram, steps: u32) -> String {
    if times.is_empty() {
        return "[]".to_owned();
    }
    let quantile = |step: u32| {
        let nines = f64::from(step) / f64::from(steps);
        let q = 1.0 - 10_f64.powf(-nines);
        supports(times.count(), q).then(|| pair(nines, times.quantile(q)))
    };
    let last = (times.count() as f64).log10();
    let points = (0..).map_while(quantile).chain([pair(last, times.max())]);
    list(points)
}

fn pair(nines: f64, time: Duration) -> String {
    format!("[{:.3},{}]", nines, number(micros(Some(time))))
}

fn micros(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_nanos() as f64 / 1000.0)
}

fn per_second<P>(count: u64, point: &Point<P>) -> Option<f64> {
    Some(count as f64 / point.seconds()).filter(|rate| rate.is_finite())
}

fn numbers<P>(points: &[Point<P>], value: impl Fn(&Point<P>) -> Option<f64>) -> String {
    list(points.iter().map(|point| number(value(point))))
}

/// Four significant digits: more cannot be seen.
fn number(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "null".to_owned() };
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let factor = 10_f64.powi(digits.clamp(0, 6));
    format!("{}", (value * factor).round() / factor)
}

/// The same of what may be very large or very small.
fn brief(value: Option<f64>) -> String {
    match value.filter(|value| value.is_finite() && !(1e-3..1e5).contains(&value.abs()) && *value != 0.0) {
        // `4.200e1`
        Some(value) => format!("{value:.3e}").replace("000e", "e").replace(".e", "e"),
        None => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row: a number, and how it is written where it is of a usual size, and of any.
    #[test]
    fn numbers_are_short() {
        for (value, usual, of_any) in [
            (None, "null", "null"),
            (Some(f64::NAN), "null", "null"),
            (Some(f64::INFINITY), "null", "null"),
            (Some(0.0), "0", "0"),
            (Some(3.0), "3", "3"),
            (Some(0.123_456), "0.1235", "0.1235"),
            (Some(12.345_6), "12.35", "12.35"),
            (Some(12_345.6), "12346", "12346"),
            (Some(123_456.7), "123457", "1.235e5"),
            (Some(-41_234_567.0), "-41234567", "-4.123e7"),
            (Some(4e12), "4000000000000", "4e12"),
            (Some(0.000_012_34), "0.000012", "1.234e-5"),
        ] {
            assert_eq!((&*number(value), &*brief(value)), (usual, of_any));
        }
        for size in [1e300, 1e-300, -2.5e-7] {
            assert_eq!(serde_json::from_str(&brief(Some(size))).ok(), Some(size));
        }
    }

    #[test]
    fn a_percentile_is_of_as_many_points_as_support_it() {
        for (per_point, points, q, expected) in [
            (1_000, 60, 0.99, 1),
            (300, 60, 0.99, 4),
            (300, 20, 0.99, 1),
            (0, 60, 0.99, 1),
            (1, 60, 0.5, 2),
            (100, 60, 0.95, 2),
        ] {
            assert_eq!(width(&vec![per_point; points], q), expected, "{per_point} in {points}");
        }
    }

    #[test]
    fn heat_rows_are_quarters_of_a_doubling() {
        let mut times = Histogram::new();
        [0, 1, 2, 1_000, 1_024, 1_030].iter().for_each(|us| times.record(Duration::from_micros(*us)));
        assert_eq!(heat(&Sparse::of(&times)), "[0,2,4,1,39,1,40,2]");
    }

    #[test]
    fn a_distribution_ends_with_the_largest_value() {
        let mut times = Histogram::new();
        (0..1_000).for_each(|us| times.record(Duration::from_micros(1_000 + us)));
        let text = distribution(&times, 1);
        assert_eq!(text, "[[0.000,1000],[1.000,1899],[2.000,1989],[3.000,1999]]");
    }
}
