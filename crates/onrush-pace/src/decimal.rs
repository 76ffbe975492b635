//! Decimal numbers as people write them, exactly.

/// A decimal number such as `1_000` or `0.5` times `unit`, if that is whole and fits.
pub fn scaled(number: &str, unit: u64) -> Option<u64> {
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

/// How many bytes at the beginning of a text could be a decimal number.
pub fn number_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit() && letter != '.' && letter != '_').unwrap_or(text.len())
}

fn digits(text: &str) -> Option<u128> {
    if text.is_empty() {
        return Some(0);
    }
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
