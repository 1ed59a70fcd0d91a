//! `perfgate check`: results against the stored baseline and its history.
//!
//! What is measured is a commit; where its change started decides the baseline (`store::lineage`, `store::baseline`).

use clap::Args as ClapArgs;

use super::budget::inputs;
use super::console::Console;
use super::judge;
use super::options::{ConfigArgs, FailOnArgs, InputArgs, LimitArgs, ReportArgs, SaveArgs, SelectionArgs, SubjectArgs};
use super::stored::{self, Bench, Found, StoreArgs, TestbedArgs, note, short};
use super::{Failure, Outcome};
use crate::config::Config;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::io::{ci, system};
use crate::model::Run;
use crate::model::report::{GateVerdict, Note, Report, Verdict};
use crate::report;
use crate::store::baseline::{self, Choice};
use crate::store::{Key, Lineage, Snapshot, Store};
use crate::text::{self, Untrusted};
use crate::verdict::{self, Comparison, Side};

/// How many commits back stored runs are looked for.
const DEPTH: usize = 1000;
/// The shortest beginning of a commit's id that git takes for it.
const SHORTEST_ID: usize = 4;
/// How many benchmarks a note about drift names.
const NAMED: usize = 5;

/// Compare results with the stored baseline, and judge them by the runs before it
///
/// The baseline is what was recorded at the commit that the change started from, or at the nearest one before it, on the
/// same testbed: never a newer one, never another machine's. Up to 50 runs before it tell how noisy the benchmarks are.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate check target/criterion\n  \
    perfgate check bench.txt --store git:perfgate-data --report markdown=comment.md\n  \
    perfgate check results.json --baseline v1.4.0\n  \
    perfgate check results.json --anchor v1.0.0")]
pub(super) struct Args {
    /// Files, folders, globs or `-` [default: `inputs` of perfgate.toml]
    results: Vec<String>,
    /// Compare with this commit or tag instead of where the change started
    #[arg(long, value_name = "COMMIT|TAG", conflicts_with_all = ["base", "baseline_file"], help_heading = "Baseline")]
    baseline: Option<String>,
    /// Branch or commit that the change is made against [default: the pull request's target, else the default branch]
    #[arg(long, value_name = "REF", conflicts_with = "baseline_file", help_heading = "Baseline")]
    base: Option<String>,
    /// Also compare with this fixed commit or tag, and say what has drifted since; the gate does not count it
    #[arg(long, value_name = "REF", help_heading = "Baseline")]
    anchor: Option<String>,
    /// Compare with this file or folder instead of a stored run
    #[arg(long, value_name = "PATH", help_heading = "Baseline")]
    baseline_file: Option<String>,
    /// Exit with 0 when there is nothing to compare with, saying so loudly
    #[arg(long, help_heading = "Baseline")]
    allow_missing_baseline: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    testbed: TestbedArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    fail_on: FailOnArgs,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    history: judge::HistoryArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    save: SaveArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let console = &if args.allow_missing_baseline { console.lenient() } else { *console };
    let targets = args.report.targets()?;
    let mut overrides = args.limits.overrides()?;
    overrides.metric.clone_from(&args.selection.metric);
    args.fail_on.add_to(&mut overrides)?;
    args.store.add_to(&mut overrides);
    args.testbed.add_to(&mut overrides);
    let config = args.config.load(&overrides, console)?;
    let own = args.testbed.bench(&config)?;
    let mut diagnostics = Diagnostics::new();
    let named = inputs(&args.results, &config.inputs)?;
    args.save.refuse_overwriting(&named)?;
    let mut now = args.input.side(&named, &config, &mut diagnostics)?;
    let given = args.history.read(&args.input, &config, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    let lineage = Lineage::new(ci::build(), args.store.patience()).map_err(stored::failure)?;
    for run in &mut now.runs {
        for (label, value) in lineage.labels() {
            run.environment.labels.entry(label).or_insert(value);
        }
    }
    forget_unknown(&lineage, &mut now.runs, console);
    args.subject.apply(&mut now.runs)?;
    let bench = args.testbed.bench_of_side(&mut now.runs, &own)?;
    let measured = measured(&lineage, &mut now.runs);
    // Whatever becomes of the baseline, this can be recorded.
    let saved = args.save.write(&now.runs, &bench);
    let stored = if args.baseline_file.is_none() || args.anchor.is_some() {
        let store = args.store.open(&config)?;
        let snapshot = store.snapshot().map_err(stored::failure)?;
        Some((store, snapshot))
    } else {
        None
    };
    let search = Search { args, stored: stored.as_ref(), bench: &bench, config: &config, lineage: &lineage, console };
    let mut found = search.baseline(measured)?;
    if !given.is_empty() {
        found.history = given;
    }
    let selection = args.selection.selection();
    judge::known_benchmarks(&selection, &found.runs, &now.runs)?;
    let judged = |baseline: &Found| {
        verdict::judge(&Comparison {
            baseline: Side { runs: &baseline.runs, inputs: &baseline.what },
            current: Side { runs: &now.runs, inputs: &now.inputs },
            history: &baseline.history,
            config: &config,
            selection: &selection,
            today: system::today(),
            budgets_only: false,
            taken: verdict::Taken::Apart,
            keep_samples: args.report.shows_samples(),
        })
    };
    let mut report = judged(&found)?;
    report.notes.append(&mut found.notes);
    report.testbed.get_or_insert_with(|| bench.testbed.clone());
    report.store = stored::given_store(&config).filter(|_| args.baseline_file.is_none());
    judge::drop_lone_ci(&mut report);
    judge::advise_in_action(&mut report);
    if let Some(name) = &args.anchor {
        match search.anchor(name)? {
            Ok(anchor) => report.notes.extend(drift(name, &judged(&anchor)?)),
            Err(missing) => report.notes.push(missing),
        }
    }
    if report.verdict == GateVerdict::None {
        if args.allow_missing_baseline {
            judge::allow_nothing(&mut report);
        }
        if !found.runs.is_empty() {
            console.tell(&verdict::nothing_compared(&report));
        }
    }
    let exit = judge::exit(&report, config.gate.fail_on, args.allow_missing_baseline);
    let written = console.write_reports(&report, &targets).and(saved);
    judge::finish(exit, written, console)
}

/// Where baselines are looked for.
struct Search<'a> {
    args: &'a Args,
    /// The store and what it holds, where it is needed.
    stored: Option<&'a (Box<dyn Store>, Snapshot)>,
    bench: &'a Bench,
    config: &'a Config,
    lineage: &'a Lineage,
    console: &'a Console,
}

