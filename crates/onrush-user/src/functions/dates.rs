//! Functions that tell the time of the iteration: a value that was handed in, so that it can be repeated.

use minijinja::Error;
use minijinja::value::Kwargs;

use super::chance::refused;
use crate::civil::Civil;
use crate::mind::with_lent;

pub(super) fn now(format: Option<&str>) -> String {
    Civil::of(with_lent(|mind| mind.now)).formatted(format.unwrap_or("%FT%T.%fZ"))
}

pub(super) fn timestamp() -> u64 {
    with_lent(|mind| mind.now.as_secs())
}

#[expect(clippy::needless_pass_by_value, reason = "the template language hands arguments over")]
pub(super) fn date(offsets: Kwargs) -> Result<String, Error> {
    let mut seconds: i64 = 0;
    for (unit, length) in [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)] {
        let count = offsets.get::<Option<i64>>(unit)?.unwrap_or(0);
        // Three hundred thousand years are enough, and no arithmetic of the calendar overflows.
        seconds = count
            .checked_mul(length)
            .and_then(|offset| seconds.checked_add(offset))
            .filter(|seconds| seconds.abs() < 10_000_000_000_000)
            .ok_or_else(|| refused("that is too far from now"))?;
    }
    let format = offsets.get::<Option<String>>("format")?;
    offsets.assert_all_used()?;
    let now = with_lent(|mind| mind.now);
    let date = Civil::of_seconds(now.as_secs().cast_signed() + seconds, now.subsec_nanos());
    Ok(date.formatted(format.as_deref().unwrap_or("%F")))
}
