//! A comparison for people.

use std::fmt::Write;

use super::{Change, Comparison, Recorded};
use crate::layout::{LABEL, MARGIN, bullet, clean, clipped, columns, row, width, wrap};
use crate::moment::moment;
use crate::style::{Style, Tone};
use crate::units::clock;

/// Between columns.
const GAP: usize = 2;

pub(super) fn text(comparison: &Comparison, style: Style) -> String {
    let mut text = String::from("\n");
    head(&mut text, comparison, style);
    for warning in &comparison.refusals {
        bullet(&mut text, warning, Some(Tone::Bad), style);
    }
    for warning in &comparison.warnings {
        bullet(&mut text, warning, Some(Tone::Warn), style);
    }
    text.push('\n');
    runs(&mut text, "base", &comparison.base, style);
    runs(&mut text, "new", &comparison.new, style);
    if let Some(first) = comparison.base.first() {
        row(&mut text, "load", &clean(&first.outcome.info.load), style);
    }
    text.push('\n');
    table(&mut text, comparison, style);
    if let Some(quiet) = comparison.quiet() {
        let _ = writeln!(text, "{MARGIN}{}", style.paint(Tone::Dim, &quiet));
    }
    text.push('\n');
    for line in wrap(&comparison.basis(), columns(style) - MARGIN.len()) {
        let _ = writeln!(text, "{MARGIN}{}", style.paint(Tone::Dim, &line));
    }
    style.spell(text.replace('−', style.pick("−", "-")).replace('±', style.pick("±", "+")))
}

fn head(text: &mut String, comparison: &Comparison, style: Style) {
    let (mark, tone) = match comparison.result() {
        "worse" => (style.pick("✘", "x"), Tone::Bad),
        "better" => (style.pick("✔", "+"), Tone::Good),
        "unknown" => (style.pick("▲", "!"), Tone::Warn),
        _ => (style.pick("✔", "+"), Tone::Good),
    };
    let word = style.paint(tone, &format!("{mark} {}", comparison.result().to_uppercase()));
    let mut indent = "";
    for line in wrap(&format!("{word}: {}", comparison.meaning()), columns(style) - MARGIN.len() - 2) {
        let _ = writeln!(text, "{MARGIN}{indent}{line}");
        indent = "  ";
    }
}

fn runs(text: &mut String, label: &str, runs: &[Recorded], style: Style) {
    for (number, run) in runs.iter().enumerate() {
        let when = moment(run.outcome.info.started_at);
        let value = format!("{}, {when}, {}", clean(&run.name), clock(run.outcome.measured));
        row(text, if number == 0 { label } else { "" }, &value, style);
    }
}

/// A row of the table: cells, and how it is shown.
struct Line {
    cells: [String; 5],
    tone: Option<Tone>,
}

fn table(text: &mut String, comparison: &Comparison, style: Style) {
    let head = ["", "base", "new", "change", "between"].map(str::to_owned);
    let mut lines = vec![Line { cells: head, tone: Some(Tone::Dim) }];
    for (compared, changes) in comparison.rows() {
        let title = || String::new();
        lines.push(Line { cells: [compared.title(), title(), title(), title(), title()], tone: Some(Tone::Dim) });
        lines.extend(changes.into_iter().map(|change| line(change, style)));
    }
    let room = columns(style) - MARGIN.len();
    let is_title = |line: &Line| line.cells[1].is_empty();
    let width_of = |place: usize| {
        let cells = lines.iter().filter(|line| !is_title(line)).map(|line| width(&line.cells[place]));
        cells.max().unwrap_or(0) + if place == 0 { 0 } else { GAP }
    };
    let widths: Vec<_> = (0..5).map(width_of).collect();
    // The interval is in the other views; what is left says whether it matters.
    let mut shown = vec![1, 2, 3, 4];
    for least_needed in [4, 1] {
        if widths[0] + shown.iter().map(|place| widths[*place]).sum::<usize>() > room {
            shown.retain(|place| *place != least_needed);
        }
    }
    let taken: usize = shown.iter().map(|place| widths[*place]).sum();
    let first = widths[0].max(LABEL).min(room.saturating_sub(taken)).max(widths[0]);
    for line in &lines {
        let mut all = clipped(&line.cells[0], room, style);
        if !is_title(line) {
            all.push_str(&" ".repeat(first.saturating_sub(width(&all))));
            for place in &shown {
                let cell = &line.cells[*place];
                let _ = write!(all, "{}{cell}", " ".repeat(widths[*place] - width(cell)));
            }
        }
        let all = all.trim_end();
        let _ = writeln!(text, "{MARGIN}{}", line.tone.map_or_else(|| all.to_owned(), |tone| style.paint(tone, all)));
    }
}

fn line(change: &Change, style: Style) -> Line {
    let figure = change.figure;
    let (mark, tone) = match change.word() {
        "worse" => (style.pick("✘", "x"), Some(Tone::Bad)),
        "better" => (style.pick("✔", "+"), Some(Tone::Good)),
        _ => (" ", None),
    };
    let name = format!("  {mark} {}", figure.name());
    let cells = [
        name,
        figure.shown(change.base),
        figure.shown(change.new),
        figure.change(change.by),
        figure.interval(change.by).replace('…', style.pick("…", "to")),
    ];
    Line { cells, tone }
}
