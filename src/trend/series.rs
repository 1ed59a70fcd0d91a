//! From runs to series: what each run says of each benchmark and metric, oldest first.
//!
//! Renames are applied to earlier runs, metrics with a fixed statistic (`time.p95`) become series of their own, and what a
//! series was before its unit changed is left out. Benchmarks that come and go simply have no value in some runs.
//!
//! Not here: which of a run's statistics is looked at (`find`).

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::Point;
use crate::config::{Config, Judging, Rename};
use crate::model::{BenchmarkId, Observation, SeriesKey, Statistic};
use crate::text::Untrusted;

/// One metric of one benchmark, in the runs that have it.
pub(super) struct Series<'a> {
    pub(super) key: SeriesKey,
    /// The suite it was in last.
    pub(super) suite: Untrusted,
    pub(super) judging: Judging,
    /// The statistic that the metric's name fixes.
    pub(super) fixed: Option<Statistic>,
    /// Index of the run, and what it says; only what can be used, in one unit.
    pub(super) seen: Seen<'a>,
}

/// What runs say of a series, by their index.
type Seen<'a> = Vec<(usize, &'a Observation)>;

/// Every series of a history.
pub(super) struct Collected<'a> {
    /// By benchmark, then metric.
    pub(super) series: Vec<Series<'a>>,
    /// Values that are left out because the unit changed later.
    pub(super) other_units: usize,
    /// Values that cannot be used.
    pub(super) faults: usize,
}

/// Collects every series that is looked at.
pub(super) fn collect<'a>(points: &[Point<'a>], config: &Config) -> Collected<'a> {
    let renamed = renames(points, config);
    let mut rows: IndexMap<SeriesKey, (Untrusted, Seen<'a>)> = IndexMap::new();
    let mut faults = 0;
    for (index, point) in points.iter().enumerate() {
        for (key, observation) in &point.run.series {
            let name = renamed
                .get(&key.benchmark)
                .map(|benchmark| SeriesKey { benchmark: benchmark.clone(), metric: key.metric.clone() });
            // A run that has the new name as well keeps what it says under it.
            if name.as_ref().is_some_and(|name| point.run.series.contains_key(name)) {
                continue;
            }
            let key = name.as_ref().unwrap_or(key);
            if observation.fault.is_some() {
                faults += 1;
                continue;
            }
            let suite = || {
                let suite = point.run.suites.get(observation.origin.suite as usize);
                suite.map(|s| s.name.clone()).unwrap_or_default()
            };
            match rows.get_mut(key) {
                Some((last, seen)) => {
                    if index + 1 == points.len() {
                        *last = suite();
                    }
                    seen.push((index, observation));
                }
                None => {
                    rows.insert(key.clone(), (suite(), vec![(index, observation)]));
                }
            }
        }
    }
    let mut other_units = 0;
    let mut series = Vec::with_capacity(rows.len());
    for (key, (suite, mut seen)) in rows {
        let judging = config.judging(&key.benchmark, &key.metric);
        if !judging.named && seen.iter().all(|(_, o)| o.derived) {
            // Another metric of the benchmark says the same.
            continue;
        }
        let unit = seen.last().map(|(_, o)| &o.unit);
        let first = seen.iter().rposition(|(_, o)| Some(&o.unit) != unit).map_or(0, |last| last + 1);
        other_units += first;
        seen.drain(..first);
        series.push(Series { key, suite, judging, fixed: None, seen });
    }
    add_fixed_statistics(config, &mut series);
    series.sort_by(|a, b| a.key.cmp(&b.key));
    Collected { series, other_units, faults }
}

/// What each renamed benchmark is called now.
fn renames(points: &[Point<'_>], config: &Config) -> BTreeMap<BenchmarkId, BenchmarkId> {
    let mut renamed = BTreeMap::new();
    if config.renames.is_empty() {
        return renamed;
    }
    let by_name: BTreeMap<&str, &Rename> = config.renames.iter().map(|r| (r.from.raw(), r)).collect();
    let names: BTreeSet<&BenchmarkId> =
        points.iter().flat_map(|p| p.run.series.keys().map(|key| &key.benchmark)).collect();
    for benchmark in names {
        let qualified = benchmark.qualified();
        let Some(rename) = by_name.get(benchmark.name.raw()).or_else(|| by_name.get(qualified.raw())) else { continue };
        // Where `from` is qualified by its package, `to` is too.
        let (package, name) = match rename.to.raw().rsplit_once("::") {
            Some((package, name)) if rename.from != benchmark.name => (Some(package.into()), name.into()),
            _ => (benchmark.package.clone(), rename.to.clone()),
        };
        renamed.insert(benchmark.clone(), BenchmarkId::new(benchmark.tool.clone(), package, name));
    }
    renamed
}

/// Adds the series that exist because the configuration names a metric with a fixed statistic.
fn add_fixed_statistics(config: &Config, series: &mut Vec<Series<'_>>) {
    let known: BTreeSet<SeriesKey> = series.iter().map(|s| s.key.clone()).collect();
    for (base, statistic, full) in config.fixed_statistics() {
        let mut added = Vec::new();
        for one in series.iter().filter(|s| s.key.metric == base) {
            let key = SeriesKey { benchmark: one.key.benchmark.clone(), metric: full.clone() };
            if known.contains(&key) {
                // A tool's own metric of that name is what is meant then.
                continue;
            }
            added.push(Series {
                judging: config.judging(&key.benchmark, &full),
                key,
                suite: one.suite.clone(),
                fixed: Some(statistic),
                seen: one.seen.clone(),
            });
        }
        series.extend(added);
    }
}
