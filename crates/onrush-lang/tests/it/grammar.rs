//! What the grammar reads, and that everything it writes reads back.

use std::time::Duration;

use onrush_lang::{parse_duration, parse_load, parse_rate};
use onrush_pace::{Per, Profile, Rate, Spacing, Stage};
use proptest::prelude::*;

#[test]
fn every_form() {
    for (text, expected) in [
        ("50 users for 5m", "50 users for 5m"),
        ("0 -> 50 users over 30s", "0 -> 50 users over 30s"),
        ("0 users -> 50 users over 30s", "0 -> 50 users over 30s"),
        ("0→1 user over 90s", "0 -> 1 user over 1m30s"),
        ("1000 iterations by 20 users", "1000 iterations by 20 users"),
        ("1_000 iterations by 1 user within 1m", "1000 iterations by 1 user within 1m"),
        ("10 iterations each by 20 users for 2m", "10 iterations each by 20 users within 2m"),
        ("200/s for 10m", "200/s for 10m"),
        ("0/s->200/s over 1m", "0/s -> 200/s over 1m"),
        ("10k/s for 1h30m", "10000/s for 1h30m"),
        ("30/min for 1.5h", "0.5/s for 1h30m"),
        ("Poisson 200/s for 10m", "poisson 200/s for 10m"),
        ("poisson 0/s -> 200/s over 1m", "poisson 0/s -> 200/s over 1m"),
        ("0/s -> 500/s over 30s, 500/s for 5m", "0/s -> 500/s over 30s, 500/s for 5m"),
        ("\n 5 users for 1s\n\n 2/s for 500ms \n", "5 users for 1s, 2/s for 500ms"),
    ] {
        assert_eq!(parse_load(text).map(|load| load.to_string()).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn units() {
    for (text, nanos) in
        [("1h30m", 5_400_000_000_000), ("1.5ms", 1_500_000), ("0s", 0), ("10us", 10_000), ("2d", 172_800_000_000_000)]
    {
        assert_eq!(parse_duration(text), Ok(Duration::from_nanos(nanos)), "{text}");
    }
    for text in ["", "5", "s", "5 s", "1.2.3s", "-5s", "1e3s", "0.5ns", "99999999999h", "5sec"] {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    for (text, millionths, per) in
        [("500/s", 500_000_000, Per::Second), ("0.25/m", 250_000, Per::Minute), ("1.5k/h", 1_500_000_000, Per::Hour)]
    {
        assert_eq!(parse_rate(text).ok(), Rate::from_millionths(millionths, per), "{text}");
    }
    for text in ["500", "/s", "x/s", "1/x", "0.0000001/s", "1e9/s", "99999999999/s", "-1/s"] {
        assert!(parse_rate(text).is_err(), "{text}");
    }
}

fn stage() -> impl Strategy<Value = Stage> {
    let rate = || {
        (0..5_000_000_000_u64, 0..3_u8).prop_map(|(n, unit)| {
            Rate::from_millionths(n, [Per::Second, Per::Minute, Per::Hour][usize::from(unit)]).unwrap()
        })
    };
    let lasts = || (1..400_000_000_000_000_u64).prop_map(Duration::from_nanos);
    prop_oneof![
        (rate(), rate(), lasts(), any::<bool>()).prop_map(|(from, to, lasts, random)| {
            Stage::Arrivals { from, to, lasts, spacing: if random { Spacing::Poisson } else { Spacing::Even } }
        }),
        (0..500_u32, 1..500_u32, lasts()).prop_map(|(from, to, lasts)| Stage::Users { from, to, lasts }),
        (1..u64::MAX, 1..500_u32, prop::option::of(lasts())).prop_map(|(total, users, within)| Stage::Iterations {
            total,
            users,
            within
        }),
        (1..9_u64, 1..500_u32, prop::option::of(lasts())).prop_map(|(each, users, within)| Stage::IterationsEach {
            each,
            users,
            within
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back(stages in prop::collection::vec(stage(), 1..5)) {
        if let Ok(profile) = Profile::new(stages) {
            prop_assert_eq!(parse_load(&profile.to_string()), Ok(profile));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[ 0-9a-z/.,>\n→-]{0,40}") {
        if let Err(diagnostic) = parse_load(&text) {
            diagnostic.render("load", &text);
        }
    }
}
