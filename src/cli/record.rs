//! `perfgate record`: adds runs to the store.

use clap::Args as ClapArgs;
use rayon::prelude::*;

use super::budget::inputs;
use super::console::Console;
use super::judge;
use super::options::{ConfigArgs, InputArgs, SubjectArgs};
use super::report::read_one;
use super::stored::{self, Bench, StoreArgs, TestbedArgs};
use super::{Exit, Failure, Outcome};
use crate::config::{FailOn, Overrides};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::io::ci;
use crate::model::Run;
use crate::report;
use crate::store::{Key, Lineage, pack};
use crate::text::{self, Untrusted};

/// Add runs to the store, to be compared with later
///
/// Commit, branch and time come from the options, else from the results, else from git and the variables of the CI
/// system. A run that is stored already is not stored again. What a pull request measured is not stored, so the same
/// step can stand in a job for both.
#[derive(Debug, ClapArgs)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(after_help = "Examples:\n  \
    perfgate record target/criterion\n  \
    perfgate record bench.txt --store git:perfgate-data --testbed ci-large\n  \
    perfgate record results.json --gate report.json\n  \
    perfgate record --import gh-pages/dev/bench/data.js")]
pub(super) struct Args {
    /// Files, folders, globs or `-` [default: `inputs` of perfgate.toml]
    results: Vec<String>,
    /// The results are a history: each run keeps the commit and time that its file says, and git is not asked
    #[arg(long, help_heading = "Recording")]
    import: bool,
    /// Store nothing if the gate of this JSON report failed
    #[arg(long, value_name = "REPORT", help_heading = "Recording")]
    gate: Option<String>,
    /// Store a pull request's run as well
    #[arg(long, help_heading = "Recording")]
    pull_request: bool,
    /// Store the samples too, not only their order statistics: files become several times as large
    #[arg(long, help_heading = "Recording")]
    keep_samples: bool,
    /// When the results were measured, such as 2026-11-21T08:30:00Z
    #[arg(long, value_name = "TIME", help_heading = "Recording")]
    time: Option<String>,
    /// Say what would be stored
    #[arg(short = 'n', long, help_heading = "Recording")]
    dry_run: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    testbed: TestbedArgs,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    subject: SubjectArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let mut overrides = Overrides::default();
    args.store.add_to(&mut overrides);
    args.testbed.add_to(&mut overrides);
    let config = args.config.load(&overrides, console)?;
    let own = args.testbed.bench(&config)?;
    if let Some(gate) = &args.gate {
        refuse_failed(gate, config.gate.fail_on)?;
    }
    let time = args.time.as_deref().map(instant).transpose()?;
    let mut diagnostics = Diagnostics::new();
    let mut side = args.input.side(&inputs(&args.results, &config.inputs)?, &config, &mut diagnostics)?;
    console.tell_all(diagnostics)?;
    let lineage = Lineage::new(ci::build(), args.store.patience()).map_err(stored::failure)?;
    if let Some(request) = lineage.pull_request().filter(|_| !args.import && !args.pull_request) {
        let name = text::shown(&request.name.as_str().into());
        let message = format!("nothing was stored: this is the run of {name}");
        console.tell(&Diagnostic::new(Code::NotRecorded, message).help("`--pull-request` stores it all the same"));
        return Ok(Exit::Success);
    }
    args.subject.apply(&mut side.runs)?;
    if !args.import {
        describe(&lineage, &mut side.runs)?;
        if lineage.is_modified() && ci::build().is_none() {
            let message = "tracked files differ from the commit that is checked out, whose run this is recorded as";
            console.tell(&Diagnostic::new(Code::ModifiedFiles, message));
        }
    }
    let failed: usize = side.runs.iter().map(|run| run.failures.len()).sum();
    if failed > 0 {
        let message = format!(
            "{} failed and will be `invalid` wherever this run is the baseline",
            report::count(failed, "benchmark")
        );
        console.tell(&Diagnostic::new(Code::BenchmarkFailed, message));
    }
    for run in &mut side.runs {
        run.subject.taken_at = time.or(run.subject.taken_at);
    }
    // A run that another job handed over says where it belongs, which is not part of what is stored.
    let benches: Result<Vec<Bench>, Failure> =
        side.runs.iter_mut().map(|run| args.testbed.bench_of(run, &own)).collect();
    let benches = benches?;
    let packed: std::io::Result<Vec<_>> = side.runs.par_iter().map(|run| pack(run, args.keep_samples)).collect();
    let packed = packed.map_err(|error| {
        stored::failure(Diagnostic::new(Code::StoreFailed, format!("cannot pack the run: {error}")))
    })?;
    let mut keyed = Vec::new();
    for ((run, bench), packed) in side.runs.iter().zip(&benches).zip(packed) {
        keyed.push((bench.key(run, &packed.checksum)?, packed));
    }
    let packed = keyed;
    if !args.import && !args.dry_run && side.runs.iter().any(|run| run.subject.commit.is_none()) {
        return Err(Diagnostic::new(Code::UnknownCommit, "neither the results nor git say which commit was measured")
            .help("name it: `--commit SHA`")
            .into());
    }
    let store = args.store.open(&config)?;
    let place = store.name();
    let added = if args.dry_run {
        let known = store.snapshot().map_err(stored::failure)?.keys;
        packed.iter().map(|(key, _)| !known.iter().any(|other| key.is_same_run(other))).collect()
    } else {
        store.add(&packed).map_err(stored::failure)?
    };
    for line in told(&packed.iter().map(|(key, _)| key).collect::<Vec<_>>(), &side.runs, &added, args.dry_run) {
        console.remark(&format!("{line} in {place}"));
    }
    Ok(Exit::Success)
}

