//! Arrows between crates point downwards only, and each crate has at most one integration-test binary.

use super::{Finding, Source};

/// Every crate with its height. A crate may depend on lower ones; those of one height know nothing of
/// each other.
const HEIGHTS: &[(&str, u8)] = &[
    ("onrush", 9),
    ("onrush-report", 7),
    ("onrush-cluster", 7),
    ("onrush-engine", 6),
    ("onrush-script", 5),
    ("onrush-lang", 5),
    ("onrush-net", 4),
    ("onrush-traffic", 4),
    ("onrush-user", 4),
    ("onrush-plan", 3),
    ("onrush-pace", 1),
    ("onrush-record", 2),
    ("onrush-export", 2),
    ("onrush-stats", 2),
    ("onrush-metrics", 1),
    ("onrush-target", 0),
];

/// Arrows that the heights would allow and the house does not.
const FORBIDDEN: &[(&str, &str)] = &[
    ("onrush-report", "onrush-engine"),
    ("onrush-report", "onrush-net"),
    ("onrush-cluster", "onrush-engine"),
    ("onrush-engine", "onrush-target"),
    ("onrush-engine", "onrush-lang"),
    ("onrush-net", "onrush-target"),
    ("onrush-report", "onrush-target"),
];

/// Findings of all manifests.
pub(crate) fn check(sources: &[Source]) -> Vec<(String, Finding)> {
    let mut findings = Vec::new();
    for source in sources {
        if let Some(name) = crate_of(&source.path) {
            let found =
                dependencies(&source.text).into_iter().filter_map(|(line, other)| Some((line, wrong(name, &other)?)));
            findings.extend(found.map(|(line, what)| (source.path.clone(), Finding { line, what })));
        }
        if is_second_binary(&source.path) {
            let what = "a second integration-test binary: make it a module of tests/it".to_owned();
            findings.push((source.path.clone(), Finding { line: 1, what }));
        }
    }
    findings
}

fn crate_of(path: &str) -> Option<&str> {
    path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")
}

fn is_second_binary(path: &str) -> bool {
    let within = path.split_once("/tests/").filter(|(folder, _)| !folder.contains("/src"));
    within.is_some_and(|(_, rest)| rest.strip_suffix(".rs").is_some_and(|name| !name.contains('/')))
}

/// The crates of this house that a manifest depends on outside its tests.
fn dependencies(manifest: &str) -> Vec<(usize, String)> {
    let mut section = "";
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]" && line.starts_with("onrush") {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            found.push((number + 1, line[..end].to_owned()));
        }
    }
    found
}

fn height(name: &str) -> Option<u8> {
    HEIGHTS.iter().find(|(known, _)| *known == name).map(|(_, height)| *height)
}

fn wrong(from: &str, to: &str) -> Option<String> {
    let (Some(high), Some(low)) = (height(from), height(to)) else {
        return Some(format!("give {from} and {to} a height in xtask/src/tidy/arrows.rs"));
    };
    let forbidden = FORBIDDEN.contains(&(from, to));
    (high <= low || forbidden).then(|| format!("{from} must not depend on {to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_downwards() {
        for (from, to, fine) in [
            ("onrush", "onrush-engine", true),
            ("onrush-engine", "onrush-net", true),
            ("onrush-net", "onrush-engine", false),
            ("onrush-report", "onrush-engine", false),
            ("onrush-pace", "onrush-metrics", false),
            ("onrush-net", "onrush-unheard-of", false),
        ] {
            assert_eq!(wrong(from, to).is_none(), fine, "{from} -> {to}");
        }
        let manifest = "[dependencies]\nonrush-pace.workspace = true\nserde = \"1\"\n[dev-dependencies]\nonrush-net.workspace = true\n";
        assert_eq!(dependencies(manifest), [(2, "onrush-pace".to_owned())]);
        assert!(is_second_binary("crates/a/tests/b.rs") && !is_second_binary("crates/a/tests/it/b.rs"));
        assert!(!is_second_binary("crates/a/src/b/tests/c.rs"));
    }
}
