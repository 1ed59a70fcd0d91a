//! What the gate would have said of the past: every run judged by the runs before it.
//!
//! Each run from the sixth on is judged by [`judge`] itself against the run before it, with the runs before that as
//! history, once as it is and several times with one benchmark of each suite made worse. All judging is done with limits
//! that any worsening reaches ([`Config::without_limits`]); since limits do not enter the evidence, a row that fails there
//! fails with any limit up to its change, so one judging serves every candidate limit. Beside it stands the rule of simple
//! gates: the change from one run to the next, without evidence.
//!
//! The past is taken for unchanged code. A real change in it counts as a false alarm; [`Alarm::lasting`] marks what looks
//! like one.
//!
//! Not here: how the outcome is told (`cli`), and what `tune` suggests beyond limits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::prelude::*;

use super::change::TOLERANCE;
use super::{Comparison, Selection, Side, Taken, judge, noise, worsened};
use crate::config::{Config, Evidence};
use crate::diag::Diagnostic;
use crate::model::report::{Report, Row, Verdict};
use crate::model::{BenchmarkId, Better, Kind, MetricId, Run, SeriesKey, Statistic};
use crate::stats::{self, distributions::binomial_upper_bound, engine, spread::unsteadiness};
use crate::text::Untrusted;

/// Fewest runs that are worth a back-test.
pub const FEWEST_RUNS: usize = 8;

/// Most runs of history that a run is judged by.
pub const LONGEST_HISTORY: usize = 50;

/// Limits that are tried.
pub const LIMITS: [f64; 9] = [0.02, 0.03, 0.05, 0.08, 0.10, 0.15, 0.20, 0.30, 0.50];

/// Sizes of the regressions that are put in.
pub const SIZES: [f64; 8] = [0.03, 0.05, 0.08, 0.10, 0.15, 0.20, 0.30, 0.50];

/// The share of regressions of one size that must be seen.
pub const POWER: f64 = 0.8;

/// How many times as often as a failure a warning may be false: it stops nobody.
pub const WARNINGS: f64 = 5.0;

/// Fewest regressions of one size, per suite, from which a share is told.
const TRIALS: usize = 40;

/// Most rounds of regressions in one run.
const MOST_ROUNDS: usize = 8;

/// Fewest trials from which any share is told.
const FEWEST_TRIALS: usize = 5;

/// What is tested.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Runs of the past, oldest first.
    pub runs: &'a [Run],
    /// Directions, smallest changes and renames; its limits and statistics are not used.
    pub config: &'a Config,
    /// What to look at.
    pub selection: &'a Selection,
    /// Today in UTC.
    pub today: Date,
    /// The share of unchanged runs that may fail.
    pub wanted: f64,
}

/// The outcome, by metric.
#[derive(Clone, Debug, PartialEq)]
pub struct BackTest {
    /// How many runs there are.
    pub runs: usize,
    /// How many of them were judged.
    pub judged: usize,
    /// By name. Metrics that could be judged in no run are left out.
    pub metrics: BTreeMap<MetricId, MetricPast>,
}

/// The past of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricPast {
    /// All tools together: one gate, one limit.
    pub whole: Outcome,
    /// Each tool by itself.
    pub tools: BTreeMap<Untrusted, Outcome>,
    /// What failed at the limit below the one that is suggested, oldest first.
    pub alarms: Vec<Alarm>,
    /// The limit at which they did.
    pub alarms_at: Option<f64>,
}

/// What the gate would have said of some series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// In how many runs any of them was judged.
    pub runs: usize,
    /// Most of them in one run.
    pub series: usize,
    /// How many verdicts there were in all.
    pub rows: usize,
    /// Whether all of them are counts that the code alone decides.
    pub exact: bool,
    /// By limit, in the order of [`LIMITS`].
    pub limits: Vec<AtLimit>,
    /// The smallest fail limit that keeps false failures at the wanted rate or below.
    pub fail: Option<f64>,
    /// The smallest warn limit, not above `fail`, that keeps warnings at [`WARNINGS`] times that rate or below.
    pub warn: Option<f64>,
    /// How far runs lie apart by each statistic (a standard deviation as a share), the steadiest first.
    pub statistics: Vec<(Statistic, f64)>,
}

