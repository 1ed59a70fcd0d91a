//! `perfgate compare`: two inputs, one verdict, no store.

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge::{self, CompareOptions};
use super::options::{FailOnArgs, ReportArgs, SaveArgs, refuse_overwriting};
use super::{Exit, Outcome};
use crate::model::report::GateVerdict;
use crate::verdict;

/// Compare two benchmark results and judge the difference
///
/// An input is a file, a folder, a quoted glob or `-` for standard input; the format is recognised from the content.
/// For Criterion, `DIR@NAME` is the baseline that `cargo bench -- --save-baseline NAME` saved.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate compare old.txt new.txt\n  \
    perfgate compare target/criterion@main target/criterion\n  \
    perfgate compare baseline.json current.json --fail 15% --report markdown=comment.md\n  \
    perfgate compare 'runs/main-*' 'runs/pr-*'")]
pub(super) struct Args {
    /// What to compare with
    baseline: String,
    /// What to judge
    current: String,
    #[command(flatten)]
    options: CompareOptions,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    save: SaveArgs,
    /// Exit with 0 when no series is on both sides, saying so loudly
    #[arg(long, help_heading = "Judging")]
    allow_missing_baseline: bool,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.targets()?;
    let named = [args.baseline.clone(), args.current.clone()];
    refuse_overwriting(&targets, &named)?;
    args.save.refuse_overwriting(&named)?;
    let (mut report, config, saved) = judge::compare(
        &args.baseline,
        &args.current,
        &args.options,
        &args.fail_on,
        &args.save,
        args.report.shows_samples(),
        console,
    )?;
    if report.verdict == GateVerdict::None {
        if args.allow_missing_baseline {
            judge::allow_nothing(&mut report);
            console.lenient().tell(&verdict::nothing_compared(&report));
        } else {
            console.tell(&verdict::nothing_compared(&report));
        }
    }
    let exit: Exit = judge::exit(&report, config.gate.fail_on, args.allow_missing_baseline);
    let written = console.write_reports(&report, &targets).and(saved);
    std::mem::forget(report);
    judge::finish(exit, written, console)
}
