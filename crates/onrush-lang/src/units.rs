//! Numbers, durations and rates as people write them.

use std::time::Duration;

use onrush_pace::{DurationError, DurationFlaw, Per, Rate, TIME_UNITS, number_length, scaled};

use crate::diagnostic::{Diagnostic, suggest};

const DURATION_HELP: &str = "durations are written like 500ms, 30s, 5m, 1h30m or 1.5h";
const RATE_HELP: &str = "rates are written like 500/s, 30/m or 100/h";

/// A duration: `500ms`, `30s`, `5m`, `1h30m`, `1.5h`. Exact to the nanosecond.
pub fn parse_duration(text: &str) -> Result<Duration, Diagnostic> {
    onrush_pace::parse_duration(text).map_err(|DurationError { flaw, span }| {
        let meant = &text[span.clone()];
        let unit = &meant[number_length(meant)..];
        let (message, label) = match flaw {
            DurationFlaw::Empty => ("a duration is missing".to_owned(), "expected a duration".to_owned()),
            DurationFlaw::NoNumber => {
                (format!("`{text}` is not a duration"), "expected a number and a unit".to_owned())
            }
            DurationFlaw::NoUnit => ("a duration needs a unit".to_owned(), "add `s`, `ms`, `m` or `h`".to_owned()),
            DurationFlaw::UnknownUnit => {
                let names: Vec<_> = TIME_UNITS.iter().map(|(name, _)| *name).collect();
                (format!("`{unit}` is not a unit of time"), suggest(unit, &names, "ns, us, ms, s, m, h or d"))
            }
            DurationFlaw::Inexact => (
                format!("`{meant}` is not a duration that can be told to the nanosecond"),
                "not a number, too long, or with too many decimals".to_owned(),
            ),
            DurationFlaw::TooLong => ("the duration is too long".to_owned(), "longer than 500 years".to_owned()),
        };
        Diagnostic::new(message, span, label).with_help(DURATION_HELP)
    })
}

/// A rate: `500/s`, `30/m`, `100/h`, `0.5/s`, `10k/s`.
pub fn parse_rate(text: &str) -> Result<Rate, Diagnostic> {
    let Some((number, unit)) = text.split_once('/') else {
        let diagnostic = Diagnostic::new(
            format!("`{text}` is not a rate"),
            0..text.len(),
            "expected a number and `/s`, `/m` or `/h`",
        );
        return Err(diagnostic.with_help(RATE_HELP));
    };
    let per = match unit {
        "s" | "sec" | "second" => Per::Second,
        "m" | "min" | "minute" => Per::Minute,
        "h" | "hour" => Per::Hour,
        _ => {
            let label = suggest(unit, &["s", "min", "minute", "second", "hour", "h"], "`s`, `m` or `h`");
            let span = number.len() + 1..text.len();
            return Err(Diagnostic::new(format!("`/{unit}` is not a unit of rates"), span, label).with_help(RATE_HELP));
        }
    };
    let (number, factor) = match number.strip_suffix(['k', 'K']) {
        Some(thousands) => (thousands, 1_000),
        None => (number, 1),
    };
    let rate = scaled(number, factor * 1_000_000).and_then(|millionths| Rate::from_millionths(millionths, per));
    rate.ok_or_else(|| {
        let message = format!("`{text}` is not a rate that can be played");
        let label = format!("expected a number of at most six decimals, and no more than {}", Rate::MAX);
        Diagnostic::new(message, 0..text.len(), label).with_help(RATE_HELP)
    })
}

/// A whole number; `_` may part its digits, and `k` stands for thousands.
pub(crate) fn parse_count(text: &str) -> Option<u64> {
    match text.strip_suffix(['k', 'K']) {
        Some(thousands) => scaled(thousands, 1_000),
        None => scaled(text, 1),
    }
}

/// A number of bytes: `512`, `10kB`, `1 MB`, `64KiB`.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    const SIZES: &[(&str, u64)] = &[
        ("", 1),
        ("B", 1),
        ("kB", 1000),
        ("KB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    let (number, unit) = text.split_at(number_length(text));
    let (_, size) = SIZES.iter().find(|(name, _)| *name == unit.trim())?;
    scaled(number, *size)
}

/// A share from 0 to 1: `40%`, `0.4`.
pub(crate) fn parse_share(text: &str) -> Option<f64> {
    let share = match text.strip_suffix('%') {
        Some(number) => percent(number.trim_end()),
        None => text.parse().ok().filter(|_| is_decimal(text)),
    };
    share.filter(|share| (0.0..=1.0).contains(share))
}

/// A number of percent as a share. The point is moved in the text: 99.9 % are 0.999 and not the next number to it.
pub(crate) fn percent(number: &str) -> Option<f64> {
    is_decimal(number).then(|| format!("{number}e-2").parse().ok())?
}

fn is_decimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
