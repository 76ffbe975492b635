//! A run as a page sees it: while it goes on, and when it is over.

use std::time::Duration;

use onrush_metrics::{Event, Outcome, RunInfo, StopReason, Tallies, Tally};

use super::data::{self, Widths};
use super::escape::quoted;
use super::observed::{charts, drawn, left_out};
use crate::findings::nearness;
use crate::style::Style;
use crate::timeline::{One, Timeline, Track, Whole};

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It goes on.
    Running,
    /// No more requests are begun.
    Stopping,
    /// The outcome is final.
    Over,
}

/// A run so far.
pub(crate) struct View {
    pub(super) phase: Phase,
    /// What came out, or what would have if the run ended now.
    pub(super) outcome: Outcome,
    pub(super) timeline: Timeline,
    /// How near it is to the precision that ends it.
    pub(super) near: Option<String>,
    /// As charts were last told.
    told: Told,
}

/// How many points each percentile was of when the last difference was made, and what was drawn of the service's own
/// figures: where that changes, all of them do.
#[derive(Debug, Default, PartialEq)]
struct Told {
    whole: Widths,
    observed: Vec<usize>,
    series: Vec<Widths>,
}

impl View {
    /// A run that begins.
    pub(crate) fn new(info: RunInfo) -> Self {
        let timeline = Timeline::new(&info);
        let outcome = Outcome {
            info,
            stopped: StopReason::Completed,
            total: Tally::default(),
            iterations: None,
            series: Vec::new(),
            thresholds: Vec::new(),
            observed: Vec::new(),
            measured: Duration::ZERO,
            elapsed: Duration::ZERO,
            oldest_cut_off: None,
            health: onrush_metrics::Health::default(),
            verdict: onrush_metrics::Verdict::default(),
            findings: None,
        };
        Self { phase: Phase::Running, outcome, timeline, near: None, told: Told::default() }
    }

    /// Takes an event of a run that is shown when it is over: what came out is known then.
    pub(crate) fn wait(&mut self, event: &Event) {
        match event {
            Event::Tick(snapshot) => self.timeline.add(snapshot),
            event => self.on_event(event),
        }
    }

    /// Takes an event of a run that is shown while it goes on.
    pub(crate) fn on_event(&mut self, event: &Event) {
        match event {
            Event::Started(info) => *self = Self::new((**info).clone()),
            Event::Tick(snapshot) => {
                self.timeline.add(snapshot);
                let so_far = &mut self.outcome;
                if !snapshot.warming_up {
                    Tallies::merge_series(&mut so_far.series, &snapshot.series);
                    if let Some(iterations) = &snapshot.iterations {
                        so_far.iterations.get_or_insert_default().merge(iterations);
                    }
                }
                snapshot.observe(&mut so_far.observed);
                so_far.total = snapshot.total.clone();
                so_far.elapsed = snapshot.at;
                let lasts = so_far.info.duration.unwrap_or(Duration::MAX).min(snapshot.at);
                so_far.measured = lasts.saturating_sub(so_far.info.warmup);
                so_far.health = snapshot.health.clone();
                so_far.verdict = snapshot.verdict.clone();
                self.near = nearness(&so_far.info, snapshot, Style { unicode: true, ..Style::default() });
            }
            Event::Stopping(_) => self.phase = Phase::Stopping,
            Event::Finished(outcome) => {
                self.phase = Phase::Over;
                self.outcome = (**outcome).clone();
            }
        }
    }

    /// Whether nothing changes any more.
    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Everything that charts are drawn from.
    pub(crate) fn data(&self) -> String {
        self.data_from(&self.now(), 0, &[])
    }

    /// What has changed of it since this was last asked, to be put behind what is there from the points named on.
    pub(crate) fn changes(&mut self) -> String {
        let now = self.now();
        let changed = self.timeline.whole.take_changed();
        let is_same = now.whole == self.told.whole && now.observed == self.told.observed;
        let whole = if is_same { changed } else { 0 };
        let mut series = Vec::new();
        for (place, track) in self.timeline.series.iter_mut().enumerate() {
            let changed = track.take_changed();
            let is_same = self.told.series.get(place) == now.series.get(place);
            series.push(if is_same { changed } else { 0 });
        }
        self.told = now;
        self.data_from(&self.told, whole, &series)
    }

    fn now(&self) -> Told {
        let whole = |track: &Track<Whole>| Widths::of(track, |whole| &whole.response);
        let one = |track: &Track<One>| Widths::of(track, |one| &one.response);
        Told {
            whole: whole(&self.timeline.whole),
            observed: drawn(&self.outcome).iter().flat_map(|family| &family.members).map(|member| member.0).collect(),
            series: self.timeline.series.iter().map(one).collect(),
        }
    }

