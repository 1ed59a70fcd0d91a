//! `perfgate store`: housekeeping of the stored runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde::Serialize;

use super::console::Console;
use super::options::ConfigArgs;
use super::stored::{self, StoreArgs};
use super::{Exit, Failure, Outcome};
use crate::config::Overrides;
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::format::perfgate_run;
use crate::model::{Statistic, Unit};
use crate::report;
use crate::store::{self, Key, Lineage, Packed, Place, Store};
use crate::text::{self, Untrusted};
use crate::unit;

/// How many runs are in memory at once.
const BATCH: usize = 200;

/// List, show, prune, verify and copy the stored runs
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the stored runs, oldest first
    List {
        #[command(flatten)]
        only: Only,
        /// How the list is written
        #[arg(long, value_name = "NAME", default_value = "terminal")]
        report: Form,
    },
    /// Show what is stored of a commit
    Show {
        /// Commit, or the beginning of its id; or a run's id as `list` gives it
        run: String,
        #[command(flatten)]
        only: Only,
        /// How the runs are written: `json` is `perfgate-run/1`, which every command reads
        #[arg(long, value_name = "NAME", default_value = "terminal")]
        report: Form,
    },
    /// Remove old runs
    ///
    /// A git store is replaced by a single commit, so that what is removed takes no room any more.
    Prune {
        /// How many runs of each testbed and suite stay, those measured last
        #[arg(long, value_name = "N", required_unless_present = "damaged")]
        keep: Option<usize>,
        /// Keep the runs of this commit or tag too, such as a release that is compared with (can be repeated)
        #[arg(long, value_name = "COMMIT|TAG")]
        keep_commit: Vec<String>,
        /// Remove the runs that `verify` finds damaged, so that they can be recorded again
        #[arg(long)]
        damaged: bool,
        #[command(flatten)]
        only: Only,
        /// Say what would be removed
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Read every stored run and check it against its checksum and schema
    Verify,
    /// Copy the runs of one store to another, which keeps its own
    Copy {
        /// Where to copy from: dir:PATH or git:BRANCH@REMOTE
        from: String,
        /// Where to copy to
        to: String,
        /// Say what would be copied
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
}

/// Which runs.
#[derive(Debug, ClapArgs)]
struct Only {
    /// Only this testbed
    #[arg(long, value_name = "NAME")]
    testbed: Option<String>,
    /// Only this suite
    #[arg(long, value_name = "NAME")]
    suite: Option<String>,
}

impl Only {
    fn has(&self, key: &Key) -> bool {
        let fits =
            |wanted: &Option<String>, name: &Untrusted| wanted.as_deref().is_none_or(|wanted| wanted == name.raw());
        fits(&self.testbed, &key.testbed) && fits(&self.suite, &key.suite)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Terminal,
    /// For programs
    Json,
}

pub(super) fn run(args: &Args, console: &Console) -> Outcome {
    let mut overrides = Overrides::default();
    args.store.add_to(&mut overrides);
    let config = args.config.load(&overrides, console)?;
    if let Command::Copy { from, to, dry_run } = &args.command {
        if from.parse::<Place>()? == to.parse()? {
            return Err(Failure::usage("both stores are the same"));
        }
        return copy(args.store.open_place(from)?.as_ref(), args.store.open_place(to)?.as_ref(), *dry_run, console);
    }
    let store = args.store.open(&config)?;
    match &args.command {
        Command::List { only, report } => list(store.as_ref(), only, *report, console),
        Command::Show { run, only, report } => show(store.as_ref(), run, only, *report, console),
        Command::Prune { keep, keep_commit, damaged, only, dry_run } => {
            let lineage = Lineage::new(None, args.store.patience()).map_err(stored::failure)?;
            let commits: Vec<(&str, String)> = keep_commit
                .iter()
                .map(|name| (name.as_str(), lineage.resolve(name).unwrap_or_else(|| name.clone())))
                .collect();
            let prune = Prune { keep: *keep, commits: &commits, damaged: *damaged, only, dry_run: *dry_run };
            prune.run(store.as_ref(), console)
        }
        Command::Verify | Command::Copy { .. } => verify(store.as_ref(), console),
    }
}

/// `store list --report json`.
#[derive(Serialize)]
struct List {
    runs: Vec<Listed>,
}

/// A stored run in it.
#[derive(Serialize)]
struct Listed {
    id: String,
    testbed: Untrusted,
    suite: Untrusted,
    /// Seconds since 1970 in UTC.
    time: i64,
    commit: Option<Untrusted>,
    path: String,
}

fn list(store: &dyn Store, only: &Only, form: Form, console: &Console) -> Outcome {
    let snapshot = store.snapshot().map_err(stored::failure)?;
    let keys: Vec<&Key> = snapshot.keys.iter().filter(|key| only.has(key)).collect();
    if form == Form::Json {
        let listed = |key: &&Key| Listed {
            id: key.checksum.clone(),
            testbed: key.testbed.clone(),
            suite: key.suite.clone(),
            time: key.time,
            commit: key.commit.clone(),
            path: key.path(),
        };
        let list = List { runs: keys.iter().map(listed).collect() };
        // Nothing in it can fail to be JSON.
        console.print(&format!("{}\n", serde_json::to_string(&list).unwrap_or_default()))?;
        return Ok(Exit::Success);
    }
    let mut groups: BTreeMap<(&Untrusted, &Untrusted), Vec<&Key>> = BTreeMap::new();
    for key in &keys {
        groups.entry((&key.testbed, &key.suite)).or_default().push(key);
    }
    let mut out = String::new();
    for ((testbed, suite), keys) in &groups {
        let blank = if out.is_empty() { "" } else { "\n" };
        let count = report::count(keys.len(), "run");
        let _ = writeln!(out, "{blank}testbed {}, suite {}: {count}", text::shown(testbed), text::shown(suite));
        for key in keys {
            let _ = writeln!(out, "  {}  {}  {}", time(key.time), key.checksum, stored::commit(key));
        }
    }
    if keys.is_empty() {
        console.remark(&format!("no run is stored in {}", store.name()));
    }
    console.print(&out)?;
    for path in &snapshot.foreign {
        console.tell(&foreign(path));
    }
    Ok(Exit::Success)
}

fn show(store: &dyn Store, wanted: &str, only: &Only, form: Form, console: &Console) -> Outcome {
    let snapshot = store.snapshot().map_err(stored::failure)?;
    let is_wanted = |key: &&Key| {
        let of_commit = key.commit.as_ref().is_some_and(|commit| is_same_commit(commit.raw(), wanted));
        only.has(key) && (of_commit || key.checksum == wanted)
    };
    let keys: Vec<Key> = snapshot.keys.iter().filter(is_wanted).cloned().collect();
    if keys.is_empty() {
        let shown = text::shown(&wanted.into());
        let message = format!("no run of `{shown}` is stored in {}", store.name());
        return Err(Diagnostic::new(Code::NotFound, message).help("`perfgate store list` lists what is stored").into());
    }
    let mut diagnostics = Diagnostics::new();
    let runs = store::load(store, &snapshot, &keys, &mut diagnostics).map_err(stored::failure)?;
    console.tell_all(diagnostics)?;
    let mut out = String::new();
    for (key, run) in &runs {
        if form == Form::Json {
            out.push_str(&perfgate_run::write(std::slice::from_ref(run)));
            continue;
        }
        let (testbed, suite) = (text::shown(&key.testbed), text::shown(&key.suite));
        let blank = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{blank}{} of {}, testbed {testbed}, suite {suite}", key.checksum, stored::commit(key));
        let branch = run.subject.branch.as_ref().map_or(String::new(), |b| format!(", branch {}", text::shown(b)));
        let _ = writeln!(out, "{}{branch}, {} series", time(key.time), run.series.len());
        for (label, value) in &run.environment.labels {
            let _ = writeln!(out, "  {}: {}", text::shown(label), text::shown(value));
        }
        for (series, observation) in &run.series {
            let known = |statistic| observation.summary.get(statistic);
            let value = known(Statistic::Median).or_else(|| known(Statistic::Mean)).or_else(|| known(Statistic::Min));
            let value = value.map_or_else(|| "?".to_owned(), |value| shown_value(value, &observation.unit));
            let name = text::shown(&series.benchmark.qualified());
            let _ = writeln!(out, "  {name}  {}  {value}", text::shown(&series.metric.0));
        }
    }
    console.print(&out)?;
    Ok(Exit::Success)
}

/// What `store prune` is asked for.
struct Prune<'a> {
    keep: Option<usize>,
    /// Names of commits that are kept, with their ids.
    commits: &'a [(&'a str, String)],
    damaged: bool,
    only: &'a Only,
    dry_run: bool,
}

