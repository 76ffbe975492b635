//! A small histogram of response times, on a scale on which factors are equal distances.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::Histogram;

use crate::style::{Style, Tone};
use crate::units::{count, duration, percent};

const MOST_ROWS: usize = 10;
const BAR: usize = 40;

/// Rows of upper edge, count, share and bar.
pub(super) fn histogram(times: &Histogram, style: Style) -> String {
    let rows = rows(times);
    let most = rows.iter().map(|row| row.1).max().unwrap_or(1);
    let width = rows.iter().map(|row| count(row.1).len()).max().unwrap_or(1);
    let mut text = String::new();
    for (edge, number) in &rows {
        let share = percent(*number, times.count());
        let bar = bar(*number, most, style);
        let _ = writeln!(
            text,
            "  {:>9} {} {:>width$} {share:>8}  {bar}",
            duration(*edge),
            style.pick("≥", ">="),
            count(*number)
        );
    }
    text
}

/// Upper edges and counts. Edges divide the range from the smallest to the largest value evenly by factor.
fn rows(times: &Histogram) -> Vec<(Duration, u64)> {
    let (low, high) = (times.min().as_secs_f64().max(1e-6), times.max().as_secs_f64().max(1e-6));
    // Rows closer together than a tenth would tell apart what nobody needs to.
    let fit = ((high / low).ln() / 1.1_f64.ln()).floor() as usize;
    let number = fit.clamp(1, MOST_ROWS);
    let mut below = 0;
    let mut rows = Vec::new();
    for row in 1..=number {
        let edge = if row == number { times.max() } else { round(low * (high / low).powf(row as f64 / number as f64)) };
        let up_to = if row == number { times.count() } else { times.count_up_to(edge) };
        if up_to > below || !rows.is_empty() {
            rows.push((edge, up_to.saturating_sub(below)));
        }
        below = below.max(up_to);
    }
    rows
}

/// To two significant digits: an edge is a round number, and the count is of just that edge.
fn round(seconds: f64) -> Duration {
    let unit = 10_f64.powf(seconds.log10().floor() - 1.0);
    Duration::from_secs_f64((seconds / unit).round() * unit)
}

fn bar(number: u64, most: u64, style: Style) -> String {
    if number == 0 {
        return String::new();
    }
    let eighths = (number as f64 / most as f64 * (BAR * 8) as f64).round().max(1.0) as usize;
    let bar = if style.unicode {
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        format!("{}{part}", "█".repeat(eighths / 8))
    } else {
        "#".repeat(eighths.div_ceil(8))
    };
    style.paint(Tone::Good, &bar)
}
