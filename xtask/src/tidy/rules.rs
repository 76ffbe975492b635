//! Rules about single files.

use std::path::Path;

use super::{Finding, Source};

/// What a rule is called, and the rule.
type Rule = fn(&Source) -> Vec<Finding>;

/// Every rule about single files.
pub(crate) const RULES: &[(&str, Rule)] = &[
    ("every file says what it owns", opening),
    ("files are about one thing", file_length),
    ("functions fit on a screen", function_length),
    ("foo.rs beside foo/", no_mod_files),
    ("nothing is left over", leftovers),
    ("crates do without what they should do without", absences),
    ("links lead somewhere", links),
];

const LONGEST_FILE: usize = 800;
const LONGEST_FUNCTION: usize = 100;

/// Words in code that stand for work not done. Split, so that this file is not found.
const LEFTOVERS: &[&str] = &[
    concat!("to", "do!("),
    concat!("un", "implemented!("),
    concat!("FIX", "ME"),
    concat!("db", "g!("),
    concat!("XX", "X"),
];

/// Crate, what its sources must not name, why.
const ABSENCES: &[(&str, &[&str], &str)] = &[
    ("onrush-pace", PURE, "pace is arithmetic: time and randomness are arguments"),
    ("onrush-metrics", PURE, "metrics are values: times come in as durations"),
    ("onrush-plan", PURE, "a plan is a value"),
    ("onrush-stats", PURE, "statistics are arithmetic: seconds come in, numbers go out"),
    ("onrush-lang", PURE, "text comes in, values go out"),
    ("onrush-user", PURE, "answers, times and seeds are arguments"),
    (
        "onrush-report",
        &["onrush_engine", "onrush_net", "clap", "stdout()", "println!"],
        "outputs read events and write where they are told",
    ),
    ("onrush-engine", &["clap", "stdout()", "println!", "process::exit"], "only the binary speaks"),
    ("onrush-net", &["clap", "stdout()", "println!", "process::exit"], "only the binary speaks"),
];
const PURE: &[&str] = &[
    "tokio",
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "Instant::now",
    "SystemTime",
    "rand::rng",
    "std::env",
    "println!",
];

fn is_rust(source: &Source) -> bool {
    Path::new(&source.path).extension().is_some_and(|ending| ending == "rs")
}

fn finding(line: usize, what: impl Into<String>) -> Finding {
    Finding { line, what: what.into() }
}

fn opening(source: &Source) -> Vec<Finding> {
    let fine = !is_rust(source) || source.text.starts_with("//!") || source.text.starts_with("#![no_main]");
    if fine { Vec::new() } else { vec![finding(1, "begin with `//!` and say what the file owns")] }
}

fn file_length(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if is_rust(source) && lines > LONGEST_FILE {
        return vec![finding(1, format!("{lines} lines: is it one thing? Split it ({LONGEST_FILE} at most)"))];
    }
    Vec::new()
}

/// From a line that begins a function to the closing brace at the same depth.
fn function_length(source: &Source) -> Vec<Finding> {
    if !is_rust(source) {
        return Vec::new();
    }
    let lines: Vec<&str> = source.text.lines().collect();
    let begins = |line: &str| {
        let words = line.trim_start();
        [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "pub(crate) async fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|start| words.starts_with(start))
    };
    let mut findings = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| begins(line)) {
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", " ".repeat(indent));
        let length = lines[start..].iter().position(|line| *line == end).unwrap_or(0) + 1;
        if length > LONGEST_FUNCTION {
            findings.push(finding(
                start + 1,
                format!("a function of {length} lines ({LONGEST_FUNCTION} at most): name its parts"),
            ));
        }
    }
    findings
}

fn no_mod_files(source: &Source) -> Vec<Finding> {
    let is_mod = Path::new(&source.path).file_name().is_some_and(|name| name == "mod.rs");
    if is_mod { vec![finding(1, "write foo.rs beside foo/, not foo/mod.rs")] } else { Vec::new() }
}

fn leftovers(source: &Source) -> Vec<Finding> {
    if source.path.ends_with(".snap.new") {
        return vec![finding(1, "a snapshot that nobody has looked at: accept it or mend what changed it")];
    }
    let lines = source.text.lines().enumerate().filter(|_| is_rust(source));
    let found = lines.filter_map(|(number, line)| Some((number, LEFTOVERS.iter().find(|word| line.contains(**word))?)));
    found.map(|(number, word)| finding(number + 1, format!("`{word}` is work left undone"))).collect()
}

/// Looks at what is compiled into the crate: comments and tests may speak of anything.
fn absences(source: &Source) -> Vec<Finding> {
    let Some((_, words, why)) =
        ABSENCES.iter().find(|(name, _, _)| source.path.starts_with(&format!("crates/{name}/src/")))
    else {
        return Vec::new();
    };
    let code = source.text.lines().enumerate().take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
    let code = code.filter(|(_, line)| !line.trim_start().starts_with("//"));
    let found = code.filter_map(|(number, line)| Some((number, words.iter().find(|word| line.contains(**word))?)));
    found.map(|(number, word)| finding(number + 1, format!("`{word}` does not belong here: {why}"))).collect()
}

/// Relative links of Markdown files.
fn links(source: &Source) -> Vec<Finding> {
    if Path::new(&source.path).extension().is_none_or(|ending| ending != "md") {
        return Vec::new();
    }
    let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !folder.join(file).exists() {
                findings.push(finding(number + 1, format!("`{file}` does not exist")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: Rule, path: &str, text: &str, expected: usize) {
        let found = rule(&Source { path: path.to_owned(), text: text.to_owned() });
        assert_eq!(found.len(), expected, "{path}: {found:?}");
    }

    #[test]
    fn each_rule_finds_what_it_is_for() {
        check(opening, "a.rs", "fn main() {}", 1);
        check(opening, "a.rs", "//! Owns a.\n", 0);
        check(opening, "a.md", "hello", 0);
        check(file_length, "a.rs", &"\n".repeat(801), 1);
        check(file_length, "a.rs", &"\n".repeat(800), 0);
        check(function_length, "a.rs", &format!("fn a() {{\n{}}}\n", "x\n".repeat(99)), 1);
        check(function_length, "a.rs", &format!("    pub fn a() {{\n{}    }}\n", "x\n".repeat(98)), 0);
        check(no_mod_files, "a/mod.rs", "", 1);
        check(leftovers, "a.rs", &format!("//! A\n    {}\n", LEFTOVERS[0]), 1);
        check(leftovers, "a.snap.new", "", 1);
        check(absences, "crates/onrush-pace/src/a.rs", "use tokio::time;", 1);
        check(absences, "crates/onrush-pace/src/a.rs", "// tokio\n#[cfg(test)]\nuse tokio::time;", 0);
        check(absences, "crates/onrush-net/src/a.rs", "use tokio::time;", 0);
        check(links, "README.md", "[a](nowhere.md) [b](https://example.com) [c](#here)", 1);
    }
}
