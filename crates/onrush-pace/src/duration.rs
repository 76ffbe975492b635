//! Durations in the words of the load grammar.

use std::fmt::Write;
use std::time::Duration;

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
}
