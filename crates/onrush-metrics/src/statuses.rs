//! How often each HTTP status was answered.

/// Counts by status code, in rising order. There are never more than 1,000 of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses {
    rows: Vec<(u16, u64)>,
}

impl Statuses {
    /// Counts one answer with `status`.
    #[inline]
    pub fn record(&mut self, status: u16) {
        self.add(status, 1);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        other.rows.iter().for_each(|(status, count)| self.add(*status, *count));
    }

    /// Status and count, in rising order of status.
    pub fn rows(&self) -> &[(u16, u64)] {
        &self.rows
    }

    /// Counts `count` answers with `status`.
    pub fn add(&mut self, status: u16, count: u64) {
        // A handful of distinct statuses: a walk over a short vector beats any map.
        match self.rows.iter().position(|row| row.0 >= status) {
            Some(at) if self.rows[at].0 == status => self.rows[at].1 += count,
            Some(at) => self.rows.insert(at, (status, count)),
            None => self.rows.push((status, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Statuses;

    #[test]
    fn rows_are_sorted_and_merge() {
        let mut statuses = Statuses::default();
        [503, 200, 404, 200].into_iter().for_each(|status| statuses.record(status));
        let copy = statuses.clone();
        statuses.merge(&copy);
        assert_eq!(statuses.rows(), [(200, 4), (404, 2), (503, 2)]);
    }
}
