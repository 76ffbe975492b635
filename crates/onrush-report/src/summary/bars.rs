//! A small histogram of response times, in rows whose edges are round numbers.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Histogram, Outcome};

use crate::layout::{LABEL, MARGIN, columns, width};
use crate::style::{Style, Tone};
use crate::units::{brief, count, percent, time};

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
/// Empty rows that are shown as a gap.
const LEAST_GAP: usize = 3;
/// Counts from here on would leave no room for bars.
const BRIEF_FROM: u64 = 10_000_000_000;
/// The largest time that histograms tell apart, in µs.
const LARGEST_US: u64 = 3_600_000_000;

/// An upper edge, and how many values lie between the one before and this one.
type Row = (Duration, u64);

/// Rows of upper edge, count, share and bar.
pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let times = &outcome.total.response;
    let rows = rows(times);
    if times.count() < LEAST || rows.len() < 2 {
        return String::new();
    }
    let most = rows.iter().flatten().map(|row| row.1).max().unwrap_or(1);
    let cells: Vec<_> = rows.iter().map(|row| cells(row.as_ref(), most, times.count(), style)).collect();
    let wide = |cell: usize, least: usize| cells.iter().map(|row| width(&row[cell])).max().unwrap_or(0).max(least);
    let (edges, counts, shares) = (wide(0, LABEL - 1), wide(1, "requests".len()), wide(2, "share".len()));
    let longest = columns(style).saturating_sub(MARGIN.len() + edges + counts + shares + 6).min(LONGEST_BAR);
    let head = format!("{:edges$}  {:>counts$}  {:>shares$}", "response time", "requests", "share");
    let mut text = format!("{MARGIN}{}\n", style.paint(Tone::Dim, &head));
    for ([edge, number, share], row) in cells.iter().zip(&rows) {
        let bar = bar(row.map_or(0, |row| row.1), most, longest, style);
        let line = format!("{edge:>edges$}  {number:>counts$}  {share:>shares$}  {bar}");
        let _ = writeln!(text, "{MARGIN}{}", line.trim_end());
    }
    text
}

/// The texts of a row, or of a gap.
fn cells(row: Option<&Row>, most: u64, all: u64, style: Style) -> [String; 3] {
    let Some((edge, number)) = row else {
        return [style.pick("⋮", ":").to_owned(), String::new(), String::new()];
    };
    let shown = if most < BRIEF_FROM { count(*number) } else { brief(*number) };
    [format!("{} {}", style.pick("≤", "<="), label(*edge)), shown, percent(*number, all)]
}

/// Rows with the finest edges of which there are not too many; `None` for a gap.
fn rows(times: &Histogram) -> Vec<Option<Row>> {
    let mut choices = ladders(micros(times.min()), micros(times.max()))
        .into_iter()
        .map(|edges| without_gaps(&counted(times, &edges)));
    choices.find(|rows| rows.len() <= MOST_ROWS).unwrap_or_default()
}

fn counted(times: &Histogram, edges: &[u64]) -> Vec<Row> {
    let mut below = 0;
    let mut rows = Vec::new();
    for us in edges {
        // Edges are told apart no finer than times are, so the one before the last may hold the largest.
        if below == times.count() {
            break;
        }
        let edge = Duration::from_micros(*us);
        let up_to = times.count_up_to(edge);
        rows.push((edge, up_to - below));
        below = up_to;
    }
    match rows.last_mut() {
        Some(last) if micros(times.max()) > LARGEST_US => last.0 = times.max(),
        _ => {}
    }
    rows
}

/// Many empty rows one after the other say no more than one.
fn without_gaps(rows: &[Row]) -> Vec<Option<Row>> {
    let mut shown = Vec::new();
    for alike in rows.chunk_by(|a, b| a.1 == 0 && b.1 == 0) {
        if alike.len() < LEAST_GAP {
            shown.extend(alike.iter().copied().map(Some));
        } else {
            shown.push(None);
        }
    }
    shown
}

/// An edge is a round number: `1 ms` and not `1.00 ms`.
fn label(edge: Duration) -> String {
    let text = time(edge);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// Choices of round numbers, in µs, the finest first. The first of each is at least `low`, the last at
/// least `high`.
fn ladders(low: u64, high: u64) -> Vec<Vec<u64>> {
    let (low, high) = (low.clamp(1, LARGEST_US), high.clamp(1, LARGEST_US));
    if high < low.saturating_mul(NARROW) {
        return vec![equally_apart(low, high)];
    }
    DECADES.iter().map(|decade| by_factor(low, high, decade)).collect()
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

    fn of(values: &[u64]) -> Histogram {
        let mut times = Histogram::new();
        values.iter().for_each(|us| times.record(Duration::from_micros(*us)));
        times
    }

    /// Rows as `edge count`, in microseconds; a gap is `..`.
    fn shown(values: &[u64]) -> String {
        let row = |row: Option<Row>| row.map_or("..".to_owned(), |(edge, n)| format!("{}: {n}", edge.as_micros()));
        rows(&of(values)).into_iter().map(row).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn rows_are_round_and_few() {
        for (values, expected) in [
            (&[0][..], "1: 1"),
            (&[7, 7], "7: 2"),
            (&[100_100, 103_500, 104_000], "101000: 1, 102000: 0, 103000: 0, 104000: 2"),
            (&[95, 310], "100: 1, .., 320: 1"),
            (&[95, 96, 150, 400, 9_000_000], "100: 2, 120: 0, 150: 1, .., 400: 1, .., 10000000: 1"),
            (&[1, 7_200_000_000], "1: 1, .., 7200000000: 1"),
        ] {
            assert_eq!(shown(values), expected);
        }
    }

    #[test]
    fn a_wide_body_has_wider_rows() {
        for most in [1_000, 9_000, 90_000, 9_000_000] {
            let values: Vec<_> = (0..2_000_u64).map(|i| 95 + most * i.pow(3) / 2_000_u64.pow(3)).collect();
            let rows = rows(&of(&values));
            assert!((6..=MOST_ROWS).contains(&rows.len()), "{most}: {rows:?}");
            assert_eq!(rows[0].unwrap().0.as_micros(), 100);
        }
    }

    #[test]
    fn labels_have_no_more_digits_than_they_need() {
        for (us, expected) in [(1, "1 µs"), (100, "100 µs"), (1_000, "1 ms"), (1_500, "1.5 ms"), (10_000_000, "10 s")]
        {
            assert_eq!(label(Duration::from_micros(us)), expected);
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
            for edges in ladders(low, high) {
                prop_assert!(edges.is_sorted_by(|a, b| a < b), "{:?}", edges);
                prop_assert!(edges[0] >= low.min(LARGEST_US) && *edges.last().unwrap() >= high.min(LARGEST_US));
            }
        }

        #[test]
        fn labels_say_what_the_edges_are(a in 1..90_000_000_u64, factor in 1.0..2000.0_f64) {
            let labels: Vec<_> = ladders(a, (a as f64 * factor) as u64).into_iter().flatten()
                .filter(|us| *us < 99_000_000)
                .map(|us| (us, label(Duration::from_micros(us))))
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
            prop_assert!((1..=MOST_ROWS).contains(&rows.len()), "{:?}", rows);
            prop_assert_eq!(rows.iter().flatten().map(|row| row.1).sum::<u64>(), times.count());
            let is_used = |row: Option<&Option<Row>>| row.unwrap().is_some_and(|row| row.1 > 0);
            prop_assert!(is_used(rows.first()) && is_used(rows.last()), "{:?}", rows);
        }
    }
}
