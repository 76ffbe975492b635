//! Reads durations as people write them (`200us`, `5ms`, `1.5s`, `2m`). It does not know what they are for.

use std::time::Duration;

/// The longest duration that is accepted anywhere: a day.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Reads `5ms`, `1.5s`, `200us` (or `µs`), `100ns`, `2m`, `1h`, or a plain `0`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let wrong = || format!("`{text}` is not a duration: write a number and a unit, such as 5ms, 1.5s or 200us");
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "" if number == 0.0 => 0.0,
        "ns" => number * 1e-9,
        "us" | "µs" | "μs" => number * 1e-6,
        "ms" => number * 1e-3,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| format!("`{text}` is too long: the longest duration is 24h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        let table: &[(&str, Result<u64, &str>)] = &[
            ("0", Ok(0)),
            ("100ns", Ok(100)),
            ("200us", Ok(200_000)),
            ("200µs", Ok(200_000)),
            (" 5 ms ", Ok(5_000_000)),
            ("1.5s", Ok(1_500_000_000)),
            ("2m", Ok(120_000_000_000)),
            ("24h", Ok(86_400_000_000_000)),
            ("5", Err("not a duration")),
            ("ms", Err("not a duration")),
            ("-5ms", Err("not a duration")),
            ("5 days", Err("not a duration")),
            ("1.2.3s", Err("not a duration")),
            ("25h", Err("too long")),
        ];
        for (text, expected) in table {
            match (parse(text), expected) {
                (Ok(duration), Ok(nanos)) => assert_eq!(duration.as_nanos(), u128::from(*nanos), "{text}"),
                (Err(message), Err(part)) => assert!(message.contains(part), "{text}: {message}"),
                (got, expected) => panic!("{text}: got {got:?}, expected {expected:?}"),
            }
        }
    }
}
