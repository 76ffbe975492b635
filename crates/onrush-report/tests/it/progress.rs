//! The live line and the plain lines over sequences of events.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{ErrorKind, Event, Gauges, RunInfo, Snapshot, StopReason, Tally};
use onrush_report::{Output, Progress, Style};
use unicode_width::UnicodeWidthStr;

use crate::fixtures::{self, closed_info, good, open_info, secs};
use crate::shared::Sink;

const STYLE: Style = Style { colour: false, unicode: true, width: 80 };

/// The events of a run, a tick a second.
struct Story {
    info: RunInfo,
    total: Tally,
    at: Duration,
    events: Vec<Event>,
}

impl Story {
    fn of(info: RunInfo) -> Self {
        let events = vec![Event::Started(Box::new(info.clone()))];
        Self { info, total: Tally::default(), at: Duration::ZERO, events }
    }

    /// Another second (less a little, as clocks go), in which this happened.
    fn tick(mut self, interval: Tally, gauges: Gauges) -> Self {
        let since = self.at;
        self.at = if self.at.is_zero() { Duration::from_micros(999_400) } else { self.at + secs(1) };
        self.total.merge(&interval);
        let snapshot = Snapshot {
            since,
            at: self.at,
            interval,
            total: self.total.clone(),
            gauges,
            warming_up: self.at < self.info.warmup,
            // In the first seconds it is not known.
            precision: self.info.until.as_ref().filter(|_| self.at > secs(3)).map(|_| 0.2 / self.at.as_secs_f64()),
            ..Snapshot::default()
        };
        self.events.push(Event::Tick(Box::new(snapshot)));
        self
    }

    fn ticks(self, number: usize, interval: &Tally, gauges: Gauges) -> Self {
        (0..number).fold(self, |story, _| story.tick(interval.clone(), gauges))
    }

    fn stopping(mut self, reason: StopReason) -> Self {
        self.events.push(Event::Stopping(reason));
        self
    }

    fn finish(mut self) -> Vec<Event> {
        self.events.push(Event::Finished(Box::new(fixtures::one())));
        self.events
    }
}

fn busy(users: u64) -> Gauges {
    Gauges { users, in_flight: users, waiting: 0 }
}

fn failing(count: u64, failed: u64) -> Tally {
    let mut tally = good(count, 0);
    (tally.counters.completed, tally.counters.failed) = (count - failed, failed);
    (0..failed).for_each(|_| tally.errors.record(ErrorKind::Status, || "status 500".to_owned()));
    tally
}

/// A timed closed load that fails now and then.
fn timed() -> Vec<Event> {
    let info = RunInfo { load: "50 users for 12s".to_owned(), duration: Some(secs(12)), ..closed_info() };
    let story = Story::of(info).ticks(3, &good(12_000, 0), busy(50)).tick(failing(9_000, 40), busy(50));
    story.ticks(8, &good(11_000, 0), busy(50)).stopping(StopReason::Completed).tick(good(20, 0), busy(3)).finish()
}

/// A counted one: how long it lasts is a guess.
fn counted() -> Vec<Event> {
    let load = "4000 iterations by 1 user".to_owned();
    let info = RunInfo { load, duration: None, requests: Some(4_000), ..closed_info() };
    let story = Story::of(info).tick(Tally::default(), busy(1)).tick(good(30, 0), busy(1));
    let story = story.ticks(6, &good(661, 0), busy(1)).stopping(StopReason::Completed);
    story.tick(good(4, 0), Gauges::default()).finish()
}

/// A sequence of which neither is known.
fn unknown() -> Vec<Event> {
    let load = "100 iterations by 20 users, 50 users for 5m".to_owned();
    let info = RunInfo { load, duration: None, requests: None, ..closed_info() };
    Story::of(info).ticks(7, &good(1_500, 0), busy(20)).finish()
}

/// One that ends as soon as enough is known.
fn precise() -> Vec<Event> {
    let until = Some(fixtures::until("search p99", 0.99, 0.02));
    let info = RunInfo { load: "50 users for 1m".to_owned(), duration: Some(secs(60)), until, ..closed_info() };
    let story = Story::of(info).ticks(11, &failing(9_000, 40), busy(50)).stopping(StopReason::Precise);
    story.tick(good(20, 0), busy(3)).finish()
}

/// An open load that does not fit under its in-flight limit.
fn crowded() -> Vec<Event> {
    let mut interval = good(700, 0);
    interval.counters.dropped = 300;
    let gauges = Gauges { users: 250, in_flight: 250, waiting: 1_250 };
    Story::of(open_info("1000/s for 1h", 3_600, 3_600_000)).ticks(6, &interval, gauges).finish()
}

/// Warm-up, then Ctrl-C.
/// Somebody thinks better of it at once: nothing is known yet about what is in flight.
fn regretted() -> Vec<Event> {
    Story::of(closed_info()).stopping(StopReason::Interrupted).finish()
}

