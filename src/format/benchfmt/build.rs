//! From what was collected to runs.
//!
//! A file is one run, unless the same series was measured under different configurations (`note: before`, `note:
//! after`; another `commit:`; another `cpu:`): then each configuration is a run of its own, because samples of different
//! runs are never pooled. Configurations that have no series in common are parts of one run.
//!
//! Not here: what units mean (`units`), and suffixes of names (`names`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::map::Entry;
use indexmap::{IndexMap, IndexSet};

use super::collect::{Benchmark, Collector, Key, Labels, Part, Series};
use super::names::{Suffixes, split};
use super::units::{OF_ITS_OWN, UnitEntry, Units};
use crate::diag::{Code, Diagnostic, Diagnostics, Location};
use crate::model::{
    BenchmarkId, Details, Environment, Fault, MetricId, Observation, Origin, Run, SeriesKey, Subject, Summary,
};
use crate::text::{self, Untrusted};

impl Collector {
    /// The runs. `file` is for messages; `taken_at` is when it was written, in seconds since 1970, if it says so.
    pub(in crate::format) fn into_runs(
        self,
        file: &Untrusted,
        taken_at: Option<i64>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Run> {
        let Self { units, packages, parts, .. } = self;
        let tool = Untrusted::from("go");
        let whole_file = Suffixes::of(&names(&parts));
        let mut seen: BTreeMap<Key, usize> = BTreeMap::new();
        let parts = united(parts);
        let several = parts.len() > 1;
        let mut runs: Vec<Draft> = Vec::new();
        let mut words = IndexSet::new();
        for part in parts {
            let of_part = match &whole_file {
                Suffixes::AsWritten if several => Some(Suffixes::of(&names(std::slice::from_ref(&part)))),
                _ => None,
            };
            let suffixes = of_part.as_ref().unwrap_or(&whole_file);
            let level = if several { level(&part, suffixes, &mut seen) } else { 0 };
            while runs.len() <= level {
                runs.push(Draft { run: Run::of_tool(tool.clone()), ..Draft::default() });
            }
            let Some(draft) = runs.get_mut(level) else { continue };
            draft.label(file, &part, suffixes, diagnostics);
            let id = |key: &Key| {
                let package = key.package.and_then(|at| packages.get_index(at as usize)).cloned();
                BenchmarkId::new(tool.clone(), package, suffixes.kept(&key.name))
            };
            let mut failed = part.failures;
            for (key, fault) in part.malformed {
                // One good line says what the benchmark takes, and the other ones were reported.
                if part.benchmarks.get(&key).is_none_or(Benchmark::is_empty) {
                    failed.entry(key).or_insert(fault);
                }
            }
            for (key, fault) in failures(failed, suffixes) {
                draft.run.failures.entry(id(&key)).or_insert(fault);
            }
            for (key, benchmark) in part.benchmarks {
                let benchmark_id = id(&key);
                draft.benchmarks.push((benchmark_id, details(&key.name, suffixes, &mut words), benchmark));
            }
        }
        runs.into_iter().map(|draft| draft.finish(&units, taken_at)).filter(|run| !run.is_empty()).collect()
    }
}

/// A run in the making.
#[derive(Default)]
struct Draft {
    run: Run,
    benchmarks: Vec<(BenchmarkId, Details, Benchmark)>,
    /// Labels that are known to change.
    changing: BTreeSet<Box<str>>,
}

impl Draft {
    /// Takes the labels of a part. Where parts differ, the first one's value stays.
    fn label(&mut self, file: &Untrusted, part: &Part, suffixes: &Suffixes, diagnostics: &mut Diagnostics) {
        let Run { subject: Subject { commit, branch, .. }, environment: Environment { labels }, .. } = &mut self.run;
        let threads = match suffixes {
            Suffixes::One(threads) => Some(("gomaxprocs", threads.as_str())),
            _ => None,
        };
        for (key, value) in part
            .labels
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .filter(|(_, value)| !value.is_empty())
            .chain(threads)
        {
            let slot = match key {
                "commit" | "git-commit" | "commit-hash" | "revision" | "sha" => {
                    commit.get_or_insert_with(|| value.into())
                }
                "branch" | "git-branch" => branch.get_or_insert_with(|| value.into()),
                _ => labels.entry(key.into()).or_insert_with(|| value.into()),
            };
            if slot.raw() != value && self.changing.insert(key.into()) {
                let (key, slot, value) = (text::shown(&key.into()), text::shown(slot), text::shown(&value.into()));
                diagnostics.push(
                    Diagnostic::new(
                        Code::ConfigurationIgnored,
                        format!("`{key}` changes within the file, from `{slot}` to `{value}`"),
                    )
                    .at(Location::file(file.clone()))
                    .note(format!("the run is labelled with the first value, `{slot}`")),
                );
            }
        }
    }

