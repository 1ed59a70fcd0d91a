//! `perfgate ab`: base and current run in turns on this machine, and the pairs judged.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge;
use super::options::{
    self, ConfigArgs, FailOnArgs, InputArgs, LimitArgs, ReportArgs, ReportTarget, SelectionArgs, SubjectArgs,
};
use super::report;
use super::stored::{self, note};
use super::turns::{self, MeasureArgs, Measured, Progress};
use super::{Exit, Failure, Outcome};
use crate::config::{Config, Rename};
use crate::diag::{Code, Diagnostic, Severity};
use crate::io::system;
use crate::model::report::{self as model, GateVerdict, Note, Reason, Report, Row, Verdict};
use crate::model::{Run, SeriesKey};
use crate::runner::{self, Checkout, Filter, Interrupts, Place, Plan, Revision, Stop, Turns, Wanted, Workplace};
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
    let question = Question::new(args, console)?;
    let suspects = question.selection.only.as_ref();
    if let (Some(first), true) = (&question.first, suspects.is_some_and(BTreeSet::is_empty)) {
        console.remark("the report has no suspects: nothing is measured again");
        let exit = judge::exit(first, question.config.gate.fail_on, false);
        return judge::finish(exit, console.write_reports(first, &question.targets), console);
    }
    let mut interrupts = turns::interrupts()?;
    // On a terminal, Ctrl-C ends git as well; what it says then is not the reason.
    question.answer(&mut interrupts).map_err(|failure| turns::or_interrupted(failure, &mut interrupts))
}

/// What is asked: everything that is known before anything is measured.
struct Question<'a> {
    args: &'a Args,
    console: &'a Console,
    config: Config,
    selection: Selection,
    targets: Vec<ReportTarget>,
    plan: Plan,
    /// After how many pairs the verdict is looked at.
    looks: Vec<usize>,
    /// The report whose suspects are measured again.
    first: Option<Report>,
}

impl<'a> Question<'a> {
    fn new(args: &'a Args, console: &'a Console) -> Result<Self, Failure> {
        let targets = args.report.targets()?;
        options::refuse_unwritable(&targets)?;
        let mut overrides = args.limits.overrides()?;
        overrides.metric.clone_from(&args.selection.metric);
        args.fail_on.add_to(&mut overrides)?;
        let config = args.config.load(&overrides, console)?;
        args.subject.apply(&mut [])?;
        let mut selection = args.selection.selection();
        let first = args.confirm.as_deref().map(report::read_one).transpose()?;
        let mut filter = Filter::default();
        if let (Some(path), Some(first)) = (&args.confirm, &first) {
            if args.subject.is_given() {
                return Err(Failure::usage("with `--confirm`, the report says what its commit, branch and labels are"));
            }
            // The JSON of both stages takes the place of the first stage's.
            let others = targets.iter().filter(|target| target.output.name != "json");
            options::refuse_overwriting(others, std::slice::from_ref(path))?;
            if usize::from(args.pairs) < FEWEST_PAIRS {
                let message = format!("`--confirm` takes {FEWEST_PAIRS} pairs at least: noise is not known from fewer");
                return Err(Diagnostic::new(Code::Usage, message).help("`--pairs 3`").into());
            }
            let suspects = verdict::suspects(first);
            filter = suspects_filter(args, &config, &suspects)?;
            selection.only = Some(suspects);
        } else if Filter::is_named_in(&args.measure.command) {
            return Err(Failure::usage("`{filter}` in the command needs `--confirm`, which says what to select"));
        }
        let plan = args.measure.plan(args.input.formats(&config)?, filter, console)?;
        Ok(Self { args, console, config, selection, targets, plan, looks: looks(args)?, first })
    }

