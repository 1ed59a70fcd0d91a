//! `perfgate selftest`: proof that the gate can go red.
//!
//! Every benchmark is made worse in memory, a few at a time, because a suite that slows down as a whole looks like
//! another machine and is judged as such. The rows of the worsened benchmarks make the report.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;

use super::budget::inputs;
use super::console::Console;
use super::options::{ConfigArgs, InputArgs, LimitArgs, ReportArgs, SelectionArgs, share};
use super::{Exit, Failure, Outcome};
use crate::config::{FailOn, Limit};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::io::system;
use crate::model::report::{Counts, GateVerdict, Report, Verdict};
use crate::model::{BenchmarkId, Run};
use crate::verdict::{self, Comparison, Side};

/// How many parts the suite is worsened in.
const BATCHES: usize = 5;

/// Make every benchmark worse in memory and show that the gate goes red
///
/// Reads results, makes copies in which a fifth of the benchmarks each are worse by --by, and judges the copies against
/// the original with the limits of perfgate.toml. Nothing is run and nothing is written. Exit code 0 means that the gate
/// can go red; the report and the last line say for which series it would not. A suite that slows down as a whole is
/// another thing: it looks like another machine, and `suite-shift` says what it counts.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files, folders, globs or `-` [default: `inputs` of perfgate.toml]
    results: Vec<String>,
    /// How much worse each benchmark gets
    #[arg(long, value_name = "PCT", default_value = "20%", allow_hyphen_values = true)]
    by: String,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.targets()?;
    let by = match share(&args.by) {
        Ok(Limit::Relative(by)) if by > 0.0 => by,
        _ => return Err(Failure::usage("`--by` is a share above zero, such as 20%")),
    };
    let mut overrides = args.limits.overrides()?;
    overrides.metric.clone_from(&args.selection.metric);
    let config = args.config.load(&overrides, console)?;
    let named = inputs(&args.results, &config.inputs)?;
    let mut diagnostics = Diagnostics::new();
    let side = args.input.side(&named, &config, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    let selection = args.selection.selection();
    let benchmarks: BTreeMap<BenchmarkId, usize> = {
        let names: std::collections::BTreeSet<_> =
            side.runs.iter().flat_map(|r| r.series.keys().map(|k| k.benchmark.clone())).collect();
        names.into_iter().enumerate().map(|(i, name)| (name, i % BATCHES)).collect()
    };
    let mut whole: Option<Report> = None;
    for batch in 0..BATCHES.min(benchmarks.len()) {
        let worse: Vec<Run> = {
            let in_batch = |id: &BenchmarkId| benchmarks.get(id) == Some(&batch);
            side.runs.iter().map(|run| verdict::worsened(run, by, in_batch)).collect()
        };
        let report = verdict::judge(&Comparison {
            baseline: Side { runs: &side.runs, inputs: &side.inputs },
            current: Side { runs: &worse, inputs: &side.inputs },
            history: &[],
            config: &config,
            selection: &selection,
            today: system::today(),
            budgets_only: false,
            taken: verdict::Taken::Apart,
            keep_samples: false,
        })?;
        let in_batch = |row: &crate::model::report::Row| {
            let id = BenchmarkId::new(row.tool.clone(), row.package.clone(), row.benchmark.clone());
            benchmarks.get(&id) == Some(&batch) && row.verdict != Verdict::Invalid
        };
        let whole = whole.get_or_insert_with(|| Report { results: Vec::new(), shifts: Vec::new(), ..report.clone() });
        whole.results.extend(report.results.into_iter().filter(in_batch));
    }
    let Some(mut report) = whole else { return Err(Failure::usage("there is no benchmark in the results")) };
    report.results.sort_by(|a, b| {
        (&a.benchmark, &a.metric, &a.package, &a.tool).cmp(&(&b.benchmark, &b.metric, &b.package, &b.tool))
    });
    report.counts = Counts { total: report.results.len(), ..Counts::default() };
    for row in report.results.iter().filter(|r| r.gate) {
        report.counts.add(row.verdict);
    }
    let judged: usize = Verdict::ALL.iter().map(|v| report.counts.of(*v)).sum();
    report.verdict = match report.counts.fail {
        0 if judged == 0 => GateVerdict::None,
        0 if report.counts.warn == 0 => GateVerdict::Pass,
        0 => GateVerdict::Warn,
        _ => GateVerdict::Fail,
    };
    console.write_reports(&report, &targets)?;
    let by = crate::unit::significant(by * 100.0);
    if report.verdict == GateVerdict::None {
        return Ok(Exit::NothingToJudge);
    }
    if report.counts.fail == 0 {
        return Err(Diagnostic::new(
            Code::SelftestFailed,
            format!("the gate stays green when everything gets {by} % worse"),
        )
        .help("lower the fail limits in perfgate.toml, or look at the rows' reasons with `--report json`")
        .into());
    }
    if config.gate.fail_on == FailOn::Never {
        return Err(Diagnostic::new(
            Code::SelftestFailed,
            "`fail-on = \"never\"`: whatever gets worse, the exit code is 0",
        )
        .help("set fail-on to \"fail\"")
        .into());
    }
    let fails = report.counts.fail;
    console.remark(&match judged - fails {
        0 => format!("selftest passed: each of {judged} series turns the gate red when it gets {by} % worse"),
        blind => format!(
            "selftest: {fails} of {judged} series turn the gate red when they get {by} % worse; {blind} would not, by \
             limit, by noise or because their direction is not known"
        ),
    });
    Ok(Exit::Success)
}
