//! The series of both sides, put side by side.
//!
//! Renames are applied to the baseline first, so that a series keeps its history under its new name. Metrics with a
//! fixed statistic (`time.p95`) become series of their own here, where the configuration names them.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use super::Comparison;
use crate::diag::{Code, Diagnostic};
use crate::model::{BenchmarkId, Fault, MetricId, Observation, Run, SeriesKey, Statistic};
use crate::text;

/// What the runs of one side say of a series. Mostly one run, and there can be hundreds of thousands of series.
pub(super) type Observations<'a> = SmallVec<[&'a Observation; 1]>;

/// One series with what each side's runs say of it.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) key: SeriesKey,
    pub(super) baseline: Observations<'a>,
    pub(super) current: Observations<'a>,
    /// The statistic that the metric's name fixes.
    pub(super) fixed: Option<Statistic>,
    /// Which suite of the current side (else of the baseline) the series belongs to.
    pub(super) suite: SuiteId,
    /// Why the benchmark has no usable result, where its tool says that it failed.
    pub(super) failure: Option<&'a Fault>,
}

/// A suite: the tool's file or tree, by its name.
pub(super) type SuiteId = crate::text::Untrusted;

/// What one run of one side says of one series.
struct Entry<'a> {
    key: SeriesKey,
    is_current: bool,
    run: &'a Run,
    observation: &'a Observation,
}

/// Pairs every selected series, ordered by key.
pub(super) fn pair<'a>(comparison: &Comparison<'a>) -> Result<Vec<Pair<'a>>, Diagnostic> {
    let renames = renames(comparison)?;
    let selection = comparison.selection;
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut failed: BTreeMap<BenchmarkId, &'a Fault> = BTreeMap::new();
    for (runs, is_current) in [(comparison.current.runs, true), (comparison.baseline.runs, false)] {
        let name = |benchmark: &BenchmarkId| {
            let renamed = if is_current { None } else { renames.get(benchmark) };
            renamed.unwrap_or(benchmark).clone()
        };
        for run in runs {
            entries.reserve(run.series.len());
            for (key, observation) in &run.series {
                let key = SeriesKey { benchmark: name(&key.benchmark), metric: key.metric.clone() };
                if selection.keeps_benchmark(&key.benchmark) {
                    entries.push(Entry { key, is_current, run, observation });
                }
            }
            for (benchmark, fault) in &run.failures {
                let benchmark = name(benchmark);
                if selection.keeps_benchmark(&benchmark) {
                    failed.entry(benchmark).or_insert(fault);
                }
            }
        }
    }
    // A stable sort of runs that are in order already: little more than a merge. Current entries stay first.
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for Entry { key, is_current, run, observation } in entries {
        if pairs.last().is_none_or(|last| last.key != key) {
            pairs.push(Pair {
                key,
                baseline: SmallVec::new(),
                current: SmallVec::new(),
                fixed: None,
                suite: suite_of(run, observation),
                failure: None,
            });
        }
        if let Some(last) = pairs.last_mut() {
            if is_current { last.current.push(observation) } else { last.baseline.push(observation) }
        }
    }
    add_failures(&mut pairs, &failed);
    add_fixed_statistics(comparison, &mut pairs);
    pairs.retain(|p| selection.keeps_metric(&p.key.metric));
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
    let names: BTreeSet<&BenchmarkId> =
        comparison.baseline.runs.iter().flat_map(|r| r.series.keys().map(|k| &k.benchmark)).collect();
    for benchmark in &names {
        let Some(rename) = comparison
            .config
            .renames
            .iter()
            .find(|r| r.from == benchmark.name || r.from.raw() == benchmark.qualified().raw())
        else {
            continue;
        };
        // `to` may be given qualified by its package, as `from` may.
        let (package, name) = match rename.to.raw().rsplit_once("::") {
            Some((package, name)) if rename.from.raw().contains("::") => (Some(package.into()), name.into()),
            _ => (benchmark.package.clone(), rename.to.clone()),
        };
        let new = BenchmarkId::new(benchmark.tool.clone(), package, name);
        if names.contains(&new) || renamed.values().any(|other| *other == new) {
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

/// Marks the series of failed benchmarks, and adds a row for those that have none.
fn add_failures<'a>(pairs: &mut Vec<Pair<'a>>, failed: &BTreeMap<BenchmarkId, &'a Fault>) {
    if failed.is_empty() {
        return;
    }
    let mut without_series: BTreeSet<&BenchmarkId> = failed.keys().collect();
    for pair in pairs.iter_mut() {
        if let Some(fault) = failed.get(&pair.key.benchmark) {
            pair.failure = Some(fault);
            without_series.remove(&pair.key.benchmark);
        }
    }
    pairs.extend(without_series.into_iter().map(|benchmark| Pair {
        key: SeriesKey { benchmark: benchmark.clone(), metric: MetricId::new(MetricId::TIME) },
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
        let known = |side: &[&Observation]| side.iter().any(|o| o.summary.get(statistic).is_some());
        let added: Vec<Pair<'a>> = pairs
            .iter()
            .filter(|p| p.key.metric == base && !own.contains(&p.key.benchmark))
            .filter(|p| known(&p.baseline) || known(&p.current))
            .map(|p| Pair {
                key: SeriesKey { benchmark: p.key.benchmark.clone(), metric: full.clone() },
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
