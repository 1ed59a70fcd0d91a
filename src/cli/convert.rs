//! `perfgate convert`: any format to perfgate's own JSON.

use clap::Args as ClapArgs;

use super::console::Console;
use super::options::{InputArgs, SubjectArgs};
use super::{Exit, Outcome};
use crate::diag::Diagnostics;
use crate::format::perfgate_run;

/// Convert results of any format to perfgate's own JSON (`perfgate-run/1`), one line per run
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, folders, globs or `-`
    #[arg(required = true)]
    results: Vec<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    subject: SubjectArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let mut diagnostics = Diagnostics::new();
    let mut side = args.input.side(&args.results, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    args.subject.apply(&mut side.runs)?;
    console.print(&perfgate_run::write(&side.runs))?;
    Ok(Exit::Success)
}