impl Outcome {
    /// What would have happened at the suggested fail limit.
    pub fn at_fail(&self) -> Option<&AtLimit> {
        self.fail.and_then(|limit| self.at(limit))
    }

    /// What would have happened at a limit, one of [`LIMITS`].
    pub fn at(&self, limit: f64) -> Option<&AtLimit> {
        self.limits.iter().find(|at| at.limit.total_cmp(&limit).is_eq())
    }

    /// Whether nothing ever got worse by any amount: then any increase can fail.
    pub fn never_worse(&self) -> bool {
        self.exact && self.limits.iter().all(|at| at.plain_rows == 0 && at.failed_rows == 0 && at.warned_runs == 0)
    }
}

/// What the gate would have said with one limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtLimit {
    /// The limit, as a share.
    pub limit: f64,
    /// Runs with one failure or more.
    pub failed_runs: usize,
    /// The share of runs that this could stand for at most, with 95 % confidence.
    pub at_most: f64,
    /// Failures in all.
    pub failed_rows: usize,
    /// Runs with one warning or failure or more, were this the warn limit.
    pub warned_runs: usize,
    /// Runs that fail by the change from the run before alone.
    pub plain_runs: usize,
    /// Failures by that rule in all.
    pub plain_rows: usize,
    /// The smallest of [`SIZES`] from which on failures were seen at least [`POWER`] of the time.
    pub sees: Option<f64>,
    /// Of the regressions of each of [`SIZES`]: how many failed, of how many.
    pub seen: Vec<(usize, usize)>,
}

/// A run of the past with failures.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Its index.
    pub run: usize,
    /// How many series failed.
    pub rows: usize,
    /// The one that was worst.
    pub benchmark: BenchmarkId,
    /// How much worse it was, as a share.
    pub change: f64,
    /// Whether it was still at least half as much worse in the runs after it, as a real change would be.
    pub lasting: bool,
}

/// A row that got worse with some evidence.
struct Hit {
    run: usize,
    key: SeriesKey,
    statistic: Option<Statistic>,
    change: f64,
    failed: bool,
}

/// A regression that was put in.
struct Trial {
    key: SeriesKey,
    /// Index into [`SIZES`].
    size: usize,
    /// How much worse its row was where that failed.
    failed: Option<f64>,
}

/// What one run of the past gave.
#[derive(Default)]
struct Judged {
    /// Every judged series, and whether it is exact.
    rows: Vec<(SeriesKey, bool)>,
    hits: Vec<Hit>,
    plain: Vec<Hit>,
    trials: Vec<Trial>,
}

/// Judges the past. Nothing is judged where there are fewer than [`FEWEST_RUNS`] runs.
///
/// # Errors
/// As [`judge`].
pub fn back_test(past: &Past<'_>) -> Result<BackTest, Diagnostic> {
    let first = if past.runs.len() < FEWEST_RUNS { past.runs.len() } else { engine::SHORTEST_HISTORY };
    let evidence = match past.config.gate.evidence {
        Evidence::None => Evidence::Auto,
        set => set,
    };
    let (config, plain) = (past.config.without_limits(evidence), past.config.without_limits(Evidence::None));
    let count = past.runs.len() - first;
    let rounds = TRIALS.div_ceil(count.max(1)).clamp(1, MOST_ROUNDS);
    let judged: Result<Vec<Judged>, Diagnostic> =
        (first..past.runs.len()).into_par_iter().map(|run| one_run(past, &config, &plain, run, rounds)).collect();
    let judged = judged?;
    let metrics: BTreeSet<&MetricId> = judged.iter().flat_map(|j| j.rows.iter().map(|(key, _)| &key.metric)).collect();
    let metrics = metrics.into_iter().map(|metric| (metric.clone(), of_metric(past, &judged, metric)));
    Ok(BackTest { runs: past.runs.len(), judged: judged.len(), metrics: metrics.collect() })
}

