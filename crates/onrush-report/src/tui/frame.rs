//! What is around every page: what is played, the verdict, how far it is, which pages there are, which keys.

use onrush_metrics::{RunInfo, Soundness, StopReason};
use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen, split_top, wide};
use super::state::State;
use super::{Chosen, Dashboard, View, errors, generator, observed, overview, steps};
use crate::far::whole_percent;
use crate::layout::clean;
use crate::protocol::protocol;
use crate::units::{clock, count, percent, rate, several};

/// What is drawn.
pub(super) struct Looks<'a> {
    /// What is shown of the run.
    pub(super) shown: &'a State,
    /// How it stands, which is something else while the picture stands still.
    pub(super) now: &'a State,
    pub(super) is_still: bool,
    pub(super) notes: &'a [String],
}

/// Left and right of everything.
const MARGIN: u16 = 1;
/// From this height on, there are empty lines between the parts.
const AIRY: u16 = 26;

/// Draws everything. How far the page can be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, looks: &Looks, chosen: Chosen) -> usize {
    if area.width < Dashboard::LEAST.0 || area.height < Dashboard::LEAST.1 {
        small(pen, area, looks.now);
        return 0;
    }
    let (title_bar, rest) = split_top(area, 1);
    title(pen, title_bar, looks, chosen);
    let inner = Rect { x: rest.x + MARGIN, width: rest.width - 2 * MARGIN, ..rest };
    let (above, rest) = split_top(inner, 3);
    verdict(pen, above, looks.shown);
    progress(pen, Rect { y: above.y + 1, ..above }, looks.shown);
    stages(pen, Rect { y: above.y + 2, ..above }, looks.now, chosen);
    let (tab_line, rest) = split_top(rest, if area.height >= AIRY { 3 } else { 1 });
    let info = &looks.shown.info;
    tabs(pen, Rect { y: tab_line.y + tab_line.height / 2, ..tab_line }, chosen.view, info);
    let (body, foot) = split_top(rest, rest.height - 1);
    keys(pen, foot, chosen, View::of(info).len(), looks.notes.len());
    if chosen.help {
        help(pen, body);
        return chosen.scroll;
    }
    match chosen.view {
        View::Overview => {
            overview::draw(pen, body, looks.shown, chosen.service);
            0
        }
        View::Steps => steps::draw(pen, body, looks.shown, chosen.scroll),
        View::Errors => errors::draw(pen, body, looks.shown, chosen.scroll),
        View::Generator => generator::draw(pen, body, looks.shown, looks.notes, chosen.scroll),
        View::Service => observed::draw(pen, body, looks.shown, chosen.scroll),
    }
}

/// As much as fits where there is no room for a picture.
fn small(pen: &mut Pen, area: Rect, state: &State) {
    let mut lines = vec![clock(state.at())];
    if let Some(last) = &state.last {
        let lasted = last.lasted().as_secs_f64();
        if lasted > 0.0 {
            lines.push(rate(last.interval.counters.ended() as f64 / lasted));
        }
        lines.push(format!("{} failed", count(last.total.counters.failed)));
        lines.push(format!("{} so far", last.verdict.soundness()));
    }
    lines.push("q stops the run".to_owned());
    for (y, text) in (area.top()..area.bottom()).zip(&lines) {
        pen.put(area.x, y, area.width, text, Ink::Plain);
    }
}

/// What is played on the left, how it stands on the right.
fn title(pen: &mut Pen, area: Rect, looks: &Looks, chosen: Chosen) {
    pen.fill(area, " ", Ink::Reversed);
    let state = word(looks, chosen);
    let right = area.right() - MARGIN;
    pen.put_right(right, area.y, area.width, &state, Ink::Reversed);
    let info = &looks.shown.info;
    let target = clean(info.targets.first().map_or("", String::as_str));
    let others = match info.targets.len() {
        0 | 1 => String::new(),
        more => format!(" and {} more", count(more as u64 - 1)),
    };
    let between = pen.style.pick(" · ", ", ");
    let text = format!("onrush  {target}{others}{between}{}{between}{}", clean(&info.load), protocol(info));
    let room = area.width.saturating_sub(wide(&state) + 2 * MARGIN + 2);
    pen.put(area.x + MARGIN, area.y, room, &text, Ink::Reversed);
}

fn word(looks: &Looks, chosen: Chosen) -> String {
    let now = looks.now;
    let word = match now.stopping {
        Some(StopReason::Completed) => "ending",
        Some(_) => "stopping",
        None if chosen.stops > 0 => "stopping",
        None if now.last.is_none() => "starting",
        None if now.last.as_ref().is_some_and(|last| last.warming_up) => "warming up",
        None => "running",
    };
    if looks.is_still { format!("display paused, run {word}") } else { word.to_owned() }
}

