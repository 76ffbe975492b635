//! How far a run is, and what is left of it, as far as that can be known.

use std::time::Duration;

use onrush_metrics::{RunInfo, Snapshot};

/// What would be shown as nothing is nothing.
const LEAST: Duration = Duration::from_millis(500);

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Far {
    /// 0 to 1; 1 only when nothing is left.
    pub(crate) share: f64,
    /// What is left, where that is worth saying.
    pub(crate) left: Option<Duration>,
    /// What is left is a guess from the pace so far.
    pub(crate) is_guess: bool,
}

/// `None` where nobody can know.
pub(crate) fn far(snapshot: &Snapshot, info: &RunInfo) -> Option<Far> {
    match (info.duration, info.requests) {
        (Some(duration), _) => {
            let left = Some(duration.saturating_sub(snapshot.at)).filter(|left| *left >= LEAST);
            let share = left.map_or(1.0, |_| snapshot.at.as_secs_f64() / duration.as_secs_f64());
            Some(Far { share, left, is_guess: false })
        }
        // What the warm-up did is not told, so how much is left is not known.
        (None, Some(requests)) if info.warmup.is_zero() => Some(counted(snapshot, requests)),
        _ => None,
    }
}

fn counted(snapshot: &Snapshot, requests: u64) -> Far {
    let (at, counters) = (snapshot.at, &snapshot.total.counters);
    let done = (counters.ended() + counters.dropped).min(requests);
    let share = if done < requests { done as f64 / requests as f64 } else { 1.0 };
    let left = Duration::try_from_secs_f64(at.as_secs_f64() * (1.0 - share) / share).unwrap_or(Duration::MAX);
    // A guess from the first few requests would be wrong by days.
    let is_known = done < requests && left <= at * 100;
    Far { share, left: is_known.then(|| left.max(Duration::from_secs(1))), is_guess: true }
}

/// Whatever it is rounded to, 100 % is when nothing is left.
pub(crate) fn whole_percent(share: f64) -> String {
    let percent = (share * 100.0).round().clamp(0.0, 100.0);
    format!("{:>3} %", if share < 1.0 { percent.min(99.0) } else { percent })
}
