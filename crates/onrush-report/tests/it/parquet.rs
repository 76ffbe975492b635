//! Single requests as Parquet: read back by a reader of the test's own, which knows the format from its description.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use onrush_metrics::{ErrorKind, Event, Outcome, RunInfo, Sample, Samples, Snapshot, StopReason};
use onrush_report::{Style, find_kind};

use crate::fixtures::{self, secs};
use crate::shared::Sink;

const PAGE: &str = include_str!("../../../../docs/outputs.md");

/// What Thrift's compact protocol says.
#[derive(Clone, Debug)]
enum Value {
    Number(i64),
    Text(Vec<u8>),
    List(Vec<Self>),
    Struct(BTreeMap<i64, Self>),
}

impl Value {
    fn at(&self, field: i64) -> &Self {
        let Self::Struct(fields) = self else { panic!("{self:?} has no fields") };
        fields.get(&field).unwrap_or_else(|| panic!("no field {field} in {fields:?}"))
    }

    fn number(&self) -> i64 {
        let Self::Number(number) = self else { panic!("{self:?} is no number") };
        *number
    }

    fn size(&self) -> usize {
        usize::try_from(self.number()).expect("a size")
    }

    fn text(&self) -> String {
        let Self::Text(text) = self else { panic!("{self:?} is no text") };
        String::from_utf8(text.clone()).expect("UTF-8")
    }

    fn list(&self) -> &[Self] {
        let Self::List(items) = self else { panic!("{self:?} is no list") };
        items
    }
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("a byte");
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return number;
            }
        }
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn value(&mut self, code: u8) -> Value {
        match code {
            5 | 6 => Value::Number(self.signed()),
            8 => {
                let length = usize::try_from(self.number()).expect("a length");
                let (text, rest) = self.0.split_at(length);
                self.0 = rest;
                Value::Text(text.to_vec())
            }
            9 => {
                let head = self.byte();
                let length = if head >> 4 == 15 { self.number() } else { u64::from(head >> 4) };
                Value::List((0..length).map(|_| self.value(head & 15)).collect())
            }
            12 => self.fields(),
            _ => panic!("type {code}"),
        }
    }

    fn fields(&mut self) -> Value {
        let (mut fields, mut last) = (BTreeMap::new(), 0);
        loop {
            let head = self.byte();
            if head == 0 {
                return Value::Struct(fields);
            }
            last += i64::from(head >> 4);
            fields.insert(last, self.value(head & 15));
        }
    }
}

/// What is told of the file, and columns by their names, everything as text.
fn read(file: &[u8]) -> (Value, Vec<(String, Vec<String>)>) {
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let end = file.len() - 8;
    let length = u32::from_le_bytes(file[end..end + 4].try_into().expect("four bytes")) as usize;
    let footer = Bytes(&file[end - length..end]).fields();
    let mut columns: Vec<(String, Vec<String>)> =
        footer.at(2).list()[1..].iter().map(|leaf| (leaf.at(4).text(), Vec::new())).collect();
    for group in footer.at(4).list() {
        for (chunk, (name, values)) in group.at(1).list().iter().zip(&mut columns) {
            let about = chunk.at(3);
            assert_eq!(about.at(3).list()[0].text(), *name);
            values.extend(page(file, about));
        }
    }
    (footer, columns)
}

fn page(file: &[u8], about: &Value) -> Vec<String> {
    let mut bytes = Bytes(&file[about.at(9).size()..]);
    let before = bytes.0.len();
    let head = bytes.fields();
    let packed = head.at(3).size();
    assert_eq!(about.at(7).size(), before - bytes.0.len() + packed, "the head of the page counts");
    let mut plain = Vec::new();
    GzDecoder::new(&bytes.0[..packed]).read_to_end(&mut plain).expect("gzip");
    assert_eq!(head.at(2).size(), plain.len());
    let values: Vec<String> = match about.at(1).number() {
        1 => plain.chunks(4).map(|four| u32::from_le_bytes(four.try_into().expect("four")).to_string()).collect(),
        2 => plain.chunks(8).map(|eight| u64::from_le_bytes(eight.try_into().expect("eight")).to_string()).collect(),
        _ => {
            let (mut rest, mut texts) = (&*plain, Vec::new());
            while let Some((length, after)) = rest.split_at_checked(4) {
                let (text, after) = after.split_at(u32::from_le_bytes(length.try_into().expect("four")) as usize);
                texts.push(String::from_utf8(text.to_vec()).expect("UTF-8"));
                rest = after;
            }
            texts
        }
    };
    assert_eq!((head.at(5).at(1).size(), about.at(5).size()), (values.len(), values.len()));
    values
}

