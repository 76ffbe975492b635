//! `cargo xtask tidy`: the rules of the house that a compiler does not check. Each is a function from a
//! file to findings, and a row of the table.

mod arrows;
mod rules;

use std::fs;
use std::path::{Path, PathBuf};

/// A broken rule: where, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) line: usize,
    pub(crate) what: String,
}

/// A file as rules see it.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// True when nothing was found.
pub(crate) fn run() -> bool {
    println!("==> tidy");
    let sources = sources();
    let mut findings = Vec::new();
    for source in &sources {
        for (_, rule) in rules::RULES {
            findings.extend(rule(source).into_iter().map(|finding| (source.path.clone(), finding)));
        }
    }
    findings.extend(arrows::check(&sources));
    for (path, finding) in &findings {
        println!("{path}:{}: {}", finding.line, finding.what);
    }
    println!("    tidy: {} files, {} findings", sources.len(), findings.len());
    findings.is_empty()
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    walk(Path::new("."), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(".").unwrap_or(path).display().to_string();
        fs::read_to_string(path).ok().map(|text| Source { path: name, text })
    };
    paths.iter().filter_map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | "node_modules" | "corpus" | "artifacts") {
                walk(&path, paths);
            }
        } else if [".rs", ".md", ".toml", ".new"].iter().any(|ending| name.ends_with(ending)) {
            paths.push(path);
        }
    }
}
