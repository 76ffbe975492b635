//! Functions that draw numbers, choices and identifiers.

use std::fmt::Write as _;

use minijinja::value::Value;
use minijinja::{Error, ErrorKind};

use crate::mind::with_lent;

/// The most characters that are drawn at a time.
const MOST: usize = 65_536;

pub(super) fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

#[expect(clippy::needless_pass_by_value, reason = "the template language hands values over")]
pub(super) fn pick(list: Value) -> Result<Value, Error> {
    match list.len().filter(|_| list.as_str().is_none()) {
        Some(0) => Err(refused("pick() was given an empty list")),
        Some(count) => {
            let place = with_lent(|mind| mind.random.below(count as u64)) as usize;
            match list.get_item_by_index(place) {
                Ok(entry) if !entry.is_undefined() => Ok(entry),
                _ => Ok(list.try_iter()?.nth(place).unwrap_or_default()),
            }
        }
        None => Err(refused(format!("pick() needs a list and was given {}", list.kind()))),
    }
}

pub(super) fn int(low: i64, high: i64) -> Result<i64, Error> {
    if high < low {
        return Err(refused(format!("int() needs the lower end first, and was given {low} and {high}")));
    }
    Ok(with_lent(|mind| mind.random.between(low, high)))
}

pub(super) fn float(low: f64, high: f64) -> f64 {
    low + (high - low) * with_lent(|mind| mind.random.unit())
}

pub(super) fn chance(share: f64) -> bool {
    with_lent(|mind| mind.random.chance(share))
}

pub(super) fn hex(count: usize) -> Result<String, Error> {
    of("0123456789abcdef", count)
}

pub(super) fn digits(count: usize) -> Result<String, Error> {
    of("0123456789", count)
}

pub(super) fn alnum(count: usize) -> Result<String, Error> {
    of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", count)
}

fn of(letters: &'static str, count: usize) -> Result<String, Error> {
    if count > MOST {
        return Err(refused("at most 65,536 characters are drawn at a time"));
    }
    Ok(with_lent(|mind| (0..count).map(|_| char::from(*mind.random.one_of(letters.as_bytes()))).collect()))
}

pub(super) fn uuid() -> String {
    let (high, low) = with_lent(|mind| (mind.random.number(), mind.random.number()));
    // RFC 9562 §5.4: version 4, variant 10.
    let (high, low) = (high & !0xf000 | 0x4000, low & !(3 << 62) | (2 << 62));
    let mut text = String::with_capacity(36);
    let _ = write!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    );
    text
}