    fn answer(&self, interrupts: &mut Interrupts) -> Outcome {
        let (args, console) = (self.args, self.console);
        let sides = Sides::find(args, &self.targets, self.first.as_ref())?;
        let mut said = sides.remarks(self.first.as_ref(), &self.plan)?;
        for remark in &said {
            console.tell(remark);
        }
        let mut work = Workplace::open(sides.checkout.as_ref().map(|c| &c.git))?;
        let base = sides.base_place(&mut work)?;
        let current = Place { folder: runner::working_folder()?, target: runner::cargo_target() };
        let warm_up = if args.measure.warmup { 2 } else { 0 };
        // Each further look adds turns; the estimate is of those that are sure to come.
        let mut progress = Progress::new(console, Some(warm_up + 2 * self.looks.first().copied().unwrap_or(0)));
        let mut watch = |step| progress.step(step);
        let mut turns = Turns::new(&self.plan, &work, (base, current), interrupts, &mut watch);
        let measured = self.measure(&mut turns, &sides);
        let remarks = std::mem::take(&mut turns.remarks);
        if let Err(warning) = work.close() {
            console.tell(&warning);
        }
        for remark in &remarks {
            console.tell(remark);
        }
        let mut measured = measured?;
        if let Some(moved) = sides.moved() {
            console.tell(&moved);
            said.push(moved);
        }
        if measured.base.is_empty() {
            let none = || Failure::usage("no pair could be measured");
            return Err(measured.stopped.take().map_or_else(none, Failure::from));
        }
        let fresh = self.judged(&measured, &sides)?;
        let none_again = !fresh.results.iter().any(verdict::was_measured);
        let report = self.report(fresh, &measured, sides.note().into_iter().chain(other_commits(said)));
        if report.verdict == GateVerdict::None {
            console.tell(&verdict::nothing_compared(&report));
        }
        let mut exit = judge::exit(&report, self.config.gate.fail_on, false);
        let written = console.write_reports(&report, &self.targets);
        if self.first.is_some() && none_again && exit == Exit::Success {
            let nothing = Diagnostic::new(Code::NoResults, "none of the suspects is in the results of the rerun");
            console.tell(&nothing.help("let the command measure them: `-v` shows what it says").help(
                "`{filter}` in it becomes the tool's own filter; without it, everything is measured and they are judged",
            ));
            exit = Exit::Usage;
        }
        let exit = early_exit(exit, measured.stopped, measured.base.len(), console);
        judge::finish(exit, written, console)
    }

    /// Sets both sides up and takes pairs, as many as are asked for.
    fn measure(&self, turns: &mut Turns<'_>, sides: &Sides) -> Result<Measured, Failure> {
        turns.set_up()?;
        if self.args.measure.warmup {
            turns.warm_up()?;
        }
        let mut measured = Measured::default();
        measured.take_first(turns, &self.args.selection.metric, &self.selection, self.console)?;
        for pairs in &self.looks {
            measured.take(*pairs, turns, self.console);
            if measured.stopped.is_some() || self.looks.last() == Some(pairs) {
                break;
            }
            let report = self.judged(&measured, sides)?;
            let is_shift_open = report.shifts.iter().any(|shift| shift.adjusted && shift.verdict != Verdict::Pass);
            if !is_shift_open && !report.results.iter().any(could_be_decided) {
                break;
            }
            self.console.remark("some rows are inconclusive: more pairs are taken");
        }
        Ok(measured)
    }

    /// Judges what was measured so far.
    fn judged(&self, measured: &Measured, sides: &Sides) -> Result<Report, Failure> {
        let (mut base, mut current) = (measured.base.clone(), measured.current.clone());
        sides.describe(&mut base, &mut current);
        self.args.subject.apply(&mut current)?;
        let first = self.first.as_ref();
        Ok(verdict::judge(&Comparison {
            baseline: Side { runs: &base, inputs: &[sides.base_name()] },
            current: Side { runs: &current, inputs: &["the working folder".into()] },
            history: &[],
            config: &self.config,
            selection: &self.selection,
            today: system::today(),
            budgets_only: false,
            taken: Taken::InTurns {
                looks: self.looks.len(),
                adjust: first.is_none(),
                suspects_of: first,
                keep_limits: !self.args.limits.is_given(),
            },
            keep_samples: self.args.report.shows_samples(),
        })?)
    }

    /// The report with what is to be said of the measurement, and where suspects were measured again, of both stages.
    fn report(&self, fresh: Report, measured: &Measured, more: impl Iterator<Item = Note>) -> Report {
        let taken = measured.base.len();
        let mut notes = measured.notes(self.looks.last().copied().unwrap_or(0));
        notes.extend(more);
        if self.looks.len() > 1 {
            let planned = self.looks.len();
            let added = if self.looks.first().is_some_and(|first| taken <= *first) {
                "no pairs were added"
            } else {
                "pairs were added"
            };
            notes.push(note(
                Code::PairsAdded,
                format!("{added}, {taken} were taken; p-values allow for the {planned} looks that were planned"),
            ));
        }
        let complete = measured.stopped.is_none();
        let mut report = match &self.first {
            Some(first) => {
                let mut first = first.clone();
                // What was said of an earlier attempt to confirm.
                first.notes.retain(|note| !OF_MEASURING.iter().any(|code| note.code == code.as_str()));
                verdict::confirm(first, fresh, &self.config, complete)
            }
            None => fresh,
        };
        // The first stage may have said the same.
        notes.retain(|note| !report.notes.contains(note));
        report.notes.extend(notes);
        report.notes.sort_by_key(|n| std::cmp::Reverse(n.severity));
        report
    }
}

