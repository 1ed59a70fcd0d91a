//! `perfgate budget`: absolute limits, no baseline needed.

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge;
use super::options::{ConfigArgs, FailOnArgs, InputArgs, ReportArgs, SelectionArgs, SubjectArgs};
use super::{Failure, Outcome};
use crate::config::Overrides;
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::io::system;
use crate::model::report::GateVerdict;
use crate::verdict::{self, Comparison, Side};

/// Judge results against the `[[budget]]` entries of perfgate.toml alone; no baseline needed
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, folders, globs or `-` [default: `inputs` of perfgate.toml]
    results: Vec<String>,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.targets()?;
    let mut overrides = Overrides { metric: args.selection.metric.clone(), ..Overrides::default() };
    args.fail_on.add_to(&mut overrides)?;
    let config = args.config.load(&overrides, console)?;
    if config.budgets.is_empty() {
        return Err(Diagnostic::new(Code::Usage, "there is no [[budget]] entry, so there is nothing to judge by")
            .help("add one to perfgate.toml: [[budget]] benchmark = \"…\", metric = \"time\", fail = \"10ms\"")
            .into());
    }
    let inputs = inputs(&args.results, &config.inputs)?;
    let mut diagnostics = Diagnostics::new();
    let mut side = args.input.side(&inputs, &config, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    args.subject.apply(&mut side.runs)?;
    let selection = args.selection.selection();
    let report = verdict::judge(&Comparison {
        baseline: Side { runs: &[], inputs: &[] },
        current: Side { runs: &side.runs, inputs: &side.inputs },
        history: &[],
        config: &config,
        selection: &selection,
        today: system::today(),
        budgets_only: true,
        taken: verdict::Taken::Apart,
        keep_samples: args.report.shows_samples(),
    })?;
    if report.verdict == GateVerdict::None {
        console.tell(
            &Diagnostic::new(Code::NothingInCommon, "no [[budget]] entry matches any of the results")
                .at(Location::file(inputs.join(" ")))
                .help("`perfgate config show` lists the entries; benchmark names are globs in which `*` stops at `/`"),
        );
    }
    let exit = judge::exit(&report, config.gate.fail_on, false);
    judge::finish(exit, console.write_reports(&report, &targets), console)
}

/// The inputs named on the command line, else those of the configuration.
pub(super) fn inputs(named: &[String], configured: &[String]) -> Result<Vec<String>, Failure> {
    match (named, configured) {
        ([], []) => Err(Diagnostic::new(Code::Usage, "no results were named")
            .help("name files or folders, or set `inputs` in perfgate.toml")
            .into()),
        ([], configured) => Ok(configured.to_vec()),
        (named, _) => Ok(named.to_vec()),
    }
}
