//! From the runs of each side to the values that are compared.
//!
//! Contention only ever adds time, so the low end of a run's samples is steadier than their centre: without a history
//! to learn from, `statistic = "auto"` takes the minimum (the maximum where more is better), else the best value that
//! both sides have. A side of several runs is the median of its runs; samples of different runs are never pooled.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Comparison;
use super::pairing::Pair;
use crate::config::Judging;
use crate::model::report::Value;
use crate::model::{Better, Kind, MetricId, Observation, Statistic, Unit};
use crate::stats;

/// A pair with its values.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) judging: Arc<Judging>,
    pub(super) statistic: Option<Statistic>,
    pub(super) better: Option<Better>,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) baseline: Option<Value>,
    pub(super) current: Option<Value>,
}

impl Measured<'_> {
    /// Both values, where both sides have one.
    pub(super) fn values(&self) -> Option<(f64, f64)> {
        Some((self.baseline?.value?, self.current?.value?))
    }

    /// ln(current / baseline), turned so that more is worse. `None` without a ratio or a direction.
    pub(super) fn worse_log_ratio(&self) -> Option<f64> {
        let (before, now) = self.values()?;
        if before <= 0.0 || now <= 0.0 {
            return None;
        }
        let growth = (now / before).ln();
        Some(match self.better? {
            Better::Lower => growth,
            Better::Higher => -growth,
        })
    }
}

/// Picks the statistics and takes the values.
pub(super) fn measure<'a>(comparison: &Comparison<'a>, pairs: Vec<Pair<'a>>) -> Vec<Measured<'a>> {
    let mut judgings: BTreeMap<MetricId, Vec<Arc<Judging>>> = BTreeMap::new();
    pairs
        .into_iter()
        .map(|pair| {
            let judging = comparison.config.judging(&pair.key.benchmark, &pair.key.metric);
            // Most series are judged alike.
            let known = judgings.entry(pair.key.metric.clone()).or_default();
            let same = known.iter().find(|j| j.rule == judging.rule).cloned();
            let judging = same.unwrap_or_else(|| {
                let judging = Arc::new(judging);
                known.push(Arc::clone(&judging));
                judging
            });
            measure_one(pair, judging)
        })
        .collect()
}

fn measure_one(pair: Pair<'_>, judging: Arc<Judging>) -> Measured<'_> {
    let first = pair.current.first().or(pair.baseline.first());
    let unit = first.map_or(Unit::Second, |o| o.unit.clone());
    let better = judging.better.or_else(|| pair.current.iter().chain(&pair.baseline).find_map(|o| o.better));
    let kind = if is_exact(&pair) { Kind::Exact } else { Kind::Noisy };
    let statistic = pair.fixed.or(judging.statistic).or_else(|| automatic(&pair, better, kind));
    let value = |side: &[&Observation]| {
        let runs: SmallVec<[f64; 4]> = side
            .iter()
            .filter(|o| o.fault.is_none())
            .filter_map(|o| statistic.and_then(|s| o.summary.get(s)))
            .collect();
        let value = match runs.as_slice() {
            [one] => Some(*one),
            several => stats::median(several),
        };
        let samples = side.iter().map(|o| o.summary.count()).sum::<Option<u64>>();
        (!side.is_empty()).then_some(Value { value, runs: side.len(), samples })
    };
    let (baseline, current) = (value(&pair.baseline), value(&pair.current));
    Measured { pair, judging, statistic, better, kind, unit, baseline, current }
}

/// A series is exact if its tool says so, or if sizes and counts did not vary in any run that measured them repeatedly.
fn is_exact(pair: &Pair<'_>) -> bool {
    let all = || pair.baseline.iter().chain(&pair.current);
    if all().next().is_some() && all().all(|o| o.kind == Kind::Exact) {
        return true;
    }
    let constant = |o: &&Observation| {
        matches!(o.unit, Unit::Byte | Unit::One)
            && o.summary.count().is_some_and(|n| n >= 2)
            && o.summary.get(Statistic::Min).is_some()
            && o.summary.get(Statistic::Min) == o.summary.get(Statistic::Max)
    };
    !pair.baseline.is_empty() && !pair.current.is_empty() && all().all(constant)
}

/// The first statistic that every run of both sides has.
fn automatic(pair: &Pair<'_>, better: Option<Better>, kind: Kind) -> Option<Statistic> {
    use Statistic::{Max, Mean, Median, Min, P10, P25, P75, P90, P95, P99};
    let order = match (kind, better) {
        (Kind::Exact, _) | (_, None) => [Median, Mean, P25, P75, P10, P90, Min, Max, P95, P99],
        (_, Some(Better::Lower)) => [Min, P10, P25, Median, Mean, P75, P90, P95, P99, Max],
        (_, Some(Better::Higher)) => [Max, P90, P75, Median, Mean, P25, P10, Min, P95, P99],
    };
    let usable = || pair.baseline.iter().chain(&pair.current).filter(|o| o.fault.is_none());
    order.into_iter().find(|s| usable().next().is_some() && usable().all(|o| o.summary.get(*s).is_some()))
}
