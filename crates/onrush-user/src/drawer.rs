//! Which row is drawn next: a worker's share of the draws of a run, without talking to the other workers.

use std::cell::{Cell, RefCell};

use minijinja::value::Value;
use onrush_pace::Segment;
use onrush_plan::{AtEnd, Pick};

use crate::Random;
use crate::mind::Mind;
use crate::permutation::Permutation;
use crate::script::{Script, Source};
use crate::trouble::{Trouble, TroubleKind};

/// A worker's hold on all feeders.
#[derive(Debug)]
pub struct Drawer {
    segment: Segment,
    feeders: Vec<Place>,
}

/// How far a worker has drawn from a feeder.
#[derive(Debug)]
struct Place {
    drawn: Cell<u64>,
    seed: u64,
    /// The order of a round, and which round that is.
    order: RefCell<Option<(u64, Permutation)>>,
}

impl Drawer {
    /// The drawer of the worker that plays a segment.
    pub fn new(script: &Script, segment: Segment) -> Self {
        let place = |number: usize| Place {
            drawn: Cell::new(0),
            seed: Random::derived(script.seed, &[FEEDERS, number as u64]).number(),
            order: RefCell::default(),
        };
        Self { segment, feeders: (0..script.feeders.len()).map(place).collect() }
    }

    /// Draws a row as the value of a variable.
    pub(crate) fn draw(&self, feeder: usize, source: &Source, mind: &mut Mind) -> Result<Value, Trouble> {
        let rows = source.table.rows();
        let place = &self.feeders[feeder];
        let row = match source.pick {
            Pick::Random => mind.random.below(rows),
            Pick::Unique => bounded(mind.user, rows, source)? % rows,
            Pick::Sequential => bounded(self.next(place), rows, source)? % rows,
            Pick::Shuffled => place.shuffled(bounded(self.next(place), rows, source)?, rows),
        };
        Ok(source.table.value(row))
    }

    fn next(&self, place: &Place) -> u64 {
        let drawn = place.drawn.get();
        place.drawn.set(drawn + 1);
        drawn * u64::from(self.segment.of()) + u64::from(self.segment.index())
    }
}

/// Keeps the seeds of feeders apart from those of users.
const FEEDERS: u64 = 0x6665_6564_6572_7300;

fn bounded(number: u64, rows: u64, source: &Source) -> Result<u64, Trouble> {
    if number >= rows && source.at_end == AtEnd::Stop {
        let message = format!("`{}` has no further row: all {rows} are drawn", source.name);
        let kind = if source.pick == Pick::Unique { TroubleKind::Exhausted } else { TroubleKind::AtEnd };
        return Err(Trouble::new(kind, "", message));
    }
    Ok(number)
}

impl Place {
    /// Each round through the rows has an order of its own, the same for all workers.
    fn shuffled(&self, number: u64, rows: u64) -> u64 {
        let (round, place) = (number / rows, number % rows);
        let mut order = self.order.borrow_mut();
        if order.as_ref().is_none_or(|(of, _)| *of != round) {
            *order = Some((round, Permutation::new(rows, &mut Random::derived(self.seed, &[round]))));
        }
        order.as_ref().map_or(place, |(_, order)| order.at(place))
    }
}
