//! Tallies as bytes: only what is not zero.

use onrush_metrics::{CheckRow, Checks, Counters, ErrorKind, Errors, Statuses, Tally};

use crate::bytes::{Bytes, Malformed, put, put_text};
use crate::histogram::{Detail, histogram, put_histogram};

/// Which parts of a tally are kept, and how finely.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) detail: Detail,
    /// Only these histograms, by name; none means all of them.
    pub(crate) times: &'static [&'static str],
}

impl Keep {
    pub(crate) const ALL: Self = Self { detail: Detail::ALL, times: &[] };
}

/// Names of kinds; an example is only written if `is_new` says that it has not been before.
pub(crate) fn put_tally(to: &mut Vec<u8>, tally: &Tally, keep: Keep, mut is_new: impl FnMut(Example) -> bool) {
    put_masked(to, tally.counters.values(), |to, value| put(to, u128::from(value)), |value| *value > 0);
    let times = tally.times().into_iter();
    let is_kept = |(name, times): &(&str, &_)| is_kept(keep, name, times);
    put_masked(to, times, |to, (_, times)| put_histogram(to, times, keep.detail), is_kept);
    put(to, tally.statuses.rows().len() as u128);
    for (status, count) in tally.statuses.rows() {
        put(to, u128::from(*status));
        put(to, u128::from(*count));
    }
    put(to, tally.errors.rows().count() as u128);
    for row in tally.errors.rows() {
        put_text(to, row.kind.name());
        put(to, u128::from(row.count));
        put_text(to, row.example.filter(|_| is_new(Example::Error(row.kind))).unwrap_or_default());
    }
    put(to, tally.checks.rows().len() as u128);
    for (number, row) in tally.checks.rows().iter().enumerate() {
        put(to, u128::from(row.passed));
        put(to, u128::from(row.failed));
        put_text(to, row.example.as_deref().filter(|_| is_new(Example::Check(number))).unwrap_or_default());
    }
}

/// Whose example it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Example {
    Error(ErrorKind),
    Check(usize),
}

fn is_kept(keep: Keep, name: &str, times: &onrush_metrics::Histogram) -> bool {
    !times.is_empty() && (keep.times.is_empty() || keep.times.contains(&name))
}

pub(crate) fn tally(from: &mut Bytes) -> Result<Tally, Malformed> {
    let mut tally = Tally::default();
    let mask = from.big()?;
    let values: Result<Vec<u64>, _> =
        places(mask).map(|is_there| if is_there { from.number() } else { Ok(0) }).collect();
    tally.counters = Counters::from_values(values?);
    read_times(from, &mut tally)?;
    tally.statuses = statuses(from)?;
    tally.errors = errors(from)?;
    tally.checks = checks(from)?;
    Ok(tally)
}

fn read_times(from: &mut Bytes, tally: &mut Tally) -> Result<(), Malformed> {
    let mask = from.big()?;
    let mut times = tally.times_mut().into_iter();
    for is_there in places(mask) {
        let place = times.next();
        if is_there {
            let read = histogram(from)?;
            // A later version may have histograms that nobody here knows.
            if let Some((_, place)) = place {
                *place = read;
            }
        }
    }
    Ok(())
}

fn statuses(from: &mut Bytes) -> Result<Statuses, Malformed> {
    let mut statuses = Statuses::default();
    for _ in 0..from.count()? {
        let status = u16::try_from(from.number()?).ok().filter(|status| *status < 1000);
        statuses.add(status.ok_or(Malformed("a status is too large"))?, sane(from.number()?)?);
    }
    Ok(statuses)
}

fn errors(from: &mut Bytes) -> Result<Errors, Malformed> {
    let mut errors = Errors::default();
    for _ in 0..from.count()? {
        let (name, count, example) = (from.text()?, sane(from.number()?)?, from.text()?);
        let kind = ErrorKind::named(name).ok_or(Malformed("a kind of error is unknown"))?;
        errors.add(kind, count, Some(example).filter(|example| !example.is_empty()));
    }
    Ok(errors)
}

fn checks(from: &mut Bytes) -> Result<Checks, Malformed> {
    let mut rows = Vec::new();
    for _ in 0..from.count()? {
        let (passed, failed, example) = (sane(from.number()?)?, sane(from.number()?)?, from.text()?);
        rows.push(CheckRow {
            passed,
            failed,
            example: Some(example).filter(|example| !example.is_empty()).map(Into::into),
        });
    }
    Ok(Checks::from_rows(rows))
}

/// Counts are added up; nobody can have counted so many that this overflows.
fn sane(count: u64) -> Result<u64, Malformed> {
    if count < 1 << 53 { Ok(count) } else { Err(Malformed("a count is too large")) }
}

/// A mask of which are there, and those.
fn put_masked<T>(
    to: &mut Vec<u8>,
    all: impl Iterator<Item = T>,
    mut put_one: impl FnMut(&mut Vec<u8>, T),
    is_there: impl Fn(&T) -> bool,
) {
    let mut mask = 0_u128;
    let mut there = Vec::new();
    for (place, one) in all.enumerate() {
        if is_there(&one) {
            mask |= 1 << place;
            put_one(&mut there, one);
        }
    }
    put(to, mask);
    to.append(&mut there);
}

/// Whether there is something in each place, up to the last one that there is.
fn places(mask: u128) -> impl Iterator<Item = bool> {
    (0..128 - mask.leading_zeros()).map(move |place| mask >> place & 1 == 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    pub(crate) fn tallies() -> impl Strategy<Value = Tally> {
        let counters = prop::collection::vec(0..1_u64 << 40, 0..Counters::NAMES.len());
        let times = prop::collection::vec((0..11_usize, 0..100_000_u64), 0..60);
        let errors = prop::collection::vec((0..ErrorKind::ALL.len(), "[a-z]{1,8}"), 0..4);
        let checks = prop::collection::vec((any::<u32>(), prop::option::of("[a-z]{1,8}")), 0..4);
        let statuses = prop::collection::vec((100..600_u16, 1..1_000_000_u64), 0..4);
        (counters, times, errors, checks, statuses).prop_map(|(counters, times, errors, checks, statuses)| {
            let mut tally = Tally { counters: Counters::from_values(counters), ..Tally::default() };
            times.iter().for_each(|(place, us)| tally.times_mut()[*place].1.record(Duration::from_micros(*us)));
            errors.into_iter().for_each(|(kind, example)| tally.errors.record(ErrorKind::ALL[kind], || example));
            let row = |(passed, example): (u32, Option<String>)| CheckRow {
                passed: u64::from(passed),
                failed: u64::from(example.is_some()),
                example: example.map(Into::into),
            };
            tally.checks = Checks::from_rows(checks.into_iter().map(row).collect());
            statuses.into_iter().for_each(|(status, count)| tally.statuses.add(status, count));
            tally
        })
    }

    proptest! {
        #[test]
        fn all_of_it_comes_back(before in tallies()) {
            let mut bytes = Vec::new();
            put_tally(&mut bytes, &before, Keep::ALL, |_| true);
            let mut read = Bytes(&bytes);
            prop_assert_eq!(tally(&mut read).unwrap(), before);
            prop_assert!(read.is_empty());
        }

        #[test]
        fn anything_may_be_read(bytes in any::<Vec<u8>>()) {
            let _ = tally(&mut Bytes(&bytes));
        }
    }
}
