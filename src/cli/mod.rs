//! The command line: one file per command, and the exit codes.
//!
//! A command reads its options, calls `io` for runs, `verdict` for a report and `report` for text, and returns an
//! [`Exit`]. Reports go to standard output, everything else to standard error.
//!
//! Not here: anything another program could want to call; that is the library's other modules.

mod ab;
mod action;
mod bisect;
mod budget;
mod check;
mod comment;
mod compare;
mod completions;
mod config;
mod console;
mod convert;
mod explain;
mod formats;
mod init;
mod judge;
mod man;
mod nightly;
mod options;
mod record;
mod report;
mod selftest;
mod site;
mod store;
mod stored;
mod trend;
mod tune;
mod turns;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::diag::{Code, Diagnostic};
use console::Console;
use options::Global;

/// Reads benchmark results, compares them with a baseline, and says whether anything got slower.
#[derive(Debug, Parser)]
#[command(
    name = "perfgate",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 passed or warned, 1 the gate failed, 2 the call or a file is wrong, 3 nothing to judge, \
                  4 the outside world failed, 101 a bug in perfgate, 128 and its number where a signal ended a measurement.\n\
                  `perfgate explain CODE` tells more about any message."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Compare(compare::Args),
    Check(check::Args),
    Comment(comment::Args),
    Record(record::Args),
    Trend(trend::Args),
    Store(store::Args),
    Ab(Box<ab::Args>),
    Bisect(Box<bisect::Args>),
    Budget(budget::Args),
    Report(report::Args),
    Selftest(selftest::Args),
    Tune(tune::Args),
    Convert(convert::Args),
    Explain(explain::Args),
    Init(init::Args),
    Config(config::Args),
    Formats(formats::Args),
    Completions(completions::Args),
    Man(man::Args),
    #[command(hide = true)]
    Action(action::Args),
}

/// How a command ended; part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The gate passed or warned, or a command without a gate did its work.
    Success,
    /// The gate failed. Nothing else gives this.
    GateFailed,
    /// The caller can mend it: options, configuration, an unusable file.
    Usage,
    /// Nothing to judge.
    NothingToJudge,
    /// Something outside failed: a report could not be written.
    Outside,
    /// A signal of this number ended the measurement: 128 and the number, as shells have it.
    Interrupted(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::GateFailed => 1,
            Exit::Usage => 2,
            Exit::NothingToJudge => 3,
            Exit::Outside => 4,
            Exit::Interrupted(number) => 128_u8.saturating_add(number),
        })
    }
}

/// Why a command could not do its work.
pub(crate) struct Failure {
    exit: Exit,
    diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// Something that was told already.
    fn told(exit: Exit) -> Self {
        Self { exit, diagnostics: Vec::new() }
    }

    /// Options that do not go together.
    fn usage(message: impl Into<String>) -> Self {
        Diagnostic::new(Code::Usage, message).into()
    }

    fn outside(diagnostic: Diagnostic) -> Self {
        Self { exit: Exit::Outside, diagnostics: vec![diagnostic] }
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { exit: Exit::Usage, diagnostics: vec![diagnostic] }
    }
}

/// What a command returns.
type Outcome = Result<Exit, Failure>;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no error; a closed pipe is none either.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let console = Console::new(&cli.global);
    console.settle(execute(cli.command, &console)).into()
}

/// Runs one command.
fn execute(command: Command, console: &Console) -> Outcome {
    match command {
        Command::Compare(args) => compare::run(&args, console),
        Command::Ab(args) => ab::run(&args, console),
        Command::Bisect(args) => bisect::run(&args, console),
        Command::Check(args) => check::run(&args, console),
        Command::Comment(args) => comment::run(&args, console),
        Command::Record(args) => record::run(&args, console),
        Command::Store(args) => store::run(&args, console),
        Command::Budget(args) => budget::run(&args, console),
        Command::Report(args) => report::run(&args, console),
        Command::Selftest(args) => selftest::run(&args, console),
        Command::Trend(args) => trend::run(&args, console),
        Command::Tune(args) => tune::run(&args, console),
        Command::Convert(args) => convert::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Init(args) => init::run(&args, console),
        Command::Config(args) => config::run(&args, console),
        Command::Formats(args) => formats::run(&args, console),
        Command::Completions(args) => completions::run(&args, console),
        Command::Man(args) => man::run(&args, console),
        Command::Action(args) => Ok(action::run(&args)),
    }
}

/// Runs the command of a command line in this process, as another command's part, and tells what went wrong.
fn invoke(arguments: &[String], console: &Console) -> Exit {
    console.settle(command_of(arguments).and_then(|command| execute(command, console)))
}

/// The command that a command line means.
fn command_of(arguments: &[String]) -> Result<Command, Failure> {
    let words = std::iter::once("perfgate").chain(arguments.iter().map(String::as_str));
    Cli::try_parse_from(words).map(|cli| cli.command).map_err(|error| {
        let said = error.render().to_string();
        let first = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::usage(crate::text::line(first).into_owned())
    })
}

/// The command line as clap sees it, for completions, the man page and tests.
fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn command_line_is_consistent() {
        super::command().debug_assert();
    }
}
