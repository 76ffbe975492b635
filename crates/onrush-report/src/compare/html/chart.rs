//! Curves of both sides as SVG.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 76.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Lines across, and marks along.
const STEPS: u32 = 4;

/// Whose curve it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Base,
    New,
}

/// Points in the order of x.
pub(super) struct Curve {
    pub(super) side: Side,
    pub(super) is_faint: bool,
    pub(super) points: Vec<(f64, f64)>,
}

/// Curves over the same axes, which begin at zero.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) y: fn(f64) -> String,
    pub(super) x: fn(f64) -> String,
    pub(super) curves: Vec<Curve>,
}

impl Side {
    fn class(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::New => "new",
        }
    }
}

impl Chart {
    /// Nothing where there are no points.
    pub(super) fn svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let most_x = points().map(|point| point.0).fold(0.0, f64::max);
        let most_y = round_up(points().map(|point| point.1).fold(0.0, f64::max));
        if most_x <= 0.0 || most_y <= 0.0 {
            return String::new();
        }
        let x = |value: f64| LEFT + value / most_x * (WIDTH - LEFT - 24.0);
        let y = |value: f64| HEIGHT - BOTTOM - value / most_y * (HEIGHT - TOP - BOTTOM);
        let mut text = format!(
            "<figure>\n<figcaption>{0}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">\n",
            self.title
        );
        for step in 0..=STEPS {
            let share = f64::from(step) / f64::from(STEPS);
            let (at, value) = (y(most_y * share), if step == 0 { "0".to_owned() } else { (self.y)(most_y * share) });
            let _ = writeln!(
                text,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                WIDTH - 24.0,
                LEFT - 8.0,
                at + 4.0
            );
        }
        for value in marks(most_x) {
            let _ = writeln!(
                text,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                x(value),
                HEIGHT - 8.0,
                (self.x)(value)
            );
        }
        for curve in &self.curves {
            let faint = if curve.is_faint { " faint" } else { "" };
            let _ = write!(text, "<polyline class=\"{}{faint}\" points=\"", curve.side.class());
            for (at, value) in &curve.points {
                let _ = write!(text, "{:.1},{:.1} ", x(*at), y(*value));
            }
            text.push_str("\"/>\n");
        }
        text + "</svg>\n</figure>\n"
    }
}

/// Whole numbers along an axis, not too many of them.
fn marks(most: f64) -> impl Iterator<Item = f64> {
    let step = [1.0, 2.0, 5.0].iter().flat_map(|digit| (0..8).map(move |power| digit * 10_f64.powi(power)));
    let step = step.filter(|step| most / step <= 8.0).fold(f64::INFINITY, f64::min);
    (0..=8).map(move |number| f64::from(number) * step).filter(move |value| *value <= most)
}

/// A number that reads well and is not less.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 0.0;
    }
    let size = 10_f64.powf(value.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0]
        .iter()
        .map(|digit| digit * size)
        .find(|round| *round >= value)
        .unwrap_or(value)
}
