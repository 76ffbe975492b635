//! The failures in one line, for the very top: a sound measurement of a failure is still a failure.

use onrush_metrics::{Counters, ErrorKind, Tally};

use crate::units::{count, percent, several};

/// What became of the requests, where it is not what was hoped for.
#[derive(Debug, PartialEq)]
pub(crate) enum Failures {
    /// Not one request was answered well: how, in words.
    All(String),
    /// Some were not: how many, in words.
    Part(String),
}

impl Failures {
    /// `None` where all is well, and where only this machine is to blame: the verdict tells that. Iterations that could
    /// not go on are told where every request went well: nobody would look for them.
    pub(crate) fn of(total: &Tally, iterations: Option<&Tally>) -> Option<Self> {
        Self::of_requests(total).or_else(|| Self::of_iterations(&iterations?.counters))
    }

    fn of_iterations(counters: &Counters) -> Option<Self> {
        let (failed, ended) = (counters.failed, counters.ended());
        let of = several(ended, "iteration", "iterations");
        match (failed, counters.completed) {
            (0, _) => None,
            (_, 0) => Some(Self::All(format!("{} of {of} could not go on", count(failed)))),
            _ => Some(Self::Part(format!("{} of {of}, {}, could not go on", count(failed), percent(failed, ended)))),
        }
    }

    fn of_requests(total: &Tally) -> Option<Self> {
        let counters = &total.counters;
        let local: u64 = total.errors.rows().filter(|row| row.kind.is_local()).map(|row| row.count).sum();
        let failed = counters.failed.saturating_sub(local);
        if counters.completed == 0 && counters.failed == 0 && counters.cut_off > 0 {
            return Some(Self::All(format!("{} unanswered at the end", all(counters.cut_off, "", ["was", "were"]))));
        }
        if failed == 0 {
            return None;
        }
        let why = why(total);
        if counters.completed == 0 && local == 0 {
            let ended = if counters.cut_off > 0 { " that ended" } else { "" };
            return Some(Self::All(format!("{} ({why})", all(failed, ended, ["failed"; 2]))));
        }
        let of = several(counters.ended(), "request", "requests");
        let share = percent(failed, counters.ended());
        Some(Self::Part(format!("{} of {of}, {share} ({why})", count(failed))))
    }
}

fn all(number: u64, which: &str, [verb, verbs]: [&str; 2]) -> String {
    match number {
        1 => format!("the only request{which} {verb}"),
        2 => format!("both requests{which} {verbs}"),
        more => format!("all {} requests{which} {verbs}", count(more)),
    }
}

/// The most frequent kind of failure, and the status where that is the kind.
fn why(total: &Tally) -> String {
    let kinds = || total.errors.rows().filter(|row| !row.kind.is_local());
    let Some(most) = kinds().max_by_key(|row| row.count) else { return String::new() };
    let bad = || total.statuses.rows().iter().filter(|(status, _)| *status >= 400);
    let status = bad().max_by_key(|(_, count)| *count).filter(|_| most.kind == ErrorKind::Status);
    let is_one_of_many = kinds().count() > 1 || status.is_some() && bad().count() > 1;
    let mostly = if is_one_of_many { "mostly " } else { "" };
    let code = status.map(|(status, _)| format!(" {status}")).unwrap_or_default();
    format!("{mostly}{}{code}", most.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Completed, cut off, failures by kind, statuses of the bad answers.
    type Case<'a> = (u64, u64, &'a [(ErrorKind, u64)], &'a [u16]);

    fn said((completed, cut_off, errors, statuses): Case) -> String {
        let failed: u64 = errors.iter().map(|(_, count)| count).sum();
        let mut total =
            Tally { counters: Counters { completed, failed, cut_off, ..Counters::default() }, ..Tally::default() };
        for (kind, count) in errors {
            (0..*count).for_each(|_| total.errors.record(*kind, String::new));
        }
        statuses.iter().for_each(|status| total.statuses.record(*status));
        match Failures::of(&total, None) {
            None => "nothing".to_owned(),
            Some(Failures::All(words)) => format!("all: {words}"),
            Some(Failures::Part(words)) => format!("some: {words}"),
        }
    }

    #[test]
    fn what_is_said() {
        use ErrorKind::{ConnectRefused, LocalPorts, Reset, Status, Timeout};
        let table: &[(Case, &str)] = &[
            ((0, 0, &[], &[]), "nothing"),
            ((9, 3, &[], &[]), "nothing"),
            ((0, 1, &[], &[]), "all: the only request was unanswered at the end"),
            ((0, 3, &[], &[]), "all: all 3 requests were unanswered at the end"),
            ((0, 0, &[(ConnectRefused, 1)], &[]), "all: the only request failed (connect refused)"),
            ((0, 0, &[(ConnectRefused, 2)], &[]), "all: both requests failed (connect refused)"),
            ((0, 0, &[(ConnectRefused, 2_000)], &[]), "all: all 2,000 requests failed (connect refused)"),
            ((0, 1, &[(Timeout, 1)], &[]), "all: the only request that ended failed (timeout)"),
            ((0, 1, &[(Reset, 5), (Timeout, 6)], &[]), "all: all 11 requests that ended failed (mostly timeout)"),
            ((1, 0, &[(Status, 1)], &[200, 404]), "some: 1 of 2 requests, 50 % (status 404)"),
            ((3, 0, &[(Status, 3)], &[503, 200, 404, 503]), "some: 3 of 6 requests, 50 % (mostly status 503)"),
            ((3, 0, &[(Status, 1), (Reset, 2)], &[503]), "some: 3 of 6 requests, 50 % (mostly reset)"),
            ((3, 0, &[(LocalPorts, 3)], &[]), "nothing"),
            ((0, 0, &[(LocalPorts, 3)], &[]), "nothing"),
            ((0, 0, &[(LocalPorts, 8), (Reset, 2)], &[]), "some: 2 of 10 requests, 20 % (reset)"),
        ];
        for (case, expected) in table {
            assert_eq!(said(*case), *expected, "{case:?}");
        }
    }

    #[test]
    fn iterations_that_could_not_go_on_are_told_though_every_request_went_well() {
        let tally = |completed, failed| Tally {
            counters: Counters { completed, failed, ..Counters::default() },
            ..Tally::default()
        };
        for (iterations, expected) in [
            ((0, 0), None),
            ((3, 0), None),
            ((0, 1), Some(Failures::All("1 of 1 iteration could not go on".to_owned()))),
            ((30, 10), Some(Failures::Part("10 of 40 iterations, 25 %, could not go on".to_owned()))),
        ] {
            let iterations_of = tally(iterations.0, iterations.1);
            assert_eq!(Failures::of(&tally(5, 0), Some(&iterations_of)), expected, "{iterations:?}");
        }
    }
}
