//! When a failed request is tried again, and after which wait: arithmetic alone.

use std::time::Duration;

use onrush_plan::{Jitter, Retry, RetryOn};

use crate::Random;

/// The longest wait that a service may ask for where neither a deadline nor a longer backoff says otherwise: one that
/// asks for a day would park its users for the rest of the run.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was answered with this status.
    Status(u16),
    /// No answer came in time.
    Timeout,
    /// The connection was reset or closed early.
    Reset,
    /// There was no connection.
    Connect,
    /// It was answered, and a check did not hold.
    Check,
    /// It was answered with this status, and a check did not hold either.
    StatusAndCheck(u16),
}

/// Whether a failure is one that is tried again.
pub fn retries_on(retry: &Retry, failure: Failure) -> bool {
    retry.on.iter().any(|on| match (on, failure) {
        (RetryOn::Status(status), Failure::Status(got) | Failure::StatusAndCheck(got)) => *status == got,
        (RetryOn::StatusClass(class), Failure::Status(got) | Failure::StatusAndCheck(got)) => *class == got / 100,
        (RetryOn::Timeout, Failure::Timeout)
        | (RetryOn::Reset, Failure::Reset)
        | (RetryOn::Connect, Failure::Connect)
        | (RetryOn::Check, Failure::Check | Failure::StatusAndCheck(_)) => true,
        _ => false,
    })
}

/// The wait before the next attempt, after `attempt` (from 1) has failed. A `Retry-After` that is honoured replaces a
/// shorter wait, and may be longer than the longest wait of our own: up to a minute, or whatever a deadline allows.
pub fn retry_wait(retry: &Retry, attempt: u32, retry_after: Option<Duration>, random: &mut Random) -> Duration {
    let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).and_then(|factor| retry.backoff.checked_mul(factor));
    let whole = doubled.unwrap_or(Duration::MAX).min(retry.longest);
    let wait = match retry.jitter {
        Jitter::None => whole,
        Jitter::Equal => whole / 2 + part(whole / 2, random),
        Jitter::Full => part(whole, random),
    };
    let asked = retry_after.filter(|_| retry.honour_retry_after).unwrap_or_default();
    wait.max(match retry.deadline {
        // The deadline itself says whether there is another attempt after such a wait.
        Some(_) => asked,
        None => asked.min(retry.longest.max(LONGEST_ASKED)),
    })
}

fn part(whole: Duration, random: &mut Random) -> Duration {
    let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random.below(nanos.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn retry(jitter: Jitter) -> Retry {
        Retry {
            attempts: 5,
            on: vec![RetryOn::StatusClass(5), RetryOn::Status(429), RetryOn::Timeout],
            backoff: Duration::from_millis(100),
            longest: Duration::from_millis(500),
            jitter,
            honour_retry_after: true,
            deadline: None,
        }
    }

    #[test]
    fn only_what_was_named_is_tried_again() {
        for (failure, expected) in [
            (Failure::Status(503), true),
            (Failure::Status(429), true),
            (Failure::Status(404), false),
            (Failure::Timeout, true),
            (Failure::Reset, false),
            (Failure::Connect, false),
            (Failure::Check, false),
        ] {
            assert_eq!(retries_on(&retry(Jitter::None), failure), expected, "{failure:?}");
        }
        for (on, expected) in [(RetryOn::Check, true), (RetryOn::Status(503), true), (RetryOn::StatusClass(4), false)] {
            let retry = Retry { on: vec![on], ..retry(Jitter::None) };
            assert_eq!(retries_on(&retry, Failure::StatusAndCheck(503)), expected, "{on:?}");
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut random = Random::new(1);
        let wait = |attempt, after| retry_wait(&retry(Jitter::None), attempt, after, &mut random.clone()).as_millis();
        assert_eq!([1, 2, 3, 4, 40].map(|attempt| wait(attempt, None)), [100, 200, 400, 500, 500]);
        assert_eq!(wait(1, Some(Duration::from_secs(3))), 3_000);
        assert_eq!(wait(1, Some(Duration::from_millis(1))), 100);
        let deaf = Retry { honour_retry_after: false, ..retry(Jitter::None) };
        assert_eq!(retry_wait(&deaf, 1, Some(Duration::from_secs(3)), &mut random).as_millis(), 100);
    }

    #[test]
    fn what_a_service_asks_for_is_bounded() {
        let (minute, day) = (Duration::from_secs(60), Duration::from_secs(86_400));
        for (longest, deadline, asked, expected) in [
            (minute / 60, None, minute / 2, minute / 2),
            (minute / 60, None, day, minute),
            (minute * 5, None, day, minute * 5),
            (minute / 60, Some(minute * 10), minute * 2, minute * 2),
            (minute / 60, Some(minute * 10), day, day),
        ] {
            let retry = Retry { longest, deadline, ..retry(Jitter::None) };
            let wait = retry_wait(&retry, 1, Some(asked), &mut Random::new(1));
            assert_eq!(wait, expected, "{longest:?} {deadline:?} {asked:?}");
        }
    }

    proptest! {
        #[test]
        fn jitter_stays_in_its_share(seed: u64, attempt in 1_u32..100) {
            let whole = retry_wait(&retry(Jitter::None), attempt, None, &mut Random::new(seed));
            let equal = retry_wait(&retry(Jitter::Equal), attempt, None, &mut Random::new(seed));
            let full = retry_wait(&retry(Jitter::Full), attempt, None, &mut Random::new(seed));
            prop_assert!(whole / 2 <= equal && equal <= whole);
            prop_assert!(full <= whole);
        }
    }
}
