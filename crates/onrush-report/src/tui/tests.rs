//! What keys do.

use std::time::Duration;

use onrush_metrics::{RunInfo, Snapshot};

use super::*;

fn running() -> Dashboard {
    let mut dashboard = Dashboard::new(Style::default());
    let info = RunInfo { duration: Some(Duration::from_secs(60)), ..RunInfo::default() };
    dashboard.on_event(&Event::Started(Box::new(info)));
    tick(&mut dashboard, 1);
    dashboard
}

fn tick(dashboard: &mut Dashboard, second: u64) {
    let at = Duration::from_secs(second);
    let snapshot = Snapshot { since: at.saturating_sub(Duration::from_secs(1)), at, ..Snapshot::default() };
    dashboard.on_event(&Event::Tick(Box::new(snapshot)));
}

#[test]
fn pages_are_a_ring() {
    use View::{Errors, Generator, Overview, Steps};
    let mut dashboard = running();
    for (key, expected) in [
        (Key::Tab, Steps),
        (Key::Right, Errors),
        (Key::Tab, Generator),
        (Key::Tab, Overview),
        (Key::BackTab, Generator),
        (Key::Left, Errors),
        (Key::Char('1'), Overview),
        (Key::Char('4'), Generator),
        (Key::Char('2'), Steps),
        (Key::Char('3'), Errors),
    ] {
        assert_eq!((dashboard.on_key(key), dashboard.chosen.view), (Asked::Draw, expected), "{key:?}");
    }
}

#[test]
fn a_picture_that_stands_still_says_so_and_goes_on_where_the_run_is() {
    let mut dashboard = running();
    dashboard.on_key(Key::Char('p'));
    tick(&mut dashboard, 30);
    let still = dashboard.text(80, 24);
    assert!(still.contains("display paused, run running") && still.contains("1 s, 59 s to go"), "{still}");
    dashboard.on_event(&Event::Stopping(onrush_metrics::StopReason::Interrupted));
    let stopping = dashboard.text(80, 24);
    assert!(stopping.contains("run stopping") && stopping.contains("again ends it now"), "{stopping}");
    dashboard.on_key(Key::Char(' '));
    let on = dashboard.text(80, 24);
    assert!(!on.contains("paused") && on.contains("30 s"), "{on}");
}

#[test]
fn q_stops_and_is_seen_to_before_the_run_has_heard_of_it() {
    let mut dashboard = running();
    assert_eq!(dashboard.on_key(Key::Char('q')), Asked::Stop);
    let once = dashboard.text(80, 24);
    assert!(once.contains("stopping") && once.contains("again ends it now") && once.contains("q end now"), "{once}");
    assert_eq!(dashboard.on_key(Key::Char('q')), Asked::Stop);
    assert!(dashboard.text(80, 24).contains("ending now"));
}

#[test]
fn help_is_over_the_page_until_it_is_closed() {
    for close in [Key::Escape, Key::Char('?'), Key::Char('2')] {
        let mut dashboard = running();
        dashboard.on_key(Key::Char('?'));
        assert!(dashboard.text(80, 24).contains("close this"));
        dashboard.on_key(close);
        assert!(!dashboard.text(80, 24).contains("close this"), "{close:?}");
    }
}

#[test]
fn whoever_scrolls_past_the_end_is_at_the_end() {
    let mut dashboard = running();
    dashboard.set_notes((1..=40).map(|number| format!("note {number}")).collect());
    assert!(dashboard.text(80, 24).contains("40 notes on page 4"));
    dashboard.on_key(Key::Char('4'));
    for _ in 0..20 {
        dashboard.on_key(Key::PageDown);
    }
    let end = dashboard.text(80, 24);
    assert!(end.contains("late it was") || end.contains("CPU of each") && !end.contains("note 1\n"), "{end}");
    let at_the_end = dashboard.chosen.scroll;
    dashboard.on_key(Key::End);
    dashboard.text(80, 24);
    assert_eq!(dashboard.chosen.scroll, at_the_end);
    dashboard.on_key(Key::Up);
    dashboard.on_key(Key::Home);
    assert!(dashboard.text(80, 24).contains("nothing of the generator's own"));
}

#[test]
fn other_keys_draw_nothing() {
    let mut dashboard = running();
    for key in [Key::Char('x'), Key::Char('Q'), Key::Escape, Key::Control('a'), Key::Char('5')] {
        assert_eq!(dashboard.on_key(key), Asked::Nothing, "{key:?}");
    }
}

/// Whatever the size, it is drawn, and only what is new is sent again.
#[test]
fn every_size_has_a_picture() {
    let mut dashboard = running();
    for view in ['1', '2', '3', '4', '?'] {
        dashboard.on_key(Key::Char(view));
        for (width, height) in
            (0..130).step_by(7).flat_map(|width| (0..50).step_by(3).map(move |height| (width, height)))
        {
            dashboard.draw(width, height);
            assert_eq!(dashboard.draw(width, height), "", "{width} x {height}");
        }
    }
}
