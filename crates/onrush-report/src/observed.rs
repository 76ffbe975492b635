//! The service's own figures: in which unit they are, and which of them are drawn together.

use std::time::Duration;

use onrush_metrics::{Observed, Outcome};

use crate::units::{bytes, count, rate, three_digits, time};

/// What a figure counts, by the conventions for names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Number,
    Bytes,
    Seconds,
    /// Of one; seconds in a second, too.
    Share,
    /// In a second.
    Rate,
    /// In a second.
    BytesRate,
}

/// Series of one metric, which have one unit and are drawn together.
#[derive(Debug, PartialEq)]
pub(crate) struct Family<'a> {
    /// The metric, or the whole name where there is only one series.
    pub(crate) title: String,
    pub(crate) unit: Unit,
    /// The place of each among all, and what tells it from the others; nothing where there are none.
    pub(crate) members: Vec<(usize, &'a str)>,
}

/// Each series with what it was over the run.
pub(crate) fn rows(outcome: &Outcome) -> impl Iterator<Item = (&str, Observed)> {
    let of = |place: usize| outcome.observed.get(place).copied().unwrap_or_default();
    outcome.info.observed.iter().enumerate().map(move |(place, name)| (&**name, of(place)))
}

/// All series, those of one metric together, in the order in which the metrics are met first.
pub(crate) fn families(names: &[String]) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let (title, labels) = apart(name);
        match families.iter_mut().find(|family| family.title == title) {
            Some(family) => family.members.push((place, labels)),
            None => families.push(Family { title, unit: unit(name), members: vec![(place, labels)] }),
        }
    }
    for family in &mut families {
        if let [(place, labels)] = &mut *family.members {
            (family.title, *labels) = (names[*place].clone(), "");
        }
    }
    families
}

/// A name without its labels, and these.
fn apart(name: &str) -> (String, &str) {
    match (name.find('{'), name.rfind('}')) {
        (Some(from), Some(to)) if from < to => (format!("{}{}", &name[..from], &name[to + 1..]), &name[from..=to]),
        _ => (name.to_owned(), ""),
    }
}

pub(crate) fn unit(name: &str) -> Unit {
    let (metric, _) = apart(name);
    let metric = metric.trim_end_matches(')');
    let stem = ["_total", "_sum"].iter().find_map(|suffix| metric.strip_suffix(suffix)).unwrap_or(metric);
    match metric.contains("rate(") {
        true if metric.contains("_bytes") => Unit::BytesRate,
        true if stem.ends_with("_seconds") => Unit::Share,
        true => Unit::Rate,
        false if metric.contains("_bytes") => Unit::Bytes,
        false if metric.ends_with("_seconds") => Unit::Seconds,
        false if metric.ends_with("_ratio") || metric.ends_with("_cpu_usage") => Unit::Share,
        false => Unit::Number,
    }
}

impl Unit {
    /// What the page calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Share => "part",
            Self::Rate => "rate",
            Self::BytesRate => "byterate",
        }
    }

    /// A figure as people read it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            _ if !value.is_finite() => "-".to_owned(),
            // What has no sense below zero is a mere number there.
            unit if value < 0.0 && unit != Self::Number => Self::Number.show(value),
            Self::Number => number(value),
            Self::Bytes => bytes(value as u64),
            Self::Seconds => time(Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX)),
            Self::Share => format!("{} %", number(value * 100.0)),
            Self::Rate => rate(value),
            Self::BytesRate => format!("{}/s", bytes(value as u64)),
        }
    }
}

/// With three digits, or whole.
fn number(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    match value.abs() {
        size if size >= 999.5 || size.fract() == 0.0 => format!("{sign}{}", count(size.round() as u64)),
        size if size >= 0.995 => format!("{sign}{}", three_digits(size)),
        size if size >= 0.000_5 => format!("{sign}{size:.3}"),
        size => format!("{sign}{size:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_unit_of_their_names() {
        for (name, value, expected) in [
            ("process_open_fds", 12_345.0, "12,345"),
            ("load", 0.5, "0.500"),
            ("load", 12.345, "12.3"),
            ("load", 12_345.6, "12,346"),
            ("load", 0.000_012, "1.2e-5"),
            ("load", f64::INFINITY, "-"),
            ("temperature", -3.0, "-3"),
            ("process_resident_memory_bytes", 12_345_678.0, "12.3 MB"),
            ("rate(http_requests_total)", 20.0, "20.00/s"),
            ("rate(http_sent_bytes_total{a=\"}\"})", 1_500.0, "1.50 kB/s"),
            ("rate(process_cpu_seconds_total)", 1.256, "126 %"),
            ("http://a.test/ rate(gc_seconds_sum{a=\"b\"})", 0.05, "5 %"),
            ("mean(http_request_duration_seconds{a=\"b\"})", 0.0123, "12.3 ms"),
            ("nodejs_eventloop_lag_seconds", 1e300, "213,503,982,334,601 d"),
            ("process_cpu_usage", 0.256, "25.6 %"),
            ("delta_bytes", -5.0, "-5"),
        ] {
            assert_eq!(unit(name).show(value), expected, "{name}");
        }
    }

    #[test]
    fn series_of_one_metric_are_drawn_together() {
        let names = ["rate(a{x=\"1\"})", "b{x=\"1\"}", "rate(a{x=\"2\"})", "http://h/ b", "rate(a)"];
        let names = names.map(str::to_owned);
        let found: Vec<_> = families(&names).into_iter().map(|family| (family.title, family.members)).collect();
        assert_eq!(
            found,
            [
                ("rate(a)".to_owned(), vec![(0, "{x=\"1\"}"), (2, "{x=\"2\"}"), (4, "")]),
                ("b{x=\"1\"}".to_owned(), vec![(1, "")]),
                ("http://h/ b".to_owned(), vec![(3, "")]),
            ]
        );
    }
}