/// Judges one run as it is, by both rules, and with regressions put in.
fn one_run(
    past: &Past<'_>,
    config: &Config,
    plain: &Config,
    index: usize,
    rounds: usize,
) -> Result<Judged, Diagnostic> {
    let before = index.saturating_sub(1);
    let oldest = before.saturating_sub(LONGEST_HISTORY);
    let (Some(current), Some(baseline), Some(history)) =
        (past.runs.get(index..=index), past.runs.get(before..index), past.runs.get(oldest..before))
    else {
        return Ok(Judged::default());
    };
    let ask = |current: &[Run], config: &Config| {
        judge(&Comparison {
            baseline: Side { runs: baseline, inputs: &[] },
            current: Side { runs: current, inputs: &[] },
            history,
            config,
            selection: past.selection,
            today: past.today,
            budgets_only: false,
            taken: Taken::Apart,
            keep_samples: false,
        })
    };
    let report = ask(current, config)?;
    let mut found = Judged {
        rows: judged_rows(&report).map(|row| (key(row), row.kind == Kind::Exact)).collect(),
        hits: hits(&report, index),
        plain: hits(&ask(current, plain)?, index),
        trials: Vec::new(),
    };
    let Some(run) = current.first() else { return Ok(found) };
    let suites = suites(past.selection, run);
    for round in 0..rounds {
        let chosen: BTreeSet<&BenchmarkId> =
            suites.values().filter_map(|all| scattered(all, index * rounds + round)).collect();
        for (size, share) in SIZES.into_iter().enumerate() {
            let worse = worsened(run, share, |id| chosen.contains(id));
            let report = ask(std::slice::from_ref(&worse), config)?;
            // Nothing is worse where 3 % were added to zero.
            let is_worse = |key: &SeriesKey| worse.series.get(key) != run.series.get(key);
            let rows = judged_rows(&report).map(|row| (key(row), row));
            let trials = rows.filter(|(key, _)| chosen.contains(&key.benchmark) && is_worse(key));
            found.trials.extend(trials.map(|(key, row)| Trial {
                key,
                size,
                failed: (row.verdict == Verdict::Fail).then(|| worsening(row)),
            }));
        }
    }
    Ok(found)
}

/// The rows that count in the gate and compare two values.
fn judged_rows(report: &Report) -> impl Iterator<Item = &Row> {
    report
        .results
        .iter()
        .filter(|row| row.gate && !matches!(row.verdict, Verdict::New | Verdict::Missing | Verdict::Invalid))
}

fn hits(report: &Report, run: usize) -> Vec<Hit> {
    judged_rows(report)
        .filter(|row| matches!(row.verdict, Verdict::Fail | Verdict::Warn))
        .map(|row| Hit {
            run,
            key: key(row),
            statistic: row.statistic,
            change: worsening(row),
            failed: row.verdict == Verdict::Fail,
        })
        .collect()
}

fn key(row: &Row) -> SeriesKey {
    SeriesKey {
        benchmark: BenchmarkId::new(row.tool.clone(), row.package.clone(), row.benchmark.clone()),
        metric: row.metric.clone(),
    }
}

/// How much worse a row got, as limits see it. From zero, everything is infinitely worse.
fn worsening(row: &Row) -> f64 {
    let sign = if row.better == Some(Better::Higher) { -1.0 } else { 1.0 };
    row.change.map_or(f64::INFINITY, |change| sign * change)
}

/// The selected benchmarks of each suite of a run.
fn suites<'a>(selection: &Selection, run: &'a Run) -> BTreeMap<u32, Vec<&'a BenchmarkId>> {
    let mut suites: BTreeMap<u32, Vec<&BenchmarkId>> = BTreeMap::new();
    for (key, observation) in &run.series {
        if selection.keeps_metric(&key.metric) && selection.keeps_benchmark(&key.benchmark) {
            let all = suites.entry(observation.origin.suite).or_default();
            if all.last() != Some(&&key.benchmark) {
                all.push(&key.benchmark);
            }
        }
    }
    suites
}