impl Prune<'_> {
    fn run(&self, store: &dyn Store, console: &Console) -> Outcome {
        let snapshot = store.snapshot().map_err(stored::failure)?;
        let mut removed = self.old(&snapshot.keys)?;
        if self.damaged {
            let candidates: Vec<Key> = snapshot.keys.iter().filter(|key| self.only.has(key)).cloned().collect();
            for keys in candidates.chunks(BATCH) {
                let loaded = store::load(store, &snapshot, keys, &mut Diagnostics::new()).map_err(stored::failure)?;
                let sound: BTreeSet<Key> = loaded.into_iter().map(|(key, _)| key).collect();
                removed.extend(keys.iter().filter(|key| !sound.contains(*key)).cloned());
            }
        }
        let (count, place) = (report::count(removed.len(), "run"), store.name());
        if removed.is_empty() {
            console.remark(&format!("nothing to remove from {place}"));
        } else if self.dry_run {
            for key in &removed {
                console.print(&format!("{}\n", key.path()))?;
            }
            console.remark(&format!("would remove {count} of {} from {place}", snapshot.keys.len()));
        } else {
            store.remove(&snapshot, &removed).map_err(stored::failure)?;
            console.remark(&format!("removed {count} of {} from {place}", snapshot.keys.len()));
        }
        Ok(Exit::Success)
    }

    /// The runs of each testbed and suite beyond those measured last, but for those of commits that are kept.
    fn old(&self, keys: &[Key]) -> Result<BTreeSet<Key>, Failure> {
        let is_of = |key: &Key, id: &str| key.commit.as_ref().is_some_and(|commit| is_same_commit(commit.raw(), id));
        if let Some((name, _)) = self.commits.iter().find(|(_, id)| !keys.iter().any(|key| is_of(key, id))) {
            let message = format!("no run of `{}` is stored; nothing was removed", text::shown(&(*name).into()));
            return Err(Diagnostic::new(Code::NotFound, message)
                .help("fetch the tag if it is one; `perfgate store list` lists what is stored")
                .into());
        }
        let Some(keep) = self.keep else { return Ok(BTreeSet::new()) };
        let mut groups: BTreeMap<(&Untrusted, &Untrusted), Vec<&Key>> = BTreeMap::new();
        for key in keys.iter().filter(|key| self.only.has(key)) {
            groups.entry((&key.testbed, &key.suite)).or_default().push(key);
        }
        let beyond = groups.into_values().flat_map(|keys| keys.into_iter().rev().skip(keep));
        Ok(beyond.filter(|key| !self.commits.iter().any(|(_, id)| is_of(key, id))).cloned().collect())
    }
}

