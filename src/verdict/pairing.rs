//! The series of both sides, put side by side.
//!
//! Renames are applied to the baseline first, so that a series keeps its history under its new name. Metrics with a
//! fixed statistic (`time.p95`) become series of their own here, where the configuration names them.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::Comparison;
use crate::config::Rename;
use crate::diag::{Code, Diagnostic};
use crate::model::{BenchmarkId, Fault, MetricId, Observation, Run, SeriesKey, Statistic};
use crate::text;

/// What one run says of a series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// The run's index on its side.
    pub(super) run: usize,
    pub(super) observation: &'a Observation,
}

impl std::ops::Deref for Seen<'_> {
    type Target = Observation;

    fn deref(&self) -> &Observation {
        self.observation
    }
}

/// What the runs of one side say of a series. Mostly one run, and there can be hundreds of thousands of series.
pub(super) type Observations<'a> = SmallVec<[Seen<'a>; 1]>;

/// One series with what each side's runs say of it.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) key: SeriesKey,
    pub(super) history: Observations<'a>,
    pub(super) baseline: Observations<'a>,
    pub(super) current: Observations<'a>,
    /// The statistic that the metric's name fixes.
    pub(super) fixed: Option<Statistic>,
    /// Which suite of the current side (else of the baseline) the series belongs to.
    pub(super) suite: SuiteId,
    /// Why the benchmark has no usable result, where its tool says that it failed, and on which side.
    pub(super) failure: Option<(&'static str, &'a Fault)>,
}

/// A suite: the tool's file or tree, by its name.
pub(super) type SuiteId = crate::text::Untrusted;

/// What one run of one side says of one series.
struct Entry<'a> {
    key: SeriesKey,
    is_current: bool,
    run: &'a Run,
    seen: Seen<'a>,
}

/// Pairs every selected series, ordered by key.
pub(super) fn pair<'a>(comparison: &Comparison<'a>) -> Result<Vec<Pair<'a>>, Diagnostic> {
    let renames = renames(comparison)?;
    let selection = comparison.selection;
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut failed: BTreeMap<BenchmarkId, (&'static str, &'a Fault)> = BTreeMap::new();
    for (runs, is_current) in [(comparison.current.runs, true), (comparison.baseline.runs, false)] {
        let name = |benchmark: &BenchmarkId| {
            let renamed = if is_current { None } else { renames.get(benchmark) };
            renamed.unwrap_or(benchmark).clone()
        };
        for (index, run) in runs.iter().enumerate() {
            entries.reserve(run.series.len());
            for (key, observation) in &run.series {
                let key = SeriesKey { benchmark: name(&key.benchmark), metric: key.metric.clone() };
                entries.push(Entry { key, is_current, run, seen: Seen { run: index, observation } });
            }
            for (benchmark, fault) in &run.failures {
                failed.entry(name(benchmark)).or_insert((if is_current { "current" } else { "baseline" }, fault));
            }
        }
    }
    // A stable sort of runs that are in order already: little more than a merge. Current entries stay first.
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for Entry { key, is_current, run, seen } in entries {
        if pairs.last().is_none_or(|last| last.key != key) {
            pairs.push(Pair {
                key,
                history: SmallVec::new(),
                baseline: SmallVec::new(),
                current: SmallVec::new(),
                fixed: None,
                suite: suite_of(run, seen.observation),
                failure: None,
            });
        }
        if let Some(last) = pairs.last_mut() {
            if is_current { last.current.push(seen) } else { last.baseline.push(seen) }
        }
    }
    add_history(comparison, &renames, &mut pairs);
    add_failures(&mut pairs, &failed);
    add_fixed_statistics(comparison, &mut pairs);
    pairs.retain(|p| selection.keeps_series(&p.key));
    Ok(pairs)
}

fn suite_of(run: &Run, observation: &Observation) -> SuiteId {
    run.suites.get(observation.origin.suite as usize).map(|s| s.name.clone()).unwrap_or_default()
}

