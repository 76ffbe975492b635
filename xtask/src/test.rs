//! `cargo xtask test`: everything that CI runs, cheapest first.

use std::path::Path;

use crate::step::{is_there, step, step_with};
use crate::{peers, tidy};

/// A step by name; it is told whether to be quick.
type Step = (&'static str, fn(bool) -> bool);

/// True when every step went well. The first that does not ends it.
pub(crate) fn run(quick: bool) -> bool {
    let steps: [Step; 7] = [
        ("format", |_| step("format", "cargo", &["fmt", "--all", "--check"])),
        ("tidy", |_| tidy::run()),
        ("clippy", |_| {
            step("clippy", "cargo", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
        }),
        ("tests", tests),
        ("doc tests", |_| step("doc tests", "cargo", &["test", "--quiet", "--workspace", "--doc"])),
        ("fuzz targets", |_| fuzz()),
        ("dependencies", |_| deny()),
    ];
    for (name, run) in steps {
        if !run(quick) {
            println!("\nFAILED at: {name}");
            return false;
        }
    }
    println!("\nAll is well.");
    true
}

fn tests(quick: bool) -> bool {
    let all_peers = !quick && peers::ready();
    // With every peer there, a test that cannot find one has failed instead of being left out.
    let require: &[(&str, &str)] = if all_peers { &[("ONRUSH_REQUIRE_PEERS", "1")] } else { &[] };
    if is_there("cargo", &["nextest", "--version"]) {
        let profile = if quick { "quick" } else { "default" };
        return step_with("tests", "cargo", &["nextest", "run", "--workspace", "--profile", profile], require);
    }
    step_with("tests", "cargo", &["test", "--workspace", "--lib", "--bins", "--tests"], require)
}

/// Fuzz targets need a nightly compiler to run, but none to be checked.
fn fuzz() -> bool {
    if !Path::new("fuzz/Cargo.toml").exists() {
        return true;
    }
    step(
        "fuzz targets",
        "cargo",
        &["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"],
    )
}

fn deny() -> bool {
    if !is_there("cargo", &["deny", "--version"]) {
        println!("SKIPPED: licences and advisories of dependencies; to check them: cargo install cargo-deny");
        return true;
    }
    step("dependencies", "cargo", &["deny", "--all-features", "check"])
}
