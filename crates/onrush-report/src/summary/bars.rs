//! A small histogram of response times, in rows whose edges are round numbers.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Histogram, Outcome};

use crate::layout::{LABEL, MARGIN, columns, width};
use crate::style::{Style, Tone};
use crate::units::{count, percent, time};

const MOST_ROWS: usize = 14;
const LONGEST_BAR: usize = 40;
/// A sample smaller than this has no shape.
const LEAST: u64 = 20;
/// Up to this factor between the smallest and the largest value, edges are equally far apart; beyond it
/// by about the same factor.
const NARROW: u64 = 4;
/// Edges in a decade, in tenths of its beginning; the finest first.
const DECADES: &[&[u64]] =
    &[&[10, 12, 15, 20, 25, 30, 40, 50, 60, 80], &[10, 15, 20, 30, 50, 70], &[10, 20, 50], &[10, 30], &[10]];
/// The largest time that histograms tell apart, in µs.
const LARGEST_US: u64 = 3_600_000_000;

/// Rows of upper edge, count, share and bar.
pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let times = &outcome.total.response;
    let rows = rows(times);
    if times.count() < LEAST || rows.len() < 2 {
        return String::new();
    }
    let most = rows.iter().map(|row| row.1).max().unwrap_or(1);
    let cells: Vec<_> = rows
        .iter()
        .map(|(edge, number)| {
            [format!("{} {}", style.pick("≤", "<="), time(*edge)), count(*number), percent(*number, times.count())]
        })
        .collect();
    let wide = |cell: usize, least: usize| cells.iter().map(|row| width(&row[cell])).max().unwrap_or(0).max(least);
    let (edges, counts, shares) = (wide(0, LABEL - 1), wide(1, "requests".len()), wide(2, "share".len()));
    let head = format!("{:edges$}  {:>counts$}  {:>shares$}", "response time", "requests", "share");
    let mut text = format!("{MARGIN}{}\n", style.paint(Tone::Dim, &head));
    let longest = columns(style).saturating_sub(MARGIN.len() + edges + counts + shares + 6).min(LONGEST_BAR);
    for ([edge, number, share], (_, exact)) in cells.iter().zip(&rows) {
        let row = format!("{edge:>edges$}  {number:>counts$}  {share:>shares$}  {}", bar(*exact, most, longest, style));
        let _ = writeln!(text, "{MARGIN}{}", row.trim_end());
    }
    text
}

/// Upper edges, and how many values lie between the one before and this one.
fn rows(times: &Histogram) -> Vec<(Duration, u64)> {
    let edges = edges(micros(times.min()), micros(times.max()));
    let mut below = 0;
    let mut rows: Vec<_> = edges
        .into_iter()
        .map(|us| {
            let up_to = times.count_up_to(Duration::from_micros(us));
            let row = (Duration::from_micros(us), up_to - below);
            below = up_to;
            row
        })
        .collect();
    if let Some((edge, number)) = rows.last_mut() {
        // What is longer than the longest time that is told apart belongs to the last row.
        *edge = times.max().max(*edge);
        *number += times.count() - below;
    }
    rows
}

/// Round numbers, in µs: the first is at least `low`, the last at least `high`.
fn edges(low: u64, high: u64) -> Vec<u64> {
    let (low, high) = (low.clamp(1, LARGEST_US), high.clamp(1, LARGEST_US));
    if high < low.saturating_mul(NARROW) {
        return equally_apart(low, high);
    }
    let ladders = DECADES.iter().map(|decade| by_factor(low, high, decade));
    let mut ladders = ladders.skip_while(|edges| edges.len() > MOST_ROWS);
    ladders.next().unwrap_or_else(|| vec![high])
}

fn equally_apart(low: u64, high: u64) -> Vec<u64> {
    // Closer together than a hundredth of the leading digit, labels would not tell edges apart.
    let least = 10_u64.pow(high.ilog10().saturating_sub(2));
    let mut steps = (0..10).flat_map(|power| [1, 2, 5].map(|step| step * 10_u64.pow(power)));
    let rows = |step: u64| (high.div_ceil(step) - low.div_ceil(step) + 1) as usize;
    let step = steps.find(|step| *step >= least && rows(*step) <= MOST_ROWS).unwrap_or(high);
    (low.div_ceil(step)..=high.div_ceil(step)).map(|number| number * step).collect()
}