/// What each renamed benchmark of the baseline is called now.
fn renames(comparison: &Comparison<'_>) -> Result<BTreeMap<BenchmarkId, BenchmarkId>, Diagnostic> {
    let mut renamed = BTreeMap::new();
    if comparison.config.renames.is_empty() {
        return Ok(renamed);
    }
    let past = comparison.history.iter().chain(comparison.baseline.runs);
    let names: BTreeSet<&BenchmarkId> =
        past.flat_map(|r| r.series.keys().map(|k| &k.benchmark).chain(r.failures.keys())).collect();
    let in_baseline: BTreeSet<&BenchmarkId> =
        comparison.baseline.runs.iter().flat_map(|r| r.series.keys().map(|k| &k.benchmark)).collect();
    let by_name: BTreeMap<&str, &Rename> = comparison.config.renames.iter().map(|r| (r.from.raw(), r)).collect();
    let mut targets: BTreeSet<BenchmarkId> = BTreeSet::new();
    for benchmark in &names {
        let qualified = benchmark.qualified();
        let Some(rename) = by_name.get(benchmark.name.raw()).or_else(|| by_name.get(qualified.raw())) else { continue };
        // Where `from` is qualified by its package, `to` is too.
        let (package, name) = match rename.to.raw().rsplit_once("::") {
            Some((package, name)) if rename.from != benchmark.name => (Some(package.into()), name.into()),
            _ => (benchmark.package.clone(), rename.to.clone()),
        };
        let new = BenchmarkId::new(benchmark.tool.clone(), package, name);
        if (in_baseline.contains(benchmark) && in_baseline.contains(&new)) || !targets.insert(new.clone()) {
            return Err(Diagnostic::new(
                Code::RepeatedRename,
                format!(
                    "[[rename]] at {} calls `{}` what another benchmark of the baseline is called: `{}`",
                    text::shown(&rename.origin),
                    text::shown(&rename.from),
                    text::shown(&rename.to)
                ),
            )
            .help("remove the [[rename]] if the baseline was already recorded under the new name"));
        }
        renamed.insert((*benchmark).clone(), new);
    }
    Ok(renamed)
}

/// Adds what the runs of the history say of series that both sides have.
fn add_history<'a>(comparison: &Comparison<'a>, renames: &BTreeMap<BenchmarkId, BenchmarkId>, pairs: &mut [Pair<'a>]) {
    for (index, run) in comparison.history.iter().enumerate() {
        // Runs and pairs have one order, so a step forward finds almost every series; renamed ones are looked up.
        let mut at = 0;
        for (key, observation) in &run.series {
            let found = if let Some(new) = renames.get(&key.benchmark) {
                let key = SeriesKey { benchmark: new.clone(), metric: key.metric.clone() };
                pairs.binary_search_by(|pair| pair.key.cmp(&key)).ok()
            } else {
                while pairs.get(at).is_some_and(|pair| pair.key < *key) {
                    at += 1;
                }
                Some(at)
            };
            let Some(pair) = found.and_then(|at| pairs.get_mut(at)) else { continue };
            let same = pair.key == *key || renames.get(&key.benchmark) == Some(&pair.key.benchmark);
            // Before its unit changed, the series measured something else.
            let unit = pair.current.first().or(pair.baseline.first()).map(|seen| &seen.unit);
            let same = same && unit == Some(&observation.unit);
            // One run has a series once; a rename may lead to a name that the run has as well.
            if same && pair.history.last().is_none_or(|last| last.run != index) {
                pair.history.push(Seen { run: index, observation });
            }
        }
    }
}

/// Marks the series of failed benchmarks, and adds a row for those that have none.
fn add_failures<'a>(pairs: &mut Vec<Pair<'a>>, failed: &BTreeMap<BenchmarkId, (&'static str, &'a Fault)>) {
    if failed.is_empty() {
        return;
    }
    let mut without_series: BTreeSet<&BenchmarkId> = failed.keys().collect();
    for pair in pairs.iter_mut() {
        if let Some(fault) = failed.get(&pair.key.benchmark) {
            pair.failure = Some(*fault);
            without_series.remove(&pair.key.benchmark);
        }
    }
    pairs.extend(without_series.into_iter().map(|benchmark| Pair {
        key: SeriesKey { benchmark: benchmark.clone(), metric: MetricId::new(MetricId::TIME) },
        history: SmallVec::new(),
        baseline: SmallVec::new(),
        current: SmallVec::new(),
        fixed: None,
        suite: benchmark.tool.clone(),
        failure: failed.get(benchmark).copied(),
    }));
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
}

/// Adds the series that exist because the configuration names a metric with a fixed statistic.
fn add_fixed_statistics<'a>(comparison: &Comparison<'a>, pairs: &mut Vec<Pair<'a>>) {
    for (base, statistic, full) in comparison.config.fixed_statistics() {
        // A tool's own metric of that name is what is meant then.
        let own: BTreeSet<BenchmarkId> =
            pairs.iter().filter(|p| p.key.metric == full).map(|p| p.key.benchmark.clone()).collect();
        let known = |side: &[Seen<'_>]| side.iter().any(|o| o.summary.get(statistic).is_some());
        let added: Vec<Pair<'a>> = pairs
            .iter()
            .filter(|p| p.key.metric == base && !own.contains(&p.key.benchmark))
            .filter(|p| known(&p.baseline) || known(&p.current))
            .map(|p| Pair {
                key: SeriesKey { benchmark: p.key.benchmark.clone(), metric: full.clone() },
                history: p.history.clone(),
                baseline: p.baseline.clone(),
                current: p.current.clone(),
                fixed: Some(statistic),
                suite: p.suite.clone(),
                failure: p.failure,
            })
            .collect();
        pairs.extend(added);
    }
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
}
