//! Drivers, crowd, graceful stop and recorder together, on paused time: what a run of minutes counts is
//! computed in milliseconds and is the same every time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use onrush_lang::parse_load;
use onrush_metrics::{Counters, ErrorKind, Tally, WorkerHealth};
use onrush_net::clock::Instant;
use onrush_net::{Exchange, Failure};
use onrush_pace::Segment;
use onrush_plan::{ClientSettings, InFlight, Plan, Tracing, WhenFull, Work};
use proptest::prelude::*;
use tokio::runtime::{Builder, LocalOptions};
use tokio::time::sleep_until;

use super::play;
use crate::alarm::Alarm;
use crate::caller::{Caller, Due, Who};
use crate::collector::Message;
use crate::control::Control;
use crate::worker::Worker;

/// How a service that only takes time answers.
#[derive(Clone, Copy, Debug)]
enum Service {
    /// Every answer takes this many milliseconds.
    Takes(u64),
    /// Answers at once, but not at all in the first of every so many milliseconds.
    Freezes { first: u64, of: u64 },
    /// Answers within a millisecond, but refuses connections in the first of every so many milliseconds.
    Refuses { first: u64, of: u64 },
    /// Every answer takes this many milliseconds, and every second one is a failure.
    EverySecondFails(u64),
    /// Answers after a millisecond, but the caller has a bug that the request of this number shows.
    ShowsBug(u64),
}

#[derive(Clone, Copy, Debug)]
struct Case {
    load: &'static str,
    service: Service,
    in_flight: InFlight,
    graceful: u64,
    warmup: u64,
    lanes: usize,
    batch: usize,
    segment: (u32, u32),
    /// When somebody asks the run to stop, once or twice.
    stops: [Option<u64>; 2],
    /// So long the event loop was held up at the beginning.
    held_up: u64,
}

const CASE: Case = Case {
    load: "",
    service: Service::Takes(0),
    in_flight: InFlight { max: 1_000_000, when_full: WhenFull::Wait },
    graceful: 30_000,
    warmup: 0,
    lanes: 1,
    batch: 1,
    segment: (0, 1),
    stops: [None, None],
    held_up: 0,
};

/// What came of it; times are milliseconds since the start.
#[derive(Debug)]
struct Played {
    tally: Tally,
    starts: Vec<u64>,
    /// Requests of each second, as the seconds were told.
    seconds: Vec<u64>,
    stopped: u64,
    ended: u64,
    oldest_cut_off: Option<Duration>,
    most_users: u64,
    is_broken: bool,
}

struct FakeCaller {
    case: Case,
    start: Instant,
    starts: Rc<RefCell<Vec<u64>>>,
}

impl Caller for FakeCaller {
    type Lane = ();
    type Done = Exchange;

    fn lanes(&self) -> usize {
        self.case.lanes
    }

    fn batch(&self) -> usize {
        self.case.batch
    }

    fn user(&self, _: Who) -> Vec<()> {
        vec![(); self.case.lanes]
    }

    async fn call(&self, (): &mut (), turn: u64, _: Due) -> Exchange {
        let started = Instant::now();
        self.starts.borrow_mut().push(since(self.start, started));
        let at = since(self.start, started);
        let wait = match self.case.service {
            Service::Takes(millis) | Service::EverySecondFails(millis) => millis,
            Service::Refuses { first, of } => u64::from(at % of >= first),
            Service::Freezes { first, of } => first.saturating_sub(at % of),
            Service::ShowsBug(number) => {
                assert_ne!(turn, number, "a bug in the caller");
                1
            }
        };
        sleep_until((started + Duration::from_millis(wait)).into()).await;
        let mut exchange = Exchange::begun(started);
        if matches!(self.case.service, Service::Refuses { first, of } if at % of < first) {
            exchange.result = Err(Failure::new(ErrorKind::ConnectRefused, "nobody listens"));
            return exchange;
        }
        exchange.first_write = Some(started);
        exchange.ended = Instant::now();
        exchange.first_byte = Some(exchange.ended);
        exchange.sent = 1;
        exchange.result = match self.case.service {
            Service::EverySecondFails(_) if turn % 2 == 1 => Err(Failure::new(ErrorKind::Reset, "gone")),
            _ => Ok(200),
        };
        exchange
    }

