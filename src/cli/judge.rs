//! What `compare`, `explain` and others do alike: read two sides, judge them, turn the verdict into an exit code.

use std::collections::BTreeSet;

use clap::Args;

use super::console::Console;
use super::options::{ConfigArgs, FailOnArgs, InputArgs, LimitArgs, SaveArgs, SelectionArgs, SubjectArgs, closest};
use super::stored::TestbedArgs;
use super::{Exit, Failure};
use crate::config::{Config, FailOn};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::io::{files, load, system};
use crate::model::Run;
use crate::model::report::{GateVerdict, Note, Report};
use crate::text::{self, Untrusted};
use crate::verdict::{self, Comparison, Selection, Side};

/// Options of a comparison of two inputs.
#[derive(Debug, Args)]
pub(super) struct CompareOptions {
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    #[command(flatten)]
    pub(super) history: HistoryArgs,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// Earlier runs, from which the noise is learned.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// Earlier runs of unchanged code, as files, folders or globs: 5 or more tell how noisy the benchmarks are (can be
    /// repeated)
    #[arg(long, value_name = "PATH", action = clap::ArgAction::Append, help_heading = "Input")]
    history: Vec<String>,
    /// File that lists the runs of the history, oldest first: a path, file name or commit per line
    #[arg(long, value_name = "FILE", requires = "history", help_heading = "Input")]
    history_order: Option<String>,
}

impl HistoryArgs {
    /// Reads the runs that these options name, oldest first.
    pub(super) fn read(
        &self,
        input: &InputArgs,
        config: &Config,
        diagnostics: &mut Diagnostics,
    ) -> Result<Vec<Run>, Failure> {
        let mut history = input.side(&self.history, config, diagnostics)?;
        if let Some(file) = &self.history_order {
            history.order_by(&String::from_utf8_lossy(&files::read(file)?), file)?;
        }
        Ok(history.runs)
    }
}

/// Leaves out which CI system ran where only one side says so: the reader would take it for a difference of the machines.
pub(super) fn drop_lone_ci(report: &mut Report) {
    let ci = Untrusted::from("ci");
    let (before, now) = (&mut report.baseline.labels, &mut report.current.labels);
    if before.contains_key(&ci) != now.contains_key(&ci) {
        before.remove(&ci);
        now.remove(&ci);
    }
}

/// In the action, puts its inputs into the advice in the place of options that it does not have.
pub(super) fn advise_in_action(report: &mut Report) {
    let input = |name| system::variable(name).filter(|value| !value.is_empty());
    if input("INPUT_COMMAND").is_none() || input("INPUT_CONFIRM").is_some_and(|value| value == "true") {
        return;
    }
    for note in report.notes.iter_mut().filter(|note| note.code == Code::OneRun.as_str()) {
        let fact = note.message.split(';').next().unwrap_or_default();
        note.message = format!("{fact}; `confirm: true` measures what looks worse again, in turns");
    }
}

/// Reads and judges two inputs; what comes last is whether the current side could be kept.
pub(super) fn compare(
    baseline: &str,
    current: &str,
    options: &CompareOptions,
    fail_on: &FailOnArgs,
    save: &SaveArgs,
    keep_samples: bool,
    console: &Console,
) -> Result<(Report, Config, Result<(), Failure>), Failure> {
    let mut overrides = options.limits.overrides()?;
    overrides.metric.clone_from(&options.selection.metric);
    fail_on.add_to(&mut overrides)?;
    let config = options.config.load(&overrides, console)?;
    if baseline == "-" && current == "-" {
        return Err(Failure::usage("standard input (`-`) can be only one of the two sides"));
    }
    let mut diagnostics = Diagnostics::new();
    // One after the other: only one side's files are in memory at a time.
    let before = options.input.side(&[baseline.to_owned()], &config, &mut diagnostics)?;
    let mut now = options.input.side(&[current.to_owned()], &config, &mut diagnostics)?;
    let history = options.history.read(&options.input, &config, &mut diagnostics)?;
    let history = without_sides(history, &before, &now, &mut diagnostics);
    console.tell_all(diagnostics)?;
    options.subject.apply(&mut now.runs)?;
    let saved = save.write(&now.runs, &TestbedArgs::default().bench(&config)?);
    if files::is_same(baseline, current) {
        console.tell(
            &Diagnostic::new(Code::SameInput, "both sides are the same input, so every difference is zero")
                .at(Location::file(current)),
        );
    }
    refuse_identical(&before, &now, current)?;
    known_metrics(&options.selection.metric, &before.runs, &now.runs)?;
    let selection = options.selection.selection();
    known_benchmarks(&selection, &before.runs, &now.runs)?;
    let mut report = verdict::judge(&Comparison {
        baseline: Side { runs: &before.runs, inputs: &before.inputs },
        current: Side { runs: &now.runs, inputs: &now.inputs },
        history: &history,
        config: &config,
        selection: &selection,
        today: system::today(),
        budgets_only: false,
        taken: verdict::Taken::Apart,
        keep_samples,
    })?;
    advise_in_action(&mut report);
    // The process ends soon, and giving back hundreds of thousands of small allocations one by one takes longer than
    // judging them.
    std::mem::forget((before, now, history));
    Ok((report, config, saved))
}

