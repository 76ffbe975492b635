//! Points along time, never more than a given number of them: where there would be, neighbours become one.

use std::time::Duration;

/// What a point says; two of them in a row make one.
pub(crate) trait Piece {
    /// Adds a later one. Nothing that was counted is lost, but when exactly it happened.
    fn merge(&mut self, later: &Self);
}

/// A point and its time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point<P> {
    /// When it begins, since the start of the run.
    pub(crate) since: Duration,
    /// When it ends.
    pub(crate) until: Duration,
    /// How many intervals are in it.
    intervals: u32,
    /// What happened in it.
    pub(crate) piece: P,
}

/// Points in the order of time.
#[derive(Debug)]
pub(crate) struct Track<P> {
    points: Vec<Point<P>>,
    /// Intervals that a point has room for; it doubles.
    width: u32,
    most: usize,
    /// The first point that has changed since [`Self::take_changed`] was asked.
    changed: usize,
}

impl<P: Piece> Track<P> {
    /// At most `most` points, which is at least 2.
    pub(crate) fn new(most: usize) -> Self {
        Self { points: Vec::new(), width: 1, most, changed: 0 }
    }

    /// Adds an interval. A short one, such as the rest of a second at the end of a run, becomes a part of the one before:
    /// rates of a few milliseconds would be noise.
    pub(crate) fn push(&mut self, since: Duration, until: Duration, piece: P) {
        const SHORT: Duration = Duration::from_millis(250);
        let is_short = until.saturating_sub(since) < SHORT;
        match self.points.last_mut() {
            Some(last) if is_short || last.intervals < self.width => {
                last.absorb(&Point { since, until, intervals: u32::from(!is_short), piece });
            }
            _ => self.points.push(Point { since, until, intervals: u32::from(!is_short), piece }),
        }
        self.changed = self.changed.min(self.points.len() - 1);
        if self.points.len() > self.most {
            self.halve();
        }
    }

    /// All points.
    pub(crate) fn points(&self) -> &[Point<P>] {
        &self.points
    }

    /// The first point that has changed since this was last asked; the number of points where none has.
    pub(crate) fn take_changed(&mut self) -> usize {
        std::mem::replace(&mut self.changed, usize::MAX).min(self.points.len())
    }

    fn halve(&mut self) {
        let mut points = std::mem::take(&mut self.points).into_iter();
        while let Some(mut point) = points.next() {
            if let Some(later) = points.next() {
                point.absorb(&later);
            }
            self.points.push(point);
        }
        self.width *= 2;
        self.changed = 0;
    }
}

impl<P> Point<P> {
    /// How long it lasts, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.until.saturating_sub(self.since).as_secs_f64()
    }
}

impl<P: Piece> Point<P> {
    fn absorb(&mut self, later: &Self) {
        self.until = self.until.max(later.until);
        self.intervals += later.intervals;
        self.piece.merge(&later.piece);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Piece for u64 {
        fn merge(&mut self, later: &Self) {
            *self += later;
        }
    }

    fn track(intervals: &[(u64, u64)], most: usize) -> Track<u64> {
        let mut track = Track::new(most);
        let mut at = Duration::ZERO;
        for (millis, count) in intervals {
            let until = at + Duration::from_millis(*millis);
            track.push(at, until, *count);
            at = until;
        }
        track
    }

    #[test]
    fn neighbours_become_one_when_there_are_too_many() {
        let track = track(&[(1000, 1), (1000, 2), (1000, 4), (1000, 8), (1000, 16), (1000, 32)], 4);
        let seen: Vec<_> = track.points().iter().map(|point| (point.since.as_secs(), point.piece)).collect();
        assert_eq!(seen, [(0, 3), (2, 12), (4, 48)]);
    }

    #[test]
    fn the_rest_of_a_second_is_no_point_of_its_own() {
        let track = track(&[(1000, 100), (1000, 100), (3, 1)], 100);
        assert_eq!(track.points().iter().map(|point| point.piece).collect::<Vec<_>>(), [100, 101]);
        assert_eq!(track.points()[1].until, Duration::from_millis(2_003));
    }

    #[test]
    fn what_has_changed_is_told_once() {
        let mut track = track(&[(1000, 1), (1000, 1)], 4);
        let mut next = |second: u64| {
            track.push(Duration::from_secs(second), Duration::from_secs(second + 1), 1);
            track.take_changed()
        };
        // The fifth makes three of five; the sixth then fills the third.
        assert_eq!([next(2), next(3), next(4), next(5), next(6)], [0, 3, 0, 2, 3]);
        assert_eq!(track.take_changed(), 4);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_time_has_no_gaps(
            intervals in prop::collection::vec((1..3_000_u64, 0..1_000_u64), 1..400),
            most in 2..40_usize,
        ) {
            let track = track(&intervals, most);
            let points = track.points();
            prop_assert!(points.len() <= most);
            prop_assert_eq!(points.iter().map(|point| point.piece).sum::<u64>(), intervals.iter().map(|one| one.1).sum::<u64>());
            prop_assert!(points.is_sorted_by(|one, next| one.until == next.since));
            let lasted = Duration::from_millis(intervals.iter().map(|one| one.0).sum());
            prop_assert_eq!((points[0].since, points[points.len() - 1].until), (Duration::ZERO, lasted));
        }
    }
}
