//! `perfgate trend`: change points in a history of runs, and an exit code for the nightly job.
//!
//! With `--report html=FOLDER` the same history becomes a site. The runs of other testbeds are drawn beside it there; each
//! history is analysed apart, and the exit code is that of the testbed that was asked for.
//!
//! Not here: finding them (`trend`), and how they look (`report::trend`, `report::site`).

use std::collections::{BTreeMap, BTreeSet};

use clap::Args as ClapArgs;

use super::console::Console;
use super::judge::{finish, known_metrics};
use super::options::{ConfigArgs, InputArgs, ReportArgs, SelectionArgs, refuse_overwriting, share};
use super::site::{About, Folder};
use super::stored::{self, Bench, StoreArgs, TestbedArgs};
use super::{Exit, Failure, Outcome, nightly};
use crate::config::{Config, Limit, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::io::load::Side;
use crate::io::{ci, files, system};
use crate::model::report::GateVerdict;
use crate::model::trend::Trend;
use crate::report::site;
use crate::report::trend::{TRENDS, headline};
use crate::store::{self, Key, Lineage, baseline};
use crate::text::{self, Untrusted};
use crate::trend::{FEWEST_RUNS, Options, Point, Since, analyse};

/// Find where benchmarks changed their level in a history of runs, and which changes are new
///
/// Reads the stored runs of a branch in the order of its commits, or the runs that are named, and says which series changed, by how much, and between which commits.
/// What all benchmarks of a suite share, such as another machine, is taken out and told as what it is. Nothing is
/// remembered: a change is new when the history without the runs of the last 22 hours does not show it, so that with
/// --fail-on-new a nightly job turns red once for a regression. 8 runs are the least; 30 or more say something.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    perfgate trend\n  \
    perfgate trend --fail-on-new --report markdown=trend.md\n  \
    perfgate trend --report html=site          # a site to look at, or to publish\n  \
    perfgate trend --branch release-2 --testbed ci-large --since 30d\n  \
    perfgate trend 'runs/main-*.json' --metric time",
    mut_arg("report", |arg| arg.help("Report to write: terminal, markdown, json or csv, with =PATH to a file, or html=FOLDER, a site (can be repeated)")))]
pub(super) struct Args {
    /// The history as files, folders or globs, oldest first by their dates or names [default: the store]
    runs: Vec<String>,
    /// Branch whose runs of the store are the history [default: the default branch]
    #[arg(long, value_name = "NAME", help_heading = "Store")]
    branch: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    testbed: TestbedArgs,
    /// Report changes from here on: a date (2026-11-01), an age (30d, 12w), a commit, or a number of runs (20)
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Exit with 1 if a new regression reaches its warn or fail limit; with --since, new are those since then
    #[arg(long)]
    fail_on_new: bool,
    /// File that lists the runs, oldest first: a path, file name or commit per line
    #[arg(long, value_name = "FILE", requires = "runs", help_heading = "Input")]
    history_order: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    /// Change at which every metric warns, such as 5%: replaces all relative warn limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    warn: Option<String>,
    /// Change at which every metric fails, such as 10%: replaces all relative fail limits
    #[arg(long, value_name = "PCT", allow_hyphen_values = true, help_heading = "Judging")]
    fail: Option<String>,
    #[command(flatten)]
    selection: SelectionArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    report: ReportArgs,
    #[command(flatten)]
    nightly: nightly::IssueArgs,
}

/// A history and what is known of it as a whole.
struct History {
    side: Side,
    branch: Option<String>,
    /// Whether the newest commit of the branch has a run; `None` where it is not known which that is.
    is_tip_measured: Option<bool>,
    /// The histories of other testbeds on the same branch, where they are asked for.
    beside: Vec<(Untrusted, Side)>,
    /// The runs of all of these in the order of the branch: the index of the history, this one's being 0, and the commit.
    order: Vec<(usize, Option<Untrusted>)>,
}

impl History {
    /// A history of files, which belong to no branch.
    fn of_files(side: Side) -> Self {
        let order = side.runs.iter().map(|run| (0, run.subject.commit.clone())).collect();
        Self { side, branch: None, is_tip_measured: None, beside: Vec::new(), order }
    }
}

/// How many commits back the stored runs of a branch are looked for.
const DEPTH: usize = 20_000;

