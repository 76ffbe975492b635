//! The service's own figures: which of them have a chart below that of the times, and the table of all.

use onrush_metrics::Outcome;

use super::data::{list, object};
use super::escape::{quoted, text};
use super::table::{Cell, Column, Row, table};
use super::view::View;
use crate::observed::{Family, families, rows, unit};
use crate::units::count;

/// Charts, curves of one, and curves of all: so that the page can be read, and sent.
const MOST_CHARTS: usize = 12;
const MOST_OF_ONE: usize = 5;
const MOST_OF_ALL: usize = 24;
/// Rows of the table.
const MOST_ROWS: usize = 200;

/// What is drawn together, of that of which there was a figure.
pub(super) fn drawn(outcome: &Outcome) -> Vec<Family<'_>> {
    let mut room = MOST_OF_ALL;
    let mut drawn = families(&outcome.info.observed);
    drawn.iter_mut().for_each(|family| family.members.retain(|(place, _)| is_there(outcome, *place)));
    drawn.retain(|family| !family.members.is_empty());
    drawn.truncate(MOST_CHARTS);
    for family in &mut drawn {
        family.members.truncate(MOST_OF_ONE.min(room));
        room -= family.members.len();
    }
    drawn.retain(|family| !family.members.is_empty());
    drawn
}

fn is_there(outcome: &Outcome, place: usize) -> bool {
    outcome.observed.get(place).is_some_and(|figures| figures.last().is_some())
}

/// The charts: what each is called and of which columns it is.
pub(super) fn charts(drawn: &[Family]) -> String {
    let member =
        |(place, label): &(usize, &str)| object([("place", quoted(&place.to_string())), ("name", quoted(label))]);
    list(drawn.iter().map(|family| {
        object([
            ("title", quoted(&family.title)),
            ("unit", quoted(family.unit.name())),
            ("lines", list(family.members.iter().map(member))),
        ])
    }))
}

/// How many series had figures and have no curve.
pub(super) fn left_out(outcome: &Outcome, drawn: &[Family]) -> usize {
    let there = (0..outcome.observed.len()).filter(|place| is_there(outcome, *place)).count();
    there - drawn.iter().map(|family| family.members.len()).sum::<usize>()
}

/// The table of all.
pub(super) fn observed(view: &View) -> String {
    let all = &view.outcome.info.observed;
    if all.is_empty() {
        return String::new();
    }
    let rows = rows(&view.outcome).take(MOST_ROWS).map(|(name, figures)| {
        let cell = |figure: Option<f64>| {
            figure.map_or_else(Cell::none, |figure| Cell::figure(&unit(name).show(figure), figure))
        };
        let cells = [figures.mean(), figures.max(), figures.last()].map(cell).into();
        Row { class: "", head: format!("<code>{}</code>", text(name)), cells }
    });
    let rows: Vec<_> = rows.collect();
    let columns = [Column("mean", false), Column("max", false), Column("last", false)];
    let more = match all.len().saturating_sub(MOST_ROWS) {
        0 => String::new(),
        more => format!("<p class=\"quiet\">and {} more</p>", count(more as u64)),
    };
    format!(
        "<h2>The service’s own figures</h2>{}{more}",
        table("The service’s own figures", "series", &columns, &rows, true)
    )
}
