//! The run as an HdrHistogram log: a histogram of response times for each second, and for each series under a tag. The
//! standard tools (HistogramLogProcessor, HistogramLogAnalyzer, hdr-plot, hdrhistogram for Python) read it.
//!
//! Our slots are HdrHistogram's own, so that nothing is moved; values are microseconds.

mod histogram;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Histogram, SeriesInfo, SeriesKind, Snapshot};

use self::histogram::encoded;
use crate::moment::moment;
use crate::output::Output;

/// Service times of all requests.
const SERVICE: &str = "service";
/// What stands for characters that would end a tag.
const INSTEAD: char = '_';

/// Writes the histograms of each second, at once.
pub(crate) struct HlogOutput {
    to: Box<dyn Write + Send>,
    began: Duration,
    tags: Vec<String>,
}

impl HlogOutput {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, began: Duration::ZERO, tags: Vec::new() }
    }

    fn second(&self, snapshot: &Snapshot) -> io::Result<String> {
        let mut text = line("", &snapshot.interval.response, snapshot)?;
        let series = self.tags.iter().map(String::as_str).zip(snapshot.series.iter().map(|tally| &tally.response));
        for (tag, times) in std::iter::once((SERVICE, &snapshot.interval.service)).chain(series) {
            if !times.is_empty() {
                text += &line(tag, times, snapshot)?;
            }
        }
        Ok(text)
    }
}

impl Output for HlogOutput {
    fn on_event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Started(info) => {
                (self.began, self.tags) = (info.started_at, tags(&info.series));
                self.to.write_all(head(self.began, &info.version).as_bytes())?;
            }
            Event::Tick(snapshot) => self.to.write_all(self.second(snapshot)?.as_bytes())?,
            Event::Stopping(_) | Event::Finished(_) => {}
        }
        // Somebody may be reading along.
        self.to.flush()
    }
}

/// Intervals count from the start time, which makes them times of the clock for the tools.
fn head(began: Duration, version: &str) -> String {
    format!(
        "#[Response times in microseconds, logged by Onrush {version}]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {:.3} (seconds since epoch), {}]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        began.as_secs_f64(),
        moment(began)
    )
}

/// The largest value is in milliseconds, which is what tools expect of a value a thousand times as large.
fn line(tag: &str, times: &Histogram, snapshot: &Snapshot) -> io::Result<String> {
    let mut line = if tag.is_empty() { String::new() } else { format!("Tag={tag},") };
    let (since, lasted, max) = (snapshot.since.as_secs_f64(), snapshot.lasted().as_secs_f64(), times.max());
    let _ = write!(line, "{since:.3},{lasted:.3},{:.3},", max.as_secs_f64() * 1000.0);
    Ok(line + &encoded(times)? + "\n")
}

/// A tag for each series; no two have the same, and none has a character that would end it.
fn tags(series: &[SeriesInfo]) -> Vec<String> {
    let mut taken = HashSet::from([SERVICE.to_owned()]);
    let tag = |info: &SeriesInfo| {
        let parts = match info.kind {
            SeriesKind::Iterations => vec!["iterations", &*info.scenario],
            kind => vec![kind.name(), &*info.scenario, &*info.name],
        };
        let tag: String = parts.join("/").chars().map(|char| if ends_a_tag(char) { INSTEAD } else { char }).collect();
        let mut numbered = tag.clone();
        for number in 2.. {
            if taken.insert(numbered.clone()) {
                break;
            }
            numbered = format!("{tag}~{number}");
        }
        numbered
    };
    series.iter().map(tag).collect()
}

fn ends_a_tag(char: char) -> bool {
    char.is_whitespace() || char.is_control() || matches!(char, ',' | '"' | '#' | '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_and_differ() {
        let info = |kind, name: &str| SeriesInfo {
            kind,
            scenario: "buy".into(),
            name: name.into(),
            tags: Vec::new(),
            checks: Vec::new(),
        };
        let series = [
            info(SeriesKind::Iterations, "buy"),
            info(SeriesKind::Requests, "GET /a,b"),
            info(SeriesKind::Requests, "GET /a b"),
            info(SeriesKind::Requests, "GET\n/a=b"),
            info(SeriesKind::Group, "字"),
        ];
        let expected = [
            "iterations/buy",
            "requests/buy/GET_/a_b",
            "requests/buy/GET_/a_b~2",
            "requests/buy/GET_/a_b~3",
            "group/buy/字",
        ];
        assert_eq!(tags(&series), expected);
    }
}
