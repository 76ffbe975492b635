//! `cargo xtask bench`: builds Onrush and the benchmark program, and runs it.

use std::path::{Path, PathBuf};

use crate::step::step;

/// Hands `arguments` on to the benchmark program.
pub(crate) fn run(arguments: &[String]) -> bool {
    let built =
        step("build", "cargo", &["build", "--quiet", "--release", "--package", "onrush", "--package", "onrush-bench"]);
    let Some(program) = std::env::current_exe().ok().as_deref().and_then(program) else { return false };
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    built && step("bench", &program.display().to_string(), &arguments)
}

/// The release build stands beside the folder this program was built into, wherever cargo was told to build.
fn program(own: &Path) -> Option<PathBuf> {
    Some(own.parent()?.parent()?.join("release").join("onrush-bench"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_in_any_target_folder() {
        let found = program(Path::new("/elsewhere/debug/xtask"));
        assert_eq!(found, Some(PathBuf::from("/elsewhere/release/onrush-bench")));
        assert_eq!(program(Path::new("xtask")), None);
    }
}
