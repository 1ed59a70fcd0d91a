//! What the runs tell about noise, where there are enough of them: a history, pairs taken in turns, or several runs a side.
//!
//! Noise is estimated per suite and metric by [`stats::engine`], in logarithms turned so that more is worse. This file
//! brings the runs into that form and chooses, from the runs of the past alone, the statistic that is steadiest between
//! them.
//!
//! Not here: one run against one run (`evidence`), limits (`decide`).

use std::collections::{BTreeMap, BTreeSet};

use super::measure::{Measured, by_run};
use super::pairing::{Pair, Seen, SuiteId};
use super::{Comparison, Taken};
use crate::config::Evidence;
use crate::model::report::{self, FAIL_P};
use crate::model::{Better, Kind, MetricId, Statistic, Unit};
use crate::stats::engine::{self, Assessment, Options, Series, Shift};
use crate::stats::moderation::Prior;
use crate::stats::spread::{unsteadiness, winsorised_deviation};
use crate::stats::{self};

/// Fewest runs of the past from which the steadiest statistic is chosen.
const RUNS_TO_CHOOSE: usize = 8;

/// Smallest standard deviation between runs that is believed of times and rates: 0.5 %, for layout and timers.
const LAYOUT: f64 = 0.005;

/// What to expect of sizes and counts about which nothing is known: they vary between runs, but hardly.
const OF_SIZES: Prior = Prior { variance: LAYOUT * LAYOUT, ..Prior::UNKNOWN };

/// A statistic and the next one towards the median, which tells whether it is a level or a stray low.
pub(super) type Choice = (Statistic, Option<Statistic>);

