//! Curves over the time of a run, in dots of which a cell has eight; in letters where there is only ASCII.

use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen, wide};
use crate::units::clock;

/// Which dot is which bit of a braille pattern, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
const BLANK: u32 = 0x2800;
/// Ends of an axis from nothing whose half is a round number, too.
const TOPS: [f64; 7] = [1.0, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0];
/// Less is no chart.
const LEAST: (u16, u16) = (12, 2);

/// A curve, by seconds since the start of the run.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) ink: Ink,
    /// What stands for it where there are no dots.
    pub(super) letter: char,
    pub(super) points: Vec<(f64, f64)>,
}

/// How values are laid out from below to above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From nothing to this.
    Linear(f64),
    /// From the first to the second, each factor as high as the next.
    Log(f64, f64),
}

/// Curves, and what they are held against.
pub(super) struct Chart<'a> {
    pub(super) title: &'a str,
    /// What else is worth saying above it.
    pub(super) hint: &'a str,
    /// Drawn from the last to the first, so that the first lies above the others.
    pub(super) curves: &'a [Curve],
    pub(super) scale: Scale,
    /// The end of the time axis in seconds.
    pub(super) until: f64,
    pub(super) label: fn(f64) -> String,
}

impl Scale {
    /// From nothing to a round number above all values.
    pub(super) fn linear<'a>(curves: impl Iterator<Item = &'a Curve>) -> Self {
        let most = curves.flat_map(|curve| &curve.points).map(|point| point.1).fold(0.0, f64::max);
        let finer = (-7..13).flat_map(|power| TOPS.map(|top| top * 10_f64.powi(power)));
        Self::Linear(finer.into_iter().find(|top| most > 0.0 && *top >= most * 1.02).unwrap_or(1.0))
    }

    /// Round numbers around all values.
    pub(super) fn log<'a>(curves: impl Iterator<Item = &'a Curve>) -> Self {
        let values = curves.flat_map(|curve| &curve.points).map(|point| point.1).filter(|value| *value > 0.0);
        let (low, high) = values.fold((f64::MAX, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        if high == 0.0 {
            return Self::Log(0.001, 0.01);
        }
        let (low, high) = (round_down(low), round_up(high));
        // One value alone is in the middle.
        if high < low * 3.0 { Self::Log(round_down(low * 0.9), round_up(high * 1.1)) } else { Self::Log(low, high) }
    }

    /// Where a value is: 0 below, 1 above.
    fn place(self, value: f64) -> f64 {
        let place = match self {
            Self::Linear(top) => value / top,
            Self::Log(low, high) => (value.max(low) / low).ln() / (high / low).ln(),
        };
        place.clamp(0.0, 1.0)
    }

    /// Values that a label may stand at, those that matter most first.
    fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear(top) => vec![0.0, top, top / 2.0],
            Self::Log(low, high) => {
                let all: Vec<_> = round_numbers().filter(|value| (low * 0.999..high * 1.001).contains(value)).collect();
                let is_power = |value: &f64| (value.log10() - value.log10().round()).abs() < 1e-6;
                let (powers, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_power);
                [low, high].into_iter().chain(powers).chain(others).collect()
            }
        }
    }
}

/// 1, 2 and 5 of every power of ten that a time or a rate can have.
fn round_numbers() -> impl Iterator<Item = f64> {
    (-7..13).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)))
}

fn round_up(value: f64) -> f64 {
    round_numbers().find(|round| *round >= value * 0.999_999).unwrap_or(value)
}

fn round_down(value: f64) -> f64 {
    round_numbers().take_while(|round| *round <= value * 1.000_001).last().unwrap_or(value)
}

/// Draws a chart: a title, the curves with their names at their ends, both axes.
pub(super) fn draw(pen: &mut Pen, area: Rect, chart: &Chart) {
    if area.height < LEAST.1 + 2 {
        return;
    }
    let end = pen.put(area.x, area.y, area.width, chart.title, Ink::Strong);
    let end = end.saturating_add(2);
    pen.put(end, area.y, area.right().saturating_sub(end), chart.hint, Ink::Dim);
    let rows = area.height.saturating_sub(2);
    let labels = labels(chart, rows);
    let left = labels.iter().map(|(_, text)| wide(text)).max().unwrap_or(0) + 1;
    let right = chart.curves.iter().map(|curve| wide(curve.name)).max().unwrap_or(0) + 1;
    let columns = area.width.saturating_sub(left + 1 + right);
    if columns < LEAST.0 || rows < LEAST.1 {
        return;
    }
    let plot = Rect { x: area.x + left + 1, y: area.y + 1, width: columns, height: rows };
    for y in plot.top()..plot.bottom() {
        pen.cell(plot.x - 1, y, pen.style.pick('│', '|'), Ink::Dim);
    }
    for (row, text) in &labels {
        pen.put_right(plot.x - 2, plot.y + row, left, text, Ink::Dim);
        pen.cell(plot.x - 1, plot.y + row, pen.style.pick('┤', '+'), Ink::Dim);
    }
    axis(pen, plot, chart.until);
    for curve in chart.curves.iter().rev() {
        trace(pen, plot, chart, curve);
    }
    names(pen, plot, chart);
}

/// Rows, from above, and what is written there.
fn labels(chart: &Chart, rows: u16) -> Vec<(u16, String)> {
    let mut labels: Vec<(u16, String)> = Vec::new();
    for tick in chart.scale.ticks() {
        let row = row_of(chart.scale.place(tick), rows);
        if labels.iter().all(|(taken, _)| taken.abs_diff(row) >= 2) {
            labels.push((row, (chart.label)(tick)));
        }
    }
    labels
}

