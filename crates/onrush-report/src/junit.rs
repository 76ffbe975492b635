//! The outcome as JUnit XML, which every CI system shows: thresholds and checks are test cases. The shape is the one
//! that Jenkins, GitLab and GitHub's reporters agree on; `docs/outputs.md` describes it.

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::{Band, CheckRow, Known, Outcome, SeriesInfo};

use crate::findings::{in_words, plus_minus};
use crate::moment::moment;
use crate::style::Style;
use crate::summary::summary;
use crate::units::{count, percent, rate, several, time};
use crate::xml::escaped;

/// A test case to be.
struct Case {
    class: String,
    name: String,
    result: CaseResult,
}

enum CaseResult {
    Passed,
    /// It was never looked at.
    Skipped(&'static str),
    Failed {
        message: String,
        details: String,
    },
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

/// The document.
pub(crate) fn junit(outcome: &Outcome) -> String {
    let suites: Vec<_> = [run(outcome), thresholds(outcome)].into_iter().chain(checks(outcome)).collect();
    let suites: Vec<_> = suites.into_iter().filter(|suite| !suite.cases.is_empty()).collect();
    let all = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"onrush\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\">",
        all(|suite| suite.cases.len()),
        all(Suite::failures),
        all(Suite::skipped),
        seconds(outcome.elapsed)
    );
    for (number, suite) in suites.iter().enumerate() {
        suite.put(&mut text, outcome, number == 0);
    }
    text.push_str("</testsuites>\n");
    text
}

/// There is always one case: parsers take a report without any for a broken one.
fn run(outcome: &Outcome) -> Suite {
    let counters = &outcome.total.counters;
    let result = match counters.completed {
        0 => CaseResult::Failed {
            message: "not one request was answered well".to_owned(),
            details: format!(
                "expected: at least one request that is answered well\nfound: {} begun, {} failed, {} cut off{}",
                count(counters.started),
                count(counters.failed),
                count(counters.cut_off),
                outcome.total.errors.rows().fold(String::new(), |text, row| {
                    format!("{text}\n{} × {}: {}", count(row.count), row.kind.name(), row.example.unwrap_or_default())
                })
            ),
        },
        _ => CaseResult::Passed,
    };
    let case = Case { class: "onrush.run".to_owned(), name: "requests are answered".to_owned(), result };
    Suite { name: "run".to_owned(), cases: vec![case] }
}

fn thresholds(outcome: &Outcome) -> Suite {
    let case = |threshold: &onrush_metrics::ThresholdResult| Case {
        class: "onrush.thresholds".to_owned(),
        name: threshold.text.clone(),
        result: match threshold.passed {
            true => CaseResult::Passed,
            false => CaseResult::Failed {
                message: format!("expected {}, found {}", threshold.text, threshold.found),
                details: format!("expected: {}\nfound: {}", threshold.text, threshold.found),
            },
        },
    };
    Suite { name: "thresholds".to_owned(), cases: outcome.thresholds.iter().map(case).collect() }
}

/// A suite for each scenario, in the order of the file.
fn checks(outcome: &Outcome) -> Vec<Suite> {
    let mut suites: Vec<Suite> = Vec::new();
    for (place, info) in outcome.info.series.iter().enumerate() {
        let rows = outcome.series.get(place).map_or(&[][..], |tally| tally.checks.rows());
        let cases = info.checks.iter().enumerate().map(|(number, name)| check(info, name, rows.get(number)));
        let cases: Vec<_> = cases.collect();
        let name = format!("checks of {}", info.scenario);
        match suites.iter_mut().find(|suite| suite.name == name) {
            Some(suite) => suite.cases.extend(cases),
            None => suites.push(Suite { name, cases }),
        }
    }
    suites
}

fn check(info: &SeriesInfo, name: &str, row: Option<&CheckRow>) -> Case {
    let result = match row {
        None => CaseResult::Skipped("never made"),
        Some(row) if row.passed + row.failed == 0 => CaseResult::Skipped("never made"),
        Some(row) if row.failed == 0 => CaseResult::Passed,
        Some(row) => {
            let made = row.passed + row.failed;
            let how_often =
                format!("failed {} of {} times ({})", count(row.failed), count(made), percent(row.failed, made));
            let found = row.example.as_deref().unwrap_or("not told");
            CaseResult::Failed {
                message: how_often.clone(),
                details: format!("expected: {name}\nfound: {found}\n{how_often}; the first failure is shown"),
            }
        }
    };
    // Dots divide packages and classes in what CI systems show.
    let class = format!("onrush.{}.{}", info.scenario.replace('.', "_"), info.name.replace('.', "_"));
    Case { class, name: name.to_owned(), result }
}

impl Suite {
    fn failures(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.result, CaseResult::Failed { .. })).count()
    }

    fn skipped(&self) -> usize {
        self.cases.iter().filter(|case| matches!(case.result, CaseResult::Skipped(_))).count()
    }

    /// The first one tells of the run as a whole.
    fn put(&self, text: &mut String, outcome: &Outcome, tells_of_the_run: bool) {
        // The zone is left out by those who read this; it is UTC.
        let began = moment(outcome.info.started_at).trim_end_matches('Z').to_owned();
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{}\" timestamp=\"{began}\">",
            escaped(&self.name),
            self.cases.len(),
            self.failures(),
            self.skipped(),
            seconds(if tells_of_the_run { outcome.elapsed } else { Duration::ZERO }),
        );
        if tells_of_the_run {
            put_properties(text, outcome);
        }
        self.cases.iter().for_each(|case| case.put(text));
        if tells_of_the_run {
            let style = Style { colour: false, unicode: true, width: 100 };
            let _ = writeln!(text, "    <system-out>{}</system-out>", multiline(&summary(outcome, style)));
        }
        text.push_str("  </testsuite>\n");
    }
}

