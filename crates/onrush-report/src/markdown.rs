//! The outcome as Markdown for the comment of a pull request: verdict and thresholds first, then the key figures, what
//! each step came to and what went wrong; the rest is folded away.
//!
//! Names come from scenario files and texts from services: nothing of them is markup, mentions nobody, and makes the
//! comment longer than GitHub takes (65,536 characters).

use std::fmt::Write;

use onrush_metrics::{Band, Outcome, SeriesInfo, SeriesKind, Soundness, StopReason, Tally, percentile_name};

use crate::findings::{between, in_words, missed, plus_minus};
use crate::layout::{clean, clipped};
use crate::observed;
use crate::style::Style;
use crate::summary::verdict::{interrupted, sentence};
use crate::units::{bytes, count, duration, percent, rate, several, supports, time};

/// By which a bot finds the comment that it has to replace.
const MARK: &str = "<!-- onrush -->\n";
/// Rows of a table that are shown.
const MOST_ROWS: usize = 40;
/// Bytes of a table, so that all of them fit into a comment. A name of punctuation takes six for each character.
const LARGEST_TABLE: usize = 9_000;
/// Items of a list that are shown.
const MOST_ITEMS: usize = 8;
/// Columns of a name, and of a sentence.
const LONGEST_NAME: usize = 60;
const LONGEST_TEXT: usize = 240;

/// The comment.
pub(crate) fn markdown(outcome: &Outcome) -> String {
    let sections: [fn(&Outcome) -> String; 8] = [head, thresholds, figures, steps, checks, errors, observed, details];
    let sections = sections.into_iter().map(|section| section(outcome)).filter(|section| !section.is_empty());
    MARK.to_owned() + &sections.collect::<Vec<_>>().join("\n")
}

/// What must be known before any number is read.
fn head(outcome: &Outcome) -> String {
    let (counters, soundness) = (&outcome.total.counters, outcome.verdict.soundness());
    let broken = outcome.thresholds.iter().filter(|threshold| !threshold.passed).count();
    let ended = counters.ended();
    let title = match (broken, outcome.thresholds.len() as u64) {
        _ if counters.completed == 0 => "❌ Not one request was answered well".to_owned(),
        (0, 0) if counters.failed > 0 => format!("⚠️ {} of requests failed", percent(counters.failed, ended)),
        (0, 0) => "✅ Every request was answered well".to_owned(),
        (0, all) => format!("✅ {} held", several(all, "threshold", "thresholds")),
        (broken, all) => format!("❌ {broken} of {} broken", several(all, "threshold", "thresholds")),
    };
    let meaning = match soundness {
        Soundness::Valid => "✅ **Valid**: the generator made the load as asked, and timed it well.",
        Soundness::Degraded => "⚠️ **Degraded**: read the numbers with this in mind.",
        Soundness::Invalid => "❌ **Invalid**: do not trust these numbers.",
    };
    let mut text = format!("### {title}\n\n{} · {meaning}\n", code(&outcome.info.load));
    let reasons = outcome.verdict.reasons.iter().filter(|reason| reason.soundness > Soundness::Valid);
    for (number, reason) in reasons.take(MOST_ITEMS).enumerate() {
        let _ = writeln!(text, "{}- {}", if number == 0 { "\n" } else { "" }, prose(&reason.text));
    }
    if let Some(how) = interrupted(outcome) {
        let mark = if outcome.stopped == StopReason::Precise { "✅" } else { "⚠️" };
        let _ = writeln!(text, "\n{mark} {}", prose(&how));
    }
    let drifts = outcome.drifts().iter().map(|drift| sentence(&in_words(drift, outcome).1));
    for how in missed(outcome).into_iter().chain(drifts) {
        let _ = writeln!(text, "\n⚠️ {}", prose(&how));
    }
    text
}

fn thresholds(outcome: &Outcome) -> String {
    let mut all: Vec<_> = outcome.thresholds.iter().collect();
    // What is broken is what people look for.
    all.sort_by_key(|threshold| threshold.passed);
    let row = |threshold: &&onrush_metrics::ThresholdResult| {
        vec![if threshold.passed { "✅" } else { "❌" }.to_owned(), code(&threshold.text), prose(&threshold.found)]
    };
    table(&["", "threshold", "found"], "lll", all.iter().map(row).collect())
}