/// What the report should say of other commits than it was about.
fn other_commits(remarks: Vec<Diagnostic>) -> impl Iterator<Item = Note> {
    remarks.into_iter().filter(|r| r.code == Code::OtherCommit).map(|remark| note(remark.code, remark.message))
}

/// Whether more pairs may settle a row.
fn could_be_decided(row: &Row) -> bool {
    let never = [Reason::DirectionUnknown, Reason::ZeroBaseline, Reason::IdenticalSamples];
    row.gate && row.verdict == Verdict::Inconclusive && !row.reasons.iter().any(|reason| never.contains(reason))
}

/// The exit of a measurement that may have ended early: it is not taken for a pass.
fn early_exit(exit: Exit, stopped: Option<Stop>, taken: usize, console: &Console) -> Exit {
    match stopped.map(Failure::from) {
        Some(Failure { exit: interrupted @ Exit::Interrupted(_), .. }) => interrupted,
        Some(failure) => {
            for diagnostic in &failure.diagnostics {
                console.tell(diagnostic);
            }
            if exit == Exit::GateFailed && taken >= FEWEST_PAIRS { exit } else { failure.exit }
        }
        None => exit,
    }
}

/// Notes that tell how pairs were taken.
const OF_MEASURING: [Code; 5] =
    [Code::Interrupted, Code::PairLost, Code::PairsAdded, Code::Confirmed, Code::OtherCommit];

/// Fewest pairs from which noise is known.
const FEWEST_PAIRS: usize = crate::stats::engine::FEWEST_RUNS;

/// So many of the files that differ from the commit are named.
const NAMED_FILES: usize = 3;

