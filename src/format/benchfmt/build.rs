//! From what was collected to runs.
//!
//! A file is one run, unless the same series was measured under different configurations (`note: before`, `note:
//! after`; another `commit:`; another `cpu:`): then each configuration is a run of its own, because samples of different
//! runs are never pooled. Configurations that have no series in common are parts of one run.
//!
//! Not here: what units mean (`units`), and suffixes of names (`names`).

use std::collections::BTreeMap;

use super::collect::{Benchmark, Collector, Key, Part};
use super::names::{Suffixes, split};
use super::units::Units;
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
        let several = parts.len() > 1;
        let mut runs: Vec<Draft> = Vec::new();
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
            for (key, fault) in failures(part.failures, suffixes) {
                draft.run.failures.entry(id(&key)).or_insert(fault);
            }
            for (key, benchmark) in part.benchmarks {
                let benchmark_id = id(&key);
                let details = details(&key.name, suffixes);
                if details != Details::default() {
                    draft.run.details.insert(benchmark_id.clone(), details);
                }
                draft.benchmarks.push((benchmark_id, benchmark));
            }
        }
        runs.into_iter().map(|draft| draft.finish(&units, taken_at)).filter(|run| !run.is_empty()).collect()
    }
}

/// A run in the making.
#[derive(Default)]
struct Draft {
    run: Run,
    benchmarks: Vec<(BenchmarkId, Benchmark)>,
}

impl Draft {
    /// Takes the labels of a part. Where parts differ, the first one's value stays.
    fn label(&mut self, file: &Untrusted, part: &Part, suffixes: &Suffixes, diagnostics: &mut Diagnostics) {
        let Run { subject: Subject { commit, branch, .. }, environment: Environment { labels }, .. } = &mut self.run;
        let threads = match suffixes {
            Suffixes::One(threads) => Some(("gomaxprocs", threads.as_str())),
            _ => None,
        };
        for (key, value) in part.labels.iter().map(|(key, value)| (&**key, &**value)).chain(threads) {
            let slot = match key {
                "commit" | "git-commit" | "commit-hash" | "revision" | "sha" => {
                    commit.get_or_insert_with(|| value.into())
                }
                "branch" | "git-branch" => branch.get_or_insert_with(|| value.into()),
                _ => labels.entry(key.into()).or_insert_with(|| value.into()),
            };
            if slot.raw() != value {
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
        // Sorted here, the map is built from the bottom up instead of by a look-up for each series.
        self.benchmarks.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut series: Vec<(SeriesKey, Observation)> = Vec::new();
        for (id, benchmark) in self.benchmarks {
            let start = series.len();
            observe(&id, benchmark, units, &mut series);
            if let Some(own) = series.get_mut(start..) {
                own.sort_by(|(a, _), (b, _)| a.metric.cmp(&b.metric));
            }
        }
        self.run.series = series.into_iter().collect();
        self.run
    }
}

/// Distinct result names; where nothing has a result, those of the failures.
fn names(parts: &[Part]) -> Vec<&str> {
    let mut names: Vec<&str> = parts.iter().flat_map(|part| part.benchmarks.keys()).map(|key| &*key.name).collect();
    if names.is_empty() {
        let failed = parts.iter().flat_map(|part| part.failures.keys()).map(|key| &*key.name);
        // `--- FAIL: BenchmarkX` has no suffix when it failed in its first round.
        names.extend(failed.filter(|name| name.starts_with("Benchmark") && split(name).is_some()));
    }
    names.sort_unstable();
    names.dedup();
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

/// The parameters in a name: `k=v` parts of its path, and the threads where they vary.
fn details(name: &str, suffixes: &Suffixes) -> Details {
    let mut details = Details::default();
    let mut path = suffixes.kept(name);
    if let Some(threads) = suffixes.threads(name) {
        details.params.insert("gomaxprocs".into(), threads.into());
        if threads != "1" {
            path = split(name).map_or(name, |(base, _)| base);
        }
    }
    for (key, value) in path.split('/').skip(1).filter_map(|part| part.split_once('=')) {
        if !key.is_empty() {
            details.params.entry(key.into()).or_insert_with(|| value.into());
        }
    }
    details
}

/// Turns a benchmark's series into observations.
fn observe(id: &BenchmarkId, benchmark: Benchmark, units: &Units, out: &mut Vec<(SeriesKey, Observation)>) {
    let start = out.len();
    let Benchmark { position, mut series } = benchmark;
    // Metrics that all formats share come first, so that a custom unit called `time` cannot take their name.
    series.sort_by_key(|series| !units.get(series.unit).is_some_and(|unit| unit.standard));
    for one in series {
        let Some(unit) = units.get(one.unit) else { continue };
        if one.samples.is_empty() && one.fault.is_none() {
            continue;
        }
        // Custom units are metrics by their own text, so only the few standard ones can be in the way.
        let taken = |metric: &MetricId| out.iter().skip(start).take(5).any(|(key, _)| key.metric == *metric);
        let mut metric = unit.metric.clone();
        if taken(&metric) {
            metric = MetricId(unit.text.clone());
        }
        while taken(&metric) {
            metric = MetricId::new(format!("{}'", metric.raw()));
        }
        let (better, kind) = units.meaning(unit);
        let observation = Observation {
            unit: unit.parsed.unit.clone(),
            tool_unit: Some(unit.text.clone()),
            better,
            kind,
            summary: Summary::of_samples(&one.samples),
            samples: (!one.samples.is_empty()).then(|| one.samples.into_boxed_slice()),
            origin: Origin { suite: 0, position },
            derived: false,
            fault: one.fault,
        };
        out.push((SeriesKey { benchmark: id.clone(), metric }, observation));
    }
}
