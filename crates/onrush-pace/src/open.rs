//! Arrivals at times that do not depend on the service: a function from arrival number to time.
//!
//! Λ(t), the integral of the rate, says how many arrivals belong before t. Evenly spaced, arrival k comes
//! when Λ reaches k; at random, when Λ reaches the k-th point of a Poisson process of rate 1, which makes
//! a Poisson process of just the rate asked for. Λ is kept in integers, in units so small that every
//! rate and duration is exact, and nothing is rounded between stages.

use std::time::Duration;

use crate::random::Random;
use crate::rate::Rate;
use crate::segment::Segment;
use crate::stage::{Spacing, Stage};

/// One arrival in units of Λ: 2 × millionths × nanoseconds in an hour. (A ramp covers
/// (from + to) × lasts / 2; the 2 spares the division.)
const ARRIVAL: u128 = 2 * 1_000_000 * 3_600_000_000_000;

/// An open phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    spacing: Spacing,
    pieces: Vec<Piece>,
}

/// One arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its place in the whole phase, from 0.
    pub number: u64,
    /// When it should begin, from the start of the phase.
    pub at: Duration,
}

/// A stage and where it lies. Times in ns, rates in millionths per hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: u64,
    lasts: u64,
    from: u64,
    to: u64,
    /// Λ at its start and its end.
    before: u128,
    after: u128,
}

impl Open {
    pub(crate) fn new(spacing: Spacing, stages: &[Stage]) -> Self {
        let (mut start, mut before) = (0, 0);
        let mut pieces = Vec::new();
        for stage in stages {
            if let Stage::Arrivals { from, to, lasts, .. } = *stage {
                let piece = Piece::new(start, before, from, to, lasts);
                (start, before) = (piece.start + piece.lasts, piece.after);
                pieces.push(piece);
            }
        }
        Self { spacing, pieces }
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.pieces.last().map_or(0, |piece| piece.start + piece.lasts))
    }

    /// How many arrivals there are: every k below the integral of the rate. For random arrivals it is
    /// their mean, rounded up.
    pub fn total(&self) -> u64 {
        self.area().div_ceil(ARRIVAL) as u64
    }

    /// When arrival `number` comes, if arrivals are evenly spaced; `None` past the last.
    pub fn arrival(&self, number: u64) -> Option<Duration> {
        let at = u128::from(number) * ARRIVAL;
        let piece = self.pieces.iter().find(|piece| at < piece.after)?;
        Some(piece.reaches(at))
    }

    /// The arrivals of a segment in order. `seed` matters for random spacing only. Random arrivals are all
    /// generated and the others' left out, so that any division gives the same whole.
    pub fn arrivals(&self, segment: Segment, seed: u64) -> Arrivals<'_> {
        Arrivals {
            open: self,
            segment,
            random: Random::new(seed),
            piece: 0,
            next: 0,
            reached: 0,
            latest: Duration::ZERO,
        }
    }

    fn area(&self) -> u128 {
        self.pieces.last().map_or(0, |piece| piece.after)
    }
}

/// The arrivals of one segment.
#[derive(Clone, Debug)]
pub struct Arrivals<'a> {
    open: &'a Open,
    segment: Segment,
    random: Random,
    /// The piece of the last arrival: Λ only grows.
    piece: usize,
    /// The number of the next arrival of the whole.
    next: u64,
    /// Λ at the last arrival of the whole, where spacing is random.
    reached: u128,
    latest: Duration,
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    #[inline]
    fn next(&mut self) -> Option<Arrival> {
        let (number, at) = match self.open.spacing {
            Spacing::Even => self.next_even(),
            Spacing::Poisson => self.next_random()?,
        };
        let piece = loop {
            match self.open.pieces.get(self.piece)? {
                piece if at < piece.after => break piece,
                _ => self.piece += 1,
            }
        };
        // Rounding in a ramp is far below a nanosecond, but order is a promise.
        self.latest = self.latest.max(piece.reaches(at));
        Some(Arrival { number, at: self.latest })
    }
}

impl Arrivals<'_> {
    fn next_even(&mut self) -> (u64, u128) {
        let (index, of) = (u64::from(self.segment.index()), u64::from(self.segment.of()));
        let number = self.next * of + index;
        self.next += 1;
        (number, u128::from(number) * ARRIVAL)
    }

    fn next_random(&mut self) -> Option<(u64, u128)> {
        let (index, of) = (u64::from(self.segment.index()), u64::from(self.segment.of()));
        loop {
            self.reached += (self.random.exponential() * ARRIVAL as f64) as u128;
            if self.reached >= self.open.area() {
                return None;
            }
            let number = self.next;
            self.next += 1;
            if number % of == index {
                return Some((number, self.reached));
            }
        }
    }
}

impl Piece {
    fn new(start: u64, before: u128, from: Rate, to: Rate, lasts: Duration) -> Self {
        let (from, to) = (from.millionths_per_hour(), to.millionths_per_hour());
        let lasts = u64::try_from(lasts.as_nanos()).unwrap_or(u64::MAX);
        let after = before + (u128::from(from) + u128::from(to)) * u128::from(lasts);
        Self { start, lasts, from, to, before, after }
    }

    /// When Λ reaches `at`, which lies within this piece.
    fn reaches(&self, at: u128) -> Duration {
        let into = at - self.before;
        let nanos = if self.from == self.to {
            (into / (2 * u128::from(self.from))) as u64
        } else {
            self.ramp_reaches(into as f64)
        };
        Duration::from_nanos(self.start + nanos.min(self.lasts - 1))
    }

    /// Solves 2·from·t + slope·t² = into in the form that does not cancel for either sign of the slope.
    fn ramp_reaches(&self, into: f64) -> u64 {
        let (from, to) = (self.from as f64, self.to as f64);
        let slope = (to - from) / self.lasts as f64;
        let root = (from * from + slope * into).max(0.0).sqrt();
        if from + root > 0.0 { (into / (from + root)) as u64 } else { 0 }
    }
}
