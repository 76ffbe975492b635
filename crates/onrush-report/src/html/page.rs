//! The page: its parts as markup, its style, its data and its script in one file.

use super::data;
use super::details::{breakdown, checks, errors, generator, statuses};
use super::escape::{for_script, quoted, text};
use super::observed::observed;
use super::settings::settings;
use super::steps::steps;
use super::verdict::{figures, thresholds, verdict};
use super::view::{Phase, View};
use crate::moment::moment;
use crate::protocol::protocol;
use crate::units::{clock, count};

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const CHARTS: &str = include_str!("charts.js");
const SCRIPT: &str = include_str!("page.js");

/// What a part of the page is called there, and what it says; empty where there is nothing to say.
type Part = (&'static str, fn(&View) -> String);

/// Every part that is markup.
const PARTS: &[Part] = &[
    ("title", title),
    ("verdict", verdict),
    ("thresholds", thresholds),
    ("figures", figures),
    ("observed", observed),
    ("steps", steps),
    ("checks", checks),
    ("errors", errors),
    ("statuses", statuses),
    ("breakdown", breakdown),
    ("generator", generator),
    ("settings", settings),
];

/// The whole page. One that is `live` has a number by which what follows is asked for.
pub(crate) fn page(view: &View, live: Option<&str>) -> String {
    let info = &view.outcome.info;
    let name = info.targets.first().map_or("a run", |target| &**target);
    let live = live.map_or_else(|| "null".to_owned(), quoted);
    let script = format!("{CHARTS}\n{SCRIPT}");
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + script.len() + (1 << 17));
    let mut rest = PAGE;
    while let Some((before, (hole, after))) = rest.split_once("{{").and_then(|(a, b)| Some((a, b.split_once("}}")?))) {
        page.push_str(before);
        match hole {
            "name" => page.push_str(&text(name)),
            "style" => page.push_str(STYLE),
            "script" => page.push_str(&script),
            "data" => page.push_str(&for_script(&view.data())),
            "live" => page.push_str(&for_script(&live)),
            part => page.push_str(
                &PARTS.iter().find(|(name, _)| *name == part).map(|(_, make)| make(view)).unwrap_or_default(),
            ),
        }
        rest = after;
    }
    page + rest
}

/// What has to be changed on a page that is shown: all parts, and the data.
pub(crate) fn update(view: &View, number: &str, data: &str) -> String {
    let parts = PARTS.iter().map(|(name, make)| (*name, quoted(&make(view))));
    data::object([("number", quoted(number)), ("parts", data::object(parts)), ("data", data.to_owned())])
}

/// What was played, in a few words.
fn title(view: &View) -> String {
    let info = &view.outcome.info;
    let (first, more) = match &*info.targets {
        [] => (String::new(), 0),
        [first, more @ ..] => (text(first), more.len()),
    };
    let more = if more > 0 { format!(" <small>and {} more</small>", count(more as u64)) } else { String::new() };
    let began = if info.started_at.is_zero() { String::new() } else { moment(info.started_at).replace('T', " ") };
    let facts = [text(&info.load), text(&protocol(info)), began];
    let facts: Vec<_> =
        facts.into_iter().filter(|fact| !fact.is_empty()).map(|fact| format!("<span>{fact}</span>")).collect();
    let state = match view.phase {
        Phase::Running => {
            let near = view.near.as_ref().map(|near| format!(" · {}", text(near))).unwrap_or_default();
            format!("<p class=\"state running\">running · {}{}{near}</p>", clock(view.outcome.elapsed), of(view))
        }
        Phase::Stopping => "<p class=\"state running\">stopping</p>".to_owned(),
        Phase::Over => String::new(),
    };
    format!("<h1>{first}{more}</h1><p class=\"facts\">{}</p>{state}", facts.join(""))
}

fn of(view: &View) -> String {
    view.outcome.info.duration.map(|whole| format!(" of {}", clock(whole))).unwrap_or_default()
}