/// The `n`-th of a sequence that comes by all places evenly, without a pattern that a suite's order could have too:
/// multiples of the golden section.
fn scattered<'a>(all: &[&'a BenchmarkId], n: usize) -> Option<&'a BenchmarkId> {
    let place = ((n + 1) as f64 * 0.618_033_988_749_894_9).fract() * all.len() as f64;
    all.get(place as usize).copied()
}

/// Whether a change is over a limit, as `judge` sees it.
fn reaches(change: f64, limit: f64) -> bool {
    change >= limit - limit * TOLERANCE
}

fn of_metric(past: &Past<'_>, judged: &[Judged], metric: &MetricId) -> MetricPast {
    let whole = outcome(past, judged, |key| key.metric == *metric);
    let tools: BTreeSet<&Untrusted> = judged
        .iter()
        .flat_map(|j| j.rows.iter().filter(|(key, _)| key.metric == *metric))
        .map(|(key, _)| &key.benchmark.tool)
        .collect();
    let tools: BTreeMap<Untrusted, Outcome> = tools
        .into_iter()
        .map(|tool| {
            let mut outcome = outcome(past, judged, |key| key.metric == *metric && key.benchmark.tool == *tool);
            outcome.statistics = statistics(past, tool, metric);
            (tool.clone(), outcome)
        })
        .collect();
    // The largest limit that is too strict: what failed there is why.
    let alarms_at = LIMITS.into_iter().rev().find(|limit| whole.fail.is_none_or(|fail| *limit < fail));
    let alarms = alarms_at.map_or_else(Vec::new, |limit| alarms(past, judged, metric, limit));
    MetricPast { whole, tools, alarms, alarms_at }
}

/// What the gate would have said of the series that `is_meant` picks.
fn outcome(past: &Past<'_>, judged: &[Judged], is_meant: impl Fn(&SeriesKey) -> bool) -> Outcome {
    let mut counts = Vec::new();
    let mut exact = true;
    for one in judged {
        let meant = one.rows.iter().filter(|(key, _)| is_meant(key));
        counts.push(meant.inspect(|(_, is_exact)| exact &= is_exact).count());
    }
    let runs = counts.iter().filter(|n| **n > 0).count();
    let limits: Vec<AtLimit> = LIMITS.into_iter().map(|limit| at_limit(judged, &is_meant, limit, runs)).collect();
    let kept = |hit_runs: usize, rate: f64| hit_runs as f64 <= rate * runs as f64;
    let fail = limits.iter().find(|at| kept(at.failed_runs, past.wanted)).map(|at| at.limit);
    let warn = limits
        .iter()
        .find(|at| kept(at.warned_runs, past.wanted * WARNINGS))
        .map(|at| at.limit)
        .filter(|warn| fail.is_some_and(|fail| *warn < fail));
    Outcome {
        runs,
        series: counts.iter().copied().max().unwrap_or(0),
        rows: counts.iter().sum(),
        exact,
        limits,
        fail,
        warn,
        statistics: Vec::new(),
    }
}

fn at_limit(judged: &[Judged], is_meant: impl Fn(&SeriesKey) -> bool, limit: f64, runs: usize) -> AtLimit {
    let over = |hits: &[Hit], failed_only: bool| {
        let counts = |hit: &&Hit| is_meant(&hit.key) && reaches(hit.change, limit) && (hit.failed || !failed_only);
        hits.iter().filter(counts).count()
    };
    let mut at = AtLimit { limit, ..AtLimit::default() };
    for one in judged {
        let (failed, warned, plain) = (over(&one.hits, true), over(&one.hits, false), over(&one.plain, true));
        at.failed_rows += failed;
        at.plain_rows += plain;
        at.failed_runs += usize::from(failed > 0);
        at.warned_runs += usize::from(warned > 0);
        at.plain_runs += usize::from(plain > 0);
    }
    at.at_most = binomial_upper_bound(runs, at.failed_runs);
    at.seen = (0..SIZES.len())
        .map(|size| {
            let trials = judged.iter().flat_map(|j| &j.trials).filter(|t| t.size == size && is_meant(&t.key));
            trials.fold((0, 0), |(failed, all), trial| {
                (failed + usize::from(trial.failed.is_some_and(|change| reaches(change, limit))), all + 1)
            })
        })
        .collect();
    let is_seen = |(failed, all): &(usize, usize)| *all >= FEWEST_TRIALS && *failed as f64 >= POWER * *all as f64;
    let sizes = SIZES.into_iter().zip(&at.seen).rev();
    at.sees = sizes.take_while(|(_, seen)| is_seen(seen)).last().map(|(size, _)| size);
    at
}

