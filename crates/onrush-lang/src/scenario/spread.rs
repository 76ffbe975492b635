//! Times that differ: `2s`, `1s to 5s, lognormal`, `normal 2s ± 500ms, jitter 20%, at most 30s`.

use std::ops::Range;
use std::time::Duration;

use onrush_plan::{Shape, Spread};

use super::reader::Reader;
use super::text::Text;
use super::tree::Node;
use crate::diagnostic::suggest;

const HELP: &str = "times are written `2s`, `1s to 5s`, `1s to 5s, lognormal`, `normal 2s ± 500ms`, `lognormal 2s sigma 0.5`, \
                    `exponential 2s`, `pareto 1s alpha 1.5` or `quantiles 0% 100ms, 50% 1s, 100% 20s`, and may end in \
                    `, jitter 20%` and `, at most 30s`";
const SHAPES: &[&str] = &["normal", "lognormal", "exponential", "pareto", "quantiles"];

/// The 95 % quantile of the standard normal distribution.
const Z95: f64 = 1.644_853_626_951_472_2;

/// Words with their places in a text.
struct Words<'t> {
    text: &'t Text,
    places: Vec<Range<usize>>,
    at: usize,
    end: usize,
}

impl<'t> Words<'t> {
    fn of(text: &'t Text, range: Range<usize>) -> Self {
        let part = &text.value[range.clone()];
        let start = part.as_ptr() as usize;
        let place = |word: &str| {
            let from = range.start + (word.as_ptr() as usize - start);
            from..from + word.len()
        };
        Self { text, places: part.split_whitespace().map(place).collect(), at: 0, end: range.end }
    }

    fn peek(&self) -> &'t str {
        self.places.get(self.at).map_or("", |range| &self.text.value[range.clone()])
    }

    fn next(&mut self) -> Range<usize> {
        self.at += 1;
        self.places.get(self.at - 1).cloned().unwrap_or(self.end..self.end)
    }

    fn takes(&mut self, word: &str) -> bool {
        let takes = self.peek() == word;
        self.at += usize::from(takes);
        takes
    }
}

