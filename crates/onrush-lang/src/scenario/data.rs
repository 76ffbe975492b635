//! Rows that users draw from: CSV, JSON and NDJSON files, and rows in the scenario file itself.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;

use onrush_plan::{AtEnd, Feeder, Pick, Table};
use serde::Deserializer;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::keys::{FEEDER, FORMATS, PICKS};
use super::reader::Reader;
use super::tree::{At, Entry, Kind, Node};

/// More text than places of four bytes can tell apart.
const MOST_TEXT: usize = u32::MAX as usize;

impl Reader<'_> {
    /// `data:` of the file.
    pub(crate) fn data(&mut self, node: &Node) {
        for entry in self.entries(node, "feeders") {
            self.feeder(entry);
        }
    }

    fn feeder(&mut self, entry: &Entry) -> Option<()> {
        let fields = self.fields(&entry.value, &FEEDER)?;
        let variable = match fields.get("as") {
            Some(node) => {
                let name = self.plain_text(node, "the name of a variable")?;
                self.assigned(&name, &node.at)
            }
            None => self.assigned(&entry.key, &entry.at),
        };
        let format = fields.get("format").and_then(|node| self.word(node, FORMATS));
        let pick = match fields.get("pick").and_then(|node| self.word(node, PICKS)) {
            Some("shuffled") => Pick::Shuffled,
            Some("random") => Pick::Random,
            Some("unique") => Pick::Unique,
            _ => Pick::Sequential,
        };
        let at_end = match fields.get("at_end").and_then(|node| self.word(node, &["recycle", "stop"])) {
            Some("stop") => AtEnd::Stop,
            // A row of one's own cannot be somebody else's.
            None if pick == Pick::Unique => AtEnd::Stop,
            _ => AtEnd::Recycle,
        };
        let table = match (fields.get("file"), fields.get("rows")) {
            (Some(node), None) => self.table(node, format),
            (None, Some(node)) => self.rows(node),
            (Some(_), Some(node)) => {
                self.fault(&node.at, "rows come from a file or stand here", "expected `file:` or `rows:`, not both");
                None
            }
            (None, None) => {
                let help = "write `{ file: shoppers.csv }` or `{ rows: [{ email: ann@example.com }] }`";
                self.fault_with_help(
                    fields.at,
                    format!("the feeder `{}` has no rows", entry.key),
                    "expected `file:` or `rows:`",
                    help,
                );
                None
            }
        };
        // Without its rows it is known all the same, so that one mistake is told once.
        let table = Arc::new(table.unwrap_or(Table { is_json: true, ..Table::default() }));
        self.feeders.push(Feeder { name: entry.key.clone(), variable: variable?, table, pick, at_end });
        Some(())
    }

    fn table(&mut self, node: &Node, format: Option<&'static str>) -> Option<Table> {
        let path = self.plain_text(node, "the path of a file")?;
        let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let format = format.or(match ending.as_deref() {
            Some("csv") => Some("csv"),
            Some("json") => Some("json"),
            Some("ndjson" | "jsonl") => Some("ndjson"),
            _ => None,
        });
        let Some(format) = format else {
            let help = "files end in .csv, .json or .ndjson; or say `format: csv`";
            self.fault_with_help(
                &node.at,
                "the name of this file does not say what it is",
                "expected .csv, .json or .ndjson",
                help,
            );
            return None;
        };
        let files = self.files;
        let read = match files.open(&path) {
            Ok(mut file) => match format {
                "csv" => csv_table(&mut *file),
                "json" => json_table(&mut *file),
                _ => ndjson_table(&mut *file),
            },
            Err(why) => {
                let help = "paths are relative to the folder of the scenario file";
                self.fault_with_help(&node.at, format!("`{path}` cannot be read: {why}"), "expected a file", help);
                return None;
            }
        };
        self.filled(read, &node.at)
    }

    fn filled(&mut self, read: Result<Table, Flaw>, at: &At) -> Option<Table> {
        match read {
            Ok(table) if table.rows() > 0 => Some(table),
            Ok(_) => {
                self.fault(at, "there are no rows in it", "expected at least one, below the line of names");
                None
            }
            Err(flaw) => {
                let label =
                    if flaw.line > 0 { format!("see its line {}", flaw.line) } else { "see the file".to_owned() };
                self.fault(at, flaw.what, label);
                None
            }
        }
    }

    fn rows(&mut self, node: &Node) -> Option<Table> {
        let mut table = Table { is_json: true, ..Table::default() };
        let rows: Vec<Rc<Node>> = self.list(node, "rows").to_vec();
        if rows.is_empty() && matches!(node.kind, Kind::List(_)) {
            self.fault(&node.at, "there are no rows in it", "expected at least one");
            return None;
        }
        for row in rows {
            if !matches!(row.kind, Kind::Map(_)) {
                self.fault(
                    &row.at,
                    format!("a row has names and values, and this is {}", row.noun()),
                    "expected `{ email: ann@example.com }`",
                );
                continue;
            }
            let value = self.plain_json(&row)?;
            table.text.push_str(&value.to_string());
            table.ends.push(u32::try_from(table.text.len()).ok()?);
        }
        Some(table)
    }

    fn plain_json(&mut self, node: &Node) -> Option<serde_json::Value> {
        let constant = self.constant(node)?;
        Some(plain(&constant))
    }
}

