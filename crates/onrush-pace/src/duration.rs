//! Durations in the words of the load grammar.

use std::fmt::Write;
use std::ops::Range;
use std::time::Duration;

use crate::decimal::{number_length, scaled};

/// A duration as the grammar writes it, exactly: `1h30m`, `5m`, `1.5s`, `500ms`, `20us`.
pub fn duration_text(duration: Duration) -> String {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    if secs == 0 && nanos > 0 {
        let (unit, name) = if nanos >= 1_000_000 { (1_000_000, "ms") } else { (1_000, "us") };
        return format!("{}{name}", decimal(u64::from(nanos), unit));
    }
    let mut text = String::new();
    for (count, name) in [(secs / 86_400, "d"), (secs / 3600 % 24, "h"), (secs / 60 % 60, "m")] {
        if count > 0 {
            let _ = write!(text, "{count}{name}");
        }
    }
    if secs % 60 > 0 || nanos > 0 || text.is_empty() {
        let _ = write!(text, "{}s", decimal(secs % 60 * 1_000_000_000 + u64::from(nanos), 1_000_000_000));
    }
    text
}

/// `value / unit` with as many decimals as it takes; `unit` is a power of ten.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, part) = (value / unit, value % unit);
    if part == 0 {
        return whole.to_string();
    }
    let digits = format!("{:0width$}", part, width = unit.ilog10() as usize);
    format!("{whole}.{}", digits.trim_end_matches('0'))
}

/// Units of time in nanoseconds.
pub const TIME_UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Why a text is no duration, and which bytes of it are meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{flaw}")]
pub struct DurationError {
    /// What is wrong.
    pub flaw: DurationFlaw,
    /// Where.
    pub span: Range<usize>,
}

/// What is wrong with a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationFlaw {
    /// There is none.
    #[error("it is empty")]
    Empty,
    /// A number was expected.
    #[error("a number and a unit are expected")]
    NoNumber,
    /// A number without a unit.
    #[error("it needs a unit")]
    NoUnit,
    /// A unit that is none of [`TIME_UNITS`].
    #[error("its unit is none of time")]
    UnknownUnit,
    /// Not a whole number of nanoseconds, or too many of them.
    #[error("it cannot be told to the nanosecond")]
    Inexact,
    /// More than 64 bits of nanoseconds in all.
    #[error("it is longer than 500 years")]
    TooLong,
}

/// A duration: `500ms`, `30s`, `5m`, `1h30m`, `1.5h`. Exact to the nanosecond.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if text.is_empty() {
        return Err(DurationError { flaw: DurationFlaw::Empty, span: 0..0 });
    }
    let (mut total, mut at) = (0_u64, 0);
    while at < text.len() {
        let digits = number_length(&text[at..]);
        let unit = unit_length(&text[at + digits..]);
        let part = part(&text[at..at + digits], &text[at + digits..at + digits + unit]).map_err(|flaw| {
            let end = if flaw == DurationFlaw::NoNumber { text.len() } else { at + digits + unit };
            DurationError { flaw, span: at..end }
        })?;
        let too_long = || DurationError { flaw: DurationFlaw::TooLong, span: 0..text.len() };
        total = total.checked_add(part).ok_or_else(too_long)?;
        at += digits + unit;
    }
    Ok(Duration::from_nanos(total))
}

/// Nanoseconds of a number with its unit.
fn part(number: &str, unit: &str) -> Result<u64, DurationFlaw> {
    match TIME_UNITS.iter().find(|(known, _)| *known == unit) {
        _ if number.is_empty() => Err(DurationFlaw::NoNumber),
        None if unit.is_empty() => Err(DurationFlaw::NoUnit),
        None => Err(DurationFlaw::UnknownUnit),
        Some((_, nanos)) => scaled(number, *nanos).ok_or(DurationFlaw::Inexact),
    }
}

fn unit_length(text: &str) -> usize {
    text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (nanos, expected) in [
            (0, "0s"),
            (1, "0.001us"),
            (20_000, "20us"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1.5s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h"),
            (5_400_000_000_000, "1h30m"),
            (86_400_000_000_001, "1d0.000000001s"),
        ] {
            assert_eq!(duration_text(Duration::from_nanos(nanos)), expected);
        }
    }

    #[test]
    fn durations_are_read_as_they_are_written() {
        let nanos = |text| parse_duration(text).map(|duration| duration.as_nanos());
        for (text, expected) in
            [("1m30s", 90_000_000_000), ("1.5h", 5_400_000_000_000), ("0.001us", 1), ("1_000ms", 1_000_000_000)]
        {
            assert_eq!(nanos(text), Ok(expected), "{text}");
        }
        for (text, flaw, span) in [
            ("", DurationFlaw::Empty, 0..0),
            ("1s soon", DurationFlaw::UnknownUnit, 0..7),
            ("soon", DurationFlaw::NoNumber, 0..4),
            ("1m30", DurationFlaw::NoUnit, 2..4),
            ("1m3x", DurationFlaw::UnknownUnit, 2..4),
            ("1.5ns", DurationFlaw::Inexact, 0..5),
            ("500000d500000d", DurationFlaw::Inexact, 0..7),
            ("200000d200000d", DurationFlaw::TooLong, 0..14),
        ] {
            assert_eq!(nanos(text), Err(DurationError { flaw, span }), "{text}");
        }
    }
}
