//! Answers by status, with a bound on how many there are to tell apart.

use onrush_metrics::Statuses;

/// So many statuses are told apart; those that come later count for their class. A service that answers with every
/// number there is does not make a thousand series a step.
const APART: usize = 16;

/// Counts by status, or by class for those that came too late.
#[derive(Debug, Default)]
pub(crate) struct StatusBook {
    apart: Vec<(u16, u64)>,
    classes: [u64; 10],
}

impl StatusBook {
    pub(crate) fn add(&mut self, statuses: &Statuses) {
        for (status, count) in statuses.rows() {
            match self.apart.iter().position(|row| row.0 == *status) {
                Some(place) => self.apart[place].1 += count,
                None if self.apart.len() < APART => self.apart.push((*status, *count)),
                None => self.classes[usize::from(status / 100).min(9)] += count,
            }
        }
    }

    /// Statuses as `404`, classes as `4xx`.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (String, u64)> {
        let apart = self.apart.iter().map(|(status, count)| (status.to_string(), *count));
        let classes = self.classes.iter().enumerate().filter(|(_, count)| **count > 0);
        apart.chain(classes.map(|(class, count)| (format!("{class}xx"), *count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_answers_with_everything_makes_few_series() {
        let mut book = StatusBook::default();
        for status in 200..600 {
            let mut statuses = Statuses::default();
            statuses.add(status, 2);
            book.add(&statuses);
        }
        let rows: Vec<_> = book.rows().collect();
        assert_eq!((rows.len(), &*rows[0].0, &*rows[16].0), (20, "200", "2xx"));
        assert_eq!(rows.iter().map(|row| row.1).sum::<u64>(), 800, "nothing is lost");
    }
}
