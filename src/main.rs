//! The `perfgate` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    perfgate::cli::main()
}
