//! What is handed over one by one: so many are held, and what is left out is counted.

/// Rows of an interval, of which at most `MOST` are held for an output that cannot keep up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Singles<T, const MOST: usize> {
    /// In the order in which each worker saw them end.
    pub rows: Vec<T>,
    /// How many are not among them, because there were too many.
    pub left_out: u64,
}

impl<T, const MOST: usize> Default for Singles<T, MOST> {
    fn default() -> Self {
        Self { rows: Vec::new(), left_out: 0 }
    }
}

impl<T, const MOST: usize> Singles<T, MOST> {
    /// How many are held.
    pub const MOST: usize = MOST;
}

impl<T: Clone, const MOST: usize> Singles<T, MOST> {
    /// Adds those of another worker, or of a later interval.
    pub fn merge(&mut self, other: &Self) {
        let kept = other.rows.len().min(MOST.saturating_sub(self.rows.len()));
        self.rows.extend_from_slice(&other.rows[..kept]);
        self.left_out += other.left_out + (other.rows.len() - kept) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted() {
        let mut all = Singles::<u8, 5>::default();
        for rows in [vec![1, 2, 3], vec![4, 5, 6, 7], vec![8]] {
            all.merge(&Singles { rows, left_out: 1 });
        }
        assert_eq!(all, Singles { rows: vec![1, 2, 3, 4, 5], left_out: 3 + 2 + 1 });
    }
}
