//! The slowest requests, as people and machines read them.

use std::time::Duration;

use onrush_metrics::{ErrorKind, Outcome, SeriesInfo, Slow};

/// One of them, with what it is called.
pub(crate) struct Row<'a> {
    pub(crate) slow: &'a Slow,
    series: Option<&'a SeriesInfo>,
}

/// The slowest first.
pub(crate) fn rows(outcome: &Outcome) -> impl ExactSizeIterator<Item = Row<'_>> {
    let series = &outcome.info.series;
    outcome.slowest.rows().iter().map(|slow| Row { slow, series: series.get(slow.series as usize) })
}

impl<'a> Row<'a> {
    pub(crate) fn response(&self) -> Duration {
        Duration::from_nanos(self.slow.response_ns)
    }

    pub(crate) fn service(&self) -> Option<Duration> {
        self.slow.service_ns.map(Duration::from_nanos)
    }

    /// Since the start of the run.
    pub(crate) fn due(&self) -> Duration {
        Duration::from_nanos(self.slow.due_ns)
    }

    /// Empty without a scenario file.
    pub(crate) fn scenario(&self) -> &'a str {
        self.series.map_or("", |series| &series.scenario)
    }

    /// Empty without a scenario file.
    pub(crate) fn step(&self) -> &'a str {
        self.series.map_or("", |series| &series.name)
    }

    /// What came: the status, and what was wrong beside it.
    pub(crate) fn came(&self) -> String {
        match (self.slow.status, self.slow.error) {
            (0, error) => error.map_or("–", ErrorKind::name).to_owned(),
            (status, None | Some(ErrorKind::Status)) => status.to_string(),
            (status, Some(error)) => format!("{status}, {error}"),
        }
    }

    /// The number of the trace that the service was told, as others write it.
    pub(crate) fn trace(&self) -> Option<String> {
        (self.slow.trace != 0).then(|| format!("{:032x}", self.slow.trace))
    }

    /// Where the trace can be looked at. One that the service was not asked to keep is most likely nowhere.
    pub(crate) fn link(&self, outcome: &Outcome) -> Option<String> {
        let link = outcome.info.trace_link.as_deref().filter(|_| self.slow.sampled)?;
        // A run file comes from elsewhere, and what begins in another way may be a command.
        let is_page = link.starts_with("https://") || link.starts_with("http://");
        self.trace().filter(|_| is_page).map(|trace| link.replace("{id}", &trace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_in_a_word_or_two() {
        let slow = Slow {
            response_ns: 1,
            service_ns: None,
            due_ns: 0,
            series: 0,
            status: 0,
            error: None,
            trace: 0,
            sampled: false,
        };
        for (status, error, expected) in [
            (200, None, "200"),
            (503, Some(ErrorKind::Status), "503"),
            (200, Some(ErrorKind::Check), "200, check"),
            (0, Some(ErrorKind::Timeout), "timeout"),
        ] {
            let slow = Slow { status, error, ..slow };
            assert_eq!(Row { slow: &slow, series: None }.came(), expected);
        }
    }
}