/// Whether the numbers can be trusted so far, and why not.
fn verdict(pen: &mut Pen, area: Rect, state: &State) {
    let measured = state.last.as_ref().filter(|last| {
        let counters = &last.arrivals().counters;
        !last.warming_up && (last.total.counters.ended() > 0 || counters.intended > 0 || counters.started > 0)
    });
    let Some(last) = measured else {
        let what = match state.info.warmup {
            warmup if !warmup.is_zero() && state.at() < warmup => {
                format!("warming up: figures begin after {}", clock(warmup))
            }
            _ => "nothing measured yet".to_owned(),
        };
        pen.put(area.x, area.y, area.width, &what, Ink::Dim);
        return;
    };
    let soundness = last.verdict.soundness();
    let (mark, ink) = match soundness {
        Soundness::Valid => (pen.style.pick("✔", "+"), Ink::Good),
        Soundness::Degraded => (pen.style.pick("▲", "!"), Ink::Warn),
        Soundness::Invalid => (pen.style.pick("✘", "x"), Ink::Bad),
    };
    let reasons: Vec<_> = last.verdict.reasons.iter().filter(|reason| reason.soundness > Soundness::Valid).collect();
    let why = match &*reasons {
        [] => " so far: the load is made as asked, and timed well".to_owned(),
        [only] => format!(" so far: {}", clean(&only.text)),
        [first, ..] => format!(" so far, {} reasons on page 4: {}", reasons.len(), clean(&first.text)),
    };
    // A sound measurement of a failure is still a failure.
    let counters = &last.total.counters;
    let failed = match counters.failed {
        0 => String::new(),
        failed => {
            format!("{} {} failed  ", pen.style.pick("✘", "x"), percent(failed, counters.ended()))
        }
    };
    let verdict = format!("{mark} {}", soundness.name());
    pen.run(area.x, area.y, area.width, &[(&failed, Ink::Bad), (&verdict, ink), (&why, Ink::Plain)]);
}

/// A bar, with marks where stages begin, and the time that is gone and left.
fn progress(pen: &mut Pen, area: Rect, state: &State) {
    let elapsed = clock(state.at());
    let Some(far) = state.far() else {
        let more = if state.stopping.is_some() { "" } else { "; how long it takes is not known" };
        pen.run(area.x, area.y, area.width, &[(&elapsed, Ink::Strong), (more, Ink::Dim)]);
        return;
    };
    let about = if far.is_guess { "about " } else { "" };
    let left = far.left.map(|left| format!(", {about}{} to go", clock(left))).unwrap_or_default();
    let text = format!("{}  {elapsed}{left}", whole_percent(far.share));
    let bar = area.width.saturating_sub(wide(&text).max(28) + 1);
    let full = (f64::from(bar) * far.share).round() as u16;
    let (done, open) = pen.style.pick(("━", "─"), ("=", "-"));
    pen.fill(Rect { width: full, height: 1, ..area }, done, Ink::Good);
    pen.fill(Rect { x: area.x + full, width: bar - full, height: 1, ..area }, open, Ink::Dim);
    for at in boundaries(state) {
        let x = (f64::from(bar) * at) as u16;
        let (mark, ink) =
            if x < full { (pen.style.pick('╋', '#'), Ink::Good) } else { (pen.style.pick('┼', '+'), Ink::Dim) };
        pen.cell(area.x + x.min(bar.saturating_sub(1)), area.y, mark, ink);
    }
    pen.put(area.x + bar + 1, area.y, area.width, &text, Ink::Plain);
}

/// Where stages begin, as shares of the whole.
fn boundaries(state: &State) -> Vec<f64> {
    let Some(whole) = state.info.duration.filter(|whole| !whole.is_zero()) else { return Vec::new() };
    let begun = state.info.stages.iter().filter_map(|stage| stage.from).filter(|from| !from.is_zero());
    begun.map(|from| from.as_secs_f64() / whole.as_secs_f64()).filter(|share| *share < 1.0).collect()
}

