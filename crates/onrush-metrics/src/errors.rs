//! Failures by kind, each with the first example seen.

use crate::ErrorKind;

const KINDS: usize = ErrorKind::ALL.len();

/// How often each kind of failure happened. Memory does not depend on how many there were.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Empty until the first failure.
    rows: Vec<(u64, Option<Box<str>>)>,
}

/// One kind of failure.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorRow<'a> {
    /// The kind.
    pub kind: ErrorKind,
    /// How often.
    pub count: u64,
    /// What the first one said.
    pub example: Option<&'a str>,
}

impl Errors {
    /// Counts a failure. `example` is only called for the first of its kind.
    pub fn record(&mut self, kind: ErrorKind, example: impl FnOnce() -> String) {
        let row = self.row_mut(kind);
        row.0 += 1;
        if row.1.is_none() {
            row.1 = Some(example().into());
        }
    }

    /// Counts `count` failures, of which the first one said `example`.
    pub fn add(&mut self, kind: ErrorKind, count: u64, example: Option<&str>) {
        let row = self.row_mut(kind);
        row.0 += count;
        row.1 = row.1.take().or_else(|| example.map(Into::into));
    }

    /// Adds the counts of `other`; the earlier example stays.
    pub fn merge(&mut self, other: &Self) {
        other.rows().for_each(|row| self.add(row.kind, row.count, row.example));
    }

    /// How often `kind` happened.
    pub fn count(&self, kind: ErrorKind) -> u64 {
        self.rows.get(kind as usize).map_or(0, |row| row.0)
    }

    /// All failures together.
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|row| row.0).sum()
    }

    /// The kinds that happened, in the order of a request's life.
    pub fn rows(&self) -> impl Iterator<Item = ErrorRow<'_>> {
        ErrorKind::ALL.iter().zip(&self.rows).filter(|(_, row)| row.0 > 0).map(|(kind, row)| ErrorRow {
            kind: *kind,
            count: row.0,
            example: row.1.as_deref(),
        })
    }

    fn row_mut(&mut self, kind: ErrorKind) -> &mut (u64, Option<Box<str>>) {
        if self.rows.is_empty() {
            self.rows.resize(KINDS, (0, None));
        }
        &mut self.rows[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_the_first_example_survive_a_merge() {
        let mut a = Errors::default();
        a.record(ErrorKind::Reset, || "first".into());
        a.record(ErrorKind::Reset, || unreachable!("the example is made once"));
        let mut b = Errors::default();
        b.record(ErrorKind::Reset, || "other".into());
        b.record(ErrorKind::Dns, || "no such host".into());
        a.merge(&b);
        let rows: Vec<_> = a.rows().map(|row| (row.kind.name(), row.count, row.example.unwrap())).collect();
        assert_eq!(rows, [("dns", 1, "no such host"), ("reset", 3, "first")]);
        assert_eq!(a.total(), 4);
    }
}
