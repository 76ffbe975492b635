//! A comparison for pull requests.

use std::fmt::Write;

use super::{Comparison, Recorded};
use crate::layout::clean;
use crate::units::clock;

pub(super) fn markdown(comparison: &Comparison) -> String {
    let mark = match comparison.result() {
        "worse" => "❌",
        "better" => "✅",
        _ => "➖",
    };
    let mut text = format!("### {mark} {}: {}\n\n", comparison.result(), comparison.meaning());
    for warning in comparison.refusals.iter().chain(&comparison.warnings) {
        let _ = writeln!(text, "> ⚠️ {}", escaped(warning));
    }
    if !comparison.refusals.is_empty() || !comparison.warnings.is_empty() {
        text.push('\n');
    }
    text.push_str("| | base | new | change | between | |\n|---|--:|--:|--:|:-:|---|\n");
    for (compared, changes) in comparison.rows() {
        for change in changes {
            let figure = change.figure;
            let _ = writeln!(
                text,
                "| {} **{}** | {} | {} | {} | {} | {} |",
                escaped(&compared.title()),
                figure.name(),
                figure.shown(change.base),
                figure.shown(change.new),
                figure.change(change.by),
                figure.interval(change.by),
                change.word()
            );
        }
    }
    if let Some(quiet) = comparison.quiet() {
        let _ = writeln!(text, "\n{quiet}.");
    }
    let _ = writeln!(text, "\nBase: {}. New: {}.", names(&comparison.base), names(&comparison.new));
    let _ = writeln!(text, "\n<sub>{}.</sub>", comparison.basis());
    text
}

fn names(runs: &[Recorded]) -> String {
    let name = |run: &Recorded| format!("{} ({})", escaped(&run.name), clock(run.outcome.measured));
    runs.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Text from elsewhere, in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in clean(text).chars() {
        match char {
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '@' | '#' => {
                escaped.push('\\');
                escaped.push(char);
            }
            char => escaped.push(char),
        }
    }
    escaped
}
