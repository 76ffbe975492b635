//! A row that a user drew: its place in a table, not a copy of it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use onrush_plan::Table;

/// A row of a table. The table's `Arc` is the worker's own, so that workers share no counter.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    table: Arc<OwnTable>,
    number: usize,
}

/// A worker's hold on a table.
#[derive(Debug)]
pub(crate) struct OwnTable(Arc<Table>);

impl OwnTable {
    pub(crate) fn of(table: &Arc<Table>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(table)))
    }

    pub(crate) fn rows(&self) -> u64 {
        self.0.rows() as u64
    }

    /// A row as the value of a variable.
    pub(crate) fn value(self: &Arc<Self>, number: u64) -> Value {
        if self.0.is_json {
            let text = self.0.row(number as usize).next().unwrap_or_default();
            return serde_json::from_str(text).unwrap_or_default();
        }
        Value::from_object(Row { table: Arc::clone(self), number: number as usize })
    }

    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        if self.0.is_json { None } else { self.0.fields.iter().position(|field| field == name) }
    }
}

impl Row {
    /// A field by its place.
    pub(crate) fn field(&self, column: usize) -> &str {
        self.table.0.row(self.number).nth(column).unwrap_or_default()
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
        Enumerator::Values(self.table.0.fields.iter().map(|name| Value::from(name.as_str())).collect())
    }
}
