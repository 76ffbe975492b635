//! Whether a run held still while it was measured: a first part that differs from the rest, or a trend.

use onrush_metrics::Drift;

use crate::blocks::{block_length, variance_of_sum};
use crate::fold::Seconds;
use crate::student::both_tails;

/// Shorter runs tell nothing about themselves.
const LEAST_POINTS: usize = 20;
/// A second with fewer response times has no median worth the name.
const LEAST_SAMPLES: u64 = 5;
/// What differs by less than this is not worth a word.
const LEAST_SHARE: f64 = 0.05;
/// How likely a first part like this is by chance; the part was chosen to be the most different one.
const CHANCE_OF_WARM_UP: f64 = 0.0002;
/// How likely a trend like this is by chance.
const CHANCE_OF_TREND: f64 = 0.001;
/// Blocks that a trend is looked for in.
const LEAST_BLOCKS: usize = 10;
/// Within less than this, what wanders looks like a trend.
const LEAST_FOR_TREND: usize = 40;

/// What a run of a steady load did not hold still in, if anything.
pub fn drift(seconds: &Seconds) -> Option<Drift> {
    let slices = seconds.slices();
    let told: Vec<_> = slices.iter().filter(|slice| slice.samples >= LEAST_SAMPLES).collect();
    // Where there are seconds without answers, other things are wrong.
    if told.len() < LEAST_POINTS || told.len() * 10 < slices.len() * 9 {
        return None;
    }
    let medians: Vec<_> = told.iter().filter_map(|slice| slice.quantile(0.5)).map(|ns| ns.max(1.0).ln()).collect();
    let first = first_part(&medians);
    let rest = first.map_or(0, |(length, _)| length);
    if let Some(change) = trend(&medians[rest..]) {
        return Some(Drift::Trend { change });
    }
    let (length, change) = first?;
    let lasted = told[length].since.saturating_sub(told[0].since);
    Some(Drift::WarmUp { lasted, change })
}

/// The part at the beginning without which the mean of the rest is known best (MSER, White 1997), if it differs from the
/// rest by more than chance: its length, and by what share.
fn first_part(values: &[f64]) -> Option<(usize, f64)> {
    let n = values.len();
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (kept, value) in values.iter().rev().enumerate() {
        sum += value;
        squares += value * value;
        let (kept, begin) = (kept as f64 + 1.0, n - 1 - kept);
        let score = (squares - sum * sum / kept) / (kept * kept);
        if begin <= n / 3 && score < best.0 {
            best = (score, begin);
        }
    }
    let length = best.1;
    if length == 0 {
        return None;
    }
    let (first, rest) = values.split_at(length);
    let difference = mean(first) - mean(rest);
    let residuals: Vec<_> = rest.iter().map(|value| value - mean(rest)).collect();
    let (variance, blocks) = variance_of_sum(&residuals, block_length(&residuals));
    // Of a single value: what is left of the noise if neighbours resemble each other cannot get less by averaging.
    let a_value = variance / rest.len() as f64;
    let error = (a_value * (1.0 / length as f64 + 1.0 / rest.len() as f64)).sqrt();
    let chance = both_tails(difference / error, (blocks - 1.0).max(1.0));
    (chance < CHANCE_OF_WARM_UP && is_worth_a_word(difference)).then(|| (length, difference.exp_m1()))
}

/// By what share the values rise or fall from the beginning to the end, if they do by more than chance: Mann and Kendall's
/// test of the means of blocks, and the slope of Theil and Sen.
fn trend(values: &[f64]) -> Option<f64> {
    let slope = slope(&values.iter().copied().enumerate().map(|(at, value)| (at as f64, value)).collect::<Vec<_>>());
    let middle = values.len() as f64 / 2.0;
    let level = mean(values);
    let residuals: Vec<_> =
        values.iter().enumerate().map(|(at, value)| value - level - slope * (at as f64 - middle)).collect();
    // Twice the length: what is left between blocks is to be next to nothing.
    let length = (2 * block_length(&residuals)).max(values.len() / 60).max(1);
    let blocks: Vec<_> = values.chunks_exact(length).map(mean).collect();
    if blocks.len() < LEAST_BLOCKS || values.len() < LEAST_FOR_TREND {
        return None;
    }
    let change = slope * values.len() as f64;
    (by_chance(&blocks) < CHANCE_OF_TREND && is_worth_a_word(change)).then(|| change.exp_m1())
}

