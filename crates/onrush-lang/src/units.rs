//! Numbers, durations and rates as people write them.

use std::time::Duration;

use onrush_pace::{Per, Rate};

use crate::diagnostic::{Diagnostic, suggest};

const DURATION_HELP: &str = "durations are written like 500ms, 30s, 5m, 1h30m or 1.5h";
const RATE_HELP: &str = "rates are written like 500/s, 30/m or 100/h";

/// Units of time in nanoseconds. The longer of two that begin alike comes first.
const TIMES: &[(&str, u64)] = &[
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

/// A duration: `500ms`, `30s`, `5m`, `1h30m`, `1.5h`. Exact to the nanosecond.
pub fn parse_duration(text: &str) -> Result<Duration, Diagnostic> {
    let mut total: u64 = 0;
    let mut at = 0;
    if text.is_empty() {
        return Err(Diagnostic::new("a duration is missing", 0..0, "expected a duration").with_help(DURATION_HELP));
    }
    while at < text.len() {
        let digits = number_length(&text[at..]);
        let unit = unit_length(&text[at + digits..]);
        let part = Duration::from_nanos(part_of_duration(text, at, digits, unit)?);
        let sum = total.checked_add(part.as_nanos() as u64);
        total =
            sum.ok_or_else(|| Diagnostic::new("the duration is too long", 0..text.len(), "longer than 500 years"))?;
        at += digits + unit;
    }
    Ok(Duration::from_nanos(total))
}

fn part_of_duration(text: &str, at: usize, digits: usize, unit: usize) -> Result<u64, Diagnostic> {
    let (number, name) = (&text[at..at + digits], &text[at + digits..at + digits + unit]);
    let span = at..at + digits + unit;
    if digits == 0 {
        let message = format!("`{text}` is not a duration");
        return Err(Diagnostic::new(message, at..text.len(), "expected a number and a unit").with_help(DURATION_HELP));
    }
    let Some((_, nanos)) = TIMES.iter().find(|(known, _)| *known == name) else {
        let names: Vec<_> = TIMES.iter().map(|(name, _)| *name).collect();
        let (message, label) = if name.is_empty() {
            ("a duration needs a unit".to_owned(), "add `s`, `ms`, `m` or `h`".to_owned())
        } else {
            (format!("`{name}` is not a unit of time"), suggest(name, &names, "ns, us, ms, s, m, h or d"))
        };
        return Err(Diagnostic::new(message, span, label).with_help(DURATION_HELP));
    };
    scaled(number, *nanos).ok_or_else(|| {
        let message = format!("`{number}{name}` is not a duration that can be told to the nanosecond");
        Diagnostic::new(message, span, "not a number, too long, or with too many decimals").with_help(DURATION_HELP)
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

/// A decimal number times `unit`, if that is whole.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let number = number.replace('_', "");
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let mut total = digits(whole)?.checked_mul(unit.into())?;
    let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let fraction = digits(part)?.checked_mul(unit.into())?;
    total = total.checked_add(fraction.is_multiple_of(scale).then(|| fraction / scale)?)?;
    u64::try_from(total).ok()
}

fn digits(text: &str) -> Option<u128> {
    if text.is_empty() {
        return Some(0);
    }
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn number_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '_').unwrap_or(text.len())
}

fn unit_length(text: &str) -> usize {
    text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len())
}
