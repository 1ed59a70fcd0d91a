//! `perfgate ab`: base and current run in turns on this machine, and the pairs judged.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge;
use super::options::{ConfigArgs, FailOnArgs, InputArgs, LimitArgs, ReportArgs, SelectionArgs, SubjectArgs};
use super::report;
use super::stored::note;
use super::turns::{self, MeasureArgs, Measured, Progress};
use super::{Exit, Failure, Outcome};
use crate::config::Config;
use crate::diag::{Code, Diagnostic, Severity};
use crate::io::system;
use crate::model::Run;
use crate::model::report::{GateVerdict, Note, Report, Verdict};
use crate::runner::{self, Checkout, Filter, Interrupts, Place, Revision, Stop, Turns, Wanted, Workplace};
use crate::text::{self, Untrusted};
use crate::verdict::{self, Comparison, Selection, Side, Taken};

/// Run base and current in turns here, and judge the pairs
///
/// The base is checked out into a work tree of its own and the command is run in both folders in the order ABBA, so that
/// what the machine does meets both sides alike. Each execution is one run. Results are read from what the command
/// prints, from the file that `{out}` in the command stands for, or from the folder that it fills.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate ab -- cargo bench\n  \
    perfgate ab --base main --setup 'cargo bench --no-run' -- cargo bench\n  \
    perfgate ab --base v1.4 -- go test -bench=. -count=5 ./...\n  \
    perfgate ab -- pytest --benchmark-json={out}\n  \
    perfgate ab --confirm report.json -- cargo bench -- '{filter}'")]
pub(super) struct Args {
    /// Commit, branch or tag to compare with, or a folder that holds it [default: where the checkout left the default
    /// branch]
    #[arg(long, value_name = "REV|DIR", help_heading = "Measurement")]
    base: Option<String>,
    /// How many interleaved pairs are taken
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Measurement")]
    pairs: u16,
    /// Take more pairs while rows are inconclusive
    #[arg(long, help_heading = "Measurement")]
    until_decided: bool,
    /// The most pairs that --until-decided takes [default: four times --pairs]
    #[arg(long, value_name = "N", requires = "until_decided", help_heading = "Measurement")]
    max_pairs: Option<u16>,
    /// Measure only the suspects of this JSON report again and put their fresh verdicts into it; `{filter}` in the command
    /// becomes the tool's own filter for them
    #[arg(long, value_name = "REPORT.json", help_heading = "Measurement")]
    confirm: Option<String>,
    #[command(flatten)]
    measure: MeasureArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    report: ReportArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let targets = args.report.targets()?;
    let mut overrides = args.limits.overrides()?;
    overrides.metric.clone_from(&args.selection.metric);
    args.fail_on.add_to(&mut overrides)?;
    let config = args.config.load(&overrides, console)?;
    args.subject.apply(&mut [])?;
    let mut selection = args.selection.selection();
    let first = args.confirm.as_deref().map(report::read_one).transpose()?;
    let mut filter = Filter::default();
    if let Some(first) = &first {
        let suspects = verdict::suspects(first);
        if suspects.is_empty() {
            console.remark("the report has no suspects: nothing is measured again");
            let exit = judge::exit(first, config.gate.fail_on, false);
            return judge::finish(exit, console.write_reports(first, &targets), console);
        }
        filter = suspects_filter(args, &suspects)?;
        selection.only = Some(suspects);
    } else if Filter::is_named_in(&args.measure.command) {
        return Err(Failure::usage("`{filter}` in the command needs `--confirm`, which says what to select"));
    }
    let plan = args.measure.plan(args.input.formats(&config)?, filter, console)?;
    let looks = looks(args)?;