fn figures(outcome: &Outcome) -> String {
    let total = &outcome.total;
    if total.counters.started == 0 {
        return String::new();
    }
    let mut rows = vec![vec!["requests".to_owned(), count(total.counters.started)]];
    let mut add = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    let share = percent(total.counters.failed, total.counters.ended());
    let known = outcome.known(None, "errors").map(|band| format!(", {}", between(band))).unwrap_or_default();
    add("failed", format!("{} ({share}{known})", count(total.counters.failed)));
    add("requests per second", rate(outcome.requests_rate()) + &known_to(outcome.known(None, "rate")));
    if outcome.info.open {
        let what = if outcome.iterations.is_some() { "iterations" } else { "requests" };
        add(
            &format!("{what} begun, of those due"),
            format!("{} of {}", rate(outcome.started_rate()), rate(outcome.intended_rate())),
        );
    }
    let mut quantiles = vec![0.5, 0.95, 0.99, 0.999];
    quantiles.extend(outcome.info.until.iter().filter(|until| until.series.is_empty()).map(|until| until.q));
    quantiles.sort_by(f64::total_cmp);
    quantiles.dedup_by_key(|q| percentile_name(*q));
    for q in quantiles.into_iter().filter(|q| supports(&total.response, *q)) {
        add(&format!("response time {}", percentile_name(q)), quantile(outcome, None, q));
    }
    if !total.response.is_empty() {
        add("response time max", time(total.response.max()));
    }
    let made = total.counters.checks_passed + total.counters.checks_failed;
    if made > 0 {
        add("checks", format!("{} of {} passed", count(total.counters.checks_passed), count(made)));
    }
    let is_known = outcome.findings.as_ref().is_some_and(|findings| !findings.known.is_empty());
    let meaning = if is_known { "\n± and ranges are with a certainty of 95 %.\n" } else { "" };
    table(&["figure", "value"], "lr", rows) + meaning
}

/// Scenarios and their steps in the order of the file.
fn steps(outcome: &Outcome) -> String {
    let all = outcome.info.series.iter().zip(&outcome.series).enumerate();
    let all = all.filter(|(_, (_, tally))| tally.counters.started > 0);
    let row = |(place, (info, tally)): (usize, (&SeriesInfo, &Tally))| {
        let times = &tally.response;
        let max = if times.is_empty() { none() } else { time(times.max()) };
        let failed = percent(tally.counters.failed, tally.counters.ended());
        let quantiles = [0.5, 0.95, 0.99].map(|q| quantile(outcome, Some(place), q));
        [vec![name(info), count(tally.counters.started), failed], quantiles.to_vec(), vec![max]].concat()
    };
    table(&["step", "count", "failed", "p50", "p95", "p99", "max"], "lrrrrrr", all.map(row).collect())
}

/// Those that did not always hold.
fn checks(outcome: &Outcome) -> String {
    let all = outcome.info.series.iter().zip(&outcome.series).flat_map(|(info, tally)| {
        info.checks.iter().zip(tally.checks.rows()).map(move |(name, row)| (info, name, row))
    });
    let failing = all.filter(|(.., row)| row.failed > 0).map(|(info, check, row)| {
        let how_often = format!("{} of {}", count(row.failed), count(row.failed + row.passed));
        vec![name(info), code(check), how_often, prose(row.example.as_deref().unwrap_or_default())]
    });
    table(&["step", "failing check", "failed", "the first time"], "llrl", failing.collect())
}

fn errors(outcome: &Outcome) -> String {
    let row = |row: onrush_metrics::ErrorRow| {
        let local = if row.kind.is_local() { " (of this machine)" } else { "" };
        vec![format!("{}{local}", row.kind.name()), count(row.count), prose(row.example.unwrap_or_default())]
    };
    table(&["error", "count", "the first one"], "lrl", outcome.total.errors.rows().map(row).collect())
}

/// The service's own figures, those that there were.
fn observed(outcome: &Outcome) -> String {
    let row = |(name, figures): (&str, onrush_metrics::Observed)| {
        let show = |figure| observed::unit(name).show(figure);
        Some(vec![code(name), show(figures.mean()?), show(figures.max()?), show(figures.last()?)])
    };
    table(&["of the service", "mean", "max", "last"], "lrrr", observed::rows(outcome).filter_map(row).collect())
}

fn details(outcome: &Outcome) -> String {
    let info = &outcome.info;
    let mut items: Vec<(&str, String)> = Vec::new();
    let targets = info.targets.iter().take(MOST_ITEMS).map(|target| code(target)).collect::<Vec<_>>().join(" ");
    items.push(("targets", targets));
    items.push(("load", format!("{}, {}", code(&info.load), if info.open { "open" } else { "closed" })));
    items.push(("protocol", prose(&info.protocol)));
    items.push(("measured", format!("{} of {}", duration(outcome.measured), duration(outcome.elapsed))));
    let counters = &outcome.total.counters;
    items.push(("data", format!("{} sent, {} received", bytes(counters.bytes_sent), bytes(counters.bytes_received))));
    let statuses = outcome.total.statuses.rows().iter().take(MOST_ROWS);
    let statuses: Vec<_> = statuses.map(|(status, number)| format!("{status} × {}", count(*number))).collect();
    items.push(("statuses", statuses.join(", ")));
    let lag = &outcome.arrivals().release_lag;
    if !lag.is_empty() {
        let lag = format!("p50 {}, max {}", time(lag.quantile(0.5)), time(lag.max()));
        items.push(("own start lag", lag));
    }
    items.push(("generator", machine(outcome)));
    items.push(("seed", info.seed.to_string()));
    items.push(("Onrush", prose(&info.version)));
    let mut text = "<details>\n<summary>Settings and generator</summary>\n\n".to_owned();
    for (name, value) in items.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "- {name}: {value}");
    }
    for line in info.plan.iter().take(2 * MOST_ITEMS) {
        let _ = writeln!(text, "- {}", code(line));
    }
    text + "\n</details>\n"
}

