//! Single requests as a Parquet file, for data frames and databases. Written by hand: what a flat table of numbers and
//! short texts needs of the format is a page of code, and the usual crates would be the largest thing in the house.
//! <https://parquet.apache.org/docs/file-format/>

mod file;
mod thrift;

use std::io::{self, Write};

use onrush_metrics::{Event, RunInfo, Sample};

use self::file::{Column, File};
use crate::moment::moment;
use crate::output::Output;
use crate::units::several;

/// What the output of single requests is called.
pub const SAMPLES: &str = "parquet";
/// Rows of a group: what is held until it is written.
const ROWS: usize = 100_000;

/// Writes samples, a group of rows after the other.
pub(crate) struct ParquetOutput {
    file: File,
    info: RunInfo,
    rows: Vec<Sample>,
    left_out: u64,
    news: Option<String>,
}

impl ParquetOutput {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { file: File::new(to), info: RunInfo::default(), rows: Vec::new(), left_out: 0, news: None }
    }

    fn write(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let (scenarios, names): (Vec<_>, Vec<_>) = rows
            .iter()
            .map(|row| {
                let info = self.info.series.get(row.series as usize);
                info.map_or(("", ""), |info| (&*info.scenario, &*info.name))
            })
            .unzip();
        let long = |of: fn(&Sample) -> u64| Column::Long(rows.iter().map(of).collect());
        self.file.group(&[
            Column::Text(scenarios),
            Column::Text(names),
            long(|row| row.due_ns),
            long(|row| row.started_ns),
            long(|row| row.ended_ns),
            Column::Int(rows.iter().map(|row| u32::from(row.status)).collect()),
            Column::Text(rows.iter().map(|row| row.error.map_or("", |kind| kind.name())).collect()),
            long(|row| row.bytes_sent),
            long(|row| row.bytes_received),
        ])
    }

    fn end(&mut self) -> io::Result<()> {
        self.write()?;
        if self.left_out > 0 {
            let left_out = several(self.left_out, "request is", "requests are");
            self.news = Some(format!("{left_out} left out: more ended at a time than are kept"));
        }
        let about = [
            ("onrush.started_at", moment(self.info.started_at)),
            ("onrush.seed", self.info.seed.to_string()),
            ("onrush.left_out", self.left_out.to_string()),
        ];
        self.file.end(&COLUMNS, &about, &format!("Onrush {}", self.info.version))
    }
}

/// Names and types of the columns, in their order.
const COLUMNS: [(&str, Column); 9] = [
    ("scenario", Column::Text(Vec::new())),
    ("step", Column::Text(Vec::new())),
    ("due_ns", Column::Long(Vec::new())),
    ("started_ns", Column::Long(Vec::new())),
    ("ended_ns", Column::Long(Vec::new())),
    ("status", Column::Int(Vec::new())),
    ("error", Column::Text(Vec::new())),
    ("bytes_sent", Column::Long(Vec::new())),
    ("bytes_received", Column::Long(Vec::new())),
];

impl Output for ParquetOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => self.info.clone_from(info),
            Event::Tick(snapshot) => {
                self.left_out += snapshot.samples.left_out;
                self.rows.extend_from_slice(&snapshot.samples.rows);
                if self.rows.len() >= ROWS {
                    self.write()?;
                }
            }
            Event::Stopping(_) => {}
            Event::Finished(_) => self.end()?,
        }
        Ok(())
    }

    fn news(&mut self) -> Option<String> {
        self.news.take()
    }
}
