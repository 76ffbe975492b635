//! The service's own figures beside those of the run.

use crate::layout::{clean, clipped, room, rows, width};
use crate::observed::Observed;
use crate::style::Style;
use crate::units::{bytes, count, rate};

/// A line or two for each series that was there, after an empty one; nothing where none was.
pub(super) fn section(observed: &[Observed], style: Style) -> String {
    let lines: Vec<_> = observed.iter().flat_map(|row| lines(row, style)).collect();
    let mut text = String::new();
    if !lines.is_empty() {
        text.push('\n');
        rows(&mut text, "observed", &lines);
    }
    style.spell(text)
}

/// A name and its figures, on two lines where they do not fit on one.
fn lines(row: &Observed, style: Style) -> Vec<String> {
    let (Some(mean), Some(max), Some(last)) = (row.mean, row.max, row.last) else { return Vec::new() };
    let words = [("mean", mean), ("max", max), ("last", last)];
    let words = words.map(|(word, value)| format!("{word} {}", figure(&row.name, value))).join(style.pick(" · ", ", "));
    let (name, room) = (clean(&row.name), room(style));
    match format!("{name}  {words}") {
        both if width(&both) <= room => vec![both],
        _ => vec![clipped(&name, room, style), clipped(&format!("  {words}"), room, style)],
    }
}

/// In the unit that its name has.
fn figure(name: &str, value: f64) -> String {
    let is_bytes = name.contains("_bytes");
    match name.contains("rate(") {
        true if is_bytes => bytes(value.max(0.0) as u64) + "/s",
        true => rate(value),
        false if is_bytes => bytes(value.max(0.0) as u64),
        false if value >= 0.0 && value.fract() == 0.0 => count(value as u64),
        false => format!("{value:.3}"),
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
            ("temperature", -3.0, "-3.000"),
            ("process_resident_memory_bytes", 12_345_678.0, "12.3 MB"),
            ("rate(http_requests_total)", 20.0, "20.00/s"),
            ("rate(http_sent_bytes_total)", 1_500.0, "1.50 kB/s"),
        ] {
            assert_eq!(figure(name, value), expected, "{name}");
        }
    }
}