fn row_of(place: f64, rows: u16) -> u16 {
    let last = rows.saturating_sub(1);
    last - (place * f64::from(last)).round() as u16
}

fn axis(pen: &mut Pen, plot: Rect, until: f64) {
    let y = plot.bottom();
    pen.cell(plot.x - 1, y, pen.style.pick('└', '+'), Ink::Dim);
    let line = Rect { x: plot.x, y, width: plot.width, height: 1 };
    pen.fill(line, pen.style.pick("─", "-"), Ink::Dim);
    let time = |share: f64| clock(std::time::Duration::from_secs_f64(until * share));
    let (last, middle) = (format!(" {}", time(1.0)), format!(" {} ", time(0.5)));
    pen.put(plot.x, y, plot.width, "0 s ", Ink::Dim);
    pen.put_right(plot.right(), y, plot.width, &last, Ink::Dim);
    if plot.width > 4 + wide(&last) + wide(&middle) * 2 {
        pen.put(plot.x + plot.width / 2 - wide(&middle) / 2, y, plot.width, &middle, Ink::Dim);
    }
}

/// A curve's points, in dots from the upper left corner.
fn trace(pen: &mut Pen, plot: Rect, chart: &Chart, curve: &Curve) {
    let (across, down) = pen.style.pick((2, 4), (1, 1));
    let (width, height) = (i32::from(plot.width) * across, i32::from(plot.height) * down);
    let place = |(at, value): (f64, f64)| {
        let x = (at / chart.until.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0) * f64::from(width - 1);
        let y = (1.0 - chart.scale.place(value)) * f64::from(height - 1);
        (x.round() as i32, y.round() as i32)
    };
    let dots: Vec<_> = curve.points.iter().copied().map(place).collect();
    let mut mark = |(x, y): (i32, i32)| {
        let (column, row) = (plot.x + (x / across) as u16, plot.y + (y / down) as u16);
        if pen.style.unicode {
            pen.dot(column, row, DOTS[(x % across) as usize][(y % down) as usize], curve.ink);
        } else {
            pen.cell(column, row, curve.letter, curve.ink);
        }
    };
    dots.first().copied().into_iter().for_each(&mut mark);
    for pair in dots.windows(2) {
        between(pair[0], pair[1]).for_each(&mut mark);
    }
}

/// The dots of a straight line.
fn between(from: (i32, i32), to: (i32, i32)) -> impl Iterator<Item = (i32, i32)> {
    let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).max(1);
    let part = move |a: i32, b: i32, step: i32| a + (f64::from((b - a) * step) / f64::from(steps)).round() as i32;
    (0..=steps).map(move |step| (part(from.0, to.0, step), part(from.1, to.1, step)))
}

/// Each name beside the end of its curve, or as near as it can be, in the order of the curves' ends.
fn names(pen: &mut Pen, plot: Rect, chart: &Chart) {
    let ends = chart.curves.iter().filter_map(|curve| Some((curve, curve.points.last()?.1)));
    let mut ends: Vec<_> = ends.collect();
    ends.sort_by(|one, other| other.1.total_cmp(&one.1));
    let mut free = 0;
    for (place, (curve, value)) in ends.iter().enumerate() {
        // Those below need room, too.
        let last = plot.height.saturating_sub((ends.len() - place) as u16);
        let row = row_of(chart.scale.place(*value), plot.height).min(last).max(free);
        free = row + 1;
        if row < plot.height {
            pen.put(plot.right() + 1, plot.y + row, wide(curve.name), curve.name, curve.ink);
        }
    }
}

impl Pen<'_> {
    /// Adds a dot to those that a cell has.
    fn dot(&mut self, x: u16, y: u16, dot: u8, ink: Ink) {
        let before = self.symbol(x, y).filter(|char| (BLANK..BLANK + 256).contains(&u32::from(*char)));
        let dots = before.map_or(BLANK, u32::from) | u32::from(dot);
        self.cell(x, y, char::from_u32(dots).unwrap_or('.'), ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(values: &[f64]) -> Curve {
        let points = values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        Curve { name: "a", ink: Ink::First, letter: 'a', points }
    }

    #[test]
    fn scales_are_round_and_enclose() {
        for (values, linear, log) in [
            (&[][..], Scale::Linear(1.0), Scale::Log(0.001, 0.01)),
            (&[0.0], Scale::Linear(1.0), Scale::Log(0.001, 0.01)),
            (&[0.003, 0.04], Scale::Linear(0.06), Scale::Log(0.002, 0.05)),
            (&[100.0], Scale::Linear(160.0), Scale::Log(50.0, 200.0)),
        ] {
            let curve = curve(values);
            let found = (Scale::linear([&curve].into_iter()), Scale::log([&curve].into_iter()));
            let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
            let (Scale::Linear(top), Scale::Log(low, high)) = found else { panic!("{found:?}") };
            let (Scale::Linear(t), Scale::Log(l, h)) = (linear, log) else { panic!("a scale") };
            assert!(near(top, t) && near(low, l) && near(high, h), "{values:?}: {found:?}");
        }
    }

    #[test]
    fn a_line_has_no_gaps() {
        for (from, to) in [((0, 0), (7, 3)), ((5, 9), (5, 0)), ((3, 3), (3, 3)), ((9, 0), (0, 40))] {
            let dots: Vec<_> = between(from, to).collect();
            assert_eq!((dots.first(), dots.last()), (Some(&from), Some(&to)));
            let is_near = |a: &(i32, i32), b: &(i32, i32)| (a.0 - b.0).abs() <= 1 && (a.1 - b.1).abs() <= 1;
            assert!(dots.is_sorted_by(is_near), "{dots:?}");
        }
    }
}
