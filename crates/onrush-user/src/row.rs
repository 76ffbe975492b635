//! A row that a user drew: its place in a table, not a copy of it.

use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use onrush_plan::Table;

/// A row of a table. The table's `Arc` is the worker's own, so that workers share no counter.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    table: Arc<OwnTable>,
    number: usize,
}

/// Rows of tables with no more text than this are read once by each worker; those of larger ones at every draw, so that
/// a million rows need no more room than their text.
const SMALL: usize = 256 * 1024;

/// A worker's hold on a table.
#[derive(Debug)]
pub(crate) struct OwnTable {
    table: Arc<Table>,
    /// The rows of a small table of JSON, as far as they have been drawn.
    read: Vec<OnceLock<Value>>,
}

impl OwnTable {
    pub(crate) fn of(table: &Arc<Table>) -> Arc<Self> {
        let is_small = table.is_json && table.text.len() <= SMALL;
        let read = (0..table.rows()).filter(|_| is_small).map(|_| OnceLock::new()).collect();
        Arc::new(Self { table: Arc::clone(table), read })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.table.rows() as u64
    }

    /// A row as the value of a variable.
    pub(crate) fn value(self: &Arc<Self>, number: u64) -> Value {
        let number = number as usize;
        if !self.table.is_json {
            return Value::from_object(Row { table: Arc::clone(self), number });
        }
        let read = || serde_json::from_str(self.table.row(number).next().unwrap_or_default()).unwrap_or_default();
        self.read.get(number).map_or_else(read, |row| row.get_or_init(read).clone())
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        if self.table.is_json { None } else { self.table.fields.iter().position(|field| field == name) }
    }
}

impl Row {
    /// A field by its place.
    pub(crate) fn field(&self, column: usize) -> &str {
        self.table.table.row(self.number).nth(column).unwrap_or_default()
    }
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(Value::from(self.field(self.table.column(key)?)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.table.table.fields.iter().map(|name| Value::from(name.as_str())).collect())
    }
}
