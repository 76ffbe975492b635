//! The line that says how a run goes: what is in it, and what is left out where there is not room for all.

use std::time::Duration;

use onrush_metrics::{RunInfo, Snapshot, StopReason, Tally};

use crate::far::{far, whole_percent};
use crate::findings::nearness;
use crate::layout::{clipped, width};
use crate::style::{Style, Tone};
use crate::units::{clock, count, percent, rate, several, supports, time};

const GAP: &str = "  ";
/// A tick this soon after the warm-up still tells of the warm-up.
const SHORTEST: Duration = Duration::from_millis(250);
/// What those who interrupt may want to know.
pub(super) const AGAIN: &str = "; Ctrl-C again ends it now";

/// What a line is made from.
pub(super) struct View<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// What happened since the last line.
    pub(super) since: &'a Tally,
    /// How long ago that was.
    pub(super) over: Duration,
    pub(super) info: Option<&'a RunInfo>,
    pub(super) stopping: Option<StopReason>,
    /// On a terminal, where somebody may press keys.
    pub(super) live: bool,
}

/// A part of the line; the greatest `rank` goes first where there is no room.
struct Part {
    rank: u8,
    /// What stands between it and the one before.
    gap: &'static str,
    text: String,
}

/// As much of how the run goes as fits into `room` columns.
pub(super) fn line(view: &View, room: usize, style: Style) -> String {
    let mut parts = parts(view, style);
    while parts.len() > 1 && joined_width(&parts) > room {
        let last = parts.iter().map(|part| part.rank).max();
        parts.retain(|part| Some(part.rank) != last);
    }
    if joined_width(&parts) > room {
        return parts.first().map(|part| clipped(&part.text, room, style)).unwrap_or_default();
    }
    let first = parts.first().map_or(0, |part| part.gap.len());
    parts.iter().flat_map(|part| [part.gap, &part.text]).collect::<String>().split_off(first)
}

fn joined_width(parts: &[Part]) -> usize {
    let gaps = parts.iter().skip(1).map(|part| part.gap.len()).sum::<usize>();
    parts.iter().map(|part| width(&part.text)).sum::<usize>() + gaps
}

/// In the order in which they are shown.
fn parts(view: &View, style: Style) -> Vec<Part> {
    let (elapsed, to_go) = progress(view);
    let mut parts = vec![Part { rank: 0, gap: "", text: elapsed }];
    parts.extend(to_go.map(|text| Part { rank: 5, gap: ", ", text }));
    let mut add = |rank, text| parts.push(Part { rank, gap: GAP, text });
    let (gauges, total) = (&view.snapshot.gauges, &view.snapshot.total.counters);
    if let Some(reason) = view.stopping {
        let is_interrupted = reason == StopReason::Interrupted;
        let word = if is_interrupted { "interrupted" } else { "ending" };
        let again = if is_interrupted && view.live { AGAIN } else { "" };
        add(1, format!("{word}, {} in flight{again}", count(gauges.in_flight + gauges.waiting)));
    } else if view.snapshot.warming_up || view.over < SHORTEST {
        add(1, "warming up".to_owned());
    } else {
        measured(view, &mut add);
    }
    if total.failed > 0 {
        let text = format!("{} failed ({})", count(total.failed), percent(total.failed, total.ended()));
        add(2, style.paint(Tone::Bad, &text));
    }
    if total.dropped > 0 {
        add(3, style.paint(Tone::Warn, &format!("{} dropped", count(total.dropped))));
    }
    let near = view.info.filter(|_| view.stopping.is_none()).and_then(|info| nearness(info, view.snapshot, style));
    near.into_iter().for_each(|near| add(4, near));
    if gauges.waiting > 0 && view.stopping.is_none() {
        add(7, format!("{} waiting", count(gauges.waiting)));
    }
    if view.stopping.is_none() {
        add(8, several(gauges.users, "user", "users"));
    }
    parts
}

/// Figures of what happened since the last line.
fn measured(view: &View, add: &mut impl FnMut(u8, String)) {
    let (now, over) = (view.since, view.over.as_secs_f64());
    if over > 0.0 {
        add(4, rate(now.counters.ended() as f64 / over));
    }
    if !now.response.is_empty() {
        add(6, format!("p50 {}", time(now.response.quantile(0.5))));
        let is_supported = supports(&now.response, 0.99);
        let (name, q) = if is_supported { ("p99", 0.99) } else { ("max", 1.0) };
        add(6, format!("{name} {}", time(now.response.quantile(q))));
    }
}

/// How far the run is, and what is left of it, as far as that can be known.
fn progress(view: &View) -> (String, Option<String>) {
    let elapsed = clock(view.snapshot.at);
    let info = view.info.filter(|_| view.stopping.is_none());
    let Some(far) = info.and_then(|info| far(view.snapshot, info)) else { return (elapsed, None) };
    let about = if far.is_guess { "about " } else { "" };
    let to_go = far.left.map(|left| format!("{about}{} to go", clock(left)));
    (format!("{}  {elapsed}", whole_percent(far.share)), to_go)
}