/// How likely it is that values without a trend are in such an order (Mann 1945, Kendall 1975).
fn by_chance(values: &[f64]) -> f64 {
    let mut score = 0.0_f64;
    for (at, value) in values.iter().enumerate() {
        score += values[at + 1..].iter().map(|later| f64::from(later > value) - f64::from(later < value)).sum::<f64>();
    }
    let n = values.len() as f64;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    both_tails((score.abs() - 1.0).max(0.0) / deviation, 1e9)
}

/// The median of the slopes between pairs of points, of which a few hundred are enough.
fn slope(points: &[(f64, f64)]) -> f64 {
    const MOST: usize = 200;
    let step = points.len().div_ceil(MOST).max(1);
    let points: Vec<_> = points.iter().step_by(step).collect();
    let pairs = points.iter().enumerate().flat_map(|(at, a)| points[at + 1..].iter().map(move |b| (a, b)));
    let mut slopes: Vec<_> = pairs.map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn is_worth_a_word(difference: f64) -> bool {
    difference.abs() >= LEAST_SHARE.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::Service;

    const SERVICE: Service = Service { memory: 0.5, wander: 0.05, spread: 0.5, rate: 40 };
    const RUNS: u64 = 200;

    /// How many of the runs are told to have done what.
    fn told(service: Service, seconds: usize, shape: impl Fn(usize) -> f64) -> (usize, usize) {
        let runs = (0..RUNS).map(|seed| drift(&service.run(seed, seconds, &shape).0));
        runs.fold((0, 0), |(warm_ups, trends), drift| match drift {
            Some(Drift::WarmUp { .. }) => (warm_ups + 1, trends),
            Some(Drift::Trend { .. }) => (warm_ups, trends + 1),
            None => (warm_ups, trends),
        })
    }

    #[test]
    fn of_runs_that_hold_still_nothing_is_said() {
        let mut most = 0;
        for (memory, wander, seconds) in
            [(0.0, 0.05, 60), (0.5, 0.05, 60), (0.5, 0.2, 60), (0.8, 0.1, 120), (0.8, 0.2, 30), (0.9, 0.1, 300)]
        {
            let (warm_ups, trends) = told(Service { memory, wander, ..SERVICE }, seconds, |_| 0.0);
            println!("memory {memory} wander {wander} {seconds} s: {warm_ups} warm-ups, {trends} trends of {RUNS}");
            most = most.max(warm_ups + trends);
        }
        assert!(most <= 8, "{most}");
    }

    #[test]
    fn a_warm_up_is_found_with_its_length() {
        let slow_start = |second: usize| 0.5 * (-(second as f64) / 4.0).exp();
        let (warm_ups, trends) = told(SERVICE, 60, slow_start);
        println!("a slow start: {warm_ups} warm-ups, {trends} trends of {RUNS}");
        assert!(warm_ups >= 160 && trends <= 10, "{warm_ups} {trends}");
        let step = |second: usize| if second < 8 { 0.3 } else { 0.0 };
        let calm = Service { rate: 400, wander: 0.02, ..SERVICE };
        let Some(Drift::WarmUp { lasted, change }) = drift(&calm.run(1, 60, step).0) else {
            panic!("it was not found")
        };
        // It rather leaves out a few seconds too many.
        assert!((8..=12).contains(&lasted.as_secs()), "{lasted:?}");
        assert!((0.15..0.4).contains(&change), "{change}");
    }

    #[test]
    fn a_trend_is_found() {
        for (rise, least) in [(0.3, 175), (-0.3, 175)] {
            let (warm_ups, trends) = told(SERVICE, 120, |second| rise * second as f64 / 120.0);
            println!("a change of {rise}: {warm_ups} warm-ups, {trends} trends of {RUNS}");
            assert!(trends >= least, "{rise}: {warm_ups} {trends}");
        }
    }

    #[test]
    fn short_runs_say_nothing() {
        assert_eq!(drift(&SERVICE.run(1, 19, |second| second as f64).0), None);
    }
}
