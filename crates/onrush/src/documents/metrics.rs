//! `docs/prometheus.md` names every metric, in a table that is written from the code.

use std::fmt::Write;

use onrush_report::METRICS;

use super::{UPDATE, path};

const BEGIN: &str = "<!-- metrics: written from the code -->\n";
const END: &str = "<!-- end of metrics -->\n";

#[test]
fn the_reference_of_metrics_says_what_the_code_does() {
    let path = path("docs/prometheus.md");
    let written = std::fs::read_to_string(&path).expect("the document is there");
    let (before, rest) = written.split_once(BEGIN).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let text = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("ONRUSH_UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &text).expect("the document can be written");
    } else {
        assert!(written == text, "docs/prometheus.md is behind the code: run `{UPDATE}`");
    }
}

fn table() -> String {
    let mut text = "\n| metric | kind | labels | meaning |\n|---|---|---|---|\n".to_owned();
    for metric in METRICS {
        let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| `{}` | {} | {labels} | {} |", metric.name(), metric.kind.name(), metric.about);
    }
    text.push('\n');
    text
}