    async fn call_batch(&self, lane: &mut (), turn: u64, count: usize) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        for turn in turn..turn + count as u64 {
            exchanges.push(self.call(lane, turn, Due { at: self.start, number: 0 }).await);
        }
        exchanges
    }
}

fn since(start: Instant, at: Instant) -> u64 {
    at.saturating_duration_since(start).as_millis() as u64
}

fn played(case: Case) -> Played {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build_local(LocalOptions::default()).expect("a runtime");
    let start = runtime.block_on(async { Instant::now() });
    let starts = Rc::new(RefCell::new(Vec::new()));
    let caller = FakeCaller { case, start, starts: Rc::clone(&starts) };
    let worker = Worker::new(caller, start, &plan(case), 0);
    let control = Control::new();
    let heard = RefCell::new((Tally::default(), Vec::new(), 0, 0));
    let say = |message| {
        let (total, seconds, stopped, most_users) = &mut *heard.borrow_mut();
        match message {
            Message::Second { tallies, gauges, .. } => {
                seconds.push(tallies.own.counters.started);
                total.merge(&tallies.own);
                *most_users = gauges.users.max(*most_users);
            }
            Message::Stopping { at } => *stopped = since(start, at),
            Message::Done(_) => unreachable!("said by the thread, not by the play"),
        }
    };
    let ended = runtime.block_on(async {
        for at in case.stops.into_iter().flatten() {
            let control = control.clone();
            tokio::task::spawn_local(async move {
                sleep_until((start + Duration::from_millis(at)).into()).await;
                control.stop();
            });
        }
        tokio::time::advance(Duration::from_millis(case.held_up)).await;
        let segment = Segment::new(case.segment.0, case.segment.1);
        play(&worker, &plan(case), segment, || Alarm::Coarse, control.listen(), &WorkerHealth::default, &say).await;
        since(start, Instant::now())
    });
    drop(runtime);
    let (mut tally, seconds, stopped, most_users) = heard.into_inner();
    tally.merge(&worker.take_tallies().own);
    let starts = starts.take();
    let (oldest_cut_off, is_broken) = (worker.oldest_cut_off(), worker.is_broken());
    Played { tally, starts, seconds, stopped, ended, oldest_cut_off, most_users, is_broken }
}

fn plan(case: Case) -> Plan {
    Plan {
        work: Work::Turns { load: parse_load(case.load).expect("a load"), requests: Vec::new() },
        client: ClientSettings::default(),
        threads: 1,
        seed: 1,
        warmup: Duration::from_millis(case.warmup),
        graceful_stop: Duration::from_millis(case.graceful),
        until: None,
        in_flight: case.in_flight,
        samples: 0,
        tracing: Tracing::default(),
    }
}

fn at_most(max: u32, when_full: WhenFull) -> InFlight {
    InFlight { max, when_full }
}

/// intended, started, completed, dropped, unstarted, cut off
fn counts(played: &Played) -> [u64; 6] {
    let Counters { intended, started, completed, dropped, unstarted, cut_off, .. } = played.tally.counters;
    [intended, started, completed, dropped, unstarted, cut_off]
}

/// Begun and ended while the load went on.
fn in_time(played: &Played) -> [u64; 2] {
    [played.tally.counters.started_in_time, played.tally.counters.ended_in_time]
}

fn millis(time: Duration) -> u64 {
    time.as_millis() as u64
}

