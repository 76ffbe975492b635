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

  test [--quick]   everything that CI runs; --quick leaves out what needs other programs
  tidy             the rules of the house: arrows between crates, sizes of files, leftovers
  bench [ARGS]     Onrush beside its peers; ARGS as of `onrush-bench --help`
  help             this";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    // Wherever it is called from, paths are of the repository.
    if let Some(root) = Path::new(env!("CARGO_MANIFEST_DIR")).parent()
        && let Err(error) = std::env::set_current_dir(root)
    {
        eprintln!("cannot enter {}: {error}", root.display());
        return ExitCode::FAILURE;
    }
    let done = match arguments.first().map(String::as_str) {
        Some("test") => test::run(rest.iter().any(|argument| argument == "--quick")),
        Some("tidy") => tidy::run(),
        Some("bench") => bench::run(rest),
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            true
        }
        Some(other) => {
            eprintln!("`{other}` is not a command\n\n{HELP}");
            false
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
