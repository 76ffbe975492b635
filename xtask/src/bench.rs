//! `cargo xtask bench`: builds Onrush and the benchmark program, and runs it.

use crate::step::step;

/// Hands `arguments` on to the benchmark program.
pub(crate) fn run(arguments: &[String]) -> bool {
    let built =
        step("build", "cargo", &["build", "--quiet", "--release", "--package", "onrush", "--package", "onrush-bench"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    built && step("bench", "target/release/onrush-bench", &arguments)
}
