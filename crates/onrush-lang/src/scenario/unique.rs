//! Rows of users' own that cannot be enough for all of them, as far as that is known before.

use onrush_pace::{Phase, Profile};
use onrush_plan::{AtEnd, Pick, Play};

use super::reader::Reader;
use super::tree::Node;

impl Reader<'_> {
    /// Warns of feeders that run out because more users come than there are rows.
    pub(crate) fn scarce_rows(&mut self, data: Option<&Node>, play: &Play) {
        let Some(data) = data else { return };
        for (place, entry) in self.entries(data, "feeders").to_vec().iter().enumerate() {
            let Some(feeder) = self.feeders.get(place).filter(|feeder| feeder.name == entry.key) else { continue };
            let rows = feeder.table.rows() as u64;
            if feeder.pick != Pick::Unique || feeder.at_end != AtEnd::Stop || rows == 0 {
                continue;
            }
            let needed = rows_for_all(play, place, rows);
            if needed > rows {
                let plural = if rows == 1 { "" } else { "s" };
                let message =
                    format!("`{}` has {rows} row{plural}, and {needed} are needed: one for each user", entry.key);
                let help = "add rows, or let users share them: `at_end: recycle`, or another `pick`";
                self.warn(&entry.at, message, "those without one do nothing", help);
            }
        }
    }
}

/// How many rows the loads ask of a feeder, where that is more than `rows`.
fn rows_for_all(play: &Play, feeder: usize, rows: u64) -> u64 {
    let tracks = play.tracks.len() as u64;
    let needs = play.tracks.iter().enumerate().map(|(place, track)| {
        // Users are numbered over all loads in turn, so that no two have the same number.
        let last = people(&track.load).saturating_sub(1).saturating_mul(tracks).saturating_add(place as u64);
        let weights: f64 = track.mix.iter().map(|(_, weight)| weight).sum();
        let draws = |scenario: usize| play.scenarios[scenario].draws.contains(&feeder);
        let drawing: f64 = track.mix.iter().filter(|(place, _)| draws(*place)).map(|(_, weight)| weight).sum();
        // Of those who come when all rows are drawn, one at least is likely to want a row.
        let late = (last + 1).saturating_sub(rows) / tracks;
        if (late.max(1)) as f64 * drawing / weights >= 1.0 { last + 1 } else { 0 }
    });
    needs.max().unwrap_or(0)
}

/// Users that come in the longest phase: each arrival of an open one is somebody else.
fn people(load: &Profile) -> u64 {
    let people = |phase: &Phase| match phase {
        Phase::Open(open) => open.total(),
        Phase::Closed(closed) => closed.max_users().into(),
        Phase::Counted(counted) => counted.users().into(),
    };
    load.phases().iter().map(people).max().unwrap_or(0)
}
