//! Rows that users draw from.

use std::sync::Arc;

use crate::VariableId;

/// A source of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Feeder {
    /// Its name in the file.
    pub name: String,
    /// Gets the row that was drawn, as a map of its fields.
    pub variable: VariableId,
    /// The rows.
    pub table: Arc<Table>,
    /// Which row is drawn.
    pub pick: Pick,
    /// What happens when there is no further row.
    pub at_end: AtEnd,
}

/// Rows of named fields in one block of memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The names of the fields.
    pub fields: Vec<String>,
    /// All values one after the other.
    pub text: String,
    /// Where each value ends in `text`, row by row; as many as rows times fields.
    pub ends: Vec<u32>,
    /// Rows whose values are more than text (from JSON), as JSON texts; empty if there are none. Then a row has one
    /// value, and `fields` is empty.
    pub is_json: bool,
}

/// Which row is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pick {
    /// One after the other; no two draws of the run get the same before all have been drawn.
    #[default]
    Sequential,
    /// The same in an order drawn from the seed.
    Shuffled,
    /// Any, each time.
    Random,
    /// A row of each user's own, the same in all its iterations.
    Unique,
}

/// What happens when there is no further row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AtEnd {
    /// From the beginning again.
    #[default]
    Recycle,
    /// The user stops; what it would have done is counted as unstarted, and the verdict says why.
    Stop,
}

impl Table {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.ends.len() / self.columns()
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = &str> {
        let columns = self.columns();
        (row * columns..(row + 1) * columns).map(|place| {
            let from = place.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
            &self.text[from..self.ends[place] as usize]
        })
    }

    fn columns(&self) -> usize {
        if self.is_json { 1 } else { self.fields.len().max(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn rows_are_found_again() {
        let fields = vec!["a".to_owned(), "b".to_owned()];
        let table = Table { fields, text: "1xx3".to_owned(), ends: vec![1, 3, 3, 4], is_json: false };
        let rows: Vec<Vec<_>> = (0..table.rows()).map(|row| table.row(row).collect()).collect();
        assert_eq!(rows, [["1", "xx"], ["", "3"]]);
    }
}
