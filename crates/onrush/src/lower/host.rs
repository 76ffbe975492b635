//! Targets without a scheme: a host, or a mistyped command, or a file of a kind that Onrush does not read yet.

use strsim::damerau_levenshtein as distance;

use crate::exit::Wrong;

/// What else may have been meant, and how it is written.
const COMMANDS: &[(&str, &str)] = &[
    ("run", "onrush run"),
    ("serve", "onrush serve"),
    ("demo", "onrush demo"),
    ("help", "onrush help"),
    ("version", "onrush --version"),
];
const SCRIPTS: &[&str] = &[".yaml", ".yml", ".js"];
/// So many letters may be wrong in a word that is still recognised.
const MISTYPED: usize = 2;

/// Refuses what is probably no host.
pub(super) fn check(target: &str) -> Result<(), Wrong> {
    if target.contains("://") || target.is_empty() {
        return Ok(());
    }
    let (first, path) = target.split_once('/').map_or((target, None), |(first, path)| (first, Some(path)));
    let is_host = first.contains(':') || first.trim_start_matches('.').contains('.') || first == "localhost";
    let is_script = SCRIPTS.iter().any(|ending| target.ends_with(ending));
    if is_script && !(is_host && path.is_some()) {
        return Err(Wrong(format!("`{target}`: Onrush does not read scenario files and scripts yet; give it URLs")));
    }
    if is_host || path.is_some() {
        return Ok(());
    }
    let nearest = COMMANDS.iter().min_by_key(|(name, _)| distance(name, target));
    let hint = nearest.filter(|(name, _)| distance(name, target) <= MISTYPED);
    let hint = hint.map_or_else(|| ".".to_owned(), |(_, command)| format!(": did you mean `{command}`?"));
    Err(Wrong(format!("`{target}` is not a command{hint} If that is a host, write http://{target}/")))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_is_a_host() {
        for target in [
            "localhost",
            "localhost:8080",
            "localhost/a.js",
            "127.0.0.1",
            "[::1]",
            "web:80",
            "web/",
            "example.com/app.js",
            "web:80/a.yml",
            "http://run",
        ] {
            assert!(check(target).is_ok(), "{target}");
        }
        for target in ["run", "web", "a.yaml", "./a.js", "/tmp/a.yml", "tests/load.js"] {
            assert!(check(target).is_err(), "{target}");
        }
    }
}
