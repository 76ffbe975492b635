//! How often the checks of a series held, each with the first failure seen.

/// Counts by check; a check is known by its place in the series' own list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    rows: Vec<CheckRow>,
}

/// One check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckRow {
    /// How often it held.
    pub passed: u64,
    /// How often it did not.
    pub failed: u64,
    /// What the first failure expected and found.
    pub example: Option<Box<str>>,
}

impl Checks {
    /// Counts a check that held.
    pub fn pass(&mut self, check: usize) {
        self.row_mut(check).passed += 1;
    }

    /// Counts one that did not. `example` is only called for the first.
    pub fn fail(&mut self, check: usize, example: impl FnOnce() -> String) {
        let row = self.row_mut(check);
        row.failed += 1;
        row.example.get_or_insert_with(|| example().into());
    }

    /// Adds the counts of `other`; the earlier example stays.
    pub fn merge(&mut self, other: &Self) {
        for (check, row) in other.rows.iter().enumerate() {
            let mine = self.row_mut(check);
            mine.passed += row.passed;
            mine.failed += row.failed;
            if mine.example.is_none() {
                mine.example.clone_from(&row.example);
            }
        }
    }

    /// Checks as they were counted, in their order.
    pub fn from_rows(rows: Vec<CheckRow>) -> Self {
        Self { rows }
    }

    /// All checks, as far as any was made.
    pub fn rows(&self) -> &[CheckRow] {
        &self.rows
    }

    fn row_mut(&mut self, check: usize) -> &mut CheckRow {
        if self.rows.len() <= check {
            self.rows.resize_with(check + 1, CheckRow::default);
        }
        &mut self.rows[check]
    }
}

#[cfg(test)]
mod tests {
    use super::Checks;

    #[test]
    fn counts_and_the_first_example_survive_a_merge() {
        let (mut a, mut b) = (Checks::default(), Checks::default());
        a.pass(1);
        a.fail(1, || "expected 200, found 503".into());
        a.fail(1, || unreachable!("the example is made once"));
        b.fail(0, || "expected a token, found nothing".into());
        b.fail(1, || "another".into());
        a.merge(&b);
        let rows: Vec<_> = a.rows().iter().map(|row| (row.passed, row.failed, row.example.as_deref())).collect();
        assert_eq!(rows, [(0, 1, Some("expected a token, found nothing")), (1, 3, Some("expected 200, found 503"))]);
    }
}