/// The steadiest statistic of each suite and metric whose past has enough runs.
pub(super) fn steadiest(comparison: &Comparison<'_>, pairs: &[Pair<'_>]) -> BTreeMap<(SuiteId, MetricId), Choice> {
    let past = comparison.history.len() + comparison.baseline.runs.len();
    let mut choices = BTreeMap::new();
    if past < RUNS_TO_CHOOSE || comparison.history.is_empty() {
        return choices;
    }
    let mut groups: BTreeMap<(SuiteId, MetricId), Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in pairs.iter().filter(|p| p.fixed.is_none() && p.history.iter().any(|o| o.kind == Kind::Noisy)) {
        groups.entry((pair.suite.clone(), pair.key.metric.clone())).or_default().push(pair);
    }
    for (key, group) in groups {
        // From the calm end: contention only ever adds time.
        let higher = group.iter().any(|p| p.history.iter().any(|o| o.better == Some(Better::Higher)));
        let order = candidates(higher);
        let everywhere = |statistic: Statistic| {
            let known =
                |seen: &[Seen<'_>]| seen.iter().all(|o| o.fault.is_some() || o.summary.get(statistic).is_some());
            group.iter().all(|p| known(&p.history) && known(&p.baseline) && known(&p.current))
        };
        let usable: Vec<Statistic> = order.into_iter().filter(|s| everywhere(*s)).collect();
        let score = |statistic: Statistic| {
            let rows: Vec<Vec<Option<f64>>> = group.iter().map(|p| past_logs(comparison, p, statistic)).collect();
            unsteadiness(&rows)
        };
        let scored = usable.iter().filter_map(|s| Some((score(*s)?, *s)));
        if let Some((_, chosen)) = scored.min_by(|a, b| a.0.total_cmp(&b.0)) {
            let next = usable.iter().copied().skip_while(|s| *s != chosen).nth(1);
            choices.insert(key, (chosen, next));
        }
    }
    choices
}

/// The statistics that `auto` chooses among, from the calm end to the median.
pub(super) fn candidates(higher_is_better: bool) -> [Statistic; 5] {
    use Statistic::{Max, Mean, Median, Min, P10, P25, P75, P90};
    if higher_is_better { [Max, P90, P75, Median, Mean] } else { [Min, P10, P25, Median, Mean] }
}

/// ln of a statistic in each run of the past; `None` where a run lacks it or it is not positive.
fn past_logs(comparison: &Comparison<'_>, pair: &Pair<'_>, statistic: Statistic) -> Vec<Option<f64>> {
    let mut row = logs(&pair.history, comparison.history.len(), statistic);
    row.extend(logs(&pair.baseline, comparison.baseline.runs.len(), statistic));
    row
}

fn logs(seen: &[Seen<'_>], runs: usize, statistic: Statistic) -> Vec<Option<f64>> {
    by_run(seen, runs, statistic).into_iter().map(|value| value.filter(|v| *v > 0.0).map(f64::ln)).collect()
}

/// What the noise model says of one series.
#[derive(Clone, Debug)]
pub(super) struct Estimate {
    pub(super) assessment: Assessment,
    pub(super) evidence: engine::Evidence,
    /// Whether the suite's shift was taken out.
    pub(super) adjusted: bool,
}

/// What the noise model says of a comparison.
#[derive(Debug, Default)]
pub(super) struct Noise {
    /// By index of the measured series; empty where nothing could be estimated.
    rows: Vec<Option<Estimate>>,
    /// By suite and metric.
    pub(super) shifts: BTreeMap<(SuiteId, MetricId), Shift>,
}

impl Noise {
    /// The estimate of one series.
    pub(super) fn of(&self, index: usize) -> Option<&Estimate> {
        self.rows.get(index)?.as_ref()
    }
}

/// How many interleaved pairs the two sides are.
pub(super) fn pairs(comparison: &Comparison<'_>) -> Option<usize> {
    let pairs = comparison.baseline.runs.len().min(comparison.current.runs.len());
    matches!(comparison.taken, Taken::InTurns { .. }).then_some(pairs)
}

/// Estimates the noise of every suite and metric that has runs enough.
pub(super) fn estimate(comparison: &Comparison<'_>, measured: &[Measured<'_>]) -> Noise {
    let mut noise = Noise::default();
    if comparison.config.gate.evidence == Evidence::None || comparison.budgets_only {
        return noise;
    }
    let (past, base, now) = (comparison.history.len(), comparison.baseline.runs.len(), comparison.current.runs.len());
    let by_history = past > 0 && past + base >= engine::SHORTEST_HISTORY && now > 0 && pairs(comparison).is_none();
    if !by_history && base.min(now) < engine::FEWEST_RUNS {
        return noise;
    }
    let mut groups: BTreeMap<(SuiteId, MetricId), Vec<usize>> = BTreeMap::new();
    for (index, series) in measured.iter().enumerate() {
        let comparable = series.kind == Kind::Noisy && series.better.is_some() && series.is_comparable();
        if comparable && series.values().is_some() && series.pair.failure.is_none() {
            groups.entry((series.pair.suite.clone(), series.pair.key.metric.clone())).or_default().push(index);
        }
    }
    noise.rows = vec![None; measured.len()];
    for (key, members) in groups {
        let series: Vec<&Measured<'_>> = members.iter().filter_map(|i| measured.get(*i)).collect();
        let (assessments, shift) = assess(comparison, &key, &series);
        let Some(evidence) = shift.evidence else { continue };
        for (index, assessment) in members.into_iter().zip(assessments) {
            if let (Some(slot), Some(assessment)) = (noise.rows.get_mut(index), assessment) {
                *slot = Some(Estimate { assessment, evidence, adjusted: shift.adjusted });
            }
        }
        noise.shifts.insert(key, shift);
    }
    noise
}

/// What an earlier report learned about the noise of a suite.
fn known_noise(shifts: &[report::Shift], (suite, metric): &(SuiteId, MetricId)) -> Option<Prior> {
    let noise = shifts.iter().find(|s| s.suite == *suite && s.metric == *metric)?.noise?;
    Some(Prior { variance: noise.deviation * noise.deviation, df: noise.degrees, guess: false })
}

/// The values of one series, one per run.
struct Logs {
    history: Vec<Option<f64>>,
    baseline: Vec<Option<f64>>,
    current: Vec<Option<f64>>,
    floor: f64,
    position: Option<usize>,
}

fn assess(
    comparison: &Comparison<'_>,
    key: &(SuiteId, MetricId),
    group: &[&Measured<'_>],
) -> (Vec<Option<Assessment>>, Shift) {
    let columns: Vec<Logs> = group.iter().map(|series| logs_of(comparison, series)).collect();
    // Where files do not tell when they were written, the order of the benchmarks is not known.
    let positions: BTreeSet<usize> = columns.iter().filter_map(|c| c.position).collect();
    let ordered = positions.len() == columns.len();
    let series: Vec<Series<'_>> = columns
        .iter()
        .map(|c| Series {
            history: &c.history,
            baseline: &c.baseline,
            current: &c.current,
            position: c.position.filter(|_| ordered),
            floor: c.floor,
        })
        .collect();
    let timed = group.iter().any(|s| !matches!(s.unit, Unit::Byte | Unit::One));
    let (paired, looks, adjust, suspects_of) = match comparison.taken {
        Taken::InTurns { looks, adjust, suspects_of, .. } => (true, looks.max(1) as f64, adjust, suspects_of),
        Taken::Apart => (false, 1.0, true, None),
    };
    let options = Options {
        paired,
        // What a machine does to all times it does not do to sizes and counts.
        adjust: adjust && timed,
        failing_p: FAIL_P / looks,
        noise_floor: if timed { LAYOUT } else { 0.0 },
        prior: suspects_of.and_then(|report| known_noise(&report.shifts, key)).or((!timed).then_some(OF_SIZES)),
        ..Options::default()
    };
    let (mut assessments, shift) = engine::assess(&series, &options);
    // Bonferroni over the looks: whichever of them ends the measurement, all together err no more often than one would.
    for found in assessments.iter_mut().flatten() {
        found.p_adjusted = (found.p_adjusted * looks).min(1.0);
        found.p_better_adjusted = (found.p_better_adjusted * looks).min(1.0);
    }
    (assessments, shift)
}

fn logs_of(comparison: &Comparison<'_>, series: &Measured<'_>) -> Logs {
    let sign = if series.better == Some(Better::Higher) { -1.0 } else { 1.0 };
    let oriented = |seen: &[Seen<'_>], runs: usize, statistic: Option<Statistic>| -> Vec<Option<f64>> {
        let row = statistic.map_or_else(|| vec![None; runs], |s| logs(seen, runs, s));
        row.into_iter().map(|v| v.map(|v| sign * v)).collect()
    };
    let history = oriented(&series.pair.history, comparison.history.len(), series.statistic);
    let floor = series.next_statistic.map_or(0.0, |next| {
        let other = oriented(&series.pair.history, comparison.history.len(), Some(next));
        let gaps: Vec<f64> = history.iter().zip(other).filter_map(|(a, b)| Some(b? - (*a)?)).collect();
        let centre = stats::median(&gaps).unwrap_or(0.0);
        let distances: Vec<f64> = gaps.iter().map(|g| g - centre).collect();
        winsorised_deviation(&distances).unwrap_or(0.0)
    });
    // Of suspects that are measured again the past is known from their first report.
    let first = comparison.taken.first_row(&series.pair.key).filter(|row| row.statistic == series.statistic);
    let known = first.and_then(|row| row.runs.as_ref()).map(|runs| {
        let log = |value: &Option<f64>| value.filter(|v| *v > 0.0).map(|v| sign * v.ln());
        runs.history.iter().map(log).collect()
    });
    let history = known.unwrap_or(history);
    Logs {
        baseline: oriented(&series.pair.baseline, comparison.baseline.runs.len(), series.statistic),
        current: oriented(&series.pair.current, comparison.current.runs.len(), series.statistic),
        position: series.pair.current.first().map(|o| o.origin.position as usize),
        history,
        floor,
    }
}
