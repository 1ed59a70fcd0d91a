//! From the runs of each side to the values that are compared.
//!
//! Contention only ever adds time, so the low end of a run's samples is steadier than their centre. With a history,
//! `statistic = "auto"` takes the statistic that was steadiest in it; without one the minimum (the maximum where more is
//! better), else the best value that both sides have. A side of several runs is the median of its runs; samples of different runs are never pooled.

use std::collections::BTreeMap;
use std::sync::Arc;

use smallvec::SmallVec;

use super::Comparison;
use super::change::TOLERANCE;
use super::noise::{self, Choice};
use super::pairing::{Pair, Seen};
use crate::config::{Judging, Limit};
use crate::model::report::{self, LimitKind, Value};
use crate::model::{Better, Kind, MetricId, Statistic, Unit};
use crate::stats;

/// A pair with its values.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    pub(super) pair: Pair<'a>,
    pub(super) judging: Arc<Judging>,
    /// Whether it counts: not where the configuration says so, nor where it is computed from another metric and not named.
    pub(super) gate: bool,
    pub(super) statistic: Option<Statistic>,
    /// The next statistic towards the median, where a history chose the first.
    pub(super) next_statistic: Option<Statistic>,
    pub(super) better: Option<Better>,
    pub(super) kind: Kind,
    pub(super) unit: Unit,
    pub(super) baseline: Option<Value>,
    pub(super) current: Option<Value>,
}

impl Measured<'_> {
    /// Whether both sides have the series, in one unit and without faults.
    pub(super) fn is_comparable(&self) -> bool {
        let sides = || self.pair.baseline.iter().chain(&self.pair.current);
        !self.pair.baseline.is_empty()
            && !self.pair.current.is_empty()
            && sides().all(|o| o.fault.is_none() && o.unit == self.unit)
    }

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
    let choices = noise::steadiest(comparison, &pairs);
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
            // A suspect's limits are those that made it one.
            let judging = match comparison.taken.first_limits(&pair.key) {
                Some(first) => {
                    let (warn, fail, origin) = (limit(first.warn), limit(first.fail), first.origin.clone());
                    Arc::new(Judging { warn, fail, origin, ..(*judging).clone() })
                }
                None => judging,
            };
            let choice = choices.get(&(pair.suite.clone(), pair.key.metric.clone())).copied();
            let suspected = comparison.taken.first_row(&pair.key).and_then(|row| row.statistic);
            measure_one(pair, judging, choice, suspected)
        })
        .collect()
}

/// A limit as a report tells it.
fn limit(told: Option<report::Limit>) -> Option<Limit> {
    told.map(|told| match told.kind {
        LimitKind::Relative => Limit::Relative(told.value),
        LimitKind::Step | LimitKind::Budget => Limit::Step { value: told.value, unit: None },
    })
}

/// `suspected` is the statistic by which the series was suspected.
fn measure_one(
    pair: Pair<'_>,
    judging: Arc<Judging>,
    choice: Option<Choice>,
    suspected: Option<Statistic>,
) -> Measured<'_> {
    let first = pair.current.first().or(pair.baseline.first());
    let unit = first.map_or(Unit::Second, |o| o.unit.clone());
    let better = judging.better.or_else(|| pair.current.iter().chain(&pair.baseline).find_map(|o| o.better));
    let kind = if is_exact(&pair) { Kind::Exact } else { Kind::Noisy };
    let usable = || pair.baseline.iter().chain(&pair.current).filter(|o| o.fault.is_none());
    let suspected = suspected.filter(|statistic| usable().all(|o| o.summary.get(*statistic).is_some()));
    let set = pair.fixed.or(judging.statistic).or(suspected);
    let choice = choice.filter(|_| set.is_none() && kind == Kind::Noisy);
    let statistic = set
        .or(choice.map(|(chosen, _)| chosen))
        .or_else(|| automatic(&pair, better, kind == Kind::Exact || is_told_exact(&pair)));
    let value = |side: &[Seen<'_>]| {
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
    let next_statistic = choice.and_then(|(_, next)| next);
    let derived = pair.baseline.iter().chain(&pair.current).any(|o| o.derived);
    // A statistic that only a budget names is that budget's affair.
    let gate = judging.gate && (judging.named || !(derived || pair.fixed.is_some()));
    Measured { pair, judging, gate, statistic, next_statistic, better, kind, unit, baseline, current }
}

