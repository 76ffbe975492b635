//! Conditions on the run: `p99 < 300ms`, `search p95 < 100ms over 30s`, `checks > 99%`, `verdict == valid`; and what is
//! to be known for it to end: `search p95 ± 5%`.

use std::ops::Range;
use std::time::Duration;

use onrush_plan::{Figure, Relation, Scope as Whose, SeriesKind, Threshold, Until};

use super::keys::THRESHOLD;
use super::reader::Reader;
use super::text::Text;
use super::tree::{Kind, Node};
use crate::diagnostic::suggest;
use crate::units::{parse_rate, percent};
use crate::until::{Parts, until_parts};

const HELP: &str = "thresholds are written `p99 < 300ms`, `mean < 100ms`, `max < 2s`, `rate > 100/s`, `errors < 1%`, \
                    `checks > 99%`, `dropped < 0.1%`, `verdict == valid`; before it may stand a scenario, a step, a group or \
                    `tag:key=value`, and after it `over 30s`";
const FIGURES: &[&str] =
    &["p50", "p90", "p95", "p99", "p99.9", "mean", "max", "rate", "errors", "checks", "dropped", "verdict"];

/// Names that a message lists.
const MOST_NAMES: usize = 30;

impl Reader<'_> {
    /// `thresholds:` of the file, when all series are known.
    pub(crate) fn thresholds(&mut self, node: &Node) -> Vec<Threshold> {
        let mut thresholds = Vec::new();
        for item in self.list(node, "thresholds") {
            let (node, abort) = match item.kind {
                Kind::Map(_) => {
                    let Some(fields) = self.fields(item, &THRESHOLD) else { continue };
                    let abort = fields.get("abort").and_then(|node| self.abort(node));
                    let Some(node) = fields.get("threshold") else { continue };
                    (node, abort)
                }
                _ => (item, None),
            };
            if let Some(mut threshold) = self.threshold(node) {
                threshold.abort_after = abort;
                thresholds.push(threshold);
            }
        }
        thresholds
    }

    /// `until:` of the file, or what was given instead of it.
    pub(crate) fn until(&mut self, node: Option<&Node>) -> Option<Until> {
        const EXPECTED: &str = "a precision such as `p99 ± 5%`";
        let text = match self.overrides.until.clone() {
            Some(given) => Text::given(self.source("--until", &given), given),
            None => self.text(node?, EXPECTED)?,
        };
        let parts = until_parts(&text.value);
        let Parts { what, whose, q, share } = self.parsed(&text, 0..0, EXPECTED, parts)?;
        let series = match self.whose(&text, whose)? {
            Whose::Run => Vec::new(),
            Whose::Series(places) => places,
        };
        let what = text.shown_part(what).to_owned();
        Some(Until { text: text.shown().trim().to_owned(), what, series, q, share })
    }

    /// `true`, or `after 30s`.
    fn abort(&mut self, node: &Node) -> Option<Duration> {
        let text = self.text(node, "`true` or `after 30s`")?;
        match &*text.value {
            "true" => Some(Duration::ZERO),
            "false" => None,
            _ => {
                let Some(time) = text.value.strip_prefix("after ") else {
                    return self.in_text(
                        &text,
                        0..text.value.len(),
                        "this does not say when",
                        "expected `true` or `after 30s`",
                    );
                };
                self.time_in(&text, text.trimmed(text.value.len() - time.len()..text.value.len()))
            }
        }
    }

    fn threshold(&mut self, node: &Node) -> Option<Threshold> {
        let text = self.text(node, "a threshold such as `p99 < 300ms`")?;
        let Some((before, relation, after)) = relation_of(&text.value) else {
            return self.in_text_with_help(
                &text,
                0..text.value.len(),
                "this threshold compares nothing",
                "expected `<`, `<=`, `>`, `>=` or `==`",
                HELP,
            );
        };
        let before = text.trimmed(before);
        let figure_start = text.value[before.clone()].rfind(char::is_whitespace).map_or(before.start, |at| {
            before.start + at + text.value[before.start + at..].chars().next().map_or(1, char::len_utf8)
        });
        let figure_at = figure_start..before.end;
        let figure = self.figure(&text, figure_at.clone())?;
        let of = self.whose(&text, text.trimmed(before.start..figure_start))?;
        let (bound_at, window) = self.bound_and_window(&text, after)?;
        let bound = self.bound(&text, bound_at, figure)?;
        let is_exact = relation == Relation::Is;
        if is_exact && figure != Figure::Verdict {
            return self.in_text_with_help(
                &text,
                figure_at,
                "only the verdict is compared by `==`",
                "expected `<` or `>`",
                HELP,
            );
        }
        let whole_run = matches!(figure, Figure::Verdict | Figure::Dropped);
        if whole_run && of != Whose::Run {
            return self.in_text_with_help(
                &text,
                before.start..figure_start,
                "this figure is the run's",
                "expected nothing before it",
                HELP,
            );
        }
        let (relation, bound) = match figure {
            // Written as the share that passed, counted as the share that failed.
            Figure::Checks => (mirrored(relation), ((1.0 - bound) * 1e12).round() / 1e12),
            _ => (relation, bound),
        };
        Some(Threshold { text: text.shown().trim().to_owned(), of, figure, relation, bound, window, abort_after: None })
    }

    fn figure(&mut self, text: &Text, range: Range<usize>) -> Option<Figure> {
        let word = &text.value[range.clone()];
        Some(match word {
            "mean" => Figure::Mean,
            "max" => Figure::Max,
            "median" => Figure::Quantile(0.5),
            "rate" => Figure::Rate,
            "errors" => Figure::Errors,
            "checks" => Figure::Checks,
            "dropped" => Figure::Dropped,
            "verdict" => Figure::Verdict,
            _ => {
                let quantile = word.strip_prefix('p').and_then(percent);
                match quantile.filter(|quantile| *quantile > 0.0 && *quantile < 1.0) {
                    Some(quantile) => Figure::Quantile(quantile),
                    None => {
                        let message = match word {
                            "" => "this threshold has no figure".to_owned(),
                            _ => format!("`{}` is not a figure of a run", text.shown_part(range.clone())),
                        };
                        return self.in_text_with_help(
                            text,
                            range,
                            &message,
                            &suggest(word, FIGURES, "a figure such as `p99`"),
                            HELP,
                        );
                    }
                }
            }
        })
    }

    /// A scenario, a step, a group, a tag; nothing: all requests.
    fn whose(&mut self, text: &Text, range: Range<usize>) -> Option<Whose> {
        let name = text.value[range.clone()].trim_matches(['"', '\'']).to_owned();
        if name.is_empty() {
            return Some(Whose::Run);
        }
        let pick = |matches: &dyn Fn(&onrush_plan::SeriesInfo) -> bool| -> Vec<usize> {
            self.series.iter().enumerate().filter(|(_, series)| matches(series)).map(|(place, _)| place).collect()
        };
        let found = if let Some((key, value)) = name.strip_prefix("tag:").and_then(|tag| tag.split_once('=')) {
            pick(&|series| {
                series.kind == SeriesKind::Requests && series.tags.iter().any(|(k, v)| k == key && v == value)
            })
        } else {
            let iterations = name.strip_suffix(" iterations").unwrap_or("");
            let ways: [&dyn Fn(&onrush_plan::SeriesInfo) -> bool; 5] = [
                &|series| series.kind == SeriesKind::Requests && series.scenario == name,
                &|series| series.kind != SeriesKind::Iterations && series.name == name,
                &|series| series.kind == SeriesKind::Iterations && series.name == iterations,
                &|series| {
                    series.kind != SeriesKind::Iterations && format!("{}/{}", series.scenario, series.name) == name
                },
                &|series| series.kind == SeriesKind::Iterations && name == "iterations",
            ];
            ways.iter().map(|way| pick(way)).find(|found| !found.is_empty()).unwrap_or_default()
        };
        if !found.is_empty() {
            return Some(Whose::Series(found));
        }
        let tags =
            self.series.iter().flat_map(|series| series.tags.iter().map(|(key, value)| format!("tag:{key}={value}")));
        let names = self.series.iter().flat_map(|series| [series.scenario.clone(), series.name.clone()]);
        let mut known: Vec<String> = names.chain(tags).collect();
        known.sort();
        known.dedup();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let label = suggest(&name, &known, "a scenario, a step, a group, `iterations` or `tag:key=value`");
        let message = format!("nothing here is called `{}`", text.shown_part(range.clone()));
        let more = if known.len() > MOST_NAMES { ", …" } else { "" };
        let others =
            if self.has_others { "; steps beyond the first 1,000 names have no figures of their own" } else { "" };
        let help = format!("there are {}{more}{others}", known[..known.len().min(MOST_NAMES)].join(", "));
        self.in_text_with_help(text, range, &message, &label, &help)
    }

    fn bound_and_window(&mut self, text: &Text, after: Range<usize>) -> Option<(Range<usize>, Option<Duration>)> {
        let rest = &text.value[after.clone()];
        let Some(over) = rest.find(" over ") else { return Some((text.trimmed(after), None)) };
        let window = text.trimmed(after.start + over + " over ".len()..after.end);
        let time = self.time_in(text, window.clone())?;
        if time.is_zero() || time.subsec_nanos() > 0 {
            return self.in_text(text, window, "figures are taken once a second", "expected whole seconds");
        }
        Some((text.trimmed(after.start..after.start + over), Some(time)))
    }

    fn bound(&mut self, text: &Text, range: Range<usize>, figure: Figure) -> Option<f64> {
        if range.is_empty() {
            return self.in_text_with_help(
                text,
                range,
                "this threshold has no bound",
                "expected what it is held against",
                HELP,
            );
        }
        match figure {
            Figure::Quantile(_) | Figure::Mean | Figure::Max => Some(self.time_in(text, range)?.as_nanos() as f64),
            Figure::Errors | Figure::Checks | Figure::Dropped => {
                let word = &text.value[range.clone()];
                // `errors < 1` would hold whatever happens; whoever writes it means one in a hundred.
                if !word.ends_with('%') && word.parse().is_ok_and(|share: f64| share >= 1.0) {
                    let message =
                        format!("`{}` is everything: a share goes from 0 to 1", text.shown_part(range.clone()));
                    return self.in_text_with_help(text, range, &message, "add a `%`", HELP);
                }
                self.share_in(text, range)
            }
            Figure::Rate => {
                let result = parse_rate(&text.value[range.clone()]);
                Some(self.parsed(text, range, "a rate such as 100/s", result)?.as_per_second())
            }
            Figure::Verdict => match &text.value[range.clone()] {
                "valid" => Some(0.0),
                "degraded" => Some(1.0),
                "invalid" => Some(2.0),
                word => {
                    let label = suggest(word, &["valid", "degraded", "invalid"], "`valid`, `degraded` or `invalid`");
                    let message = format!("`{}` is not a verdict", text.shown_part(range.clone()));
                    self.in_text_with_help(text, range, &message, &label, HELP)
                }
            },
        }
    }
}

/// The comparison, with what stands before and after it.
fn relation_of(text: &str) -> Option<(Range<usize>, Relation, Range<usize>)> {
    let signs = [
        ("<=", Relation::AtMost),
        (">=", Relation::AtLeast),
        ("==", Relation::Is),
        ("<", Relation::Below),
        (">", Relation::Above),
    ];
    let (at, sign, relation) = signs
        .iter()
        .filter_map(|(sign, relation)| Some((text.rfind(sign)?, *sign, *relation)))
        // The last one, and of two there the longer.
        .max_by_key(|(at, sign, _)| (*at, sign.len()))?;
    Some((0..at, relation, at + sign.len()..text.len()))
}

fn mirrored(relation: Relation) -> Relation {
    match relation {
        Relation::Below => Relation::Above,
        Relation::AtMost => Relation::AtLeast,
        Relation::Above => Relation::Below,
        Relation::AtLeast => Relation::AtMost,
        Relation::Is => Relation::Is,
    }
}
