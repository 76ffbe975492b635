//! Laws over every kind of profile.

use std::time::Duration;

use onrush_pace::{Open, Per, Phase, Profile, Quota, Rate, Segment, Spacing, Stage};
use proptest::prelude::*;

fn rate() -> impl Strategy<Value = Rate> {
    prop_oneof![
        (0..2_000_u64).prop_map(|n| Rate::per_second(n).unwrap()),
        (0..3_000_000_u64).prop_map(|n| Rate::from_millionths(n, Per::Second).unwrap()),
        (0..100_000_000_u64).prop_map(|n| Rate::from_millionths(n, Per::Minute).unwrap()),
        (0..100_000_000_u64).prop_map(|n| Rate::from_millionths(n, Per::Hour).unwrap()),
    ]
}

fn lasts() -> impl Strategy<Value = Duration> {
    prop_oneof![(1..5_000_u64).prop_map(Duration::from_millis), (1..3_000_000_000_u64).prop_map(Duration::from_nanos)]
}

fn stage() -> impl Strategy<Value = Stage> {
    let within = || prop::option::of(lasts());
    prop_oneof![
        (rate(), rate(), lasts(), any::<bool>(), any::<bool>()).prop_map(|(from, to, lasts, ramp, random)| {
            let spacing = if random { Spacing::Poisson } else { Spacing::Even };
            Stage::Arrivals { from: if ramp { from } else { to }, to, lasts, spacing }
        }),
        (0..60_u32, 0..60_u32, lasts()).prop_map(|(from, to, lasts)| Stage::Users { from, to, lasts }),
        (1..5_000_u64, 1..60_u32, within()).prop_map(|(total, users, within)| Stage::Iterations {
            total,
            users,
            within
        }),
        (1..50_u64, 1..60_u32, within()).prop_map(|(each, users, within)| Stage::IterationsEach {
            each,
            users,
            within
        }),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::collection::vec(stage(), 1..6).prop_filter_map("something happens", |stages| Profile::new(stages).ok())
}

/// A division of the whole, sometimes a division of a division.
fn division() -> impl Strategy<Value = Vec<Segment>> {
    (1..9_u32, 1..5_u32).prop_map(|(of, again)| {
        (0..of).flat_map(|index| (0..again).map(move |part| Segment::new(index, of).part(part, again))).collect()
    })
}

fn collect(open: &Open, segment: Segment, seed: u64) -> Vec<(u64, Duration)> {
    open.arrivals(segment, seed).map(|arrival| (arrival.number, arrival.at)).collect()
}

fn opens(profile: &Profile) -> Vec<Open> {
    let open = |phase| if let Phase::Open(open) = phase { Some(open) } else { None };
    profile.phases().into_iter().filter_map(open).collect()
}

/// The integral of the rate over the open stages `at` this place of the profile, in arrivals.
fn integral(stages: &[Stage]) -> f64 {
    let area = |stage: &Stage| match stage {
        Stage::Arrivals { from, to, lasts, .. } => {
            f64::midpoint(from.as_per_second(), to.as_per_second()) * lasts.as_secs_f64()
        }
        _ => 0.0,
    };
    stages.iter().map(area).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arrivals_are_in_order_and_within_the_phase(profile in profile(), seed: u64) {
        for open in opens(&profile) {
            let arrivals = collect(&open, Segment::WHOLE, seed);
            prop_assert!(arrivals.iter().all(|(_, at)| *at < open.duration()));
            prop_assert!(arrivals.windows(2).all(|pair| pair[0].1 <= pair[1].1 && pair[0].0 + 1 == pair[1].0));
        }
    }

    #[test]
    fn the_total_is_the_integral_of_the_rate(profile in profile()) {
        for (open, stages) in opens(&profile).iter().zip(fused(profile.stages())) {
            let exact = integral(&stages);
            prop_assert!((open.total() as f64 - exact) < 1.0 + 1e-6 && (open.total() as f64) > exact - 1e-6, "{} {exact}", open.total());
            if matches!(stages[0], Stage::Arrivals { spacing: Spacing::Even, .. }) {
                prop_assert_eq!(collect(open, Segment::WHOLE, 0).len() as u64, open.total());
                prop_assert_eq!(open.arrival(open.total()), None);
            }
        }
    }

    #[test]
    fn segments_of_any_division_sum_to_the_whole(profile in profile(), division in division(), seed: u64) {
        for phase in profile.phases() {
            match phase {
                Phase::Open(open) => {
                    let mut parts: Vec<_> = division.iter().flat_map(|segment| collect(&open, *segment, seed)).collect();
                    parts.sort_unstable();
                    prop_assert_eq!(parts, collect(&open, Segment::WHOLE, seed));
                }
                Phase::Closed(closed) => {
                    let mut parts: Vec<_> = division.iter().flat_map(|segment| closed.users(*segment)).collect();
                    parts.sort_by_key(|user| user.number);
                    prop_assert_eq!(parts, closed.users(Segment::WHOLE).collect::<Vec<_>>());
                }
                Phase::Counted(counted) => {
                    let shares: Vec<_> = division.iter().map(|segment| counted.share(*segment)).collect();
                    let whole = counted.share(Segment::WHOLE);
                    prop_assert_eq!(shares.iter().map(|share| share.users).sum::<u32>(), whole.users);
                    let iterations = shares.iter().map(|share| match share.quota {
                        Quota::Shared(shared) => { assert!(shared == 0 || share.users > 0); shared }
                        Quota::Each(each) => each * u64::from(share.users),
                    });
                    prop_assert_eq!(iterations.sum::<u64>(), counted.iterations());
                }
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals(profile in profile(), seed: u64) {
        for open in opens(&profile) {
            prop_assert_eq!(collect(&open, Segment::WHOLE, seed), collect(&open, Segment::WHOLE, seed));
            let even: Vec<_> = (0..open.total()).map_while(|number| Some((number, open.arrival(number)?))).collect();
            let got = collect(&open, Segment::WHOLE, seed);
            // Either evenly spaced, and then a pure function of the number, or drawn from the seed.
            prop_assert!(got == even || got != collect(&open, Segment::WHOLE, !seed) || got.is_empty());
        }
    }

    #[test]
    fn as_many_users_are_there_as_the_ramp_says(profile in profile(), place in 0.0..1.0_f64) {
        for phase in profile.phases() {
            if let Phase::Closed(closed) = phase {
                let at = closed.duration().mul_f64(place);
                let there = closed.users(Segment::WHOLE).filter(|user| user.spans.iter().any(|span| span.from <= at && at < span.until));
                let users = there.count() as u32;
                prop_assert!(users <= closed.max_users());
                for user in closed.users(Segment::WHOLE) {
                    prop_assert!(user.spans.iter().all(|span| span.from < span.until && span.until <= closed.duration()));
                    prop_assert!(user.spans.windows(2).all(|pair| pair[0].until < pair[1].from));
                }
            }
        }
    }
}

/// The stages of each open phase: neighbours in the profile with the same spacing.
fn fused(all: &[Stage]) -> Vec<Vec<Stage>> {
    let same = |a: &Stage, b: &Stage| match (a, b) {
        (Stage::Arrivals { spacing: a, .. }, Stage::Arrivals { spacing: b, .. }) => a == b,
        _ => false,
    };
    let is_open = |stages: &&[Stage]| matches!(stages[0], Stage::Arrivals { .. });
    all.chunk_by(same).filter(is_open).map(<[Stage]>::to_vec).collect()
}