/// A statistic in each of so many runs; `None` where a run lacks it.
pub(super) fn by_run(seen: &[Seen<'_>], runs: usize, statistic: Statistic) -> Vec<Option<f64>> {
    let mut row = vec![None; runs];
    for one in seen.iter().filter(|o| o.fault.is_none()) {
        if let Some(slot) = row.get_mut(one.run) {
            *slot = one.summary.get(statistic);
        }
    }
    row
}

/// A series is exact if its tool says so and its runs do not say otherwise, or if sizes and counts did not vary in any run
/// that measured them repeatedly, or from run to run.
fn is_exact(pair: &Pair<'_>) -> bool {
    let all = || pair.baseline.iter().chain(&pair.current);
    if is_told_exact(pair) {
        // A history of few distinct values says nothing of scatter.
        return !(pair.history.is_empty() && wobbles(pair));
    }
    let constant = |o: &Seen<'_>| {
        matches!(o.unit, Unit::Byte | Unit::One)
            && o.summary.count().is_some_and(|n| n >= 2)
            && o.summary.get(Statistic::Min).is_some()
            && o.summary.get(Statistic::Min) == o.summary.get(Statistic::Max)
    };
    if pair.baseline.is_empty() || pair.current.is_empty() {
        return false;
    }
    all().all(constant) || never_varied(pair)
}

/// Whether the tool calls the series exact.
fn is_told_exact(pair: &Pair<'_>) -> bool {
    let mut all = pair.baseline.iter().chain(&pair.current).peekable();
    all.peek().is_some() && all.all(|o| o.kind == Kind::Exact)
}

/// Whether a side's own code gives several values, and the two sides some alike: an amortised allocation that falls into
/// some of the runs, say.
fn wobbles(pair: &Pair<'_>) -> bool {
    let range = |side: &[Seen<'_>]| {
        let any = [Statistic::Median, Statistic::Mean];
        let centre = |o: &Seen<'_>| any.iter().find_map(|s| o.summary.get(*s));
        let usable = || side.iter().filter(|o| o.fault.is_none());
        let least = usable().filter_map(|o| o.summary.get(Statistic::Min).or_else(|| centre(o)));
        let most = usable().filter_map(|o| o.summary.get(Statistic::Max).or_else(|| centre(o)));
        (least.fold(f64::INFINITY, f64::min), most.fold(f64::NEG_INFINITY, f64::max))
    };
    let (before, now) = (range(&pair.baseline), range(&pair.current));
    let varies = |(least, most): (f64, f64)| most - least > most.abs() * TOLERANCE;
    (varies(before) || varies(now)) && before.0 <= now.1 && now.0 <= before.1
}

/// Whether a size or a count was the same in several runs and is so now: a success rate of 100 % shows no noise.
fn never_varied(pair: &Pair<'_>) -> bool {
    let Some(value) = pair.current.first().and_then(|o| o.summary.get(Statistic::Max)) else { return false };
    let is_it = |o: &Seen<'_>| {
        matches!(o.unit, Unit::Byte | Unit::One)
            && [Statistic::Min, Statistic::Max].iter().all(|s| o.summary.get(*s) == Some(value))
    };
    let before = || pair.history.iter().chain(&pair.baseline);
    before().count() >= 2 && before().chain(&pair.current).all(is_it)
}

/// The first statistic that every run of both sides has. Of a count nothing is known that only ever adds.
fn automatic(pair: &Pair<'_>, better: Option<Better>, counted: bool) -> Option<Statistic> {
    use Statistic::{Max, Mean, Median, Min, P10, P25, P75, P90, P95, P99};
    let order = match (counted, better) {
        (true, _) | (_, None) => [Median, Mean, P25, P75, P10, P90, Min, Max, P95, P99],
        (_, Some(Better::Lower)) => [Min, P10, P25, Median, Mean, P75, P90, P95, P99, Max],
        (_, Some(Better::Higher)) => [Max, P90, P75, Median, Mean, P25, P10, Min, P95, P99],
    };
    let usable = || pair.baseline.iter().chain(&pair.current).filter(|o| o.fault.is_none());
    order.into_iter().find(|s| usable().next().is_some() && usable().all(|o| o.summary.get(*s).is_some()))
}