impl Reader<'_> {
    /// A distribution of times.
    pub(crate) fn spread(&mut self, node: &Node) -> Option<Spread> {
        let text = self.text(node, "a time such as `1s to 5s`")?;
        let is_quantiles = text.value.trim_start().starts_with("quantiles");
        let parts = split(&text.value, ',');
        let mut spread = Spread::constant(Duration::ZERO);
        let mut points = Vec::new();
        let mut between = None;
        for (number, part) in parts.into_iter().enumerate() {
            let mut words = Words::of(&text, part);
            match words.peek() {
                "jitter" => {
                    words.next();
                    let share = words.next();
                    spread.jitter = self.share_in(&text, share)?;
                }
                "at" => {
                    words.next();
                    if !words.takes("most") {
                        return self.not_a_time(&text, words.next(), "expected `at most` and a time");
                    }
                    spread.longest = self.spread_time(&text, &mut words)?;
                }
                _ if is_quantiles => {
                    words.takes("quantiles");
                    let share = words.next();
                    points.push((self.share_in(&text, share.clone())?, self.spread_time(&text, &mut words)?, share));
                }
                "normal" | "lognormal" | "uniform" if number > 0 && between.is_some() => {
                    let (low, high) = between.take()?;
                    spread.shape = quantile_shape(words.peek(), low, high);
                    words.next();
                }
                _ if number == 0 => {
                    (spread.shape, between) = self.shape(&text, &mut words)?;
                }
                "normal" | "lognormal" | "uniform" => {
                    return self.not_a_time(&text, words.next(), "expected two times before it: `1s to 5s, normal`");
                }
                word => {
                    let known = ["jitter", "at most", "lognormal", "normal", "uniform"];
                    let label = suggest(word, &known, "`jitter 20%`, `at most 30s`, `normal` or `lognormal`");
                    return self.not_a_time(&text, words.next(), &label);
                }
            }
            if !words.peek().is_empty() {
                return self.not_a_time(&text, words.next(), "expected a comma or the end");
            }
        }
        if is_quantiles {
            spread.shape = self.empirical(&text, points)?;
        }
        Some(spread)
    }

    /// The first part: a shape, and its two ends where a later word may bend it.
    fn shape(&mut self, text: &Text, words: &mut Words<'_>) -> Option<(Shape, Option<(Duration, Duration)>)> {
        let first = words.peek().to_owned();
        if first.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.') {
            let low = self.spread_time(text, words)?;
            if words.peek().is_empty() {
                return Some((Shape::Constant(low), None));
            }
            if !(words.takes("to") || words.takes("-") || words.takes("->")) {
                return self.not_a_time(text, words.next(), "expected `to` and a second time");
            }
            let range = words.places.get(words.at).cloned().unwrap_or(words.end..words.end);
            let high = self.spread_time(text, words)?;
            if high < low {
                return self.in_text(text, range, "the second time is shorter than the first", "expected a longer one");
            }
            return Some((Shape::Uniform(low, high), Some((low, high))));
        }
        words.next();
        let shape = match &*first {
            "normal" => {
                let mean = self.spread_time(text, words)?;
                if !(words.takes("±") || words.takes("+-") || words.takes("+/-")) {
                    return self.not_a_time(text, words.next(), "expected `±` and the standard deviation");
                }
                Shape::Normal { mean, deviation: self.spread_time(text, words)? }
            }
            "lognormal" => {
                let median = self.spread_time(text, words)?;
                Shape::LogNormal { median, sigma: self.parameter(text, words, "sigma")? }
            }
            "exponential" => Shape::Exponential { mean: self.spread_time(text, words)? },
            "pareto" => {
                let least = self.spread_time(text, words)?;
                Shape::Pareto { least, alpha: self.parameter(text, words, "alpha")? }
            }
            _ => {
                let label = suggest(&first, SHAPES, "a time such as `1s to 5s`");
                let range = words.places.first().cloned().unwrap_or(0..text.value.len());
                return self.not_a_time(text, range, &label);
            }
        };
        Some((shape, None))
    }

    fn spread_time(&mut self, text: &Text, words: &mut Words<'_>) -> Option<Duration> {
        let range = words.next();
        if range.is_empty() {
            return self.not_a_time(text, range, "expected a time such as `2s`");
        }
        self.time_in(text, range)
    }

    fn parameter(&mut self, text: &Text, words: &mut Words<'_>, name: &str) -> Option<f64> {
        if !words.takes(name) {
            return self.not_a_time(text, words.next(), &format!("expected `{name}` and a number"));
        }
        let range = words.next();
        match text.value[range.clone()].parse::<f64>() {
            Ok(number) if number.is_finite() && number > 0.0 => Some(number),
            _ => self.not_a_time(text, range, "expected a number above 0"),
        }
    }

    fn empirical(&mut self, text: &Text, points: Vec<(f64, Duration, Range<usize>)>) -> Option<Shape> {
        for pair in points.windows(2) {
            let [(share, time, _), (next, later, range)] = pair else { continue };
            if next <= share || later < time {
                return self.in_text(
                    text,
                    range.clone(),
                    "quantiles rise",
                    "expected a larger share, and no shorter time",
                );
            }
        }
        let is_whole =
            points.first().is_some_and(|point| point.0 <= 0.0) && points.last().is_some_and(|point| point.0 >= 1.0);
        if points.len() < 2 || !is_whole {
            let range = points.last().map_or(0..text.value.len(), |point| point.2.clone());
            return self.not_a_time(text, range, "expected quantiles from `0%` to `100%`");
        }
        Some(Shape::Empirical(points.into_iter().map(|(share, time, _)| (share, time)).collect()))
    }

    fn not_a_time<T>(&mut self, text: &Text, range: Range<usize>, label: &str) -> Option<T> {
        let message = match text.value.get(range.clone()).filter(|part| !part.is_empty()) {
            Some(_) => format!("`{}` does not belong here", text.shown_part(range.clone())),
            None => "this time is incomplete".to_owned(),
        };
        self.in_text_with_help(text, range, &message, label, HELP)
    }
}

/// `1s to 5s, lognormal`: 5 % are shorter than the first and 5 % longer than the second.
fn quantile_shape(name: &str, low: Duration, high: Duration) -> Shape {
    match name {
        "normal" => Shape::Normal { mean: (low + high) / 2, deviation: high.saturating_sub(low).div_f64(2.0 * Z95) },
        "lognormal" => {
            // A quantile of zero has no logarithm.
            let (low, high) = (low.as_secs_f64().max(1e-9), high.as_secs_f64().max(1e-9));
            Shape::LogNormal {
                median: Duration::from_secs_f64((low * high).sqrt()),
                sigma: (high / low).ln() / (2.0 * Z95),
            }
        }
        _ => Shape::Uniform(low, high),
    }
}

/// The parts of a text between signs, with their places.
pub(crate) fn split(text: &str, sign: char) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(sign) {
        parts.push(start..at);
        start = at + sign.len_utf8();
    }
    parts.push(start..text.len());
    parts
}