/// A limit of an option.
fn limit(option: &str, written: Option<&String>) -> Result<Option<Limit>, Failure> {
    let Some(written) = written else { return Ok(None) };
    share(written).map(Some).map_err(|why| {
        let shown = text::shown(&written.as_str().into());
        let message = format!("`--{option}` is a share such as 10%, not `{shown}`");
        Failure::from(Diagnostic::new(Code::InvalidLimit, message).note(why))
    })
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let (targets, folder) = args.report.with_folder(TRENDS, site::NAME)?;
    refuse_overwriting(&targets, &args.runs)?;
    let folder = Folder::open(folder)?;
    let since = args.since.as_deref().map(Since::parse).transpose()?;
    let mut overrides = Overrides {
        warn: limit("warn", args.warn.as_ref())?,
        fail: limit("fail", args.fail.as_ref())?,
        metric: args.selection.metric.clone(),
        ..Overrides::default()
    };
    args.store.add_to(&mut overrides);
    args.testbed.add_to(&mut overrides);
    let config = args.config.load(&overrides, console)?;
    let bench = args.testbed.bench(&config)?;
    let nightly = args.nightly.nightly(&bench, args.branch.as_deref())?;
    let mut diagnostics = Diagnostics::new();
    let history = if args.runs.is_empty() {
        from_store(args, &config, &bench, folder.is_some(), &mut diagnostics)?
    } else {
        if args.branch.is_some() || args.store.is_given() || args.testbed.is_given() {
            let message = "runs that are named are not looked up in a store";
            return Err(Diagnostic::new(Code::Usage, message)
                .help("leave out the names, or `--store`, `--branch`, `--testbed` and `--suite`")
                .into());
        }
        let mut side = args.input.side(&args.runs, &config, &mut diagnostics)?;
        if let Some(file) = &args.history_order {
            side.order_by(&String::from_utf8_lossy(&files::read(file)?), file)?;
        }
        History::of_files(side)
    };
    console.tell_all(diagnostics)?;
    let History { side, branch, is_tip_measured, beside, order } = history;
    known_metrics(&args.selection.metric, &side.runs, &[])?;
    let selection = args.selection.selection();
    let (since, today) = (since.as_ref(), system::today());
    let options = Options { config: &config, selection: &selection, since, today, series: folder.is_some() };
    let trend = analysed(&side, &options)?;
    if trend.verdict == GateVerdict::None {
        console.tell(&nothing(side.runs.len(), trend.since));
    }
    let exit = match trend.verdict {
        GateVerdict::None => Exit::NothingToJudge,
        GateVerdict::Fail | GateVerdict::Warn if args.fail_on_new => Exit::GateFailed,
        _ => Exit::Success,
    };
    let mut written = console.write_outputs(&trend, &targets, headline);
    let history = nightly::History { trend: &trend, bench: &bench, branch: branch.as_deref(), is_tip_measured };
    let is_kept = nightly.is_none_or(|nightly| nightly.run(&history, console));
    if let Some(folder) = &folder {
        let is_stored = args.runs.is_empty();
        let mut histories = vec![(is_stored.then(|| bench.testbed.clone()), trend)];
        for (testbed, side) in &beside {
            // A commit that another testbed has not measured is no point in its history.
            let trend = analysed(side, &options).or_else(|_| analysed(side, &Options { since: None, ..options }))?;
            histories.push((Some(testbed.clone()), trend));
        }
        let suite = Some(bench.suite.clone()).filter(|_| is_stored && !bench.is_of_default_suite());
        let branch = branch.map(Untrusted::from);
        let about = About { histories, order, branch, suite, is_own: is_stored };
        written = both(written, folder.publish(&about, console));
        std::mem::forget(about);
    } else {
        std::mem::forget(trend);
    }
    // What the history says goes before what could not be posted of it.
    let exit = if exit == Exit::Success && !is_kept { Exit::Outside } else { exit };
    // Here and above: giving back hundreds of thousands of small allocations one by one takes longer than the analysis.
    std::mem::forget((side, beside));
    finish(exit, written, console)
}

/// What the runs of a side show.
fn analysed(side: &Side, options: &Options<'_>) -> Result<Trend, Diagnostic> {
    let sources = numbered(&side.sources);
    let points: Vec<Point<'_>> = side.runs.iter().zip(&sources).map(|(run, source)| Point { run, source }).collect();
    analyse(&points, options)
}

/// Two things that were done, each of which may have failed.
fn both(first: Result<(), Failure>, second: Result<(), Failure>) -> Result<(), Failure> {
    match (first, second) {
        (Err(mut first), Err(second)) => {
            first.diagnostics.extend(second.diagnostics);
            Err(first)
        }
        (first, second) => first.and(second),
    }
}

