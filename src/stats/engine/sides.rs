//! Without a history: a few runs a side.
//!
//! Not here: runs taken in turns (`pairs`), p-values (`outcome`).

use super::super::common_mode::{Matrix, median_polish};
use super::super::moderation::{Prior, SMALLEST_SUITE};
use super::super::{mean, median};
use super::outcome::{Off, Signal, Signals};
use super::{Evidence, FEWEST_RUNS, LASTING_SHARE, Options, Series, Shift, median_variance, present, rerun_variance};

/// What a series' runs say before the suite is asked.
pub(super) struct Measured {
    pub(super) estimate: f64,
    pub(super) centre: f64,
    /// Runs about the centre of their own side, or pairs about the middle one.
    pub(super) residuals: Vec<f64>,
    /// Baseline runs about the centre.
    pub(super) unchanged: Vec<f64>,
    /// The variance of one of them, and its degrees of freedom.
    pub(super) variance: f64,
    pub(super) df: f64,
    /// Variance of the estimate, and of a single run's distance from the centre, in units of that variance.
    pub(super) estimate_variance: f64,
    pub(super) single_variance: f64,
    pub(super) runs: usize,
    pub(super) off: Option<Off>,
    /// What is known of the variance from before.
    pub(super) known: Option<Prior>,
}

/// Judges three or more runs a side.
pub(super) fn signals(group: &[Series<'_>], options: &Options) -> (Signals, Shift) {
    let base = group.iter().map(|s| s.baseline.len()).max().unwrap_or(0);
    let rows: Vec<Vec<Option<f64>>> = group
        .iter()
        .map(|s| {
            let mut row: Vec<Option<f64>> = (0..base).map(|i| s.baseline.get(i).copied().flatten()).collect();
            row.extend_from_slice(s.current);
            row
        })
        .collect();
    let mut matrix = Matrix::from_rows(&rows);
    let columns = matrix.columns();
    let adjusted = options.adjust && group.len() >= SMALLEST_SUITE;
    let shifts = if adjusted { median_polish(&mut matrix, columns) } else { vec![0.0; columns] };
    let measured: Vec<Option<Measured>> = matrix
        .rows()
        .map(|row| {
            let before = present(row.get(..base)?);
            let after = present(row.get(base..)?);
            let centre = median(&before)?;
            let residuals: Vec<f64> = deviations(&before).into_iter().chain(deviations(&after)).collect();
            let df = (before.len() + after.len()).saturating_sub(2) as f64;
            let measured = Measured {
                estimate: median(&after)? - centre,
                centre,
                unchanged: before.iter().map(|v| v - centre).collect(),
                variance: residuals.iter().map(|r| r * r).sum::<f64>() / df,
                residuals,
                df,
                estimate_variance: LASTING_SHARE + median_variance(before.len()) + rerun_variance(after.len()),
                single_variance: LASTING_SHARE + median_variance(before.len()) + 1.0,
                runs: after.len(),
                off: None,
                known: None,
            };
            (before.len().min(after.len()) >= FEWEST_RUNS).then_some(measured)
        })
        .collect();
    let side = |range: std::ops::Range<usize>| median(&present(shifts.get(range).unwrap_or(&[]))).unwrap_or(0.0);
    let shift = side(base..columns) - side(0..base);
    moderated(measured, options, Evidence::Sides, Prior::UNKNOWN, adjusted.then_some(shift))
}

/// Moderates the variances over the suite.
pub(super) fn moderated(
    measured: Vec<Option<Measured>>,
    options: &Options,
    evidence: Evidence,
    unknown: Prior,
    shift: Option<f64>,
) -> (Signals, Shift) {
    let variances: Vec<(f64, f64)> = measured.iter().flatten().map(|m| (m.variance, m.df)).collect();
    let learned = if variances.len() >= SMALLEST_SUITE { Prior::fit(&variances) } else { None };
    let known = learned.or(options.prior);
    let prior = known.unwrap_or(unknown).informed_by(&variances);
    let rows: Vec<Option<Signal>> = measured
        .into_iter()
        .map(|m| {
            let m = m?;
            let (variance, df) = m.known.map_or((m.variance, m.df), |known| known.moderate(m.variance, m.df));
            let (variance, df) = prior.moderate(variance, df);
            Some(Signal {
                estimate: m.estimate,
                sd: variance.sqrt().max(options.noise_floor),
                df,
                variance: m.estimate_variance,
                single_variance: m.single_variance,
                lasting: if evidence == Evidence::Pairs { LASTING_SHARE * options.noise_floor.powi(2) } else { 0.0 },
                shared: 0.0,
                runs: m.runs,
                off: m.off,
                centre: m.centre,
                unchanged: m.unchanged,
                older: Vec::new(),
                residuals: m.residuals,
                levels: Vec::new(),
            })
        })
        .collect();
    let shift = Shift {
        evidence: Some(evidence),
        series: rows.iter().flatten().count(),
        adjusted: shift.is_some(),
        shift: shift.unwrap_or(0.0),
        spread: None,
        burst_slope: 0.0,
        prior: known,
    };
    (Signals { rows, tails: None }, shift)
}

/// Values about their mean.
fn deviations(values: &[f64]) -> Vec<f64> {
    let centre = mean(values).unwrap_or(0.0);
    values.iter().map(|v| v - centre).collect()
}
