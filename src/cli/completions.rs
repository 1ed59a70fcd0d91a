//! `perfgate completions`: for the shell.

use clap::{Args as ClapArgs, ValueEnum as _};
use clap_complete::Shell;

use super::console::Console;
use super::{Exit, Outcome};

/// Print a completion script for a shell
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The shell
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Shell::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value)))]
    shell: String,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let mut script = Vec::new();
    if let Ok(shell) = Shell::from_str(&args.shell, true) {
        clap_complete::generate(shell, &mut super::command(), "perfgate", &mut script);
    }
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