    let mut interrupts = Interrupts::catch()
        .map_err(|error| Failure::outside(Diagnostic::new(Code::Usage, format!("cannot catch signals: {error}"))))?;
    let sides = Sides::find(args, first.as_ref())?;
    let mut work = Workplace::open(sides.checkout.as_ref().map(|c| &c.git))?;
    // On a terminal, Ctrl-C ends git as well; what it says then is not the reason.
    let base = sides.base_place(&mut work).map_err(|failure| turns::or_interrupted(failure, &mut interrupts))?;
    let current = Place { folder: runner::working_folder()?, target: runner::cargo_target() };
    let warm_up = if args.measure.warmup { 2 } else { 0 };
    let last_look = looks.last().copied().unwrap_or(0);
    let mut progress = Progress::new(console, warm_up + 2 * looks.first().copied().unwrap_or(0));
    let (mut measured, remarks) = {
        // Each further look adds turns; the estimate is of those that are sure to come.
        let mut watch = |step| progress.step(step);
        let mut turns = Turns::new(&plan, &work, (base, current), &mut interrupts, &mut watch);
        turns.set_up()?;
        if args.measure.warmup {
            turns.warm_up()?;
        }
        let mut measured = Measured::default();
        for pairs in &looks {
            measured.take(*pairs, &mut turns, console);
            if measured.stopped.is_some() || *pairs == last_look {
                break;
            }
            let report = judged(&measured, &sides, args, &selection, &config, looks.len(), first.as_ref())?;
            if !report.results.iter().any(|row| row.gate && row.verdict == Verdict::Inconclusive) {
                break;
            }
            console.remark("some rows are inconclusive: more pairs are taken");
        }
        let remarks = std::mem::take(&mut turns.remarks);
        (measured, remarks)
    };
    if let Err(warning) = work.close() {
        console.tell(&warning);
    }
    for remark in &remarks {
        console.tell(remark);
    }
    if measured.base.is_empty() {
        let none = || Failure::usage("no pair could be measured");
        return Err(measured.stopped.take().map_or_else(none, Failure::from));
    }
    judge::known_metrics(&args.selection.metric, &measured.base, &measured.current)?;
    refuse_identical(&measured)?;
    let mut report = judged(&measured, &sides, args, &selection, &config, looks.len(), first.as_ref())?;
    let taken = measured.base.len();
    let mut notes = measured.notes(last_look);
    notes.extend(sides.note());
    if looks.len() > 1 {
        let planned = looks.len();
        notes.push(note(
            Code::PairsAdded,
            format!("pairs were added until {taken}; p-values allow for the {planned} looks that were planned"),
        ));
    }
    if let Some(first) = first {
        report = verdict::confirm(first, report, &config);
    }
    // The first stage may have said the same.
    notes.retain(|note| !report.notes.contains(note));
    report.notes.extend(notes);
    report.notes.sort_by_key(|n| std::cmp::Reverse(n.severity));
    if report.verdict == GateVerdict::None {
        console.tell(&verdict::nothing_compared(&report));
    }
    let exit = judge::exit(&report, config.gate.fail_on, false);
    let written = console.write_reports(&report, &targets);
    let exit = early_exit(exit, measured.stopped, taken, measured.lost, console);
    judge::finish(exit, written, console)
}

/// The exit of a measurement that may have ended early: it is not taken for a pass.
fn early_exit(exit: Exit, stopped: Option<Stop>, taken: usize, lost: usize, console: &Console) -> Exit {
    match stopped.map(Failure::from) {
        Some(Failure { exit: interrupted @ Exit::Interrupted(_), .. }) => interrupted,
        Some(failure) => {
            for diagnostic in &failure.diagnostics {
                console.tell(diagnostic);
            }
            if exit == Exit::GateFailed { exit } else { failure.exit }
        }
        None if lost > 0 && taken < FEWEST_PAIRS && exit == Exit::Success => {
            console.tell(&Diagnostic::new(Code::CommandFailed, "too few pairs are left to pass by"));
            Exit::Usage
        }
        None => exit,
    }
}

/// Fewest pairs from which noise is known.
const FEWEST_PAIRS: usize = crate::stats::engine::FEWEST_RUNS;

/// After how many pairs the verdict is looked at: once, or twice as many each time up to the most.
fn looks(args: &Args) -> Result<Vec<usize>, Failure> {
    let pairs = usize::from(args.pairs);
    if !args.until_decided {
        return Ok(vec![pairs]);
    }
    let most = args.max_pairs.map_or(4 * pairs, usize::from);
    if most < pairs {
        return Err(Failure::usage(format!("`--max-pairs {most}` is less than `--pairs {pairs}`")));
    }
    let mut looks: Vec<usize> = std::iter::successors(Some(pairs), |n| Some(2 * n)).take_while(|n| *n < most).collect();
    looks.push(most);
    Ok(looks)
}

/// The filter for the suspects' benchmarks, where the command asks for one.
fn suspects_filter(
    args: &Args,
    suspects: &std::collections::BTreeSet<crate::model::SeriesKey>,
) -> Result<Filter, Failure> {
    if !Filter::is_named_in(&args.measure.command) {
        return Ok(Filter::default());
    }
    let wanted: std::collections::BTreeSet<Wanted> = suspects
        .iter()
        .map(|key| Wanted {
            tool: key.benchmark.tool.clone(),
            package: key.benchmark.package.clone(),
            name: key.benchmark.name.clone(),
        })
        .collect();
    let wanted: Vec<Wanted> = wanted.into_iter().collect();
    Filter::new(&wanted).ok_or_else(|| {
        let tools: std::collections::BTreeSet<String> = wanted.iter().map(|w| text::shown(&w.tool)).collect();
        let tools: Vec<String> = tools.into_iter().collect();
        Diagnostic::new(Code::Usage, format!("`{{filter}}` cannot select benchmarks of {}", tools.join(" and ")))
            .note("it knows the filters of Criterion, Go and pytest, one at a time")
            .help("leave it out: everything is measured then, and the suspects are judged")
            .into()
    })
}