fn interrupted() -> Vec<Event> {
    let info = RunInfo { warmup: secs(3), ..open_info("200/s for 1m", 60, 12_000) };
    let story = Story::of(info).ticks(3, &Tally::default(), busy(4)).ticks(4, &good(200, 0), busy(4));
    story.stopping(StopReason::Interrupted).tick(good(3, 0), busy(1)).finish()
}

/// The tick at which the warm-up ends tells of nothing that was measured.
#[test]
fn the_last_tick_of_the_warm_up_has_no_rate() {
    let info = RunInfo { warmup: Duration::from_micros(999_300), ..closed_info() };
    let text = written(&Story::of(info).tick(Tally::default(), busy(4)).events, STYLE, false);
    let line = text.lines().last().expect("a line");
    assert!(line.contains("warming up") && !line.contains("/s"), "{text}");
}

type Named = (&'static str, fn() -> Vec<Event>);

const STORIES: &[Named] = &[
    ("timed", timed),
    ("counted", counted),
    ("unknown", unknown),
    ("crowded", crowded),
    ("precise", precise),
    ("interrupted", interrupted),
    ("regretted", regretted),
];

fn written(events: &[Event], style: Style, live: bool) -> String {
    let sink = Sink::default();
    let mut progress = Progress::new(sink.clone(), style, live);
    events.iter().for_each(|event| progress.on_event(event).expect("memory"));
    sink.text()
}

/// What a live line became, one state a line.
fn states(text: &str) -> String {
    text.replace('\r', "\n").replace("\u{1b}[K", "⌫").replace('\u{1b}', "␛").replace("\n\n", "\n")
}

fn check(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, format!("{text}|end")) });
}

#[test]
fn on_a_terminal_one_line_is_rewritten() {
    for (name, events) in STORIES {
        check(&format!("{name}_live"), &states(&written(&events(), STYLE, true)));
    }
}

#[test]
fn elsewhere_a_line_is_added_every_five_seconds() {
    for (name, events) in STORIES {
        check(&format!("{name}_lines"), &written(&events(), STYLE, false));
    }
}

#[test]
fn in_colour_and_where_there_is_little_room() {
    let narrow = Style { width: 40, ..STYLE };
    let ascii = Style { colour: true, unicode: false, ..STYLE };
    check("timed_narrow", &states(&written(&timed(), narrow, true)));
    check("crowded_narrow", &states(&written(&crowded(), narrow, true)));
    check("interrupted_ascii", &states(&written(&interrupted(), ascii, true)));
}

/// What is left out where there is not room for all, and in which order.
#[test]
fn as_much_as_fits() {
    let mut interval = failing(9_000, 40);
    interval.counters.dropped = 300;
    let gauges = Gauges { users: 250, in_flight: 250, waiting: 1_250 };
    let busy = Story::of(open_info("9300/s for 1m", 60, 558_000)).ticks(2, &interval, gauges);
    let mut page = String::new();
    for width in [20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 200] {
        let text = states(&written(&busy.events, Style { width, ..STYLE }, true));
        let _ = writeln!(page, "{width:>3}: {}", text.lines().last().unwrap_or_default());
    }
    check("widths", &page);
}

fn without_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(['m', 'K']).expect("a sequence").1)
}

#[test]
fn no_line_reaches_the_last_column() {
    for (name, events) in STORIES {
        let events = events();
        for width in [0, 3, 10, 27, 40, 60, 79, 80, 81, 500] {
            for (live, colour, unicode) in [(true, true, true), (true, false, false), (false, true, true)] {
                let text = without_colour(&written(&events, Style { colour, unicode, width }, live));
                let most = if width == 0 { 79 } else { width - 1 };
                let widest = text.split(['\r', '\n']).map(UnicodeWidthStr::width).max();
                assert!(widest <= Some(most), "{name}, {width} columns: {text}");
            }
        }
    }
}

#[test]
fn a_live_line_is_gone_at_the_end() {
    for (name, events) in STORIES {
        let text = written(&events(), STYLE, true);
        assert!(text.ends_with("\r\u{1b}[K"), "{name}: {text:?}");
        assert!(text.split('\r').skip(1).all(|line| line.ends_with("\u{1b}[K")), "{name}: {text:?}");
    }
}

#[test]
fn plain_lines_have_nothing_to_rewrite() {
    for (name, events) in STORIES {
        let text = written(&events(), STYLE, false);
        assert!(!text.contains(['\r', '\u{1b}']) && text.ends_with('\n'), "{name}: {text:?}");
    }
}

#[test]
fn a_target_cannot_command_the_terminal() {
    let info = RunInfo {
        targets: vec!["http://example.com/\u{1b}[2J\r\n".to_owned() + &"字".repeat(90), fixtures::SHOP.to_owned()],
        ..closed_info()
    };
    check("foreign_target", &written(&[Event::Started(Box::new(info))], STYLE, true));
}