impl Search<'_> {
    /// The baseline of the results, and the runs before it. Without one, nothing but the reason, which is told.
    fn baseline(&self, measured: Option<String>) -> Result<Found, Failure> {
        if let Some(path) = &self.args.baseline_file {
            let mut diagnostics = Diagnostics::new();
            let side = self.args.input.side(std::slice::from_ref(path), self.config, &mut diagnostics)?;
            self.console.tell_all(diagnostics)?;
            return Ok(Found { runs: side.runs, what: side.inputs, ..Found::default() });
        }
        let Some((store, snapshot)) = self.stored else { return Ok(Found::default()) };
        let keys = || snapshot.keys.iter().filter(|key| self.bench.has(key));
        let known = measured.as_ref().filter(|_| self.lineage.is_repository());
        let (choice, commit, what) = match (&self.args.baseline, known) {
            (Some(name), _) => {
                let commit = self.commit(name);
                let is_known = self.lineage.resolve(name).is_some()
                    || keys()
                        .any(|key| key.commit.as_ref().is_some_and(|known| known.raw().starts_with(name.as_str())));
                if !is_known {
                    let message =
                        format!("`{}` is no commit or tag that is known here, and no stored run is of it", shown(name));
                    return Err(Diagnostic::new(Code::UnknownCommit, message)
                        .help("fetch it: `git fetch --tags`")
                        .into());
                }
                (self.recorded_at(&commit, keys()), commit, shown(name))
            }
            (None, Some(measured)) => {
                let start = match self.lineage.start(measured, self.args.base.as_deref()) {
                    // A first commit has nothing to be compared with, which is no mistake.
                    Err(nothing) if nothing.code == Code::NoBaseline => {
                        self.console.tell(&nothing);
                        let why = note(Code::NoBaseline, nothing.message);
                        return Ok(Found { notes: vec![why], ..Found::default() });
                    }
                    start => start.map_err(stored::failure)?,
                };
                let ancestors = self.lineage.ancestors(&start.commit, DEPTH);
                let choice = baseline::choose(keys(), &ancestors);
                if choice.is_none() && !ancestors.is_complete && self.lineage.is_shallow() && keys().next().is_some() {
                    let message = "this clone does not reach back to a commit that has a stored run";
                    self.console.tell(&Diagnostic::new(Code::UnknownCommit, message).help(
                        "fetch more: `git fetch --unshallow`, in GitHub Actions `fetch-depth: 0` for actions/checkout",
                    ));
                }
                (choice, start.commit, start.what)
            }
            (None, None) => {
                let message = "there is no git history here, so the newest stored run is the baseline";
                self.console.tell(&Diagnostic::new(Code::OrderByDate, message));
                (baseline::newest(keys(), measured.as_deref()), String::new(), "the newest stored run".to_owned())
            }
        };
        let Some(choice) = choice else {
            let why = self.tell_missing(store.as_ref(), snapshot, &commit, &what);
            return Ok(Found { notes: vec![why], ..Found::default() });
        };
        let mut found = Found::load(store.as_ref(), snapshot, &choice, self.console)?;
        found.say_where(&choice, &commit, &what);
        Ok(found)
    }

    /// The full id of a commit, where it is known.
    fn commit(&self, name: &str) -> String {
        resolved(self.lineage, name)
    }

    /// The runs of one commit, and those before it.
    fn recorded_at<'k>(&self, commit: &str, keys: impl Iterator<Item = &'k Key>) -> Option<Choice> {
        let ancestors = self.lineage.ancestors(commit, DEPTH);
        let choice = baseline::choose(keys, &ancestors)?;
        // Whoever names a commit wants that one and no other.
        (choice.behind == 0).then_some(choice)
    }

    /// The fixed baseline of `--anchor`; where it has no run, a note, because the verdict does not rest on it.
    fn anchor(&self, name: &str) -> Result<Result<Found, Note>, Failure> {
        let commit = self.commit(name);
        let Some((store, snapshot)) = self.stored else { return Ok(Ok(Found::default())) };
        let keys = snapshot.keys.iter().filter(|key| self.bench.has(key));
        if let Some(choice) = self.recorded_at(&commit, keys) {
            return Found::load(store.as_ref(), snapshot, &choice, self.console).map(Ok);
        }
        let message = format!("no run is stored of the anchor {}, so nothing is said of drift", shown(name));
        let diagnostic = Diagnostic::new(Code::MissingAnchor, message.clone()).help(recipe(&commit));
        self.console.tell(&diagnostic);
        Ok(Err(note(Code::MissingAnchor, message)))
    }

    /// Tells that there is no baseline; what comes back says it in the report.
    fn tell_missing(&self, store: &dyn Store, snapshot: &Snapshot, commit: &str, what: &str) -> Note {
        let Bench { testbed, suite } = self.bench;
        let (testbed, suite) = (text::shown(testbed), text::shown(suite));
        // A beginning of the commit's own id says nothing more.
        let is_same = what.len() >= SHORTEST_ID && commit.starts_with(what);
        let at = match commit {
            "" => short(what),
            _ if is_same => short(commit),
            _ => format!("{}, {what}", short(commit)),
        };
        let or_before = if self.args.baseline.is_some() { "" } else { " or before" };
        let message = format!("no stored run to compare with: none at{or_before} {at}");
        let quoted = if at == what {
            format!("`{at}`")
        } else {
            at.replacen(&short(commit), &format!("`{}`", short(commit)), 1)
        };
        let why = format!(
            "no stored run to compare with: none at{or_before} {quoted} (testbed `{testbed}`, suite `{suite}`)"
        );
        let why = note(Code::NoBaseline, why);
        let mut diagnostic = Diagnostic::new(Code::NoBaseline, message)
            .note(format!("looked in {} for testbed {testbed}, suite {suite}", store.name()));
        let others: std::collections::BTreeSet<String> = snapshot
            .keys
            .iter()
            .filter(|key| !self.bench.has(key))
            .map(|key| format!("{} / {}", text::shown(&key.testbed), text::shown(&key.suite)))
            .collect();
        if !others.is_empty() {
            let more = if others.len() > NAMED { format!(" and {} more", others.len() - NAMED) } else { String::new() };
            let some: Vec<String> = others.into_iter().take(NAMED).collect();
            diagnostic =
                diagnostic.note(format!("it has runs of other testbeds and suites: {}{more}", some.join(", ")));
        }
        let count = snapshot.keys.iter().filter(|key| self.bench.has(key)).count();
        if count > 0 {
            let count = report::count(count, "run");
            diagnostic = diagnostic.note(format!("other commits have {count} of this testbed and suite"));
        } else if snapshot.keys.is_empty() {
            diagnostic = diagnostic.note("nothing at all is stored there; is it the right place?");
        }
        self.console.tell(&diagnostic.help(match &self.args.baseline {
            Some(_) => recipe(commit),
            None => "make one on the default branch: run the benchmarks, then `perfgate record` (the action's `command: record`)"
                .to_owned(),
        }));
        why
    }
}

