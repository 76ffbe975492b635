//! `cargo xtask test`: everything that CI runs, cheapest first.

use std::path::Path;

use crate::step::{is_there, now, step, step_with};
use crate::{peers, tidy};

/// How much to test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Without the tests against other programs.
    quick: bool,
    /// Missing servers are installed, not only named.
    install: bool,
}

impl Options {
    /// Reads the arguments after `test`.
    pub(crate) fn read(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self { install: is_ci(std::env::var("CI").ok().as_deref()), ..Self::default() };
        for argument in arguments {
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--install" => options.install = true,
                other => return Err(format!("`test` does not know `{other}`")),
            }
        }
        Ok(options)
    }
}

fn is_ci(variable: Option<&str>) -> bool {
    variable.is_some_and(|value| !matches!(value, "" | "0" | "false"))
}

/// What was left out, and how to have it; said where it happens and again at the end.
type Skipped = Vec<String>;

/// A step by name.
type Step = (&'static str, fn(Options, &mut Skipped) -> bool);

const STEPS: &[Step] = &[
    ("format", |_, _| step("format", "cargo", &["fmt", "--all", "--check"])),
    ("tidy", |_, _| tidy::run()),
    ("clippy", |_, _| {
        step("clippy", "cargo", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    ("tests", tests),
    ("doc tests", |_, _| step("doc tests", "cargo", &["test", "--quiet", "--workspace", "--doc"])),
    ("fuzz targets", fuzz),
    ("dependencies", dependencies),
];

/// True when every step went well. The first that does not ends it.
pub(crate) fn run(options: Options) -> bool {
    let (before, mut skipped) = (now(), Skipped::new());
    let failed = STEPS.iter().find(|(_, work)| !work(options, &mut skipped));
    let took = now().saturating_sub(before).as_secs_f64();
    println!();
    for left_out in &skipped {
        println!("SKIPPED: {left_out}");
    }
    match failed {
        Some((name, _)) => println!("FAILED at: {name}, after {took:.0} s"),
        None if skipped.is_empty() => println!("All is well: {} steps in {took:.0} s.", STEPS.len()),
        None => println!("What was tested is well: {took:.0} s, {} left out (above).", skipped.len()),
    }
    failed.is_none()
}

fn skip(skipped: &mut Skipped, what: String) {
    println!("SKIPPED: {what}");
    skipped.push(what);
}

fn tests(options: Options, skipped: &mut Skipped) -> bool {
    let mut require: &[(&str, &str)] = &[];
    if options.quick {
        skip(skipped, "tests against servers that others wrote, as --quick asks".to_owned());
    } else {
        match peers::ready(options.install) {
            // With every peer there, a test that cannot find one has failed instead of being left out.
            Ok(()) => require = &[("ONRUSH_REQUIRE_PEERS", "1")],
            Err(missing) => skip(skipped, missing),
        }
    }
    if is_there("cargo", &["nextest", "--version"]) {
        let profile = if options.quick { "quick" } else { "default" };
        return step_with("tests", "cargo", &["nextest", "run", "--workspace", "--profile", profile], require);
    }
    plain_tests(options.quick, require)
}

/// Without nextest: what measures time or holds many sockets (see .config/nextest.toml) runs by itself.
fn plain_tests(quick: bool, require: &[(&str, &str)]) -> bool {
    const TEST: &[&str] = &["test", "--quiet", "--workspace", "--lib", "--bins", "--tests", "--"];
    let together = [TEST, &["--skip", "serial_", "--skip", "weather::", "--skip", "interop::"]].concat();
    let mut alone = [TEST, &["--test-threads", "1", "serial_", "weather::"]].concat();
    if !quick {
        alone.push("interop::");
    }
    step_with("tests", "cargo", &together, require) && step_with("tests, one at a time", "cargo", &alone, require)
}

/// Fuzz targets need a nightly compiler to run, but none to be checked.
fn fuzz(_: Options, _: &mut Skipped) -> bool {
    if !Path::new("fuzz/Cargo.toml").exists() {
        return true;
    }
    let check = ["check", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"];
    step("fuzz targets", "cargo", &check)
}

fn dependencies(_: Options, skipped: &mut Skipped) -> bool {
    if !is_there("cargo", &["deny", "--version"]) {
        let what = "licences and advisories of dependencies; to check them: cargo install cargo-deny --locked";
        skip(skipped, what.to_owned());
        return true;
    }
    let advisories = if is_there("cargo", &["deny", "fetch", "db"]) {
        step("advisories", "cargo", &["deny", "--workspace", "check", "advisories"])
    } else {
        skip(skipped, "advisories of dependencies: their database could not be fetched".to_owned());
        true
    };
    step("dependencies", "cargo", &["deny", "--workspace", "check", "bans", "licenses", "sources"]) && advisories
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_none_is_ignored() {
        let read = |words: &[&str]| Options::read(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(read(&["--quick"]).is_ok_and(|options| options.quick));
        assert!(read(&["--install"]).is_ok_and(|options| options.install && !options.quick));
        assert_eq!(read(&["--fast"]), Err("`test` does not know `--fast`".to_owned()));
    }

    #[test]
    fn ci_says_so() {
        for (variable, expected) in
            [(None, false), (Some(""), false), (Some("false"), false), (Some("0"), false), (Some("true"), true)]
        {
            assert_eq!(is_ci(variable), expected, "{variable:?}");
        }
    }
}