/// Where the two sides come from.
struct Sides {
    checkout: Option<Checkout>,
    base: Base,
}

enum Base {
    Commit(Revision),
    Folder(PathBuf, Untrusted),
}

impl Sides {
    fn find(args: &Args, first: Option<&Report>) -> Result<Self, Failure> {
        let checkout = Checkout::here();
        let measured_before = first.and_then(|report| report.baseline.commit.as_ref());
        let Some(name) = &args.base else {
            let checkout = checkout?;
            let known = measured_before.and_then(|commit| checkout.resolve(commit.raw()).ok());
            let base = known.map_or_else(|| checkout.merge_base(), Ok)?;
            return Ok(Self { checkout: Some(checkout), base: Base::Commit(base) });
        };
        // A revision wins over a folder of the same name, as with git; `./NAME` is the folder.
        let is_path = name.starts_with(['.', '/', '\\']);
        let folder = runner::is_folder(name).then(|| std::path::absolute(name).unwrap_or_else(|_| name.into()));
        let (checkout, base) = match (checkout, folder) {
            (Ok(checkout), Some(folder)) => match checkout.resolve(name) {
                Ok(revision) if !is_path => (Some(checkout), Base::Commit(revision)),
                _ => (Some(checkout), Base::Folder(folder, name.as_str().into())),
            },
            (Ok(checkout), None) => {
                let revision = checkout.resolve(name)?;
                (Some(checkout), Base::Commit(revision))
            }
            (Err(_), Some(folder)) => (None, Base::Folder(folder, name.as_str().into())),
            (Err(stop), None) => return Err(stop.into()),
        };
        Ok(Self { checkout, base })
    }

    fn base_place(&self, work: &mut Workplace) -> Result<Place, Failure> {
        match (&self.base, &self.checkout) {
            (Base::Commit(revision), Some(checkout)) => turns::tree(work, "base", checkout, revision),
            (Base::Commit(_), None) => Err(Failure::usage("the base is a commit, and there is no checkout")),
            (Base::Folder(folder, _), _) => {
                // Its own target folder is cargo's business, unless the environment names one for both sides.
                Ok(Place { folder: folder.clone(), target: runner::cargo_target().map(|_| folder.join("target")) })
            }
        }
    }

    /// Writes into the runs what they measured.
    fn describe(&self, base: &mut [Run], current: &mut [Run]) {
        for run in base {
            run.subject.branch = None;
            run.subject.commit = match &self.base {
                Base::Commit(revision) => Some(revision.commit.as_str().into()),
                Base::Folder(..) => None,
            };
        }
        for run in current {
            let checkout = self.checkout.as_ref();
            run.subject.branch = checkout.and_then(|c| c.branch.as_deref()).map(Into::into);
            // A checkout with changes is at no commit.
            run.subject.commit = checkout.filter(|c| c.changed == 0).map(|c| c.head.as_str().into());
        }
    }

    fn base_name(&self) -> Untrusted {
        match &self.base {
            Base::Commit(revision) => revision.name.clone(),
            Base::Folder(_, name) => name.clone(),
        }
    }

    /// What the report should say of a checkout that differs from its commit.
    fn note(&self) -> Option<Note> {
        let checkout = self.checkout.as_ref().filter(|c| c.changed > 0)?;
        let files = if checkout.changed == 1 { "1 file" } else { &format!("{} files", checkout.changed) };
        let head = checkout.head.get(..10).unwrap_or(&checkout.head);
        Some(note(
            Code::UncommittedChanges,
            format!("the checkout differs from its commit {head} in {files} and was measured as it is"),
        ))
    }
}

/// Judges what was measured so far.
fn judged(
    measured: &Measured,
    sides: &Sides,
    args: &Args,
    selection: &Selection,
    config: &Config,
    looks: usize,
    first: Option<&Report>,
) -> Result<Report, Failure> {
    let (mut base, mut current) = (measured.base.clone(), measured.current.clone());
    sides.describe(&mut base, &mut current);
    args.subject.apply(&mut current)?;
    Ok(verdict::judge(&Comparison {
        baseline: Side { runs: &base, inputs: &[sides.base_name()] },
        current: Side { runs: &current, inputs: &["the working folder".into()] },
        history: &[],
        config,
        selection,
        today: system::today(),
        budgets_only: false,
        taken: Taken::InTurns { looks, suspects_of: first },
        keep_samples: args.report.shows_samples(),
    })?)
}

/// Refuses sides that hold the same samples: the command did not measure twice.
fn refuse_identical(measured: &Measured) -> Result<(), Failure> {
    if !verdict::identical_samples(&measured.base, &measured.current) {
        return Ok(());
    }
    let mut diagnostic = Diagnostic::new(Code::IdenticalSamples, "both sides hold the same Criterion samples");
    diagnostic.severity = Severity::Error;
    Err(diagnostic
        .note("the command fills one folder from both sides")
        .help("give each side a folder of its own")
        .into())
}