/// Whether one id is the other or its beginning, of 7 digits or more.
fn is_same_commit(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short == long || (short.len() >= 7 && long.starts_with(short))
}

fn verify(store: &dyn Store, console: &Console) -> Outcome {
    let snapshot = store.snapshot().map_err(stored::failure)?;
    let mut diagnostics = Diagnostics::new();
    let mut sound = 0;
    for keys in snapshot.keys.chunks(BATCH) {
        sound += store::load(store, &snapshot, keys, &mut diagnostics).map_err(stored::failure)?.len();
    }
    for path in &snapshot.foreign {
        diagnostics.push(foreign(path));
    }
    let is_sound = diagnostics.is_empty();
    console.tell_all(diagnostics)?;
    let foreign = report::count(snapshot.foreign.len(), "foreign file");
    let damaged = snapshot.keys.len() - sound;
    console.remark(&format!("{}: {}, {damaged} damaged, {foreign}", store.name(), report::count(sound, "sound run")));
    Ok(if is_sound { Exit::Success } else { Exit::Outside })
}

fn copy(from: &dyn Store, to: &dyn Store, dry_run: bool, console: &Console) -> Outcome {
    let snapshot = from.snapshot().map_err(stored::failure)?;
    if snapshot.keys.is_empty() {
        let message = format!("no run is stored in {}", from.name());
        return Err(Diagnostic::new(Code::NotFound, message).help("look at the name of the store").into());
    }
    let known = to.snapshot().map_err(stored::failure)?.keys;
    let new: Vec<Key> =
        snapshot.keys.iter().filter(|key| !known.iter().any(|other| key.is_same_run(other))).cloned().collect();
    let mut copied = 0;
    let mut diagnostics = Diagnostics::new();
    if !dry_run {
        for keys in new.chunks(BATCH) {
            let sound = store::load(from, &snapshot, keys, &mut diagnostics).map_err(stored::failure)?;
            let packed = from.read(&snapshot, keys).map_err(stored::failure)?;
            let runs: Vec<(Key, Packed)> = keys
                .iter()
                .zip(packed)
                .filter(|(key, _)| sound.iter().any(|(other, _)| other == *key))
                .filter_map(|(key, bytes)| {
                    Some((key.clone(), Packed { checksum: key.checksum.clone(), bytes: bytes? }))
                })
                .collect();
            copied += to.add(&runs).map_err(stored::failure)?.into_iter().filter(|added| *added).count();
        }
    }
    let is_sound = diagnostics.is_empty();
    console.tell_all(diagnostics)?;
    let (verb, count) = if dry_run { ("would copy", new.len()) } else { ("copied", copied) };
    let there = report::count(snapshot.keys.len() - new.len(), "run");
    let (source, target) = (from.name(), to.name());
    console.remark(&format!(
        "{verb} {} from {source} to {target}; {there} were there already",
        report::count(count, "run")
    ));
    Ok(if is_sound { Exit::Success } else { Exit::Outside })
}

/// A file that is no stored run.
fn foreign(path: &str) -> Diagnostic {
    Diagnostic::new(Code::DamagedRun, "this file is no stored run; it is left alone").at(Location::file(path))
}

fn shown_value(value: f64, unit: &Unit) -> String {
    let scale = unit::scale(unit, value);
    let suffix = text::shown(&scale.suffix.as_str().into());
    format!("{} {suffix}", scale.number(value)).trim_end().to_owned()
}

/// A moment in UTC to the second.
fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
