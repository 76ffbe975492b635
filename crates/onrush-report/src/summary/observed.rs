//! The service's own figures beside those of the run.

use onrush_metrics::{Observed, Outcome};

use crate::layout::{clean, clipped, room, rows, width};
use crate::observed::{self, unit};
use crate::style::Style;

/// A line or two for each series that was there; nothing where none was.
pub(super) fn section(outcome: &Outcome, style: Style) -> String {
    let lines: Vec<_> = observed::rows(outcome).flat_map(|(name, figures)| lines(name, figures, style)).collect();
    let mut text = String::new();
    if !lines.is_empty() {
        rows(&mut text, "observed", &lines);
    }
    text
}

/// A name and its figures, on two lines where they do not fit on one.
fn lines(name: &str, figures: Observed, style: Style) -> Vec<String> {
    let (Some(mean), Some(max), Some(last)) = (figures.mean(), figures.max(), figures.last()) else {
        return Vec::new();
    };
    let words = [("mean", mean), ("max", max), ("last", last)];
    let words = words.map(|(word, value)| format!("{word} {}", unit(name).show(value))).join(style.pick(" · ", ", "));
    let (name, room) = (clean(name), room(style));
    // Nothing else is without a name than what somebody made up.
    let name = if name.is_empty() { "?".to_owned() } else { name };
    match format!("{name}  {words}") {
        both if width(&both) <= room => vec![both],
        _ => vec![clipped(&name, room, style), clipped(&format!("  {words}"), room, style)],
    }
}
