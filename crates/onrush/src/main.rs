//! The binary: hands the command line over and ends with an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    onrush::main(std::env::args_os())
}