    fn finish(mut self, units: &Units, taken_at: Option<i64>) -> Run {
        self.run.subject.taken_at = taken_at;
        // Sorted here, the maps are built from the bottom up instead of by a look-up for each series.
        self.benchmarks.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let mut series: Vec<(SeriesKey, Observation)> =
            Vec::with_capacity(self.benchmarks.iter().map(|(.., benchmark)| benchmark.series.len()).sum());
        let mut details = Vec::new();
        for (id, of_id, benchmark) in self.benchmarks {
            if of_id != Details::default() {
                details.push((id.clone(), of_id));
            }
            observe(&id, benchmark, units, &mut series);
        }
        self.run.series = series.into_iter().collect();
        self.run.details = details.into_iter().collect();
        self.run
    }
}

/// Parts with those of the same configuration put together. A label that had not come yet is no other configuration: the
/// first package of a file may lack the `cpu:` that the second one brings.
fn united(parts: Vec<Part>) -> Vec<Part> {
    if parts.len() < 2 {
        return parts;
    }
    let mut first = Labels::new();
    for (key, value) in parts.iter().flat_map(|part| &part.labels) {
        first.entry(key.clone()).or_insert_with(|| value.clone());
    }
    let mut united: IndexMap<Labels, Part> = IndexMap::new();
    for part in parts {
        let Part { labels, benchmarks, failures, malformed } = part;
        let mut all = first.clone();
        all.extend(labels);
        let into = united.entry(all.clone()).or_insert_with(|| Part {
            labels: all,
            benchmarks: IndexMap::new(),
            failures: BTreeMap::new(),
            malformed: BTreeMap::new(),
        });
        for (key, fault) in failures {
            into.failures.entry(key).or_insert(fault);
        }
        for (key, fault) in malformed {
            into.malformed.entry(key).or_insert(fault);
        }
        for (key, benchmark) in benchmarks {
            match into.benchmarks.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(benchmark);
                }
                Entry::Occupied(mut entry) => entry.get_mut().append(benchmark),
            }
        }
    }
    united.into_values().collect()
}

/// Result names; where nothing has a result, those of the failures.
fn names(parts: &[Part]) -> Vec<&str> {
    let mut names: Vec<&str> = parts.iter().flat_map(|part| part.benchmarks.keys()).map(|key| &*key.name).collect();
    if names.is_empty() {
        let failed = parts.iter().flat_map(|part| part.failures.keys()).map(|key| &*key.name);
        // `--- FAIL: BenchmarkX` has no suffix when it failed in its first round.
        names.extend(failed.filter(|name| name.starts_with("Benchmark") && split(name).is_some()));
    }
    names
}

/// The run a part belongs to: the first one after every run that has one of its benchmarks already.
fn level(part: &Part, suffixes: &Suffixes, seen: &mut BTreeMap<Key, usize>) -> usize {
    let keys = || part.benchmarks.keys().map(|key| Key { package: key.package, name: suffixes.kept(&key.name).into() });
    let level = keys().filter_map(|key| seen.get(&key).copied()).max().unwrap_or(0);
    for key in keys() {
        seen.insert(key, level + 1);
    }
    level
}

