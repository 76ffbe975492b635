//! The fourth page: whether the generator itself is good enough, and what was noted.

use onrush_metrics::{Health, Soundness, Tally, Verdict};
use ratatui_core::layout::Rect;

use super::pen::{Ink, Pen};
use super::state::State;
use super::table::{Column, Line, Row, line, page, table};
use crate::layout::{clean, wrap};
use crate::style::Style;
use crate::units::{bytes, duration, share, supports, time};

/// Columns of a worker's bar.
const BAR: usize = 20;
/// From here on a worker is a bottleneck soon.
const BUSY: f64 = 0.8;
/// Workers that have a line of their own.
const MOST_WORKERS: usize = 16;

/// Draws the page. How far it can be scrolled.
pub(super) fn draw(pen: &mut Pen, area: Rect, state: &State, notes: &[String], scroll: usize) -> usize {
    let room = usize::from(area.width);
    let nothing = (Tally::default(), Health::default(), Verdict::default());
    let (total, health, verdict) = state
        .last
        .as_ref()
        .map_or((&nothing.0, &nothing.1, &nothing.2), |last| (&last.total, &last.health, &last.verdict));
    let mut lines = reasons(verdict, room);
    lines.extend(noted(notes, room));
    lines.extend(workers(health, pen.style));
    lines.extend(process(health, state));
    lines.push(Line::new());
    lines.extend(lags(total, room, pen.style));
    page(pen, area, &lines, 0, scroll)
}

fn reasons(verdict: &Verdict, room: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for reason in verdict.reasons.iter().filter(|reason| reason.soundness > Soundness::Valid) {
        let ink = if reason.soundness == Soundness::Invalid { Ink::Bad } else { Ink::Warn };
        let text = format!("{}: {}", reason.soundness, clean(&reason.text));
        lines.extend(wrap(&text, room.max(2)).into_iter().map(|text| line(text, ink)));
    }
    if lines.is_empty() {
        lines.push(line("nothing of the generator's own shows in the numbers so far", Ink::Good));
    }
    lines.push(Line::new());
    lines
}

fn workers(health: &Health, style: Style) -> Vec<Line> {
    let mut lines = vec![line("CPU of each worker since the start", Ink::Dim)];
    for (number, worker) in health.workers.iter().enumerate().take(MOST_WORKERS) {
        let Some(cpu) = worker.cpu else { continue };
        let ink = if cpu >= BUSY { Ink::Warn } else { Ink::Good };
        let full = ((cpu.clamp(0.0, 1.0) * BAR as f64).round()) as usize;
        let queue = worker.run_queue.map(|queue| format!("   waited for a core {}", share(queue)));
        lines.push(vec![
            (format!("  worker {:<3}", number + 1), Ink::Plain),
            (style.pick("█", "#").repeat(full), ink),
            (style.pick("░", ".").repeat(BAR - full), Ink::Dim),
            (format!(" {:>5}", share(cpu)), Ink::Plain),
            (queue.unwrap_or_default(), Ink::Dim),
        ]);
    }
    if health.workers.len() > MOST_WORKERS {
        lines.push(line(format!("  and {} more", health.workers.len() - MOST_WORKERS), Ink::Dim));
    }
    lines
}

fn process(health: &Health, state: &State) -> Vec<Line> {
    let at = state.at().as_secs_f64();
    let cpu = health.process_cpu.filter(|_| at > 0.0);
    let cpu = cpu.map(|cpu| format!("{} ({} of a core)", duration(cpu), share(cpu.as_secs_f64() / at)));
    let steal = health.steal.filter(|steal| *steal > 0.0);
    let all = [("all threads", cpu), ("memory", health.peak_memory.map(bytes)), ("stolen by others", steal.map(share))];
    let known = all.into_iter().filter_map(|(name, text)| Some((name, text?)));
    known.map(|(name, text)| vec![(format!("  {name:<18}"), Ink::Dim), (text, Ink::Plain)]).collect()
}

const COLUMNS: &[Column] = &[("p50", 1), ("p99", 0), ("max", 0)];

fn lags(total: &Tally, room: usize, style: Style) -> Vec<Line> {
    let all =
        [("  start lag", &total.start_lag), ("  release lag", &total.release_lag), ("  loop delay", &total.loop_delay)];
    let rows: Vec<_> = all
        .into_iter()
        .filter(|(_, times)| !times.is_empty())
        .map(|(name, times)| {
            let quantile = |q: f64| if supports(times, q) { time(times.quantile(q)) } else { "–".to_owned() };
            let cells = [quantile(0.5), quantile(0.99), time(times.max())].map(|text| (text, Ink::Plain));
            Row { name: name.to_owned(), cells: cells.to_vec() }
        })
        .collect();
    if rows.is_empty() { Vec::new() } else { table("how late it was", COLUMNS, &rows, room, style) }
}

fn noted(notes: &[String], room: usize) -> Vec<Line> {
    if notes.is_empty() {
        return Vec::new();
    }
    let texts = notes.iter().flat_map(|note| wrap(&clean(note), room.saturating_sub(2).max(2)));
    let texts = texts.map(|text| line(format!("  {text}"), Ink::Plain));
    std::iter::once(line("notes", Ink::Dim)).chain(texts).chain([Line::new()]).collect()
}
