//! What `compare`, `explain` and others do alike: read two sides, judge them, turn the verdict into an exit code.

use clap::Args;

use super::console::Console;
use super::options::{ConfigArgs, InputArgs, JudgeArgs, SubjectArgs};
use super::{Exit, Failure};
use crate::config::{Config, FailOn};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::io::{files, load, system};
use crate::model::report::{GateVerdict, Note, Report};
use crate::verdict::{self, Comparison, Identity, Side};

/// Options of a comparison of two inputs.
#[derive(Debug, Args)]
pub(super) struct CompareOptions {
    #[command(flatten)]
    pub(super) judge: JudgeArgs,
    #[command(flatten)]
    pub(super) input: InputArgs,
    #[command(flatten)]
    pub(super) subject: SubjectArgs,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// Reads and judges two inputs.
pub(super) fn compare(
    baseline: &str,
    current: &str,
    options: &CompareOptions,
    console: &Console,
) -> Result<(Report, Config), Failure> {
    let config = options.config.load(&options.judge, console)?;
    if baseline == "-" && current == "-" {
        return Err(Failure::usage("standard input (`-`) can be only one of the two sides"));
    }
    let mut diagnostics = Diagnostics::new();
    // One after the other: only one side's files are in memory at a time.
    let before = options.input.side(&[baseline.to_owned()], &mut diagnostics)?;
    let mut now = options.input.side(&[current.to_owned()], &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    options.subject.apply(&mut now.runs)?;
    if files::is_same(baseline, current) {
        console.tell(
            &Diagnostic::new(Code::SameInput, "both sides are the same input, so every difference is zero")
                .at(Location::file(current)),
        );
    }
    refuse_identical(&before, &now, current)?;
    let selection = options.judge.selection.selection();
    let report = verdict::judge(&Comparison {
        baseline: Side { runs: &before.runs, inputs: &before.inputs },
        current: Side { runs: &now.runs, inputs: &now.inputs },
        config: &config,
        selection: &selection,
        today: system::today(),
        budgets_only: false,
    })?;
    // The process ends soon, and giving back hundreds of thousands of small allocations one by one takes longer than
    // judging them.
    std::mem::forget((before, now));
    Ok((report, config))
}

/// Criterion copies `new` over `base`, so the most natural comparison of a tree with itself always shows no change.
fn refuse_identical(before: &load::Side, now: &load::Side, current: &str) -> Result<(), Failure> {
    if verdict::identical_samples(&before.runs, &now.runs) != Identity::Same {
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

/// Adds a note that nothing was compared and that this was allowed.
pub(super) fn allow_nothing(report: &mut Report) {
    report.notes.insert(
        0,
        Note {
            code: Code::NothingInCommon.as_str().to_owned(),
            severity: crate::diag::Severity::Warning,
            message: "NOTHING WAS COMPARED; the exit code is 0 only because of --allow-missing-baseline".to_owned(),
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

/// The exit code of a gate whose reports may not all have been written: a red gate stays red.
pub(super) fn finish(exit: Exit, written: Result<(), Failure>, console: &Console) -> Result<Exit, Failure> {
    match written {
        Err(failure) if exit == Exit::GateFailed => {
            for diagnostic in &failure.diagnostics {
                console.tell(diagnostic);
            }
            Ok(exit)
        }
        Err(failure) => Err(failure),
        Ok(()) => Ok(exit),
    }
}