    fn data_from(&self, widths: &Told, whole: usize, series: &[usize]) -> String {
        let (outcome, info) = (&self.outcome, &self.outcome.info);
        let stages = info.stages.iter().map(|stage| {
            data::object([
                ("scenario", quoted(&stage.scenario)),
                ("text", quoted(&stage.text)),
                ("from", stage.from.map_or_else(|| "null".to_owned(), data::seconds)),
                ("until", stage.until.map_or_else(|| "null".to_owned(), data::seconds)),
            ])
        });
        let tracks = self.timeline.series.iter().zip(&info.series).enumerate();
        let tracks = tracks.map(|(place, (track, info))| {
            let times = outcome.series.get(place).map(|tally| &tally.response);
            let from = series.get(place).copied().unwrap_or(0);
            let widths = widths.series.get(place).copied().unwrap_or_default();
            let track = ("track", data::one(track, widths, from));
            data::object(data::series(info, times).into_iter().chain([track]))
        });
        let drawn = drawn(outcome);
        data::object([
            ("over", self.is_over().to_string()),
            ("scheduled", is_scheduled(outcome).to_string()),
            ("iterations", (!info.series.is_empty()).to_string()),
            ("warmup", data::seconds(info.warmup)),
            ("threads", info.threads.to_string()),
            ("stages", data::list(stages)),
            ("shares", data::distributions(outcome)),
            ("observed", charts(&drawn)),
            ("unseen", left_out(outcome, &drawn).to_string()),
            ("whole", data::whole(&self.timeline.whole, &widths.observed, widths.whole, whole)),
            ("series", data::list(tracks)),
        ])
    }
}

/// Whether arrivals follow a schedule, in parts of the load at least: users who wait for answers have no start lag.
pub(super) fn is_scheduled(outcome: &Outcome) -> bool {
    outcome.info.open || !outcome.arrivals().start_lag.is_empty()
}

#[cfg(test)]
mod tests {
    use onrush_metrics::{SeriesInfo, SeriesKind, Snapshot};
    use proptest::prelude::*;
    use serde_json::{Map, Value, from_str};

    use super::*;

    fn info() -> RunInfo {
        let series = |name: &str| SeriesInfo {
            kind: SeriesKind::Requests,
            scenario: "buy".into(),
            name: name.into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let observed = vec!["a_bytes".into(), "b".into()];
        RunInfo { series: vec![series("cart"), series("pay")], observed, ..RunInfo::default() }
    }

    fn second(number: u64, requests: u64) -> Event {
        let mut tally = Tally::default();
        (tally.counters.started, tally.counters.completed) = (requests, requests);
        (0..requests).for_each(|one| tally.response.record(Duration::from_millis(3 + one * number % 50)));
        Event::Tick(Box::new(Snapshot {
            since: Duration::from_secs(number),
            at: Duration::from_secs(number + 1),
            interval: tally.clone(),
            series: vec![tally.clone(), tally],
            observed: vec![Some(number as f64), (requests > 20).then_some(7.5)],
            ..Snapshot::default()
        }))
    }

    /// What the page does with a change: columns go on from where the change begins.
    fn extend(mine: &mut Map<String, Value>, theirs: &Map<String, Value>, from: usize) {
        for (name, value) in theirs {
            match (mine.get_mut(name), value) {
                (Some(Value::Array(mine)), Value::Array(values)) => {
                    mine.truncate(from);
                    mine.extend(values.iter().cloned());
                }
                (Some(Value::Object(mine)), Value::Object(values)) if name != "over" => extend(mine, values, from),
                _ => drop(mine.insert(name.clone(), value.clone())),
            }
        }
    }

    fn take(page: &mut Value, change: &str) {
        let change: Value = from_str(change).expect("JSON");
        let track = |mine: &mut Value, theirs: &Value| {
            let from = theirs["from"].as_u64().expect("a number") as usize;
            extend(mine.as_object_mut().expect("a track"), theirs.as_object().expect("a track"), from);
        };
        track(&mut page["whole"], &change["whole"]);
        for (place, series) in change["series"].as_array().expect("series").iter().enumerate() {
            track(&mut page["series"][place]["track"], &series["track"]);
        }
    }

    fn without_from(mut data: Value) -> [Value; 3] {
        let tracks = ["/whole", "/series/0/track", "/series/1/track"];
        tracks.map(|path| {
            let track = data.pointer_mut(path).expect("a track");
            track.as_object_mut().expect("a track").remove("from");
            track.take()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]

        #[test]
        fn changes_one_after_the_other_come_to_the_whole(
            seconds in prop::collection::vec((0..60_u64, prop::bool::weighted(0.15)), 1..260),
        ) {
            let mut view = View::new(info());
            let mut page: Value = from_str(&view.data()).unwrap();
            for (number, (requests, is_told)) in (0..).zip(seconds) {
                view.on_event(&second(number, requests));
                if is_told {
                    take(&mut page, &view.changes());
                }
            }
            take(&mut page, &view.changes());
            prop_assert_eq!(without_from(page), without_from(from_str(&view.data()).unwrap()));
        }
    }
}