fn sample(number: u64) -> Sample {
    Sample {
        series: (number % 3) as u32,
        due_ns: number,
        started_ns: number + 1,
        ended_ns: number * 1_000_000_007,
        status: if number.is_multiple_of(5) { 0 } else { 200 },
        error: (number.is_multiple_of(5)).then_some(ErrorKind::Timeout),
        bytes_sent: 80,
        bytes_received: number << 33,
    }
}

/// A run that saw so many requests in each of its seconds.
fn written(outcome: Outcome, seconds: &[u64]) -> std::io::Result<Vec<u8>> {
    let sink = Sink::default();
    let mut output = (find_kind("parquet").expect("a kind").make)(Box::new(sink.clone()), Style::default());
    let info = RunInfo { started_at: secs(1_795_572_603), ..outcome.info.clone() };
    output.on_event(&Event::Started(Box::new(info)))?;
    let mut number = 0;
    for count in seconds {
        let rows = (number..number + count).map(sample).collect();
        number += count;
        let samples = Samples { rows, left_out: 2 };
        output.on_event(&Event::Tick(Box::new(Snapshot { samples, ..Snapshot::default() })))?;
    }
    output.on_event(&Event::Stopping(StopReason::Completed))?;
    output.on_event(&Event::Finished(Box::new(outcome)))?;
    Ok(sink.bytes())
}

#[test]
fn every_sample_is_a_row() {
    // Enough for two groups and a rest.
    let seconds = [60_000, 60_000, 0, 100_000, 17];
    let (footer, columns) = read(&written(fixtures::shop(), &seconds).expect("memory takes all"));
    let groups: Vec<_> = footer.at(4).list().iter().map(|group| group.at(3).number()).collect();
    assert_eq!((groups, footer.at(3).number()), (vec![120_000, 100_000, 17], 220_017));
    let about: Vec<_> = footer.at(5).list().iter().map(|pair| (pair.at(1).text(), pair.at(2).text())).collect();
    let about: Vec<_> = about.iter().map(|(key, value)| (&**key, &**value)).collect();
    let expected = [
        ("onrush.started_at", "2026-11-25T02:10:03Z"),
        ("onrush.seed", "7640891576956012809"),
        ("onrush.left_out", "10"),
    ];
    assert_eq!(about, expected);
    let info = fixtures::shop().info;
    for number in [0, 1, 5, 119_999, 120_000, 220_016_u64] {
        let sample = sample(number);
        let series = &info.series[sample.series as usize];
        let expected = [
            series.scenario.clone(),
            series.name.clone(),
            sample.due_ns.to_string(),
            sample.started_ns.to_string(),
            sample.ended_ns.to_string(),
            sample.status.to_string(),
            sample.error.map_or("", ErrorKind::name).to_owned(),
            sample.bytes_sent.to_string(),
            sample.bytes_received.to_string(),
        ];
        let found: Vec<_> = columns.iter().map(|(_, values)| values[number as usize].clone()).collect();
        assert_eq!(found, expected, "{number}");
    }
}

#[test]
fn the_page_names_every_column_in_order() {
    let (_, columns) = read(&written(fixtures::shop(), &[3]).expect("memory takes all"));
    let (_, section) = PAGE.split_once("\n## Parquet\n").expect("a heading");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: Vec<_> = rows.map(|(name, _)| name).collect();
    assert_eq!(columns.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), documented);
}

#[test]
fn a_run_without_requests_has_no_rows() {
    let (footer, columns) = read(&written(fixtures::nothing(), &[]).expect("memory takes all"));
    assert_eq!((footer.at(3).number(), columns.len()), (0, 9));
}

#[test]
fn what_is_left_out_is_told_once_at_the_end() {
    let outcome = fixtures::shop();
    let samples = Samples { rows: Vec::new(), left_out: 1_234 };
    let second = Snapshot { samples, ..Snapshot::default() };
    let mut output = (find_kind("parquet").expect("a kind").make)(Box::new(std::io::sink()), Style::default());
    let events = [Event::Started(Box::default()), Event::Tick(Box::new(second)), Event::Finished(Box::new(outcome))];
    let mut told = Vec::new();
    for event in &events {
        output.on_event(event).expect("it takes all");
        told.extend(std::iter::from_fn(|| output.news()));
    }
    assert_eq!(told, ["1,234 requests are left out: more ended at a time than are kept"]);
}
