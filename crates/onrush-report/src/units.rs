//! Numbers as people read them: three significant digits, a unit that fits, and never a rounding that lies.

use std::time::Duration;

use onrush_metrics::Histogram;

/// The percentiles that are shown as far as the sample supports them.
pub(crate) const QUANTILES: &[(&str, f64)] =
    &[("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("p99.99", 0.9999)];

/// Over a shorter time a rate says more about the moment than about the service.
const LEAST_FOR_RATES: Duration = Duration::from_millis(100);

/// Whether the `q` quantile of `times` says more than the largest value does.
pub(crate) fn supports(times: &Histogram, q: f64) -> bool {
    times.supports(q) && times.count() as f64 * (1.0 - q) >= 1.0 - 1e-6
}

/// Whether a time is long enough for a rate per second.
pub(crate) fn allows_rates(over: Duration) -> bool {
    over >= LEAST_FOR_RATES
}

/// A duration with three significant digits: `123 µs`, `4.56 ms`, `1.23 s`, `12 m 03 s`.
pub fn duration(value: Duration) -> String {
    let nanos = value.as_nanos() as f64;
    if value.is_zero() {
        return "0 s".to_owned();
    }
    // A value that rounds up to the next unit is shown in it: 999.9 µs is 1.00 ms.
    for (unit, size) in [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)] {
        let scaled = nanos / size;
        if scaled < 999.5 && (unit != "s" || scaled < 99.95) {
            return if unit == "ns" { format!("{scaled:.0} ns") } else { format!("{} {unit}", three_digits(scaled)) };
        }
    }
    clock(value)
}

/// A measured time: like [`duration`], but to the microsecond, since nothing finer was told apart.
pub(crate) fn time(value: Duration) -> String {
    match value.as_nanos() {
        ..500 => "<1 µs".to_owned(),
        nanos @ ..999_500 => format!("{} µs", (nanos + 500) / 1000),
        _ => duration(value),
    }
}

/// A number of things: `1 user`, `2 users`.
pub fn several(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// Days, hours, minutes and seconds, as a clock shows them: `45 s`, `1 m 30 s`, `1 h 02 m`, `7 d 00 h`.
pub(crate) fn clock(value: Duration) -> String {
    let secs = value.as_secs().saturating_add(u64::from(value.subsec_millis() >= 500));
    let minutes = secs / 60 + u64::from(secs % 60 >= 30);
    let hours = secs / 3600 + u64::from(secs % 3600 >= 1800);
    match (secs, minutes, hours) {
        (..60, ..) => format!("{secs} s"),
        (..3600, ..) => format!("{} m {:02} s", secs / 60, secs % 60),
        (_, ..6000, _) => format!("{} h {:02} m", minutes / 60, minutes % 60),
        (.., ..24_000) => format!("{} d {:02} h", hours / 24, hours % 24),
        _ => format!("{} d", count(hours / 24)),
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

/// A number in few columns, where its size matters and not its digits: `950`, `1.2k`, `40M`.
pub(crate) fn brief(value: u64) -> String {
    if value < 1000 {
        return value.to_string();
    }
    let mut scaled = value as f64 / 1000.0;
    for unit in ["k", "M", "G", "T", "P"] {
        if scaled < 9.95 {
            return format!("{scaled:.1}{unit}").replace(".0", "");
        }
        if scaled < 999.5 {
            return format!("{scaled:.0}{unit}");
        }
        scaled /= 1000.0;
    }
    format!("{scaled:.0}E")
}

/// A number of things per second: `0.50/s`, `12.34/s`, `499.9/s`, `12,345/s`. What is no number is `-`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        rate if !rate.is_finite() || rate < 0.0 => "-".to_owned(),
        0.0 => "0/s".to_owned(),
        rate if rate < 0.001 => "<0.001/s".to_owned(),
        rate if rate < 0.00995 => format!("{rate:.4}/s"),
        rate if rate < 0.0995 => format!("{rate:.3}/s"),
        rate if rate < 99.995 => format!("{rate:.2}/s"),
        rate if rate < 999.95 => format!("{rate:.1}/s"),
        rate => format!("{}/s", count(rate.round() as u64)),
    }
}

/// An amount of data in powers of 1,000: `0 B`, `12.3 kB`, `4.56 GB`.
pub fn bytes(value: u64) -> String {
    if value < 1000 {
        return format!("{value} B");
    }
    let mut scaled = value as f64 / 1000.0;
    for unit in ["kB", "MB", "GB", "TB", "PB"] {
        if scaled < 999.5 {
            return format!("{} {unit}", three_digits(scaled));
        }
        scaled /= 1000.0;
    }
    format!("{} EB", three_digits(scaled))
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
        share if share > 100.0 => ">100 %".to_owned(),
        share if (99.99..=100.0).contains(&share) => ">99.99 %".to_owned(),
        share if share < 0.01 => format!("{share:.3} %"),
        share if !(1.0..99.5).contains(&share) => format!("{share:.2} %"),
        share if share < 10.0 => format!("{share:.1} %"),
        share => format!("{share:.0} %"),
    }
}

/// A share (0 to 1) in whole percent; what is no number is `-`.
pub(crate) fn share(value: f64) -> String {
    match value * 100.0 {
        percent if !percent.is_finite() => "-".to_owned(),
        percent if percent > 0.0 && percent < 0.5 => "<1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

/// A number that is not negative with three significant digits.
pub(crate) fn three_digits(value: f64) -> String {
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
            (0, "0 s"),
            (999, "999 ns"),
            (1_000, "1.00 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_345_678, "12.3 ms"),
            (99_940_000_000, "99.9 s"),
            (99_960_000_000, "1 m 40 s"),
            (3_599_700_000_000, "1 h 00 m"),
            (3_725_000_000_000, "1 h 02 m"),
            (3_779_000_000_000, "1 h 03 m"),
            (359_960_000_000_000, "99 h 59 m"),
            (359_990_000_000_000, "4 d 04 h"),
            (604_800_000_000_000, "7 d 00 h"),
            (u64::MAX, "213,504 d"),
        ] {
            assert_eq!(duration(Duration::from_nanos(nanos)), expected);
        }
        assert_eq!(duration(Duration::MAX), "213,503,982,334,601 d");
    }

    #[test]
    fn measured_times_are_to_the_microsecond() {
        for (nanos, expected) in [
            (0, "<1 µs"),
            (499, "<1 µs"),
            (500, "1 µs"),
            (1_499, "1 µs"),
            (45_600, "46 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (99_960_000_000, "1 m 40 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanos)), expected);
        }
    }

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|number| several(number, "user", "users")), ["0 users", "1 user", "2 users"]);
    }

    #[test]
    fn counts_and_bytes() {
        assert_eq!(
            [count(0), count(999), count(1000), count(u64::MAX)],
            ["0", "999", "1,000", "18,446,744,073,709,551,615"]
        );
        for (value, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (999_600, "1.00 MB"),
            (4_560_000_000, "4.56 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(value), expected);
        }
    }

    #[test]
    fn brief_counts() {
        for (value, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (1_250, "1.2k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (999_499, "999k"),
            (999_500, "1M"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(brief(value), expected);
        }
    }

    #[test]
    fn rates() {
        for (per_second, expected) in [
            (0.0, "0/s"),
            (1e-9, "<0.001/s"),
            (0.003_333, "0.0033/s"),
            (0.016_67, "0.017/s"),
            (0.5, "0.50/s"),
            (99.999, "100.0/s"),
            (499.94, "499.9/s"),
            (999.97, "1,000/s"),
            (12_345.4, "12,345/s"),
            (f64::NAN, "-"),
            (f64::INFINITY, "-"),
        ] {
            assert_eq!(rate(per_second), expected);
        }
    }

    #[test]
    fn shares() {
        for (value, expected) in [(0.0, "0 %"), (0.001, "<1 %"), (0.234, "23 %"), (1.0, "100 %"), (f64::NAN, "-")] {
            assert_eq!(share(value), expected);
        }
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
            (u64::MAX - 1, u64::MAX, ">99.99 %"),
            (7, 5, ">100 %"),
        ] {
            assert_eq!(percent(part, whole), expected);
        }
    }

    /// The nanoseconds that a text says.
    fn read(text: &str) -> f64 {
        let words: Vec<_> = text.split(' ').collect();
        words
            .chunks(2)
            .map(|pair| {
                let size = match pair[1] {
                    "ns" => 1.0,
                    "µs" => 1e3,
                    "ms" => 1e6,
                    "s" => 1e9,
                    "m" => 6e10,
                    "h" => 3.6e12,
                    "d" => 8.64e13,
                    unit => panic!("a unit called {unit}"),
                };
                pair[0].replace(',', "").parse::<f64>().unwrap() * size
            })
            .sum()
    }

    /// The percentage that a text says; a bound is a hair beyond it.
    fn read_percent(text: &str) -> f64 {
        let number = text.strip_suffix(" %").unwrap();
        match (number.strip_prefix('<'), number.strip_prefix('>')) {
            (Some(bound), _) => bound.parse::<f64>().unwrap() - 1e-6,
            (_, Some(bound)) => bound.parse::<f64>().unwrap() + 1e-6,
            _ => number.parse().unwrap(),
        }
    }

    /// Every order of magnitude is as likely.
    fn nanos() -> impl Strategy<Value = u64> {
        (0..63_u32, any::<u64>()).prop_map(|(bits, value)| value & ((2 << bits) - 1))
    }

    proptest! {
        #[test]
        fn a_duration_reads_back_within_its_digits(nanos in nanos()) {
            let text = duration(Duration::from_nanos(nanos));
            prop_assert!((read(&text) - nanos as f64).abs() <= nanos as f64 * 0.0085, "{} for {}", text, nanos);
        }

        #[test]
        fn a_longer_duration_never_reads_shorter(a in nanos(), b in nanos()) {
            let (short, long) = (duration(Duration::from_nanos(a.min(b))), duration(Duration::from_nanos(a.max(b))));
            prop_assert!(read(&short) <= read(&long), "{} before {}", short, long);
        }

        #[test]
        fn a_percentage_is_near_and_keeps_the_ends_apart(whole in 1..u64::MAX, share in 0.0..=1.0_f64, near in -2_i64..3) {
            let part = ((whole as f64 * share) as u64).saturating_add_signed(near).min(whole);
            let text = percent(part, whole);
            let truth = part as f64 / whole as f64 * 100.0;
            let slack = if (10.0..99.5).contains(&truth) { 0.5 } else { 0.05 };
            prop_assert!((read_percent(&text) - truth).abs() <= slack + 1e-9, "{} for {}", text, truth);
            prop_assert_eq!(text == "0 %", part == 0);
            prop_assert_eq!(text == "100 %", part == whole);
        }

        #[test]
        fn a_larger_part_never_reads_smaller(whole in 1..u64::MAX, a in 0.0..=1.0_f64, b in 0.0..=1.0_f64) {
            let part = |share: f64| ((whole as f64 * share) as u64).min(whole);
            let (small, large) = (percent(part(a.min(b)), whole), percent(part(a.max(b)), whole));
            prop_assert!(read_percent(&small) <= read_percent(&large), "{} before {}", small, large);
        }

        #[test]
        fn a_rate_is_near_and_finite(exponent in -6.0..15.0_f64) {
            let truth = 10_f64.powf(exponent);
            let text = rate(truth);
            let number = text.strip_suffix("/s").unwrap().replace(',', "");
            match number.strip_prefix('<') {
                Some(bound) => prop_assert!(truth < bound.parse::<f64>().unwrap()),
                None => {
                    let read = number.parse::<f64>().unwrap();
                    prop_assert!((read - truth).abs() <= truth * 0.051, "{} for {}", text, truth);
                }
            }
        }
    }
}
