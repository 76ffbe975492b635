//! What is done with the project: `cargo xtask test`, `tidy`, `bench`. No dependencies, so that it is
//! there in a second.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is a program for people")]

mod bench;
mod peers;
mod step;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "cargo xtask COMMAND

  test [--quick] [--install]
                   everything that CI runs, cheapest first; stops at the first failure
                   --quick    without the tests against servers that others wrote
                   --install  install those servers if they are missing (needs root and
                              apt-get; where CI is set this is not asked)
  tidy             the rules of the house: arrows between crates, sizes of files, leftovers
  bench [ARGS]     Onrush beside its peers; `cargo xtask bench --help` lists the contests
  help             this";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Wherever it is called from, paths are of the repository; and of the one that cargo runs it in, which need not be
    // the one that it was built in where several share a target directory.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    if let Some(root) = Path::new(&manifest).parent()
        && let Err(error) = std::env::set_current_dir(root)
    {
        eprintln!("cannot enter {}: {error}", root.display());
        return ExitCode::FAILURE;
    }
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(mistake) => {
            eprintln!("{mistake}\n\n{HELP}");
            ExitCode::from(104)
        }
    }
}

/// Whether the task went well, or what is wrong with how it was asked for.
fn run(arguments: &[String]) -> Result<bool, String> {
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("test") => Ok(test::run(test::Options::read(rest)?)),
        Some("tidy") if rest.is_empty() => Ok(tidy::run()),
        Some("tidy") => Err("`tidy` takes no arguments".to_owned()),
        Some("bench") => Ok(bench::run(rest)),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(true)
        }
        Some(other) => Err(format!("`{other}` is not a command")),
    }
}