fn by_factor(low: u64, high: u64, decade: &[u64]) -> Vec<u64> {
    let powers = (0..=high.ilog10() + 1).map(|power| 10_u64.pow(power));
    let all = powers.flat_map(|power| decade.iter().map(move |tenths| tenths * power));
    // Fractions of a microsecond are not told apart.
    let mut whole =
        all.filter(|tenths| tenths % 10 == 0).map(|tenths| tenths / 10).skip_while(|us| *us < low).peekable();
    let mut edges = Vec::new();
    while edges.last().is_none_or(|last| *last < high) && whole.peek().is_some() {
        edges.extend(whole.next());
    }
    edges
}

fn micros(time: Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500) / 1000).unwrap_or(u64::MAX)
}

fn bar(number: u64, most: u64, longest: usize, style: Style) -> String {
    if number == 0 || longest == 0 {
        return String::new();
    }
    let eighths = (number as f64 / most as f64 * (longest * 8) as f64).round().max(1.0) as usize;
    let bar = if style.unicode {
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        format!("{}{part}", "█".repeat(eighths / 8))
    } else {
        "#".repeat(eighths.div_ceil(8))
    };
    style.paint(Tone::Good, &bar)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn edges_are_round_numbers() {
        for (low, high, expected) in [
            (0, 0, &[1][..]),
            (7, 7, &[7]),
            (100_100, 108_000, &[101_000, 102_000, 103_000, 104_000, 105_000, 106_000, 107_000, 108_000]),
            (95, 310, &[100, 120, 140, 160, 180, 200, 220, 240, 260, 280, 300, 320]),
            (95, 1_100, &[100, 120, 150, 200, 250, 300, 400, 500, 600, 800, 1_000, 1_200]),
            (95, 9_000, &[100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000]),
            (
                1,
                u64::MAX,
                &[
                    1,
                    10,
                    100,
                    1_000,
                    10_000,
                    100_000,
                    1_000_000,
                    10_000_000,
                    100_000_000,
                    1_000_000_000,
                    10_000_000_000,
                ],
            ),
        ] {
            assert_eq!(edges(low, high), expected, "{low} to {high}");
        }
    }

    #[test]
    fn a_bar_is_never_nothing_where_there_is_something() {
        let ascii = Style { unicode: false, ..Style::default() };
        for (number, expected) in [(0, ["", ""]), (1, ["▏", "#"]), (500, ["██", "##"]), (1000, ["████", "####"])]
        {
            assert_eq!([bar(number, 1000, 4, Style::default()), bar(number, 1000, 4, ascii)], expected);
        }
    }

    fn micros_of_any_size() -> impl Strategy<Value = u64> {
        (0..43_u32, any::<u64>()).prop_map(|(bits, value)| value & ((2 << bits) - 1))
    }

    proptest! {
        #[test]
        fn edges_rise_and_enclose(a in micros_of_any_size(), b in micros_of_any_size()) {
            let (low, high) = (a.min(b), a.max(b));
            let edges = edges(low, high);
            prop_assert!((1..=MOST_ROWS + 1).contains(&edges.len()), "{:?}", edges);
            prop_assert!(edges.is_sorted_by(|a, b| a < b), "{:?}", edges);
            prop_assert!(edges[0] >= low.min(LARGEST_US) && *edges.last().unwrap() >= high.min(LARGEST_US));
        }

        #[test]
        fn labels_say_what_the_edges_are(a in 1..90_000_000_u64, factor in 1.0..2000.0_f64) {
            let labels: Vec<_> = edges(a, (a as f64 * factor) as u64).into_iter()
                .filter(|us| *us < 99_000_000)
                .map(|us| (us, time(Duration::from_micros(us))))
                .collect();
            for (us, label) in labels {
                let (number, unit) = label.split_once(' ').unwrap();
                let size = match unit { "µs" => 1.0, "ms" => 1e3, "s" => 1e6, _ => panic!("{label}") };
                prop_assert_eq!((number.parse::<f64>().unwrap() * size).round() as u64, us);
            }
        }

        #[test]
        fn every_value_is_in_one_row(nanos in prop::collection::vec((0..52_u32, any::<u64>()), 1..60)) {
            let mut times = Histogram::new();
            nanos.iter().for_each(|(bits, value)| times.record_ns(value & ((2 << bits) - 1)));
            let rows = rows(&times);
            prop_assert_eq!(rows.iter().map(|row| row.1).sum::<u64>(), times.count());
            prop_assert!(rows[0].1 > 0 && rows.last().unwrap().1 > 0, "{:?}", rows);
        }
    }
}
