//! Events into bytes.

use std::io::{self, Write};
use std::time::Duration;

use onrush_metrics::{Event, Findings, Health, Outcome, StopReason, ThresholdResult, Verdict};
use serde::{Deserialize, Serialize};

use crate::bytes::{put, put_text};
use crate::frame::{Kind, write_frame, write_head};
use crate::second::{Said, put_second};
use crate::tally::{Keep, put_tally};

/// Writes the events of a run; after each of them everything is where it was to be written to.
#[derive(Debug)]
pub struct Writer<W> {
    to: W,
    said: Said,
}

/// What an outcome says beside its tallies.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct End {
    pub(crate) stopped: StopReason,
    pub(crate) thresholds: Vec<ThresholdResult>,
    pub(crate) measured: Duration,
    pub(crate) elapsed: Duration,
    pub(crate) oldest_cut_off: Option<Duration>,
    pub(crate) health: Health,
    pub(crate) verdict: Verdict,
    /// Older files have none.
    #[serde(default)]
    pub(crate) findings: Option<Findings>,
}

impl<W: Write> Writer<W> {
    /// Events into `to`.
    pub fn new(to: W) -> Self {
        Self { to, said: Said::default() }
    }

    /// Writes an event. The first one is that the run has started.
    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let mut content = Vec::new();
        let kind = match event {
            Event::Started(info) => {
                write_head(&mut self.to)?;
                content = serde_json::to_vec(info)?;
                Kind::Started
            }
            Event::Tick(snapshot) => {
                put_second(&mut content, snapshot, &mut self.said);
                Kind::Second
            }
            Event::Stopping(reason) => {
                content = serde_json::to_vec(reason)?;
                Kind::Stopping
            }
            Event::Finished(outcome) => {
                put_outcome(&mut content, outcome)?;
                Kind::Finished
            }
        };
        write_frame(&mut self.to, kind, &content)?;
        self.to.flush()
    }
}

fn put_outcome(to: &mut Vec<u8>, outcome: &Outcome) -> io::Result<()> {
    let end = End {
        stopped: outcome.stopped,
        thresholds: outcome.thresholds.clone(),
        measured: outcome.measured,
        elapsed: outcome.elapsed,
        oldest_cut_off: outcome.oldest_cut_off,
        health: outcome.health.clone(),
        verdict: outcome.verdict.clone(),
        findings: outcome.findings.clone(),
    };
    put_text(to, &serde_json::to_string(&end)?);
    put_tally(to, &outcome.total, Keep::ALL, |_| true);
    put(to, u128::from(outcome.iterations.is_some()));
    outcome.iterations.iter().for_each(|iterations| put_tally(to, iterations, Keep::ALL, |_| true));
    put(to, outcome.series.len() as u128);
    outcome.series.iter().for_each(|series| put_tally(to, series, Keep::ALL, |_| true));
    Ok(())
}