/// The stored runs of a branch, in the order of its commits; where that is asked for, with those of other testbeds.
fn from_store(
    args: &Args,
    config: &Config,
    bench: &Bench,
    with_others: bool,
    diagnostics: &mut Diagnostics,
) -> Result<History, Failure> {
    let lineage = Lineage::new(ci::build(), args.store.patience()).map_err(stored::failure)?;
    let store = args.store.open(config)?;
    let snapshot = store.snapshot().map_err(stored::failure)?;
    let stored = || snapshot.keys.iter().filter(|key| bench.has(key));
    let asked = || snapshot.keys.iter().filter(|key| bench.has(key) || (with_others && key.suite == bench.suite));
    let branch = args.branch.clone().or_else(|| lineage.base_branch());
    let tip = branch.as_deref().and_then(|branch| lineage.tip(branch));
    if let (Some(branch), None) = (&args.branch, &tip) {
        let message = format!("no branch `{}` is known here", text::shown(&branch.as_str().into()));
        return Err(Diagnostic::new(Code::UnknownCommit, message).help("fetch it, or name another").into());
    }
    let keys = if let Some(tip) = &tip {
        baseline::line(asked(), &lineage.ancestors(tip, DEPTH))
    } else {
        let message = "there is no git history here, so the runs are in the order of their dates";
        diagnostics.push(Diagnostic::new(Code::OrderByDate, message));
        let mut keys: Vec<Key> = asked().cloned().collect();
        keys.sort_by_key(|key| key.time);
        keys
    };
    if !keys.iter().any(|key| bench.has(key)) {
        let (testbed, suite) = (text::shown(&bench.testbed), text::shown(&bench.suite));
        let of_branch = tip.and(branch).map_or_else(String::new, |b| format!(" of `{}`", text::shown(&b.into())));
        let message = format!("no run{of_branch} of testbed {testbed}, suite {suite} is stored in {}", store.name());
        let mut diagnostic = Diagnostic::new(Code::NoBaseline, message);
        let others = stored().count();
        if others > 0 {
            diagnostic = diagnostic.note(format!("other commits have {others} runs of this testbed and suite"));
        }
        return Err(stored::failure(
            diagnostic
                .help("`perfgate record` adds runs, `perfgate store list` lists what is there")
                .help("a history of another repository is read as files: `perfgate trend data.js`"),
        ));
    }
    let loaded = store::load(store.as_ref(), &snapshot, &keys, diagnostics).map_err(stored::failure)?;
    let is_tip = |key: &Key| bench.has(key) && key.commit.as_ref().map(Untrusted::raw) == tip.as_deref();
    let is_tip_measured = tip.as_ref().map(|_| loaded.iter().any(|(key, _)| is_tip(key)));
    // The testbed that was asked for first, the others by their names.
    let names: BTreeSet<&Untrusted> = loaded.iter().map(|(key, _)| &key.testbed).collect();
    let others: Vec<Untrusted> = names.into_iter().filter(|name| **name != bench.testbed).cloned().collect();
    let mut sides: Vec<(Untrusted, Side)> = std::iter::once(bench.testbed.clone())
        .chain(others)
        .map(|testbed| (testbed, Side { runs: Vec::new(), sources: Vec::new(), inputs: Vec::new() }))
        .collect();
    let mut order = Vec::with_capacity(loaded.len());
    for (key, run) in loaded {
        let Some(at) = sides.iter().position(|(testbed, _)| *testbed == key.testbed) else { continue };
        if let Some((_, side)) = sides.get_mut(at) {
            side.runs.push(run);
            side.sources.push(key.path().into());
        }
        order.push((at, key.commit));
    }
    let (_, side) = sides.remove(0);
    Ok(History { side, branch, is_tip_measured, beside: sides, order })
}

/// The sources of runs, with a number where a file holds several.
fn numbered(sources: &[Untrusted]) -> Vec<Untrusted> {
    let mut of_file: BTreeMap<&Untrusted, (usize, usize)> = BTreeMap::new();
    for source in sources {
        of_file.entry(source).or_default().1 += 1;
    }
    let name = |source: &Untrusted| match of_file.get_mut(source) {
        Some((seen, all)) if *all > 1 => {
            *seen += 1;
            format!("run {seen} of {}", source.raw()).into()
        }
        _ => source.clone(),
    };
    sources.iter().map(name).collect()
}

/// Why nothing could be looked at.
fn nothing(runs: usize, since: usize) -> Diagnostic {
    if runs > 0 && since >= runs {
        let message = "no run of the history is as new as `--since` says, so nothing was looked at";
        return Diagnostic::new(Code::TooShortHistory, message).help("is the job that records runs still alive?");
    }
    if runs < FEWEST_RUNS {
        let runs = if runs == 1 { "1 run is".to_owned() } else { format!("{runs} runs are") };
        return Diagnostic::new(
            Code::TooShortHistory,
            format!("{runs} too few to tell a change from noise: {FEWEST_RUNS} are the least, 30 say something"),
        )
        .help("record more runs, or name files of them: one file or folder a run, such as 'runs/main-*.json'");
    }
    Diagnostic::new(Code::NothingInCommon, format!("no series that is asked for has {FEWEST_RUNS} runs"))
        .help("check `--filter` and `--metric`; the files may be of different suites")
}