fn machine(outcome: &Outcome) -> String {
    let machine = &outcome.info.machine;
    let mut parts = vec![several(outcome.info.threads as u64, "thread", "threads")];
    if machine.cores > 0 {
        parts.push(several(machine.cores as u64, "core", "cores"));
    }
    parts.extend(
        [&machine.system, &machine.processor].into_iter().filter(|part| !part.is_empty()).map(|part| prose(part)),
    );
    parts.join(", ")
}

fn name(info: &SeriesInfo) -> String {
    match info.kind {
        SeriesKind::Iterations => format!("**{}**, whole", code(&info.name)),
        SeriesKind::Requests => format!("{} {}", code(&info.scenario), code(&info.name)),
        SeriesKind::Group => format!("{} group {}", code(&info.scenario), code(&info.name)),
    }
}

/// A percentile of a series, or of all requests, and how well it is known.
fn quantile(outcome: &Outcome, series: Option<usize>, q: f64) -> String {
    let tally = series.map_or(&outcome.total, |place| &outcome.series[place]);
    match supports(&tally.response, q) {
        true => time(tally.response.quantile(q)) + &known_to(outcome.known(series, &percentile_name(q))),
        false => none(),
    }
}

fn known_to(band: Option<Band>) -> String {
    band.map(|band| format!(" {}", plus_minus(band).replace('<', "&#60;"))).unwrap_or_default()
}

fn none() -> String {
    "–".to_owned()
}

/// A table, or nothing without rows. `sides` has a letter for each column: left or right.
fn table(titles: &[&str], sides: &str, rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let sides: Vec<_> = sides.chars().map(|side| if side == 'r' { "--:" } else { ":--" }).collect();
    let mut text = format!("| {} |\n| {} |\n", titles.join(" | "), sides.join(" | "));
    let mut more = rows.len();
    for row in rows.into_iter().take(MOST_ROWS) {
        let row = row.join(" | ");
        if text.len() + row.len() > LARGEST_TABLE {
            break;
        }
        let _ = writeln!(text, "| {row} |");
        more -= 1;
    }
    if more > 0 {
        let _ = writeln!(text, "\nAnd {} more.", count(more as u64));
    }
    text
}

/// A name, in which nobody is mentioned and nothing is a link.
fn code(text: &str) -> String {
    let text = clipped(&clean(text), LONGEST_NAME, Style::default());
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", plain(&text)) }
}

/// A sentence; an address in it mentions nobody.
fn prose(text: &str) -> String {
    plain(&clipped(&clean(text), LONGEST_TEXT, Style::default())).replace("&#64;", "&#64;<!-- -->")
}

/// Text without any character that Markdown or HTML could take for its own. A `:` makes links of addresses.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            ' ' | ',' | ';' | '.' | '/' | '%' | '=' | '?' | '(' | ')' | '-' | '+' | '\'' => plain.push(char),
            char if char.is_ascii_punctuation() => {
                let _ = write!(plain, "&#{};", u32::from(char));
            }
            char => plain.push(char),
        }
    }
    // A line that begins with one of these would be a list or a heading.
    match plain.chars().next() {
        Some(first @ ('-' | '+' | '=')) => format!("&#{};{}", u32::from(first), &plain[1..]),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{code, prose};

    #[test]
    fn nothing_of_a_name_is_markup() {
        for (text, expected) in [
            ("GET /a|b", "<code>GET /a&#124;b</code>"),
            ("</code><script>", "<code>&#60;/code&#62;&#60;script&#62;</code>"),
            ("*x* _y_ `z` [l](u)", "<code>&#42;x&#42; &#95;y&#95; &#96;z&#96; &#91;l&#93;(u)</code>"),
            ("a\r\nb\u{1b}[31m", "<code>a b &#91;31m</code>"),
            ("", ""),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(prose("ask @jane: http://x"), "ask &#64;<!-- -->jane&#58; http&#58;//x");
        assert_eq!(prose("- not a list"), "&#45; not a list");
    }
}
