//! Numbers as people read them: three significant digits, a unit that fits, and never a rounding that lies.

use std::time::Duration;

/// A duration with three significant digits: `123 µs`, `4.56 ms`, `1.23 s`, `12 m 03 s`.
pub fn duration(value: Duration) -> String {
    let nanos = value.as_nanos() as f64;
    // A value that rounds up to the next unit is shown in it: 999.9 µs is 1.00 ms.
    for (unit, size) in [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)] {
        let scaled = nanos / size;
        if scaled < 999.5 && (unit != "s" || scaled < 99.95) {
            return if unit == "ns" { format!("{scaled:.0} ns") } else { format!("{} {unit}", three_digits(scaled)) };
        }
    }
    clock(value)
}

/// Hours, minutes and seconds, as a clock shows them: `45 s`, `1 m 30 s`, `1 h 02 m`.
pub(crate) fn clock(value: Duration) -> String {
    let secs = value.as_secs() + u64::from(value.subsec_millis() >= 500);
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs} s"),
        (0, minutes, secs) => format!("{minutes} m {secs:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} m"),
    }
}

/// A whole number with its thousands apart: `1,234,567`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things per second: `0.50/s`, `499.9/s`, `12,345/s`.
pub fn rate(per_second: f64) -> String {
    if per_second >= 1000.0 {
        format!("{}/s", count(per_second.round() as u64))
    } else if per_second >= 100.0 {
        format!("{per_second:.1}/s")
    } else {
        format!("{per_second:.2}/s")
    }
}

/// An amount of data in powers of 1,000: `0 B`, `12.3 kB`, `4.56 GB`.
pub fn bytes(value: u64) -> String {
    let mut scaled = value as f64;
    if value < 1000 {
        return format!("{value} B");
    }
    for unit in ["kB", "MB", "GB", "TB"] {
        scaled /= 1000.0;
        if scaled < 999.5 {
            return format!("{} {unit}", three_digits(scaled));
        }
    }
    format!("{scaled:.0} TB")
}

/// A part of a whole in percent. Never `0 %` when there is some, never `100 %` when it is not all.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    if part == whole {
        return "100 %".to_owned();
    }
    match part as f64 / whole as f64 * 100.0 {
        share if share < 0.001 => "<0.001 %".to_owned(),
        share if share > 99.99 => ">99.99 %".to_owned(),
        share if share < 0.01 => format!("{share:.3} %"),
        share if !(1.0..99.5).contains(&share) => format!("{share:.2} %"),
        share if share < 10.0 => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

/// A share (0 to 1) in whole percent.
pub(crate) fn share(value: f64) -> String {
    format!("{:.0} %", value * 100.0)
}

fn three_digits(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations() {
        for (nanos, expected) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (99_940_000_000, "99.9 s"),
            (99_960_000_000, "1 m 40 s"),
            (3_725_000_000_000, "1 h 02 m"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), expected);
        }
    }

    #[test]
    fn counts_rates_and_bytes() {
        assert_eq!(
            [count(0), count(999), count(1000), count(u64::MAX)],
            ["0", "999", "1,000", "18,446,744,073,709,551,615"]
        );
        assert_eq!([rate(0.5), rate(499.94), rate(12_345.4)], ["0.50/s", "499.9/s", "12,345/s"]);
        assert_eq!(
            [bytes(0), bytes(999), bytes(1_000), bytes(999_600), bytes(4_560_000_000)],
            ["0 B", "999 B", "1.00 kB", "1.00 MB", "4.56 GB"]
        );
    }

    #[test]
    fn percentages_never_round_to_a_lie() {
        for (part, whole, expected) in [
            (0, 5, "0 %"),
            (0, 0, "0 %"),
            (5, 5, "100 %"),
            (1, 1_000_000_000, "<0.001 %"),
            (1, 20_000, "0.005 %"),
            (1, 300, "0.33 %"),
            (1, 30, "3.3 %"),
            (1, 3, "33 %"),
            (999, 1000, "99.90 %"),
            (999_999, 1_000_000, ">99.99 %"),
        ] {
            assert_eq!(percent(part, whole), expected);
        }
    }

    proptest! {
        #[test]
        fn a_duration_reads_back_within_its_digits(nanos in 1..90_000_000_000_u64) {
            let text = duration(Duration::from_nanos(nanos));
            let (number, unit) = text.split_once(' ').unwrap();
            let size = match unit { "ns" => 1.0, "µs" => 1e3, "ms" => 1e6, _ => 1e9 };
            let read = number.parse::<f64>().unwrap() * size;
            prop_assert!((read - nanos as f64).abs() <= nanos as f64 * 0.006, "{} for {}", text, nanos);
        }
    }
}