/// The stages that are played, or what the run waits for at its end.
fn stages(pen: &mut Pen, area: Rect, state: &State, chosen: Chosen) {
    let gauges = state.last.as_ref().map(|last| last.gauges).unwrap_or_default();
    let under_way = several(gauges.in_flight + gauges.waiting, "request", "requests");
    let is_asked = chosen.stops > 0 || state.stopping == Some(StopReason::Interrupted);
    let ending = match state.stopping {
        _ if chosen.stops > 1 => Some("interrupted twice: ending now".to_owned()),
        _ if is_asked => Some(format!("interrupted: waiting for {under_way} in flight; Ctrl-C or q again ends it now")),
        Some(StopReason::Threshold) => Some(format!("ended by a broken threshold: waiting for {under_way} in flight")),
        Some(StopReason::Precise) => Some(format!("known well enough: waiting for {under_way} in flight")),
        Some(StopReason::Script) => Some(format!("ended by the scenario: waiting for {under_way} in flight")),
        Some(_) => Some(format!("ending: waiting for {under_way} in flight")),
        None => None,
    };
    if let Some(text) = ending {
        pen.put(area.x, area.y, area.width, &text, Ink::Warn);
        return;
    }
    let mut x = area.x;
    for (stage, place, of) in state.stages() {
        let between = if x > area.x { pen.style.pick(" · ", ", ") } else { "" };
        let name = if stage.scenario.is_empty() { String::new() } else { format!("{}: ", clean(&stage.scenario)) };
        let which = if of > 1 { format!("stage {place} of {of}  ") } else { String::new() };
        let left = stage.until.filter(|_| of > 1).map(|until| until.saturating_sub(state.at()));
        let left = left.map(|left| format!(", {} left", clock(left))).unwrap_or_default();
        let texts = [
            (between, Ink::Dim),
            (&*name, Ink::Dim),
            (&*which, Ink::Dim),
            (&*clean(&stage.text), Ink::Plain),
            (&*left, Ink::Dim),
        ];
        x = pen.run(x, area.y, area.right().saturating_sub(x), &texts);
    }
}

/// The pages, the one that is open marked; where there is no room, it is the only one with a name.
fn tabs(pen: &mut Pen, area: Rect, view: View, info: &RunInfo) {
    let (views, has_steps) = (View::of(info), !info.series.is_empty());
    let texts: Vec<_> =
        views.iter().zip(1..).map(|(tab, number)| format!(" {number} {} ", name(*tab, has_steps))).collect();
    let has_room = texts.iter().map(|text| wide(text)).sum::<u16>() <= area.width;
    let mut x = area.x;
    for (text, tab) in texts.iter().zip(views) {
        let (text, ink) = match *tab == view {
            true => (&**text, Ink::Reversed),
            false if has_room => (&**text, Ink::Dim),
            false => (&text[..3], Ink::Dim),
        };
        x = pen.put(x, area.y, area.right().saturating_sub(x), text, ink);
    }
    let rule = Rect { x: x + 1, width: area.right().saturating_sub(x + 1), height: 1, ..area };
    pen.fill(rule, pen.style.pick("─", "-"), Ink::Dim);
}

fn name(view: View, has_steps: bool) -> &'static str {
    match view {
        View::Overview => "Overview",
        View::Steps if has_steps => "Steps",
        View::Steps => "Times",
        View::Errors => "Errors",
        View::Generator => "Generator",
        View::Service => "Service",
    }
}

/// The keys that are pressed most, in the last line, as far as there is room.
fn keys(pen: &mut Pen, area: Rect, chosen: Chosen, views: usize, notes: usize) {
    let stop = if chosen.stops > 0 { "end now" } else { "stop" };
    let digits = format!("1-{views}");
    let mut x = area.x;
    for (key, what) in [("?", "help"), (&*digits, "pages"), ("q", stop), ("p", "pause display"), ("s", "service")] {
        // Both are side by side there.
        let is_idle = key == "s" && (chosen.view != View::Overview || area.width >= overview::SIDE_BY_SIDE);
        let room = area.right().saturating_sub(x);
        if is_idle || wide(key) + 1 + wide(what) > room {
            continue;
        }
        x = pen.run(x, area.y, room, &[(key, Ink::Strong), (" ", Ink::Plain), (what, Ink::Dim)]) + 3;
    }
    let text = format!("{} on page 4", several(notes as u64, "note", "notes"));
    if notes > 0 && chosen.view != View::Generator && wide(&text) <= area.right().saturating_sub(x) {
        pen.put_right(area.right(), area.y, area.width, &text, Ink::Warn);
    }
}

const HELP: &[(&str, &str)] = &[
    ("1 2 3 4  Tab", "another page"),
    ("up down  PgUp PgDn", "scroll a long one (also j k, Home End)"),
    ("p  space", "let the picture stand still; the run goes on"),
    ("s", "service or response times, where only one has room"),
    ("q  Ctrl-C", "stop: what is in flight may finish; twice: now"),
    ("Ctrl-Z", "to the shell; the run stands still until `fg`"),
    ("?  Esc", "close this"),
    ("", ""),
    ("response time", "from when a request was due to its last byte"),
    ("service time", "from its first byte written to its last byte read"),
];

fn help(pen: &mut Pen, area: Rect) {
    let left = HELP.iter().map(|(keys, _)| wide(keys)).max().unwrap_or(0) + 2;
    for ((keys, what), y) in HELP.iter().zip(area.top() + 1..area.bottom()) {
        let x = pen.put(area.x, y, left, keys, Ink::Strong).max(area.x + left);
        pen.put(x, y, area.right().saturating_sub(x), what, Ink::Plain);
    }
}