/// Takes out of the results what they call their commit where it is none. The commit that is checked out is theirs then.
fn forget_unknown(lineage: &Lineage, runs: &mut [Run], console: &Console) {
    let is_none = |name: &Untrusted| !text::is_commit_id(name.raw()) && lineage.resolve(name.raw()).is_none();
    // Outside of a repository names of one's own will do.
    for run in runs.iter_mut().filter(|_| lineage.is_repository()) {
        let Some(name) = run.subject.commit.take_if(|name| is_none(name)) else { continue };
        let message = format!(
            "the results say that they measured `{}`, which is no commit that is known here",
            text::shown(&name)
        );
        let diagnostic = Diagnostic::new(Code::UnknownCommit, message);
        console.tell(
            &Diagnostic { severity: Severity::Warning, ..diagnostic }
                .note("the commit that is checked out is taken instead")
                .help("name the right one: `--commit SHA`"),
        );
    }
}

/// The commit that was measured; what the results do not say of it, git does.
fn measured(lineage: &Lineage, runs: &mut [Run]) -> Option<String> {
    let said = runs.iter().find_map(|run| run.subject.commit.clone());
    let measured = said.map(|commit| resolved(lineage, commit.raw())).or_else(|| lineage.head())?;
    let branch = lineage.branch();
    let committed_at = lineage.committed_at(&measured);
    for run in runs {
        let subject = &mut run.subject;
        subject.commit.get_or_insert_with(|| measured.as_str().into());
        subject.branch = subject.branch.take().or_else(|| branch.as_deref().map(Into::into));
        subject.committed_at = subject.committed_at.or(committed_at);
    }
    Some(measured)
}

