//! The documents say what the code does. `docs/reference.md` is written from the code, and a test compares;
//! `ONRUSH_UPDATE_REFERENCE=1 cargo test -p onrush --lib reference` writes it. Every command line and every load
//! that a document shows is understood.

mod metrics;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use onrush_metrics::ErrorKind;
use onrush_report::{KINDS, LINKS};
use onrush_user::FunctionSpec;

use crate::args::{self, Cli};
use crate::exit::Exit;

const UPDATE: &str = "ONRUSH_UPDATE_REFERENCE=1 cargo test -p onrush --lib reference";

#[test]
fn the_reference_says_what_the_code_does() {
    let path = path("docs/reference.md");
    let text = reference();
    if std::env::var_os("ONRUSH_UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &text).expect("the reference can be written");
    }
    let written = std::fs::read_to_string(&path).expect("there is a reference");
    assert!(written == text, "docs/reference.md is behind the code: run `{UPDATE}`");
}

#[test]
fn every_command_line_in_the_documents_is_understood() {
    let mut seen = 0;
    for document in ["README.md", "docs/tutorial.md"] {
        for line in blocks(document, "sh").lines().filter(|line| line.starts_with("onrush ")) {
            let words = words(line).into_iter().map(Into::into);
            let understood = Cli::try_parse_from(args::with_default_command(words));
            assert!(understood.is_ok(), "{document}: {line}\n{}", understood.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} command lines");
}

#[test]
fn every_load_in_the_documents_is_understood() {
    let loads = blocks("docs/load.md", "load");
    assert!(loads.lines().count() > 10);
    for load in loads.lines() {
        let understood = onrush_lang::parse_load(load).map_err(|diagnostic| diagnostic.render("docs/load.md", load));
        assert!(understood.is_ok(), "{}", understood.unwrap_err());
    }
}

fn path(document: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(document)
}

/// The lines of all code blocks of a language, one after the other.
fn blocks(document: &str, language: &str) -> String {
    let text = std::fs::read_to_string(path(document)).expect("the document is there");
    let blocks = text.split("```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// The words of a command line as a shell parts them, without the comment; quotes only around whole words.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.split(" # ").next().unwrap_or_default().trim();
    while !rest.is_empty() {
        let (word, after) = match rest.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            Some(quote) => rest[1..].split_once(quote).expect("a quote is closed"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

fn reference() -> String {
    let mut text = format!(
        "# Reference\n\nWritten from the code by `{UPDATE}`; a test fails when it is behind.\n\n\
         The [tutorial](tutorial.md) explains by example; the [load grammar](load.md) has a page of its own.\n"
    );
    commands(&mut text);
    let exits = Exit::ALL.iter().map(|exit| (format!("{}", *exit as u8), exit.about()));
    table(&mut text, "Exit codes", "Those of k6 where it has one.", "code", exits);
    let kinds = ErrorKind::ALL.iter().map(|kind| (format!("`{}`", kind.name()), kind.about()));
    table(&mut text, "Kinds of errors", "How failed requests are counted; names never change.", "kind", kinds);
    // The last one is a reader's, not the engine's.
    let record = ("record", "a record ends before its run did, or is damaged");
    let rules = onrush_engine::rules().chain([record]).map(|(name, about)| (format!("`{name}`"), about));
    table(&mut text, "Rules of the verdict", "The names of its reasons in JSON.", "rule", rules);
    let outputs = KINDS.iter().map(|kind| (format!("`{}`", kind.name), kind.about));
    table(&mut text, "Kinds of outputs", "For `-o KIND=FILE`.", "kind", outputs);
    let links = LINKS.iter().map(|kind| (format!("`{}`, `{}`", kind.name, kind.options.join("`, `")), kind.about));
    let about = "For `-o KIND=ADDRESS[,OPTION…]`: [Prometheus and OpenTelemetry](prometheus.md).";
    table(&mut text, "Kinds of outputs that go to an address", about, "kind, options", links);
    let about = "Those of scenario files, beside the template language's own; every draw comes from the run's seed.";
    functions(&mut text, "Functions of expressions", about, onrush_user::FUNCTION_SPECS);
    let about = "For `value | filter`, beside the template language's own.";
    functions(&mut text, "Filters of expressions", about, onrush_user::FILTER_SPECS);
    text
}

fn functions(text: &mut String, title: &str, about: &str, specs: &[FunctionSpec]) {
    // A pipe would end a cell of the table.
    let rows = specs.iter().map(|spec| (format!("`{}`", spec.usage.replace('|', "\\|")), spec.about));
    table(text, title, about, "such as", rows);
}

fn commands(text: &mut String) {
    for command in Cli::command().get_subcommands().cloned().collect::<Vec<_>>() {
        let name = command.get_name().to_owned();
        // The same width everywhere, whatever terminal the test runs in.
        let help = command.term_width(100).bin_name(format!("onrush {name}")).render_long_help().to_string();
        let lines: Vec<_> = help.lines().map(str::trim_end).collect();
        let _ = write!(text, "\n## onrush {name}\n\n```text\n{}\n```\n", lines.join("\n").trim());
    }
}

fn table<'a>(text: &mut String, title: &str, about: &str, column: &str, rows: impl Iterator<Item = (String, &'a str)>) {
    let _ = write!(text, "\n## {title}\n\n{about}\n\n| {column} | meaning |\n|---|---|\n");
    for (name, meaning) in rows {
        let _ = writeln!(text, "| {name} | {} |", meaning.trim_end_matches('.'));
    }
}
