//! `perfgate tune`: what limits the user's own past asks for.
//!
//! Not here: the back-test (`verdict::backtest`); what is said of it (`text`).

mod text;

use clap::Args as ClapArgs;

use super::budget::inputs;
use super::console::Console;
use super::options::{ConfigArgs, InputArgs, SelectionArgs, share};
use super::{Exit, Failure, Outcome};
use crate::config::{Limit, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::io::{files, system};
use crate::verdict::backtest::{FEWEST_RUNS, Past, back_test};

/// Suggest limits from runs of the past: every run is judged by those before it
///
/// Reads earlier runs of unchanged (or hardly changed) code, oldest first by their date or name, judges each from the
/// sixth on by the runs before it, and shows for every limit how many would have failed for nothing, and what regression
/// would have been seen. Nothing is run and nothing is written. 8 runs are the least; 30 or more say something.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate tune 'runs/main-*.json'\n  \
    perfgate tune runs/ --metric time --false-alarms 2%")]
pub(super) struct Args {
    /// Runs of the past: files, folders or globs [default: `inputs` of perfgate.toml]
    runs: Vec<String>,
    /// The share of unchanged runs that may fail
    #[arg(long, value_name = "PCT", default_value = "1%")]
    false_alarms: String,
    /// File that lists the runs, oldest first: a path, file name or commit per line
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    history_order: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let wanted = match share(&args.false_alarms) {
        Ok(Limit::Relative(wanted)) if (0.0..1.0).contains(&wanted) => wanted,
        _ => return Err(Failure::usage("`--false-alarms` is a share below 100%, such as 1%")),
    };
    let overrides = Overrides { metric: args.selection.metric.clone(), ..Overrides::default() };
    let config = args.config.load(&overrides, console)?;
    let named = inputs(&args.runs, &config.inputs)?;
    let mut diagnostics = Diagnostics::new();
    let mut side = args.input.side(&named, &config, &mut diagnostics)?;
    if let Some(file) = &args.history_order {
        side.order_by(&String::from_utf8_lossy(&files::read(file)?), file)?;
    }
    console.tell_all(diagnostics)?;
    if side.runs.len() < FEWEST_RUNS {
        return Err(Diagnostic::new(
            Code::TooFewRuns,
            format!("{} runs are too few to tune by: {FEWEST_RUNS} are the least, 30 say something", side.runs.len()),
        )
        .help("name more runs of the past: one file or folder a run, such as 'runs/main-*.json'")
        .into());
    }
    let selection = args.selection.selection();
    let past = Past { runs: &side.runs, config: &config, selection: &selection, today: system::today(), wanted };
    let found = back_test(&past)?;
    if found.metrics.is_empty() {
        console.tell(
            &Diagnostic::new(Code::NothingInCommon, "no series that counts is in one run and in the run before it")
                .help("check `--filter` and `--metric`; the files may be of different suites"),
        );
        return Ok(Exit::NothingToJudge);
    }
    console.print(&text::tell(&found, &side.sources, wanted, &console.style()))?;
    std::mem::forget(side);
    Ok(Exit::Success)
}
