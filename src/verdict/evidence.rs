//! Whether noise explains a change.
//!
//! Noise is a property of a suite on a machine on a day, so it is looked at per suite and metric. With one run a side, or
//! two, the only things known are the spread of the samples inside each run, and how much the suite's other benchmarks changed;
//! [`one_run`] judges by these two.
//!
//! Not here: limits (`decide`).

use std::collections::BTreeMap;

use super::Comparison;
use super::change::TOLERANCE;
use super::measure::Measured;
use super::noise::Noise;
use super::pairing::{Seen, SuiteId};
use crate::config::{Counted, Limit};
use crate::model::report::{self, Verdict};
use crate::model::{Better, Kind, MetricId, Statistic};
use crate::stats;

/// Fewest series of one metric from which the spread of a suite's changes is taken.
const MIN_SERIES: usize = 8;

/// How many robust standard deviations a change must be away from its suite's median change.
const MIN_DISTANCE: f64 = 6.0;

/// Fewest samples for which a range p25–p75 says anything.
const MIN_SAMPLES: u64 = 5;

/// The noisy series of one suite and metric that have a ratio.
#[derive(Debug)]
pub(super) struct Group {
    /// Median of the log ratios, more is worse.
    pub(super) centre: f64,
    /// Robust standard deviation of the log ratios.
    pub(super) spread: f64,
    pub(super) series: usize,
    /// Whether any of them counts.
    gated: bool,
    better: Better,
}

impl Group {
    /// Whether the group is large enough to estimate the spread of its changes.
    pub(super) fn is_large(&self) -> bool {
        self.series >= MIN_SERIES
    }
}

pub(super) type Groups = BTreeMap<(SuiteId, MetricId), Group>;

/// Every suite and metric with at least one noisy ratio.
pub(super) fn groups(measured: &[Measured<'_>]) -> Groups {
    let mut ratios: BTreeMap<(SuiteId, MetricId), (Vec<f64>, bool, Better)> = BTreeMap::new();
    for series in measured.iter().filter(|m| m.kind == Kind::Noisy) {
        if let (Some(ratio), Some(better)) = (series.worse_log_ratio(), series.better) {
            let key = (series.pair.suite.clone(), series.pair.key.metric.clone());
            let group = ratios.entry(key).or_insert((Vec::new(), false, better));
            group.0.push(ratio);
            group.1 |= series.gate;
        }
    }
    ratios
        .into_iter()
        .filter_map(|(key, (ratios, gated, better))| {
            let centre = stats::median(&ratios)?;
            let spread = stats::robust_deviation(&ratios)?;
            Some((key, Group { centre, spread, series: ratios.len(), gated, better }))
        })
        .collect()
}

/// How much a change of one run or two a side can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OneRun {
    /// Runs and samples are apart, and the change stands out of its suite (or the suite is too small to say).
    StandsOut,
    /// Runs and samples are apart, but other benchmarks of the suite moved about as much.
    LikeItsSuite,
    /// A run of one side is as good as one of the other.
    RunsOverlap,
    /// The samples within the runs overlap.
    SamplesOverlap,
}

/// Judges a change by one run or two a side, by the samples inside them and by the suite's other changes.
pub(super) fn one_run(series: &Measured<'_>, group: Option<&Group>) -> OneRun {
    if !runs_are_apart(series) {
        return OneRun::RunsOverlap;
    }
    if !samples_are_apart(&series.pair.baseline, &series.pair.current) {
        return OneRun::SamplesOverlap;
    }
    let (Some(ratio), Some(group)) = (series.worse_log_ratio(), group.filter(|g| g.is_large())) else {
        return OneRun::StandsOut;
    };
    let distance = (ratio - group.centre).abs();
    if distance > 0.0 && distance >= MIN_DISTANCE * group.spread { OneRun::StandsOut } else { OneRun::LikeItsSuite }
}

/// Whether all runs of one side are worse than all of the other: two runs a side may well be one that is off and one that is
/// not.
fn runs_are_apart(series: &Measured<'_>) -> bool {
    let range = |side: &[Seen<'_>]| {
        let usable = side.iter().filter(|o| o.fault.is_none());
        let values = usable.filter_map(|o| series.statistic.and_then(|s| o.summary.get(s)));
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (before, now) = (range(&series.pair.baseline), range(&series.pair.current));
    before.1 < now.0 || now.1 < before.0
}

/// Whether the p25–p75 ranges of the two sides do not touch. What is unknown counts as apart.
fn samples_are_apart(baseline: &[Seen<'_>], current: &[Seen<'_>]) -> bool {
    let range = |side: &[Seen<'_>]| -> Option<(f64, f64)> {
        let ranges: Option<Vec<(f64, f64)>> = side
            .iter()
            .filter(|o| o.fault.is_none())
            .map(|o| {
                let enough = o.summary.count().is_some_and(|n| n >= MIN_SAMPLES);
                Some((o.summary.get(Statistic::P25)?, o.summary.get(Statistic::P75)?)).filter(|_| enough)
            })
            .collect();
        let (low, high): (Vec<f64>, Vec<f64>) = ranges?.into_iter().unzip();
        Some((stats::median(&low)?, stats::median(&high)?))
    };
    match (range(baseline), range(current)) {
        (Some((low_a, high_a)), Some((low_b, high_b))) => high_a < low_b || high_b < low_a,
        _ => true,
    }
}

/// How many times the usual spread of a suite's shifts a shift must be to be remarkable.
const REMARKABLE: f64 = 4.0;

/// The rows that say how each large suite moved as a whole.
pub(super) fn shifts(comparison: &Comparison<'_>, groups: &Groups, noise: &Noise) -> Vec<report::Shift> {
    groups
        .iter()
        .filter(|(_, group)| group.is_large() && group.gated)
        .map(|(key @ (suite, metric), group)| {
            let estimated = noise.shifts.get(key).filter(|s| s.adjusted);
            let (shift, usual) = estimated.map_or((group.centre, 0.0), |s| (s.shift, s.spread.unwrap_or(0.0)));
            let growth = if group.better == Better::Higher { (-shift).exp_m1() } else { shift.exp_m1() };
            let worse = if group.better == Better::Higher { -growth } else { growth };
            let limit = match comparison.config.judging_metric(metric).fail {
                Some(Limit::Relative(share)) => Some(share),
                _ => None,
            };
            let reached = limit.is_some_and(|share| worse >= share - share.abs() * TOLERANCE);
            let over = worse > 0.0 && reached && shift > REMARKABLE * usual;
            let verdict = match comparison.config.gate.suite_shift {
                Counted::Fail if over => Verdict::Fail,
                Counted::Warn if over => Verdict::Warn,
                _ => Verdict::Pass,
            };
            report::Shift {
                suite: suite.clone(),
                metric: metric.clone(),
                series: group.series,
                shift: growth,
                adjusted: estimated.is_some(),
                verdict,
                noise: noise
                    .shifts
                    .get(key)
                    .and_then(|s| s.prior)
                    .filter(|prior| !prior.guess)
                    .map(|prior| report::Noise { deviation: prior.variance.sqrt(), degrees: prior.df }),
            }
        })
        .collect()
}