fn plain(constant: &onrush_plan::Constant) -> serde_json::Value {
    use onrush_plan::Constant;
    match constant {
        Constant::Null => serde_json::Value::Null,
        Constant::Bool(value) => (*value).into(),
        Constant::Int(value) => (*value).into(),
        Constant::Float(value) => (*value).into(),
        Constant::Text(text) => text.as_str().into(),
        Constant::Secret(secret) => String::from_utf8_lossy(&secret.0).into_owned().into(),
        Constant::List(items) => items.iter().map(plain).collect::<Vec<_>>().into(),
        Constant::Map(pairs) => {
            serde_json::Value::Object(pairs.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
    }
}

/// What is wrong with a data file. Never what stands in it: rows are often passwords.
#[derive(Debug, PartialEq)]
pub(crate) struct Flaw {
    what: String,
    /// From 1; 0 where it is not known.
    line: u64,
}

impl Flaw {
    fn new(what: impl Into<String>, line: u64) -> Self {
        Self { what: what.into(), line }
    }
}

/// CSV (RFC 4180) with a line of names.
fn csv_table(file: &mut dyn Read) -> Result<Table, Flaw> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(file);
    let names = reader.headers().map_err(|error| csv_flaw(&error))?.clone();
    let fields: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    for (number, name) in fields.iter().enumerate() {
        if name.is_empty() && !fields.is_empty() {
            return Err(Flaw::new(format!("column {} of this file has no name", number + 1), 1));
        }
        if fields[..number].contains(name) {
            return Err(Flaw::new(format!("two columns of this file are called `{name}`"), 1));
        }
    }
    let mut table = Table { fields, ..Table::default() };
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| csv_flaw(&error))? {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != table.fields.len() {
            let what = format!(
                "a row of this file has {}, and its first line names {}: line {line}",
                counted(record.len()),
                table.fields.len()
            );
            return Err(Flaw::new(what, line));
        }
        // All values of a row stand one after the other: one look at the encoding does.
        let values = std::str::from_utf8(record.as_slice())
            .map_err(|_| Flaw::new(format!("this file is not UTF-8: line {line}"), line))?;
        let start = table.text.len();
        if start + values.len() > MOST_TEXT {
            return Err(Flaw::new("this file is larger than 4 GB", line));
        }
        table.text.push_str(values);
        let mut end = start;
        for value in &record {
            if !table.text.is_char_boundary(end + value.len()) {
                return Err(Flaw::new(format!("this file is not UTF-8: line {line}"), line));
            }
            end += value.len();
            table.ends.push(end as u32);
        }
    }
    table.text.shrink_to_fit();
    table.ends.shrink_to_fit();
    Ok(table)
}

fn counted(values: usize) -> String {
    format!("{values} value{}", if values == 1 { "" } else { "s" })
}

fn csv_flaw(error: &csv::Error) -> Flaw {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Flaw::new(format!("this file is not UTF-8: line {line}"), line),
        csv::ErrorKind::Io(error) => Flaw::new(format!("this file cannot be read to its end: {error}"), line),
        _ => Flaw::new(format!("this file is not CSV: line {line}"), line),
    }
}

/// A JSON array of objects, each kept as it is written.
fn json_table(file: &mut dyn Read) -> Result<Table, Flaw> {
    let mut reader = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 18, file));
    let rows = reader.deserialize_seq(Rows).map_err(|error| json_flaw(&error, error.line() as u64))?;
    reader.end().map_err(|error| json_flaw(&error, error.line() as u64))?;
    Ok(rows)
}

struct Rows;

impl<'de> Visitor<'de> for Rows {
    type Value = Table;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Table, A::Error> {
        let mut table = Table { is_json: true, ..Table::default() };
        while let Some(row) = rows.next_element::<Box<RawValue>>()? {
            push_row(&mut table, row.get()).map_err(serde::de::Error::custom)?;
        }
        table.text.shrink_to_fit();
        table.ends.shrink_to_fit();
        Ok(table)
    }
}

