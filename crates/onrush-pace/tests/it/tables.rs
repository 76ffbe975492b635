//! What people would calculate by hand.

use std::time::Duration;

use onrush_pace::{Flaw, Open, Per, Phase, Profile, Rate, Segment, Spacing, Stage};

const SECOND: Duration = Duration::from_secs(1);

fn per_second(rate: u64) -> Rate {
    Rate::per_second(rate).unwrap()
}

fn even(from: u64, to: u64, secs: u64) -> Stage {
    let lasts = Duration::from_secs(secs);
    Stage::Arrivals { from: per_second(from), to: per_second(to), lasts, spacing: Spacing::Even }
}

fn open(stages: &[Stage]) -> Open {
    match Profile::new(stages.to_vec()).unwrap().phases().remove(0) {
        Phase::Open(open) => open,
        other => panic!("{other:?} is not open"),
    }
}

fn poisson(rate: u64, secs: u64) -> Open {
    let (rate, lasts) = (per_second(rate), Duration::from_secs(secs));
    open(&[Stage::Arrivals { from: rate, to: rate, lasts, spacing: Spacing::Poisson }])
}

#[test]
fn even_arrivals() {
    for (stages, total, number, micros) in [
        (vec![even(500, 500, 30)], 15_000, 1, 2_000),
        (vec![even(500, 500, 30)], 15_000, 14_999, 29_998_000),
        (vec![even(0, 200, 60)], 6_000, 1, 774_596),
        (vec![even(0, 200, 60)], 6_000, 1_500, 30_000_000),
        (vec![even(200, 0, 60)], 6_000, 4_500, 30_000_000),
        (vec![even(3, 3, 1), even(0, 0, 5), even(1, 1, 1)], 4, 3, 6_000_000),
        (vec![even(100_000_000, 100_000_000, 1)], 100_000_000, 50_000_000, 500_000),
    ] {
        let open = open(&stages);
        let at = open.arrival(number).unwrap().as_micros();
        assert_eq!((open.total(), at), (total, micros), "{stages:?} number {number}");
    }
}

#[test]
fn one_an_hour_for_a_year_is_exact() {
    let rate = Rate::from_millionths(1_000_000, Per::Hour).unwrap();
    let lasts = Duration::from_secs(365 * 86_400);
    let open = open(&[Stage::Arrivals { from: rate, to: rate, lasts, spacing: Spacing::Even }]);
    assert_eq!(open.total(), 365 * 24);
    assert_eq!(open.arrival(8759), Some(Duration::from_secs(8759 * 3600)));
}

#[test]
fn ramps_bring_users_one_by_one() {
    let profile = Profile::new(vec![
        Stage::Users { from: 0, to: 50, lasts: 30 * SECOND },
        Stage::Users { from: 50, to: 50, lasts: 10 * SECOND },
        Stage::Users { from: 50, to: 0, lasts: 50 * SECOND },
    ]);
    let Phase::Closed(closed) = profile.unwrap().phases().remove(0) else { panic!("closed") };
    let users: Vec<_> = closed.users(Segment::WHOLE).collect();
    let millis = |user: usize| {
        users[user].spans.iter().map(|span| (span.from.as_millis(), span.until.as_millis())).collect::<Vec<_>>()
    };
    assert_eq!(users.len(), 50);
    assert_eq!(millis(0), [(0, 90_000)]);
    assert_eq!(millis(1), [(600, 89_000)]);
    assert_eq!(millis(49), [(29_400, 41_000)]);
}

#[test]
fn what_is_no_profile_is_told_with_its_stage() {
    let users = |from, to, secs| Stage::Users { from, to, lasts: Duration::from_secs(secs) };
    let fine = users(1, 1, 1);
    for (stages, stage, flaw) in [
        (vec![], None, Flaw::Empty),
        (vec![even(0, 0, 5), users(0, 0, 5)], None, Flaw::Nothing),
        (vec![fine, even(1, 1, 0)], Some(1), Flaw::NoDuration),
        (vec![fine, users(1, 1, 1 << 40)], Some(1), Flaw::TooLong),
        (vec![Stage::Iterations { total: 0, users: 1, within: None }], Some(0), Flaw::NoIterations),
        (vec![Stage::IterationsEach { each: 1, users: 0, within: None }], Some(0), Flaw::NoUsers),
        (vec![users(1, u32::MAX, 1)], Some(0), Flaw::TooManyUsers),
        (vec![Stage::Iterations { total: 1, users: 1, within: Some(Duration::ZERO) }], Some(0), Flaw::NoDuration),
    ] {
        let error = Profile::new(stages.clone()).unwrap_err();
        assert_eq!((error.stage, error.flaw), (stage, flaw), "{stages:?}");
    }
}

#[test]
fn random_arrivals_are_a_poisson_process() {
    let open = poisson(1000, 100);
    let arrivals: Vec<f64> = open.arrivals(Segment::WHOLE, 7).map(|arrival| arrival.at.as_secs_f64()).collect();
    // The count has mean and variance 100,000: five standard deviations either side.
    assert!((arrivals.len() as f64 - 100_000.0).abs() < 5.0 * 100_000_f64.sqrt(), "{}", arrivals.len());
    let mut gaps: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1] - pair[0]) * 1000.0).collect();
    gaps.sort_by(f64::total_cmp);
    let n = gaps.len() as f64;
    let distance = |(place, gap): (usize, &f64)| (1.0 - (-gap).exp() - place as f64 / n).abs();
    let largest = gaps.iter().enumerate().map(distance).fold(0.0, f64::max);
    // Kolmogorov-Smirnov against the exponential law, at the 0.1 % level.
    assert!(largest < 1.95 / n.sqrt(), "{largest}");
}

/// If this changes, so do the arrivals of everybody's saved seeds.
#[test]
fn arrivals_never_change() {
    let ramp = open(&[even(10, 500, 20), even(500, 500, 5)]);
    let hash = |open: &Open| {
        open.arrivals(Segment::WHOLE, 42).fold(0xcbf2_9ce4_8422_2325_u64, |hash, arrival| {
            (hash ^ arrival.at.as_nanos() as u64 ^ arrival.number).wrapping_mul(0x0100_0000_01b3)
        })
    };
    assert_eq!((hash(&ramp), hash(&poisson(300, 20))), (3_419_463_349_523_202_163, 7_606_783_523_172_191_902));
}

#[test]
fn stages_read_as_the_grammar_writes_them() {
    let lasts = Duration::from_secs(90);
    for (stage, text) in [
        (Stage::Users { from: 50, to: 50, lasts }, "50 users for 1m30s"),
        (Stage::Users { from: 0, to: 1, lasts }, "0 -> 1 user over 1m30s"),
        (Stage::Iterations { total: 1000, users: 20, within: None }, "1000 iterations by 20 users"),
        (
            Stage::IterationsEach { each: 1, users: 20, within: Some(lasts) },
            "1 iteration each by 20 users within 1m30s",
        ),
        (even(0, 500, 90), "0/s -> 500/s over 1m30s"),
        (
            Stage::Arrivals { from: per_second(5), to: per_second(5), lasts, spacing: Spacing::Poisson },
            "poisson 5/s for 1m30s",
        ),
    ] {
        assert_eq!(stage.to_string(), text);
    }
}