/// The full id of a commit, where it is known.
fn resolved(lineage: &Lineage, name: &str) -> String {
    lineage.resolve(name).unwrap_or_else(|| name.to_owned())
}

/// What has moved since the anchor, as one note.
fn drift(name: &str, report: &Report) -> Option<Note> {
    let over = |verdict| move |row: &&crate::model::report::Row| row.verdict == verdict;
    let rows =
        || report.results.iter().filter(over(Verdict::Fail)).chain(report.results.iter().filter(over(Verdict::Warn)));
    let count = rows().count();
    let commit = report.baseline.commit.as_ref().map_or_else(String::new, |commit| short(commit.raw()));
    let named: Vec<String> = rows()
        .take(NAMED)
        .map(|row| {
            let change = row.change.map_or_else(String::new, |change| format!(" {:+.1}%", change * 100.0));
            format!("{} {}{change}", text::shown(&row.benchmark), text::shown(&row.metric.0))
        })
        .collect();
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    (count > 0).then(|| {
        let message = format!("drift since {} ({commit}): {}{more}", shown(name), named.join(", "));
        Note { severity: Severity::Warning, ..note(Code::Drift, message) }
    })
}

fn recipe(commit: &str) -> String {
    format!("check it out, run the benchmarks, then `perfgate record --commit {}`", short(commit))
}

fn shown(name: &str) -> String {
    text::shown(&name.into())
}