/// Failures by the names to keep. A benchmark that failed only because a part of it did adds nothing.
fn failures(failures: BTreeMap<Key, Fault>, suffixes: &Suffixes) -> BTreeMap<Key, Fault> {
    let mut kept: BTreeMap<Key, Fault> = BTreeMap::new();
    for (key, fault) in failures {
        kept.entry(Key { package: key.package, name: suffixes.kept(&key.name).into() }).or_insert(fault);
    }
    let parents: Vec<Key> = kept
        .keys()
        .filter(|key| key.package.is_some() || key.name.starts_with("Benchmark"))
        .filter(|key| {
            let below = Key { package: key.package, name: format!("{}/", key.name).into() };
            let next = kept.range(&below..).next();
            next.is_some_and(|(next, _)| next.package == key.package && next.name.starts_with(&*below.name))
        })
        .cloned()
        .collect();
    for parent in parents {
        kept.remove(&parent);
    }
    kept
}

/// The parameters in a name: `k=v` parts of its path, and the threads where they vary. `words` shares their text.
fn details(name: &str, suffixes: &Suffixes, words: &mut IndexSet<Untrusted>) -> Details {
    let mut word = |text: &str| {
        if let Some(word) = words.get(text) {
            return word.clone();
        }
        let word = Untrusted::from(text);
        words.insert(word.clone());
        word
    };
    let mut params = BTreeMap::new();
    let mut path = suffixes.kept(name);
    if let Some(threads) = suffixes.threads(name) {
        params.insert(word("gomaxprocs"), word(threads));
        if threads != "1" {
            path = split(name).map_or(name, |(base, _)| base);
        }
    }
    for (key, value) in path.split('/').skip(1).filter_map(|part| part.split_once('=')) {
        if !key.is_empty() {
            params.entry(word(key)).or_insert_with(|| word(value));
        }
    }
    Details { params: Arc::new(params), group: None }
}

/// Turns a benchmark's series into observations, in the order of their metrics.
fn observe(id: &BenchmarkId, benchmark: Benchmark, units: &Units, out: &mut Vec<(SeriesKey, Observation)>) {
    let Benchmark { position, mut series } = benchmark;
    // Metrics that all formats share come first, so that a custom unit called `time` cannot take their name, and of two
    // units of one metric Go's own. Custom units are metrics by their own text and cannot be in the way of each other.
    let rank = |series: &Series| units.get(series.unit).map_or(u8::MAX, |unit| unit.rank);
    series.sort_by_key(rank);
    let shared = series.iter().filter(|series| rank(series) < OF_ITS_OWN).count();
    let mut named: Vec<(MetricId, &UnitEntry, Series)> = Vec::with_capacity(series.len());
    for one in series {
        let Some(unit) = units.get(one.unit) else { continue };
        let taken = |metric: &MetricId| named.iter().take(shared).any(|(known, ..)| known == metric);
        let mut metric = unit.metric.clone();
        if taken(&metric) {
            metric = MetricId(unit.text.clone());
        }
        while taken(&metric) {
            metric = MetricId::new(format!("{}'", metric.raw()));
        }
        named.push((metric, unit, one));
    }
    named.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    for (metric, unit, Series { unit: _, samples, fault }) in named {
        if samples.is_empty() && fault.is_none() {
            continue;
        }
        let (better, kind) = units.meaning(unit);
        let observation = Observation {
            unit: unit.parsed.unit.clone(),
            tool_unit: Some(unit.text.clone()),
            better,
            kind,
            summary: Summary::of_samples(&samples),
            samples: (!samples.is_empty()).then(|| samples.into_boxed_slice()),
            origin: Origin { suite: 0, position },
            derived: false,
            fault,
        };
        out.push((SeriesKey { benchmark: id.clone(), metric }, observation));
    }
}