/// Fills in what git and the CI system know of runs that do not say it themselves.
fn describe(lineage: &Lineage, runs: &mut [Run]) -> Result<(), Failure> {
    let head = lineage.head();
    let branch = lineage.branch();
    for run in runs {
        let subject = &mut run.subject;
        // A file may give the beginning of an id.
        let of_file = subject.commit.take().map(|commit| lineage.resolve(commit.raw()).map_or(commit, Into::into));
        if let Some(commit) =
            of_file.as_ref().filter(|commit| lineage.is_repository() && !text::is_commit_id(commit.raw()))
        {
            let message = format!("`{}` is no commit, branch or tag that is known here", text::shown(commit));
            return Err(Diagnostic::new(Code::UnknownCommit, message).help("fetch it, or give the whole id").into());
        }
        subject.commit = of_file.or_else(|| head.clone().map(Into::into));
        // Of another commit than the one that is checked out, git does not say the branch.
        let is_head = subject.commit.as_ref().map(Untrusted::raw) == head.as_deref();
        subject.branch = subject.branch.take().or_else(|| branch.clone().filter(|_| is_head).map(Into::into));
        subject.committed_at = subject.committed_at.or_else(|| lineage.committed_at(subject.commit.as_ref()?.raw()));
        for (label, value) in lineage.labels() {
            run.environment.labels.entry(label).or_insert(value);
        }
    }
    Ok(())
}

/// What was stored, one line for each testbed's worth of runs.
fn told(keys: &[&Key], runs: &[Run], added: &[bool], dry_run: bool) -> Vec<String> {
    let of = |key: &Key| format!("testbed {}, suite {}", text::shown(&key.testbed), text::shown(&key.suite));
    let places: std::collections::BTreeSet<String> = keys.iter().map(|key| of(key)).collect();
    let what = places.into_iter().collect::<Vec<_>>().join(" and ");
    let new = added.iter().filter(|added| **added).count();
    let mut lines = Vec::new();
    match (keys, runs, added) {
        ([key], [run], [true]) => {
            let commit = stored::commit(key);
            let verb = if dry_run { "would record" } else { "recorded" };
            lines.push(format!("{verb} {commit}: {} series, {what},", run.series.len()));
        }
        ([key], [_], [false]) => {
            let commit =
                key.commit.as_ref().map_or("this run".to_owned(), |c| format!("this run of {}", text::shown(c)));
            lines.push(format!("nothing to do: {commit} ({what}) is stored already"));
        }
        _ => {
            let verb = if dry_run { "would record" } else { "recorded" };
            let known =
                if new < added.len() { format!(" ({} are stored already)", added.len() - new) } else { String::new() };
            lines.push(format!("{verb} {}{known}, {what},", report::count(new, "run")));
        }
    }
    lines
}

/// Refuses a run whose gate failed.
fn refuse_failed(path: &str, fail_on: FailOn) -> Result<(), Failure> {
    let report = read_one(path)?;
    if judge::exit(&report, fail_on, true) == Exit::GateFailed {
        return Err(Diagnostic::new(Code::GateFailed, "nothing was stored: the gate of this run failed")
            .at(Location::file(path))
            .help("mend the regression, or accept it with an [[accept]] entry in perfgate.toml")
            .into());
    }
    Ok(())
}

/// Seconds since 1970 of a time as people write it.
fn instant(text: &str) -> Result<i64, Failure> {
    let date =
        |text: &str| Some(text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp());
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| date(text));
    time.map(jiff::Timestamp::as_second).or_else(|| text.parse().ok()).ok_or_else(|| {
        let shown = text::shown(&text.into());
        Failure::usage(format!("`--time` is a time such as 2026-11-21T08:30:00Z, not `{shown}`"))
    })
}