/// The history without runs that are on a side too: a run must not be judged by itself.
fn without_sides(history: Vec<Run>, before: &load::Side, now: &load::Side, diagnostics: &mut Diagnostics) -> Vec<Run> {
    let all = history.len();
    let kept: Vec<Run> =
        history.into_iter().filter(|run| !before.runs.contains(run) && !now.runs.contains(run)).collect();
    if kept.len() < all {
        let message = format!("{} of {all} runs of the history are also on a side and are left out", all - kept.len());
        diagnostics.push(Diagnostic::new(Code::HistoryOverlap, message));
    }
    kept
}

/// Refuses a `--metric` that neither side has: a misspelled one would leave nothing to compare.
pub(super) fn known_metrics(wanted: &[String], before: &[Run], now: &[Run]) -> Result<(), Failure> {
    let series = || before.iter().chain(now).flat_map(|r| r.series.keys());
    for name in wanted {
        let base = name.rsplit_once('.').map_or(name.as_str(), |(base, _)| base);
        if series().any(|key| key.metric.raw() == name || key.metric.raw() == base) {
            continue;
        }
        let known: BTreeSet<&str> = series().map(|key| key.metric.raw()).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let shown = crate::text::shown(&name.as_str().into());
        let mut diagnostic = Diagnostic::new(Code::Usage, format!("no series has the metric `{shown}`"));
        if let Some(close) = closest(name, &known) {
            diagnostic = diagnostic.help(format!("did you mean `{}`?", crate::text::shown(&close.into())));
        }
        let list: Vec<String> = known.iter().map(|m| crate::text::shown(&(*m).into())).collect();
        return Err(diagnostic.help(format!("metrics here: {}", list.join(", "))).into());
    }
    Ok(())
}

/// Refuses a selection of benchmarks that keeps none: a misspelled filter would leave nothing to compare.
pub(super) fn known_benchmarks(selection: &Selection, before: &[Run], now: &[Run]) -> Result<(), Failure> {
    let benchmarks =
        || before.iter().chain(now).flat_map(|r| r.series.keys().map(|k| &k.benchmark).chain(r.failures.keys()));
    if selection.filter.is_empty() || benchmarks().next().is_none() {
        return Ok(());
    }
    if benchmarks().any(|benchmark| selection.keeps_benchmark(benchmark)) {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new(Code::Usage, "no benchmark is left by `--filter` and `--exclude`");
    let names: BTreeSet<&str> = benchmarks().map(|benchmark| benchmark.name.raw()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let close = selection.filter.iter().find_map(|pattern| closest(pattern.as_str(), &names));
    if let Some(close) = close {
        diagnostic = diagnostic.help(format!("did you mean `{}`?", text::shown(&close.into())));
    }
    Err(diagnostic.help("`*` stops at `/`, `**` does not; `-v` without a filter lists every name").into())
}

/// Criterion copies `new` over `base`, so the most natural comparison of a tree with itself always shows no change.
fn refuse_identical(before: &load::Side, now: &load::Side, current: &str) -> Result<(), Failure> {
    if !verdict::identical_samples(&before.runs, &now.runs) {
        return Ok(());
    }
    let tree = current.split('@').next().unwrap_or(current).trim_end_matches('/');
    let tree = crate::text::shown(&tree.into());
    Err(Diagnostic::new(Code::IdenticalSamples, "both sides hold the same Criterion samples: one measurement, not two")
        .at(Location::file(current))
        .note("Criterion copies `new` over `base` at the end of every plain run")
        .help("before the change: `cargo bench -- --save-baseline main`")
        .help(format!("after it: `cargo bench`, then `perfgate compare {tree}@main {tree}`"))
        .into())
}

/// Adds a note that nothing was compared and that this was allowed, so that its reason is no error.
pub(super) fn allow_nothing(report: &mut Report) {
    for note in report.notes.iter_mut().filter(|note| note.code == Code::NoBaseline.as_str()) {
        note.severity = crate::diag::Severity::Warning;
    }
    report.notes.insert(
        0,
        Note {
            code: Code::NothingInCommon.as_str().to_owned(),
            severity: crate::diag::Severity::Warning,
            message: "NOTHING WAS COMPARED; the exit code is 0 only because --allow-missing-baseline (in the action \
                      `require-baseline: false`) allows it"
                .to_owned(),
        },
    );
}

/// The exit code of a gate.
pub(super) fn exit(report: &Report, fail_on: FailOn, allow_nothing: bool) -> Exit {
    match (report.verdict, fail_on) {
        (GateVerdict::None, _) if allow_nothing => Exit::Success,
        (GateVerdict::None, _) => Exit::NothingToJudge,
        (GateVerdict::Fail, FailOn::Fail | FailOn::Warn) | (GateVerdict::Warn, FailOn::Warn) => Exit::GateFailed,
        _ => Exit::Success,
    }
}

/// The exit code of a gate whose reports may not all have been written: a red gate stays red, and a signal that ended a
/// measurement stays the reason.
pub(super) fn finish(exit: Exit, written: Result<(), Failure>, console: &Console) -> Result<Exit, Failure> {
    match written {
        Err(failure) if matches!(exit, Exit::GateFailed | Exit::Interrupted(_)) => {
            for diagnostic in &failure.diagnostics {
                console.tell(diagnostic);
            }
            Ok(exit)
        }
        Err(failure) => Err(failure),
        Ok(()) => Ok(exit),
    }
}