impl Case {
    fn put(&self, text: &mut String) {
        let head =
            format!("    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", escaped(&self.class), escaped(&self.name));
        let _ = match &self.result {
            CaseResult::Passed => writeln!(text, "{head}/>"),
            CaseResult::Skipped(why) => {
                writeln!(text, "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(why))
            }
            CaseResult::Failed { message, details } => writeln!(
                text,
                "{head}>\n      <failure type=\"failure\" message=\"{}\">{}</failure>\n    </testcase>",
                escaped(message),
                multiline(details)
            ),
        };
    }
}

fn put_properties(text: &mut String, outcome: &Outcome) {
    let info = &outcome.info;
    let mut properties = vec![("verdict".to_owned(), outcome.verdict.soundness().name().to_owned())];
    for reason in &outcome.verdict.reasons {
        properties.push((format!("verdict.{}", reason.rule), reason.text.clone()));
    }
    for drift in outcome.drifts() {
        let (name, text) = in_words(drift, outcome);
        properties.push((format!("drift.{name}"), text));
    }
    properties.push(("stopped".to_owned(), outcome.stopped.name().to_owned()));
    if let Some((until, reached)) = outcome.until() {
        properties.push(("until".to_owned(), until.text.clone()));
        properties.push(("until.reached".to_owned(), reached.reached.to_string()));
        properties.extend(reached.band.map(|band| ("until.known".to_owned(), plus_minus(band))));
    }
    properties.extend(intervals(outcome));
    properties.push(("load".to_owned(), info.load.clone()));
    properties.push(("targets".to_owned(), info.targets.join(" ")));
    properties.push(("seed".to_owned(), info.seed.to_string()));
    properties.push(("onrush".to_owned(), info.version.clone()));
    properties.push(("requests".to_owned(), several(outcome.total.counters.started, "request", "requests")));
    text.push_str("    <properties>\n");
    for (name, value) in properties {
        let _ = writeln!(text, "      <property name=\"{}\" value=\"{}\"/>", escaped(&name), escaped(&value));
    }
    text.push_str("    </properties>\n");
}

/// Of all requests: where the figures are, with a certainty of 95 %.
fn intervals(outcome: &Outcome) -> impl Iterator<Item = (String, String)> {
    let known = outcome.findings.iter().flat_map(|findings| &findings.known);
    known.filter(|known| known.series.is_none()).map(|Known { figure, band, .. }| {
        let shown = |value: f64| match &**figure {
            "rate" => rate(value),
            "errors" => format!("{:.3} %", value * 100.0),
            _ => time(Duration::from_nanos(value as u64)),
        };
        let Band { value, low, high } = *band;
        (format!("interval.{figure}"), format!("{}, between {} and {}", shown(value), shown(low), shown(high)))
    })
}

/// Text between tags, in which line ends may stay what they are.
fn multiline(text: &str) -> String {
    escaped(text).replace("&#10;", "\n")
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