/// A JSON object a line.
fn ndjson_table(file: &mut dyn Read) -> Result<Table, Flaw> {
    let mut table = Table { is_json: true, ..Table::default() };
    let mut reader = BufReader::with_capacity(1 << 18, file);
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = reader
            .read_line(&mut line)
            .map_err(|error| Flaw::new(format!("this file cannot be read to its end: {error}"), number))?;
        if read == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let row: &RawValue = serde_json::from_str(line.trim()).map_err(|error| json_flaw(&error, number))?;
        push_row(&mut table, row.get()).map_err(|what| Flaw::new(format!("{what}: line {number}"), number))?;
    }
    table.text.shrink_to_fit();
    table.ends.shrink_to_fit();
    Ok(table)
}

fn push_row(table: &mut Table, row: &str) -> Result<(), &'static str> {
    if !row.starts_with('{') {
        return Err("a row of this file is no object");
    }
    if table.text.len() + row.len() > MOST_TEXT {
        return Err("this file is larger than 4 GB");
    }
    table.text.push_str(row);
    table.ends.push(table.text.len() as u32);
    Ok(())
}

fn json_flaw(error: &serde_json::Error, line: u64) -> Flaw {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "this JSON breaks off".to_owned(),
        serde_json::error::Category::Io => "this file cannot be read to its end".to_owned(),
        serde_json::error::Category::Data => "this file is not a list of JSON objects".to_owned(),
        serde_json::error::Category::Syntax => "this file is not JSON".to_owned(),
    };
    Flaw::new(format!("{what}: line {line}"), line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &Table) -> Vec<Vec<String>> {
        (0..table.rows()).map(|row| table.row(row).map(str::to_owned).collect()).collect()
    }

    #[test]
    fn csv_is_read_as_the_standard_says() {
        let text = "\u{feff}name, mail\r\nAnn,ann@example.com\r\n\"B, \"\"b\"\"\",\"two\nlines\"\n\n,\n";
        let table = csv_table(&mut text.as_bytes()).unwrap();
        assert_eq!(table.fields, ["name", "mail"]);
        assert_eq!(rows(&table), [["Ann", "ann@example.com"], ["B, \"b\"", "two\nlines"], ["", ""]]);
        for (text, what, line) in [
            ("a,b\n1,2\n3\n", "a row of this file has 1 value, and its first line names 2: line 3", 3),
            ("a,a\n1,2\n", "two columns of this file are called `a`", 1),
            ("a,\n1,2\n", "column 2 of this file has no name", 1),
        ] {
            assert_eq!(csv_table(&mut text.as_bytes()), Err(Flaw::new(what, line)), "{text}");
        }
        assert_eq!(csv_table(&mut &b"a,b\n1,\xff\n"[..]).unwrap_err().line, 2);
        assert_eq!(csv_table(&mut &b"a,b\n\xc3,\xa9\n"[..]).unwrap_err().line, 2, "a letter in two values");
        assert_eq!(csv_table(&mut &b""[..]).unwrap().rows(), 0);
    }

    /// What the table holds is at most one and a half times the file, for rows as long as people's are.
    #[test]
    fn a_table_is_hardly_larger_than_its_file() {
        let rows = (0..20_000).map(|n| format!("user{n}@example.com,secret-{n},{}\n", 20 + n % 60));
        let file: String = ["email,password,age\n".to_owned()].into_iter().chain(rows).collect();
        let table = csv_table(&mut file.as_bytes()).unwrap();
        assert_eq!(table.rows(), 20_000);
        let held = table.text.capacity() + table.ends.capacity() * size_of::<u32>();
        assert!(held * 2 <= file.len() * 3, "{held} for {}", file.len());
    }

    #[test]
    fn json_rows_stay_as_they_are() {
        for table in [
            json_table(&mut &br#"[ {"a": 1}, {"a":[2,"x"]} ]"#[..]),
            ndjson_table(&mut &b"{\"a\": 1}\n\n {\"a\":[2,\"x\"]}\r\n"[..]),
        ] {
            let table = table.unwrap();
            assert!(table.is_json);
            assert_eq!(rows(&table), [[r#"{"a": 1}"#], [r#"{"a":[2,"x"]}"#]]);
        }
        for text in ["[1]", "{}", "[{}", "[{}] x", "x", ""] {
            assert!(json_table(&mut text.as_bytes()).is_err(), "{text}");
        }
        for text in ["{}\n1\n", "{}\n{\n", "{} {}\n"] {
            assert!(ndjson_table(&mut text.as_bytes()).is_err(), "{text}");
        }
    }
}