/// The runs in which a metric fails at a limit.
fn alarms(past: &Past<'_>, judged: &[Judged], metric: &MetricId, limit: f64) -> Vec<Alarm> {
    let of_run = |one: &Judged| {
        let over = |hit: &&Hit| hit.failed && hit.key.metric == *metric && reaches(hit.change, limit);
        let failed: Vec<&Hit> = one.hits.iter().filter(over).collect();
        let worst = *failed.iter().max_by(|a, b| a.change.total_cmp(&b.change))?;
        Some(Alarm {
            run: worst.run,
            rows: failed.len(),
            benchmark: worst.key.benchmark.clone(),
            change: worst.change,
            lasting: has_lasted(past.runs, worst),
        })
    };
    judged.iter().filter_map(of_run).collect()
}

/// Runs on either side of a change that tell whether it stayed.
const AROUND: usize = 3;

/// Whether a series was still at least half as much worse in the runs after a hit.
fn has_lasted(runs: &[Run], hit: &Hit) -> bool {
    let level = |runs: Option<&[Run]>| {
        let values = |run: &Run| run.series.get(&hit.key).and_then(|o| o.summary.get(hit.statistic?));
        let values: Vec<f64> = runs?.iter().filter_map(values).filter(|v| *v > 0.0).map(f64::ln).collect();
        stats::median(&values).filter(|_| values.len() >= 2)
    };
    let before = level(runs.get(hit.run.saturating_sub(AROUND)..hit.run));
    let after = level(runs.get(hit.run + 1..runs.len().min(hit.run + 1 + AROUND)));
    let (Some(before), Some(after)) = (before, after) else { return false };
    let better = runs.get(hit.run).and_then(|run| run.series.get(&hit.key)).and_then(|o| o.better);
    let stayed = if better == Some(Better::Higher) { 1.0 - (after - before).exp() } else { (after - before).exp_m1() };
    stayed >= hit.change / 2.0
}

/// How far runs lie apart by each statistic that every run has, the steadiest first.
fn statistics(past: &Past<'_>, tool: &Untrusted, metric: &MetricId) -> Vec<(Statistic, f64)> {
    let is_meant = |key: &SeriesKey| {
        key.metric == *metric && key.benchmark.tool == *tool && past.selection.keeps_benchmark(&key.benchmark)
    };
    let observations = || past.runs.iter().flat_map(|run| run.series.iter().filter(|(key, _)| is_meant(key)));
    let noisy = observations().any(|(_, o)| o.kind == Kind::Noisy);
    let higher = observations().any(|(_, o)| o.better == Some(Better::Higher));
    let names: BTreeSet<&SeriesKey> = observations().map(|(key, _)| key).collect();
    if !noisy {
        return Vec::new();
    }
    let apart = |statistic: Statistic| {
        if observations().any(|(_, o)| o.fault.is_none() && o.summary.get(statistic).is_none()) {
            return None;
        }
        let value = |run: &Run, key: &SeriesKey| {
            let observation = run.series.get(key).filter(|o| o.fault.is_none())?;
            observation.summary.get(statistic).filter(|v| *v > 0.0).map(f64::ln)
        };
        let rows: Vec<Vec<Option<f64>>> =
            names.iter().map(|key| past.runs.iter().map(|run| value(run, key)).collect()).collect();
        Some((statistic, unsteadiness(&rows)?.exp()))
    };
    let mut found: Vec<(Statistic, f64)> = noise::candidates(higher).into_iter().filter_map(apart).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}
