//! A comparison as one page: the table, and the curves of both sides. Nothing is loaded from elsewhere.

mod chart;

use std::fmt::Write;
use std::time::Duration;

use onrush_metrics::Histogram;
use onrush_stats::Slice;

use self::chart::{Chart, Curve, Side};
use super::{Comparison, Recorded};
use crate::layout::clean;
use crate::moment::moment;
use crate::units::{clock, rate, time};

const STYLE: &str = include_str!("html/style.css");
/// Points of a curve over time; more are not seen.
const MOST_POINTS: usize = 300;

pub(super) fn html(comparison: &Comparison) -> String {
    let title = format!("{}: {}", comparison.result(), comparison.meaning());
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{0}</title>\n<style>{STYLE}</style>\n<main>\n<h1 class=\"{1}\">{0}</h1>\n",
        escaped(&title),
        comparison.result()
    );
    warnings(&mut text, comparison);
    text.push_str("<dl>\n");
    runs(&mut text, "base", &comparison.base);
    runs(&mut text, "new", &comparison.new);
    if let Some(run) = comparison.base.first() {
        let _ = writeln!(text, "<dt>load</dt><dd>{}</dd>", escaped(&run.outcome.info.load));
    }
    text.push_str("</dl>\n");
    table(&mut text, comparison);
    charts(&mut text, comparison);
    let _ = write!(text, "<p class=\"quiet\">{}.</p>\n</main>\n</html>\n", escaped(&comparison.basis()));
    text
}

fn warnings(text: &mut String, comparison: &Comparison) {
    let all: Vec<_> = comparison.refusals.iter().chain(&comparison.warnings).collect();
    if !all.is_empty() {
        text.push_str("<ul class=\"warnings\">\n");
        all.iter().for_each(|warning| {
            let _ = writeln!(text, "<li>{}</li>", escaped(warning));
        });
        text.push_str("</ul>\n");
    }
}

fn runs(text: &mut String, side: &str, runs: &[Recorded]) {
    for run in runs {
        let (when, lasted) = (moment(run.outcome.info.started_at), clock(run.outcome.measured));
        let _ = writeln!(
            text,
            "<dt><span class=\"key {side}\"></span>{side}</dt><dd>{} <span class=\"quiet\">{when}, {lasted}</span></dd>",
            escaped(&run.name)
        );
    }
}

fn table(text: &mut String, comparison: &Comparison) {
    text.push_str(
        "<table>\n<thead><tr><th scope=\"col\"></th><th scope=\"col\">base</th><th scope=\"col\">new</th>\
         <th scope=\"col\">change</th><th scope=\"col\">between</th><th scope=\"col\"></th></tr></thead>\n",
    );
    for (compared, changes) in comparison.rows() {
        let title = escaped(&compared.title());
        let _ = writeln!(text, "<tbody>\n<tr><th class=\"title\" colspan=\"6\" scope=\"rowgroup\">{title}</th></tr>");
        for change in changes {
            let figure = change.figure;
            let _ = writeln!(
                text,
                "<tr class=\"{word}\"><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{word}</td></tr>",
                figure.name(),
                escaped(&figure.shown(change.base)),
                escaped(&figure.shown(change.new)),
                figure.change(change.by),
                figure.interval(change.by),
                word = change.word()
            );
        }
        text.push_str("</tbody>\n");
    }
    text.push_str("</table>\n");
    if let Some(quiet) = comparison.quiet() {
        let _ = writeln!(text, "<p class=\"quiet\">{}.</p>", escaped(&quiet));
    }
}

fn charts(text: &mut String, comparison: &Comparison) {
    let sides = [(Side::Base, &comparison.base), (Side::New, &comparison.new)];
    let distributions = sides.iter().map(|(side, runs)| distribution(*side, runs)).collect();
    let in_time = |ns: f64| time(Duration::from_nanos(ns as u64));
    text.push_str(
        &Chart { title: "Response time by percentile", y: in_time, x: percentile, curves: distributions }.svg(),
    );
    let over_time = |of: &dyn Fn(&Slice) -> Option<f64>, is_faint| -> Vec<Curve> {
        sides.iter().flat_map(|(side, runs)| runs.iter().map(|run| curve(*side, run, of, is_faint))).collect()
    };
    let mut times = over_time(&|slice| slice.quantile(0.99), true);
    times.extend(over_time(&|slice| slice.quantile(0.5), false));
    let seconds = |seconds: f64| clock(Duration::from_secs_f64(seconds.max(0.0)));
    let title = "Response time over time: p50, and p99 above it";
    text.push_str(&Chart { title, y: in_time, x: seconds, curves: times }.svg());
    let rates = over_time(
        &|slice| Some(slice.ended_in_time as f64 / slice.lasted.as_secs_f64()).filter(|rate| rate.is_finite()),
        false,
    );
    text.push_str(&Chart { title: "Requests ended a second", y: rate, x: seconds, curves: rates }.svg());
}

/// The percentile at a number of nines.
fn percentile(nines: f64) -> String {
    let digits = (nines - 2.0).max(0.0).ceil() as usize;
    format!("p{:.digits$}", 100.0 * (1.0 - 10_f64.powf(-nines)))
}

/// As far as the sample supports, by nines: 90 % is at 1, 99 % at 2.
fn distribution(side: Side, runs: &[Recorded]) -> Curve {
    const STEPS: usize = 40;
    let mut all = Histogram::new();
    runs.iter().for_each(|run| all.merge(&run.outcome.total.response));
    let nines = (0..=5 * STEPS).map(|step| step as f64 / STEPS as f64);
    let points = nines.map(|nines| (nines, 1.0 - 10_f64.powf(-nines)));
    let points = points.filter(|(_, q)| all.supports(*q)).map(|(nines, q)| (nines, all.quantile(q).as_nanos() as f64));
    Curve { side, is_faint: false, points: points.collect() }
}

fn curve(side: Side, run: &Recorded, of: &dyn Fn(&Slice) -> Option<f64>, is_faint: bool) -> Curve {
    let slices = run.fold.whole().slices();
    let warmup = run.outcome.info.warmup;
    let merged = slices.chunks(slices.len().div_ceil(MOST_POINTS).max(1)).map(|chunk| {
        let mut merged = chunk[0].clone();
        chunk[1..].iter().for_each(|slice| merged.absorb(slice));
        merged
    });
    let points = merged.filter_map(|slice| Some((slice.since.saturating_sub(warmup).as_secs_f64(), of(&slice)?)));
    Curve { side, is_faint, points: points.collect() }
}

fn escaped(text: &str) -> String {
    clean(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