/// After how many pairs the verdict is looked at: once, or twice as many each time up to the most.
fn looks(args: &Args) -> Result<Vec<usize>, Failure> {
    let pairs = usize::from(args.pairs);
    if !args.until_decided {
        return Ok(vec![pairs]);
    }
    if pairs < FEWEST_PAIRS {
        let message =
            format!("`--until-decided` looks at {FEWEST_PAIRS} pairs at least: noise is not known from fewer");
        return Err(Diagnostic::new(Code::Usage, message).help("`--pairs 3`").into());
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
fn suspects_filter(args: &Args, config: &Config, suspects: &BTreeSet<SeriesKey>) -> Result<Filter, Failure> {
    if suspects.is_empty() || !Filter::is_named_in(&args.measure.command) {
        return Ok(Filter::default());
    }
    let wanted: BTreeSet<Wanted> = suspects
        .iter()
        .map(|key| Wanted {
            tool: key.benchmark.tool.clone(),
            package: key.benchmark.package.clone(),
            name: key.benchmark.name.clone(),
        })
        .collect();
    let wanted: Vec<Wanted> = wanted.into_iter().collect();
    // The base knows a renamed benchmark by its old name.
    let old = |new: &Wanted| {
        let qualified = new.package.as_ref().map(|package| format!("{}::{}", package.raw(), new.name.raw()));
        let is_it = |to: &Untrusted| *to == new.name || Some(to.raw()) == qualified.as_deref();
        let last =
            |name: &Untrusted| name.raw().rsplit_once("::").map_or_else(|| name.clone(), |(_, last)| last.into());
        let old = |r: &Rename| if r.to == new.name { r.from.clone() } else { last(&r.from) };
        config.renames.iter().filter(|r| is_it(&r.to)).map(old).collect::<Vec<_>>()
    };
    if wanted.iter().any(|w| w.tool.raw() == "pytest-benchmark" && !old(w).is_empty()) {
        return Err(Diagnostic::new(Code::Usage, "pytest cannot select a test by its old name and its new one")
            .note("perfgate.toml renames a suspect, and each side knows one of its names")
            .help("leave `{filter}` out: everything is measured then, and the suspects are judged")
            .into());
    }
    Filter::new(&wanted, &old).ok_or_else(|| {
        let tools: BTreeSet<String> = wanted.iter().map(|w| text::shown(&w.tool)).collect();
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
    fn find(args: &Args, targets: &[ReportTarget], first: Option<&Report>) -> Result<Self, Failure> {
        let mut checkout = Checkout::here();
        if let Ok(checkout) = &mut checkout {
            let reports = targets.iter().filter_map(|target| target.path.as_deref());
            checkout.leave_out(reports.chain(args.confirm.as_deref()))?;
        }
        let measured_before = first.and_then(|report| report.baseline.commit.as_ref());
        let Some(name) = &args.base else {
            let checkout = checkout?;
            let base = match measured_before {
                Some(commit) => checkout.resolve(commit.raw()).map_err(|stop| match stop {
                    Stop::Usage(missing) => Stop::Usage(
                        missing.note("the report compares with it").help("or name another base: `--base REV`"),
                    ),
                    stop => stop,
                })?,
                None => checkout.merge_base()?,
            };
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
                let revision = checkout.resolve(name).map_err(|stop| match stop {
                    Stop::Usage(missing) => Stop::Usage(missing.note("nor is there a folder of that name")),
                    stop => stop,
                })?;
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
            run.subject.commit = checkout.filter(|c| c.changed.is_empty()).map(|c| c.head.as_str().into());
        }
    }

    fn base_name(&self) -> Untrusted {
        match &self.base {
            Base::Commit(revision) => revision.name.clone(),
            Base::Folder(_, name) => name.clone(),
        }
    }

    /// What is worth knowing before anything is measured.
    ///
    /// # Errors
    /// If the report to confirm is about other commits.
    fn remarks(&self, first: Option<&Report>, plan: &Plan) -> Result<Vec<Diagnostic>, Failure> {
        let mut remarks = Vec::new();
        let Some(checkout) = &self.checkout else { return Ok(remarks) };
        let short = stored::short;
        if let Some(word) = plan.command.iter().find(|word| checkout.holds(word)) {
            let shown = text::shown(&word.as_str().into());
            let message = format!("`{shown}` is in this checkout, so both sides use this side's");
            remarks.push(
                Diagnostic::new(Code::SameInput, message)
                    .help("name it relative to the folder, so that each has its own"),
            );
        }
        let Some(first) = first else {
            if let Base::Commit(base) = &self.base
                && base.commit == checkout.head
                && checkout.changed.is_empty()
            {
                let message = format!("both sides are {}, so no difference is to be expected", short(&base.commit));
                remarks.push(Diagnostic::new(Code::SameInput, message));
            }
            return Ok(remarks);
        };
        // A name that this clone does not know cannot be held against its commits.
        let mut other =
            |side: &model::Side, is_it: &dyn Fn(&str) -> bool, message: &dyn Fn(String) -> String, help: &str| {
                let Some(name) = side.commit.as_ref().map(Untrusted::raw) else { return Ok(()) };
                let known = checkout.resolve(name).map(|found| found.commit);
                if is_it(known.as_deref().unwrap_or(name)) {
                    return Ok(());
                }
                let diagnostic = Diagnostic::new(Code::OtherCommit, message(short(name)));
                if known.is_err() {
                    remarks.push(diagnostic);
                    return Ok(());
                }
                let help = format!("{help}, or make the report anew");
                Err(Failure::from(Diagnostic { severity: Severity::Error, ..diagnostic }.help(help)))
            };
        let head = short(&checkout.head);
        other(
            &first.current,
            &|commit| checkout.is_at(commit),
            &|reported| format!("the report is about {reported}, and this checkout is at {head}"),
            "check that commit out",
        )?;
        if let Base::Commit(base) = &self.base {
            other(
                &first.baseline,
                &|commit| commit == base.commit,
                &|reported| format!("the report compares with {reported}, and `--base` is {}", short(&base.commit)),
                "leave `--base` out",
            )?;
        }
        Ok(remarks)
    }

    /// Whether somebody checked another commit out while this one was measured.
    fn moved(&self) -> Option<Diagnostic> {
        let before = self.checkout.as_ref()?;
        let now = Checkout::here().ok().filter(|now| now.head != before.head)?;
        let (before, now) = (stored::short(&before.head), stored::short(&now.head));
        Some(Diagnostic::new(
            Code::OtherCommit,
            format!("the checkout moved from {before} to {now} while it was measured"),
        ))
    }

    /// What the report should say of a checkout that differs from its commit.
    fn note(&self) -> Option<Note> {
        let checkout = self.checkout.as_ref().filter(|c| !c.changed.is_empty())?;
        let files = crate::report::count(checkout.changed.len(), "file");
        let (named, rest) = checkout.changed.split_at(checkout.changed.len().min(NAMED_FILES));
        let named: Vec<String> = named.iter().map(|path| format!("`{}`", text::shown(path))).collect();
        let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        let head = stored::short(&checkout.head);
        Some(note(
            Code::UncommittedChanges,
            format!(
                "the checkout differs from its commit {head} in {files} ({}{rest}) and was measured as it is",
                named.join(", ")
            ),
        ))
    }
}