#[test]
fn arrivals_start_when_the_profile_says() {
    let played = played(Case { load: "10/s for 1s", service: Service::Takes(250), ..CASE });
    assert_eq!(played.starts, [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    assert_eq!(counts(&played), [10, 10, 10, 0, 0, 0]);
    assert_eq!((played.stopped, played.ended), (1000, 1150), "the last answer is waited for");
    assert_eq!(in_time(&played), [10, 8], "those of 800 and 900 ms end after the stop");
    assert_eq!((millis(played.tally.response.min()), millis(played.tally.response.max())), (250, 250));
    assert_eq!(millis(played.tally.start_lag.max()), 0);
}

/// The profile is over before the first of its arrivals is released.
#[test]
fn arrivals_that_come_late_are_not_forgotten() {
    for max in [1, 5, 1000] {
        let in_flight = at_most(max, WhenFull::Wait);
        let case = Case { load: "1000/s for 100ms", service: Service::Takes(10), in_flight, held_up: 200, ..CASE };
        let played = played(case);
        assert_eq!(counts(&played), [100, 100, 100, 0, 0, 0], "at most {max}");
        assert_eq!(in_time(&played), [0, 0], "at most {max}");
    }
}

/// The classic proof: while the service stands still for one second of four, users keep coming.
#[test]
fn a_frozen_service_is_felt_by_all_who_came_meanwhile() {
    let service = Service::Freezes { first: 1000, of: 4000 };
    let played = played(Case { load: "1000/s for 8s", service, ..CASE });
    assert_eq!(counts(&played), [8000, 8000, 8000, 0, 0, 0]);
    // A quarter waits from 1 s down to 1 ms, three quarters not at all.
    for (quantile, truth) in [(0.5, 0), (0.74, 0), (0.80, 200), (0.90, 600), (0.99, 960), (1.0, 1000)] {
        let reported = millis(played.tally.response.quantile(quantile));
        assert!(reported.abs_diff(truth) <= 2, "p{quantile}: {reported} ms where {truth} ms are true");
    }
}

/// With ten places the service sees ten requests during the freeze, the users feel it all the same.
#[test]
fn waiting_for_a_place_counts_as_response_time() {
    let service = Service::Freezes { first: 1000, of: 4000 };
    let in_flight = at_most(10, WhenFull::Wait);
    let played = played(Case { load: "1000/s for 8s", service, in_flight, ..CASE });
    assert_eq!(counts(&played), [8000, 8000, 8000, 0, 0, 0]);
    assert!(millis(played.tally.response.quantile(0.9)).abs_diff(600) <= 2);
    assert_eq!(millis(played.tally.service.quantile(0.9)), 0, "ten of a thousand were on the wire");
    // The ten on the wire are those that waited longest, and had no lag.
    assert!(millis(played.tally.start_lag.quantile(0.9)).abs_diff(590) <= 2, "and the lag says why");
    assert_eq!(millis(played.tally.release_lag.max()), 0, "the pacer itself was never late");
}

#[test]
fn past_the_limit_arrivals_wait_or_are_dropped_as_asked() {
    let case = Case { load: "10/s for 1s", service: Service::Takes(250), ..CASE };
    let waiting = played(Case { in_flight: at_most(1, WhenFull::Wait), ..case });
    assert_eq!(waiting.starts, [0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2250]);
    assert_eq!(counts(&waiting), [10, 10, 10, 0, 0, 0], "what was due is still begun after the stop");
    assert_eq!(in_time(&waiting), [4, 3], "and does not count as begun in time");
    assert_eq!(millis(waiting.tally.response.max()), 2500 - 900);

    let dropping = played(Case { in_flight: at_most(1, WhenFull::Drop), ..case });
    assert_eq!(dropping.starts, [0, 300, 600, 900]);
    assert_eq!(counts(&dropping), [10, 4, 4, 6, 0, 0]);
    assert_eq!(millis(dropping.tally.response.max()), 250);
}

/// However many requests a lane may bundle, the limit is one of requests.
#[test]
fn the_limit_counts_requests() {
    let dropping = at_most(10, WhenFull::Drop);
    let open = Case { load: "100/s for 1s", service: Service::Takes(50), in_flight: dropping, ..CASE };
    let held_up = Case { load: "1000/s for 100ms", held_up: 200, graceful: 50, ..open };
    let held_up = Case { service: Service::Takes(10_000), in_flight: at_most(10, WhenFull::Wait), ..held_up };
    for batch in [1, 2, 4, 9, 10] {
        assert_eq!(counts(&played(Case { batch, ..open })), [100, 100, 100, 0, 0, 0], "{batch} a lane");
        assert_eq!(counts(&played(Case { batch, ..held_up })), [100, 10, 0, 0, 90, 10], "{batch} a lane");
    }
}

#[test]
fn the_graceful_period_ends_what_does_not() {
    let case = Case { load: "10/s for 1s", service: Service::Takes(10_000), graceful: 2_000, ..CASE };
    let all_in_flight = played(case);
    assert_eq!((counts(&all_in_flight), in_time(&all_in_flight)), ([10, 10, 0, 0, 0, 10], [10, 0]));
    assert_eq!((all_in_flight.stopped, all_in_flight.ended), (1000, 3000));
    assert_eq!(all_in_flight.oldest_cut_off.map(millis), Some(3000));

    let most_waiting = played(Case { in_flight: at_most(3, WhenFull::Wait), ..case });
    assert_eq!(counts(&most_waiting), [10, 3, 0, 0, 7, 3]);
}

#[test]
fn stopping_once_lets_finish_and_twice_does_not() {
    let case = Case { load: "10/s for 1m", service: Service::Takes(450), ..CASE };
    let once = played(Case { stops: [Some(990), None], ..case });
    assert_eq!((once.stopped, once.ended), (990, 900 + 450));
    assert_eq!((counts(&once), in_time(&once)), ([10, 10, 10, 0, 0, 0], [10, 6]));

    let twice = played(Case { stops: [Some(990), Some(1020)], ..case });
    assert_eq!((twice.stopped, twice.ended), (990, 1020));
    assert_eq!(counts(&twice), [10, 10, 6, 0, 0, 4]);

    let queued = played(Case { in_flight: at_most(1, WhenFull::Wait), stops: [Some(990), None], ..case });
    assert_eq!(counts(&queued), [10, 3, 3, 0, 7, 0], "what waits for a place is not begun after an interrupt");
}

#[test]
fn counted_loads_stop_as_gracefully_as_others() {
    let case = Case { load: "100 iterations by 3 users", service: Service::Takes(450), ..CASE };
    let once = played(Case { stops: [Some(990), None], ..case });
    assert_eq!((once.stopped, once.ended), (990, 900 + 450));
    assert_eq!(counts(&once), [9, 9, 9, 0, 0, 0]);
    let twice = played(Case { stops: [Some(990), Some(1020)], ..case });
    assert_eq!((counts(&twice), twice.ended), ([9, 9, 6, 0, 0, 3], 1020));

    let load = "100 iterations by 3 users within 1s";
    let in_vain = played(Case { load, service: Service::Takes(60_000), graceful: 2_000, ..CASE });
    assert_eq!((in_vain.stopped, in_vain.ended), (1000, 3000));
    assert_eq!(counts(&in_vain), [3, 3, 0, 0, 0, 3]);
}

#[test]
fn users_loop_until_their_time_is_over() {
    let played = played(Case { load: "3 users for 1s", service: Service::Takes(150), ..CASE });
    assert_eq!(counts(&played), [21, 21, 21, 0, 0, 0]);
    assert_eq!((played.stopped, played.ended), (1000, 1050));
    assert_eq!(in_time(&played), [21, 18]);
    assert_eq!(millis(played.tally.response.max()), 150);
}

#[test]
fn a_ramp_of_users_brings_them_one_by_one() {
    let played = played(Case { load: "0 -> 4 users over 4s, 4 users for 1s", service: Service::Takes(1000), ..CASE });
    assert!((12..=16).contains(&played.starts.len()), "about half of 4 × 4, and 4: {:?}", played.starts);
    assert_eq!(played.most_users, 4);
    assert_eq!(played.stopped, 5000);
}

#[test]
fn counted_loads_are_exact() {
    for (load, intended, ended) in [
        ("10 iterations by 3 users", 10, 400),
        ("10 iterations each by 3 users", 30, 1000),
        ("1 iterations by 3 users", 1, 100),
    ] {
        let played = played(Case { load, service: Service::Takes(100), ..CASE });
        assert_eq!(counts(&played), [intended, intended, intended, 0, 0, 0], "{load}");
        assert_eq!((played.stopped, played.ended), (ended, ended), "{load}");
    }
}

#[test]
fn phases_follow_one_another() {
    let load = "10/s for 500ms, 2 users for 500ms, 3 iterations by 1 users, 5/s for 400ms";
    let played = played(Case { load, service: Service::Takes(100), ..CASE });
    let open = [0, 100, 200, 300, 400];
    let closed = [500, 500, 600, 600, 700, 700, 800, 800, 900, 900];
    let counted = [1000, 1100, 1200];
    assert_eq!(played.starts, [&open[..], &closed, &counted, &[1300, 1500]].concat());
    assert_eq!((played.stopped, played.ended), (1700, 1700));
}

#[test]
fn warm_up_is_left_out_altogether() {
    let case = Case { load: "10/s for 3s", service: Service::Takes(150), warmup: 1_000, ..CASE };
    let open = played(case);
    assert_eq!((counts(&open), open.starts.len()), ([20, 20, 20, 0, 0, 0], 30));
    let closed = played(Case { load: "1 users for 3s", service: Service::Takes(100), ..case });
    assert_eq!((counts(&closed), closed.starts.len()), ([20, 20, 20, 0, 0, 0], 30));
}

/// What was begun in the warm-up and ends after it makes up for what is in flight at the end.
#[test]
fn a_warm_up_does_not_change_the_rate() {
    for load in ["10 users for 8s", "10/s for 8s"] {
        for (warmup, ended_in_time) in [(0, 70), (3_000, 50)] {
            let played = played(Case { load, service: Service::Takes(1_000), warmup, ..CASE });
            assert_eq!(played.tally.counters.ended_in_time, ended_in_time, "{load} after {warmup} ms");
        }
    }
}

#[test]
fn segments_of_a_load_add_up_to_it() {
    for load in ["97/s for 3s", "7 users for 1s", "23 iterations by 5 users", "0/s -> 50/s over 2s"] {
        let case = Case { load, service: Service::Takes(100), ..CASE };
        let whole = played(case);
        for of in [2, 3] {
            let mut starts: Vec<_> =
                (0..of).flat_map(|index| played(Case { segment: (index, of), ..case }).starts).collect();
            starts.sort_unstable();
            let mut expected = whole.starts.clone();
            expected.sort_unstable();
            assert_eq!(starts, expected, "{load} in {of}");
        }
    }
}

#[test]
fn lanes_multiply_and_batches_bundle() {
    let lanes = played(Case { load: "2 users for 1s", service: Service::Takes(100), lanes: 5, ..CASE });
    assert_eq!(counts(&lanes), [100, 100, 100, 0, 0, 0]);
    let batches = played(Case { load: "10 iterations by 2 users", service: Service::Takes(100), batch: 4, ..CASE });
    assert_eq!(counts(&batches), [10, 10, 10, 0, 0, 0]);
    let open =
        Case { load: "10/s for 1s", service: Service::Takes(100), in_flight: at_most(4, WhenFull::Wait), ..CASE };
    assert_eq!(counts(&played(Case { batch: 4, ..open })), [10, 10, 10, 0, 0, 0]);
}

#[test]
fn failures_are_counted_and_stop_nobody() {
    let played = played(Case { load: "2 users for 1s", service: Service::EverySecondFails(100), ..CASE });
    assert_eq!(counts(&played), [20, 20, 10, 0, 0, 0]);
    assert_eq!(played.tally.counters.failed, 10);
    assert_eq!(played.tally.response.count(), 10, "a failure that did not wait has no response time");
}

#[test]
fn a_task_that_panics_is_not_forgotten() {
    for load in ["100/s for 1s", "10 iterations by 2 users", "2 users for 10ms"] {
        let case = Case { load, service: Service::ShowsBug(3), in_flight: at_most(2, WhenFull::Wait), ..CASE };
        assert!(played(case).is_broken, "{load}");
        assert!(!played(Case { service: Service::Takes(1), ..case }).is_broken, "{load}");
    }
}

#[test]
fn every_second_is_told_once() {
    let played = played(Case { load: "100/s for 3500ms", service: Service::Takes(5), ..CASE });
    assert_eq!(played.seconds, [100, 100, 100]);
    assert_eq!(played.tally.counters.started, 350, "the rest comes with the last word");
}

fn services() -> impl Strategy<Value = Service> {
    prop_oneof![
        (0..3000_u64).prop_map(Service::Takes),
        (0..500_u64, 500..2000_u64).prop_map(|(first, of)| Service::Freezes { first, of }),
        (1..300_u64).prop_map(Service::EverySecondFails),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is asked and whatever the service does: no request is lost or counted twice.
    #[test]
    fn the_laws_of_the_counters_hold(
        load in prop::sample::select(vec![
            "30/s for 2s", "0/s -> 80/s over 2s", "poisson 40/s for 2s", "5 users for 2s", "0 -> 5 users over 1s",
            "50 iterations by 4 users", "20/s for 1s, 3 users for 1s", "7 iterations each by 3 users, 10/s for 1s",
        ]),
        service in services(),
        max in 1..20_u32,
        drop in any::<bool>(),
        graceful in 0..2000_u64,
        warmup in 0..900_u64,
        lanes in 1..4_usize,
        batch in 1..4_usize,
        stops in prop::option::of((1..2500_u64, prop::option::of(1..2500_u64))),
    ) {
        // A closed user whose requests take no time at all would never let paused time move.
        let service = match service {
            Service::Takes(0) => Service::Takes(1),
            Service::Freezes { .. } if !load.ends_with("/s for 2s") => Service::Takes(7),
            service => service,
        };
        let when_full = if drop { WhenFull::Drop } else { WhenFull::Wait };
        let stops = [stops.map(|(first, _)| first), stops.and_then(|(first, second)| Some(first + second?))];
        let played = played(Case {
            load, service, in_flight: at_most(max, when_full), graceful, warmup, lanes, batch, stops, ..CASE
        });
        let c = played.tally.counters;
        prop_assert_eq!(c.intended, c.started + c.dropped + c.unstarted, "{:?}", c);
        prop_assert_eq!(c.started, c.completed + c.failed + c.cut_off, "{:?}", c);
        prop_assert!(drop || c.dropped == 0);
        if warmup == 0 && batch == 1 {
            prop_assert_eq!(c.started, played.starts.len() as u64);
        }
        prop_assert!(played.ended <= played.stopped + graceful + 1, "{} after {}", played.ended, played.stopped);
    }
}

/// Users who find nobody wait longer each time, up to a tenth of a second, until somebody answers.
#[test]
fn users_of_a_closed_load_do_not_knock_all_the_time() {
    let case = Case { load: "1 user for 1s", service: Service::Refuses { first: 1000, of: 1000 }, ..CASE };
    let starts = played(case).starts;
    assert_eq!(starts, [0, 1, 3, 7, 15, 31, 63, 127, 227, 327, 427, 527, 627, 727, 827, 927]);
    let again = Case { service: Service::Refuses { first: 100, of: 500 }, ..case };
    let Played { starts, tally, .. } = played(again);
    for (from, until, expected) in [(0, 127, &[0, 1, 3, 7, 15, 31, 63][..]), (500, 627, &[0, 1, 3, 7, 15, 31, 63])] {
        let within = starts.iter().filter(|start| (from..until).contains(*start)).map(|start| start - from);
        assert_eq!(within.collect::<Vec<_>>(), expected, "from {from}");
    }
    assert_eq!((tally.counters.failed, tally.errors.count(ErrorKind::ConnectRefused)), (14, 14));
    assert_eq!(tally.counters.completed, starts.len() as u64 - 14);
}

/// Arrivals are due when they are due, and what is counted is soon over.
#[test]
fn others_try_as_often_as_they_were_told() {
    let service = Service::Refuses { first: 1000, of: 1000 };
    for (load, failed) in [("100/s for 1s", 100), ("5000 iterations by 1 user", 5000)] {
        let Played { tally, ended, .. } = played(Case { load, service, ..CASE });
        assert!(tally.counters.failed == failed && ended <= 1000, "{load}: {:?} in {ended} ms", tally.counters);
    }
}
