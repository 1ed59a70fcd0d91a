//! The values of single runs that a row rests on, for pictures.
//!
//! Not here: what they mean, which `noise` and `decide` say.

use super::Comparison;
use super::measure::{Measured, by_run};
use super::noise::Estimate;
use super::pairing::Seen;
use crate::model::runs::{Runs, Samples, thinned};

/// What the runs say of a series, where that is more than the row itself says.
pub(super) fn of(comparison: &Comparison<'_>, series: &Measured<'_>, estimate: Option<&Estimate>) -> Option<Box<Runs>> {
    let (past, base, now) = (comparison.history.len(), comparison.baseline.runs.len(), comparison.current.runs.len());
    let statistic = series.statistic?;
    let mut runs = Runs::default();
    if past > 0 || base > 1 || now > 1 {
        runs.history = by_run(&series.pair.history, past, statistic);
        runs.baseline = by_run(&series.pair.baseline, base, statistic);
        runs.current = by_run(&series.pair.current, now, statistic);
        runs.levels = estimate.map(|e| e.assessment.levels.clone()).unwrap_or_default();
    }
    if comparison.keep_samples {
        runs.samples =
            Samples { baseline: samples(&series.pair.baseline, base), current: samples(&series.pair.current, now) };
    }
    let is_known =
        !runs.is_in_the_row() || runs.samples.baseline.iter().chain(&runs.samples.current).any(|s| !s.is_empty());
    is_known.then(|| Box::new(runs))
}

fn samples(seen: &[Seen<'_>], runs: usize) -> Vec<Vec<f64>> {
    let mut row = vec![Vec::new(); runs];
    for one in seen.iter().filter(|o| o.fault.is_none()) {
        if let (Some(slot), Some(samples)) = (row.get_mut(one.run), &one.samples) {
            *slot = thinned(samples);
        }
    }
    row
}
